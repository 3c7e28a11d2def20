"""The slow, obvious twins of the chain kernels: weights pair by pair, and posteriors by listing
every tree.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np


def weigh(
    cases: Any, rates: Any, low: int, density: Any, infector: int, infectee: int, age_edges: Any
) -> float:
    """The weight of one pair, straight from the model's sentence."""
    if infector == infectee:
        return 0.0
    lag = int(cases.day[infectee] - cases.day[infector])
    if not low <= lag < low + density.shape[1]:
        return 0.0
    square = (cases.x_m[infector] - cases.x_m[infectee]) ** 2 + (
        cases.y_m[infector] - cases.y_m[infectee]
    ) ** 2
    if np.isnan(square):
        rate = rates.kernel[len(rates.edges2) + 1]
    else:
        rate = rates.kernel[sum(square > edge for edge in rates.edges2)]
    if cases.household[infector] == cases.household[infectee] != -1:
        rate += rates.at_home
    for code in {c for c in cases.places[infector] if c >= 0} & {
        c for c in cases.places[infectee] if c >= 0
    }:
        rate += rates.at_place[code]
    mark = 0
    for c in range(cases.contacts.start[infectee], cases.contacts.start[infectee + 1]):
        if cases.contacts.source[c] == infector:
            mark = cases.contacts.value[c]
    difference = abs(cases.age[infector] - cases.age[infectee])
    likeness = (
        1.0 if np.isnan(difference) else rates.by_age[sum(difference > edge for edge in age_edges)]
    )
    blur = cases.blur[infector] + cases.blur[infectee]
    home = cases.household[infector] == cases.household[infectee] != -1
    if density[blur, lag - low] <= 0.01 * density[0].max() and not home and mark == 0:
        return 0.0
    return float(rate * density[blur, lag - low] * rates.by_mark[mark] * likeness)


def _has_cycle(tree: tuple[int, ...]) -> bool:
    for case in range(len(tree)):
        at, steps = case, 0
        while at >= 0 and steps <= len(tree):
            at, steps = tree[at], steps + 1
        if at >= 0:
            return True
    return False


def tree_posterior(weight: Any, background: Any, expected: Any, k: float) -> Any:
    """P(infector i of j) over all trees without cycles; the last row is P(nobody in the list).

    A tree's weight is the product of its links and of gamma-function ratios: the urn of the
    negative binomial.
    """
    n = len(background)
    out = np.zeros((n + 1, n))
    for tree in product(range(-1, n), repeat=n):
        if any(tree[j] == j for j in range(n)) or _has_cycle(tree):
            continue
        mass = 1.0
        for j, i in enumerate(tree):
            mass *= background[j] if i < 0 else weight[i, j]
        for i in range(n):
            for m in range(sum(1 for parent in tree if parent == i)):
                mass *= (k + m) / (k + expected[i])
        for j, i in enumerate(tree):
            out[i if i >= 0 else n, j] += mass
    return out / out.sum(axis=0)
