"""Slow, obvious twins of the population kernels: lists and dictionaries, one resident at a time."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any


def deal(start: list[int], deck: list[int], stride: int, offset: int) -> list[Counter[int]]:
    """Cells of each leaf: the deck is written out card by card."""
    cards = [cell for cell, count in enumerate(deck) for _ in range(count)]
    total = len(cards)
    return [
        Counter(cards[(k * stride + offset) % total] for k in range(a, b))
        for a, b in pairwise(start)
    ]


def place_pupils(
    pairs: list[tuple[int, int]], pupils: dict[tuple[int, int], int], room: dict[int, int]
) -> Counter[Any]:
    """(leaf, age, school) -> pupils, one pupil at a time along pairs of (leaf, school) in order
    of distance.
    """
    placed: Counter[Any] = Counter()
    left, free = dict(pupils), dict(room)
    ages = sorted({age for _, age in pupils})
    for leaf, school in pairs:
        for age in ages:
            while left.get((leaf, age), 0) > 0 and free[school] > 0:
                left[leaf, age] -= 1
                free[school] -= 1
                placed[leaf, age, school] += 1
    return placed


def draw_sizes(people: int, adults: int, cumulative: list[float], first: float) -> list[int]:
    """Household sizes of one leaf: steps of the golden ratio through the cumulative shares."""
    sizes: list[int] = []
    u = first
    while sum(sizes) < people:
        u = (u + 0.6180339887498949) % 1.0
        size = next(s for s in range(1, len(cumulative)) if u < cumulative[s])
        sizes.append(min(size, people - sum(sizes)))
    turn = 0
    while len(sizes) > adults:
        for _ in range(sizes.pop()):
            sizes[turn % len(sizes)] += 1
            turn += 1
    return sizes
