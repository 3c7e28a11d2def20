"""Who and what stands where in a city, for the exposure of any hazard: people by night and by day,
children, old people, hospitals and their beds, schools, roads.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.column_types import NO_SITE
from twinward.citybase.places.roads import Roads
from twinward.citybase.schema import HOSPITAL, KINDERGARTEN, UNIVERSITY, CityBase
from twinward.decision.simulation.ground import Floats

BEDS_1000 = 5.0  # beds for 1,000 residents where a city gives none: an assumption
OLD, CHILD = 65, 15  # years


class CityCounts(msgspec.Struct, frozen=True, kw_only=True):
    """By area: float64[area] each. `site_*`: the hospitals one by one."""

    by_day: Floats
    over65: Floats
    under15: Floats
    hospitals: NDArray[np.int64]
    schools: NDArray[np.int64]
    beds: Floats
    site_lonlat: Floats
    site_area: NDArray[np.int64]
    site_beds: Floats


def count_city(base: CityBase) -> CityCounts:
    """Counts of a city base; beds are shared out by the staff of the hospitals."""
    starts = np.asarray(base.leaf_start, np.int64)
    count = len(starts) - 1
    ages = np.asarray(base.age_sex) & 0x7F
    kinds, leaves = np.asarray(base.site_kind), np.asarray(base.site_leaf, np.int64)
    hospital = np.flatnonzero(kinds == HOSPITAL)
    staff = np.asarray(base.site_capacity, np.float64)[hospital]
    total = BEDS_1000 / 1000 * float(starts[-1])
    beds = total * staff / max(float(staff.sum()), 1.0)
    return CityCounts(
        by_day=_by_day(base, starts),
        over65=_within(ages >= OLD, starts),
        under15=_within(ages < CHILD, starts),
        hospitals=np.bincount(leaves[hospital], minlength=count)[:count],
        schools=np.bincount(
            leaves[(kinds >= KINDERGARTEN) & (kinds <= UNIVERSITY)], minlength=count
        )[:count],
        beds=np.asarray(
            np.bincount(leaves[hospital], weights=beds, minlength=count)[:count], np.float64
        ),
        site_lonlat=np.asarray(base.site_lonlat, np.float64)[hospital],
        site_area=leaves[hospital],
        site_beds=beds,
    )


def _within(chosen: NDArray[np.bool_], starts: NDArray[np.int64]) -> Floats:
    """How many of the chosen residents each area has."""
    before = np.concatenate([[0], np.cumsum(chosen)])
    return np.diff(before[starts]).astype(np.float64)


def _by_day(base: CityBase, starts: NDArray[np.int64]) -> Floats:
    """People where they work or learn, and at home who does neither."""
    site = np.asarray(base.site_of)
    away = site != NO_SITE
    at_home = _within(~away, starts)
    filled = np.bincount(site[away], minlength=len(base.site_leaf)).astype(np.float64)
    leaves = np.asarray(base.site_leaf, np.int64)
    there = np.bincount(leaves, weights=filled, minlength=len(at_home))
    return np.asarray(at_home + there[: len(at_home)])


def road_middles(roads: Roads) -> tuple[Floats, Floats]:
    """Longitude and latitude of the middle of every street, and its length in km; a street that is
    open both ways counts once.
    """
    if not len(roads.edge_from):
        return np.zeros((0, 2)), np.zeros(0)
    ends = np.sort(np.column_stack([roads.edge_from, roads.edge_to]).astype(np.int64), axis=1)
    _, first = np.unique(ends[:, 0] * len(roads.node_lonlat) + ends[:, 1], return_index=True)
    lonlat = np.asarray(roads.node_lonlat, np.float64)
    middle = (lonlat[ends[first, 0]] + lonlat[ends[first, 1]]) / 2
    return middle, np.asarray(roads.length_m, np.float64)[first] / 1000
