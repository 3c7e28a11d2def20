"""The scan statistic by hand: every circle, every window, one number at a time."""

from __future__ import annotations

import math
from itertools import product


def gain(cases: float, expected: float, total: float) -> float:
    """Kulldorff 1997, equation for the Poisson model; 0 for fewer cases than expected."""
    if cases <= expected:
        return 0.0
    inside = cases * math.log(cases / expected)
    outside = total - cases
    return inside + (outside * math.log(outside / (total - expected)) if outside else 0.0)


def best_circle(
    cases: list[int], population: list[float], points: list[tuple[float, float]], share: float
) -> tuple[float, set[int]]:
    """The largest gain over all circles, and its places."""
    total, people = sum(cases), sum(population)
    best: tuple[float, set[int]] = (0.0, set())
    for centre, edge in product(range(len(points)), repeat=2):
        radius = math.dist(points[centre], points[edge])
        inside = {k for k, p in enumerate(points) if math.dist(points[centre], p) <= radius + 1e-9}
        size = sum(population[k] for k in inside)
        if size > share * people or size == 0:
            continue
        found = gain(sum(cases[k] for k in inside), total * size / people, total)
        if found > best[0] + 1e-12:
            best = (found, inside)
    return best


def best_cylinder(
    cases: list[list[int]], population: list[float], points: list[tuple[float, float]], share: float
) -> tuple[float, set[int], tuple[int, int]]:
    """The largest gain over all circles and windows of at most half the days."""
    days = len(cases[0])
    total, people = sum(map(sum, cases)), sum(population)
    best: tuple[float, set[int], tuple[int, int]] = (0.0, set(), (0, 0))
    for centre, edge in product(range(len(points)), repeat=2):
        radius = math.dist(points[centre], points[edge])
        inside = {k for k, p in enumerate(points) if math.dist(points[centre], p) <= radius + 1e-9}
        size = sum(population[k] for k in inside)
        if size > share * people or size == 0:
            continue
        for start, stop in product(range(days), range(1, days + 1)):
            if not 0 < stop - start <= days // 2:
                continue
            held = sum(cases[k][day] for k in inside for day in range(start, stop))
            found = gain(held, total * size / people * (stop - start) / days, total)
            if found > best[0] + 1e-12:
                best = (found, inside, (start, stop))
    return best
