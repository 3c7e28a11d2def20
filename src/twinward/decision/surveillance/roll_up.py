"""Counts told of areas at several levels as one number for each area: the same is counted once.

What is known of an area is the greatest of what any one source says of it and of what is known of
the areas inside it together; where nobody says anything it is unknown, which is not zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from twinward.decision.surveillance.arrays import Floats

Told = Mapping[str, Sequence[Floats]]  # area -> one array a source, NaN where it says nothing


def roll_up(told: Told, path_of: Callable[[str], Sequence[str]]) -> dict[str, Floats]:
    """Arrays of every area that something is told of and of all above it.

    path_of: the areas from the largest down to the one asked for, which is the last
    """
    found: dict[str, Floats] = {}
    paths = {area: list(path_of(area)) or [area] for area in told}
    inside: dict[str, set[str]] = {}
    for path in paths.values():
        for above, below in pairwise(path):
            inside.setdefault(above, set()).add(below)
    depth = {one: n for path in paths.values() for n, one in enumerate(path)}
    for area in sorted(depth, key=lambda one: (-depth[one], one)):
        parts = [found[one] for one in sorted(inside.get(area, ()))]
        accounts = list(told.get(area, ()))
        if parts:
            accounts.append(_sum(parts))
        found[area] = _greatest(accounts)
    return found


def _sum(parts: Sequence[Floats]) -> Floats:
    table = np.array(parts)
    known = np.isfinite(table).any(axis=0)
    return np.where(known, np.nansum(table, axis=0), np.nan)


def _greatest(accounts: Sequence[Floats]) -> Floats:
    table = np.array(accounts)
    known = np.isfinite(table).any(axis=0)
    return np.where(known, np.where(np.isfinite(table), table, -np.inf).max(axis=0), np.nan)
