"""Whose infectees are counted for over-dispersion: everybody, or those of whom the list states
with whom they met.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.tracing.chains.serial_interval import SerialInterval
from twinward.decision.tracing.chains.statistics import (
    Dispersion,
    measure_dispersion,
    pool_dispersion,
    top_share,
)
from twinward.decision.tracing.chains.table import LineList

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
LEAST_STATED, LEAST_SHARE = (
    20,
    0.1,
)  # cases with a statement; fewer are no tracing, and everybody is counted
EVERYBODY = "every case of the list, with all who were infected by it in the drawn trees"
TRACED = "cases that a stated contact or infector names; of the others nobody knows whom they met"


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Whose infectees `k` counts, and by which rule.

    `infectees` is the mean over drawn trees, `without` how many have none in the tree shown,
    `recent` how many fell ill within one serial interval of the end and may still infect: they
    count with what is known. `k_of_all` is k with every case of the list counted, those without any
    statement as having infected nobody.
    """

    cases: int
    infectees: float
    without: int
    left_out: int
    recent: int
    rule: str
    k_of_all: float


class OffspringDispersion(msgspec.Struct, frozen=True, kw_only=True):
    """Over-dispersion of a list: pooled over trees, and of the tree shown; and what was counted."""

    pooled: Dispersion
    top20_share: float
    tree_k: float
    tree_top20_share: float
    counted: Counted


def find_traced(cases: LineList) -> Bools:
    """Cases named in a statement about two cases, as one or the other."""
    named = np.diff(cases.contacts.start) > 0
    named[cases.contacts.source] = True
    return np.asarray(named)


def choose_counted(cases: LineList) -> tuple[Bools, str]:
    """Who is counted. A case that no statement names was not traced: how many it infected is
    missing, not nought.
    """
    traced = find_traced(cases)
    if traced.sum() >= max(LEAST_STATED, LEAST_SHARE * len(traced)):
        return traced, EVERYBODY if traced.all() else TRACED
    return np.ones(len(traced), np.bool_), EVERYBODY


def count_infectees(tree: Ints, counted: Bools) -> Ints:
    """Infectees of each counted case that are counted themselves."""
    linked = (tree >= 0) & counted & counted[tree]
    return np.bincount(tree[linked], minlength=len(tree))[counted]


def measure_spread(
    cases: LineList, trees: Ints, parent: Ints, probability: Floats, interval: SerialInterval
) -> OffspringDispersion:
    """Over-dispersion and the share of the top fifth among those counted."""
    counted, rule = choose_counted(cases)
    everybody = np.ones(len(parent), np.bool_)

    def pool(who: Bools) -> Dispersion:
        known = (parent >= 0) & who
        sureness = float(np.minimum(probability[known], 1.0).mean()) if known.any() else 0.0
        return pool_dispersion(
            [count_infectees(tree, who) for tree in trees], count_infectees(parent, who), sureness
        )

    pooled = pool(counted)
    children = count_infectees(parent, counted)
    drawn = [count_infectees(tree, counted) for tree in trees]
    end = int(cases.day[cases.dated].max())
    return OffspringDispersion(
        pooled=pooled,
        top20_share=float(np.median([top_share(one) for one in drawn])),
        tree_k=measure_dispersion(children).k,
        tree_top20_share=top_share(children),
        counted=Counted(
            cases=int(counted.sum()),
            infectees=round(float(np.mean([one.sum() for one in drawn])), 1),
            without=int((children == 0).sum()),
            left_out=int((~counted).sum()),
            recent=int((counted & cases.dated & (cases.day > end - interval.mean_d)).sum()),
            rule=rule,
            k_of_all=round(pool(everybody).k if not counted.all() else pooled.k, 4),
        ),
    )
