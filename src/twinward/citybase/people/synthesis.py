"""One city's residents, households, schools, work and care from a `CityInputs`: the same bytes
on any number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from math import gcd
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.inputs import CityInputs, Facilities, apportion, over_leaves, ranges
from twinward.citybase.people.daytime import (
    CarePlan,
    daytime,
    enrol_and_employ,
    gather_sites,
    hospitals_of,
    join_sites,
)
from twinward.citybase.people.kernels.households import (
    ADULT,
    CELLS,
    OLD,
    count_households,
    deal_cells,
    fill_leaves,
    take_old,
)
from twinward.citybase.people.schools import place_in_schools, seeded_facilities
from twinward.citybase.people.work import draw_workplaces, fit_flows, flow_shares
from twinward.citybase.schema import CARE_HOME
from twinward.core.chance import generator, stream
from twinward.core.errors import InputError

CHILDREN_PER_ADULT = (
    4  # a leaf with more exchanges residents with others, so that no child lives alone
)
OLD_AT_HOME = (
    0.5  # at least this share of a leaf's residents of 65 and over stays out of care homes
)
Progress = Callable[[str, float], None]


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of `CityBase` as plain arrays, and what the report tells about how they came
    about.
    """

    age_sex: NDArray[Any]
    household_of: NDArray[Any]
    site_of: NDArray[Any]
    team_of: NDArray[Any]
    household_start: NDArray[Any]
    leaf_start: NDArray[Any]
    site_kind: NDArray[Any]
    site_leaf: NDArray[Any]
    site_lonlat: NDArray[Any]
    site_capacity: NDArray[Any]  # uint32[S]: places of schools, beds of homes, staff elsewhere
    notes: dict[str, Any]


def deal(frame: CityInputs, start: NDArray[Any], threads: int) -> NDArray[np.int32]:
    """Residents by leaf and cell, int32[L, 202]: city totals by age and sex exact, no leaf of
    children only.
    """
    deck = np.zeros(CELLS, np.int64)
    women_until = ranges(frame.ages) * (frame.total - frame.men) // frame.total
    deck[1::2] = np.diff(women_until)
    deck[0::2] = frame.ages - deck[1::2]
    cumulative, total = ranges(deck), frame.total
    shift = max(total.bit_length() - 12, 0)
    blocks = (np.arange((total >> shift) + 1) << shift).clip(max=total - 1)
    hint = np.searchsorted(cumulative, blocks, side="right") - 1
    stride = int(total * 0.6180339887498949) | 1
    while gcd(stride, total) != 1:
        stride += 2
    offset = int(generator(frame.seed, "city/ages").integers(total))
    counts = np.zeros((len(frame.residents), CELLS), np.int32)
    over_leaves(
        frame,
        threads,
        lambda a, b: deal_cells(
            start, cumulative, hint, shift, stride % total, offset, a, b, counts
        ),
    )
    return mend_leaves(counts)


def mend_leaves(counts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Exchanges children of leaves that have too few adults against adults of the leaves that
    have most.
    """
    children, adults = counts[:, :ADULT].sum(axis=1), counts[:, ADULT:].sum(axis=1)
    if children.sum() > CHILDREN_PER_ADULT * adults.sum():
        raise InputError(
            "the ages leave fewer than one adult to four children, so no household can be made",
            "check the ages file: counts by age, adults are 18 and over",
            code="no_adults",
        )
    spare = CHILDREN_PER_ADULT * adults.astype(np.int64) - children
    donors = iter(np.argsort(-spare, kind="stable").tolist())
    donor = next(donors)
    for leaf in np.flatnonzero(spare < 0).tolist():
        while spare[leaf] < 0:
            while spare[donor] < CHILDREN_PER_ADULT + 1:
                donor = next(donors)
            child, adult = (
                int(counts[leaf, :ADULT].argmax()),
                ADULT + int(counts[donor, ADULT:].argmax()),
            )
            for cell, step in ((child, -1), (adult, 1)):
                counts[leaf, cell] += step
                counts[donor, cell] -= step
            spare[leaf] += CHILDREN_PER_ADULT + 1
            spare[donor] -= CHILDREN_PER_ADULT + 1
    return counts


def plan_care(frame: CityInputs, counts: NDArray[Any]) -> tuple[Facilities, NDArray[np.int64]]:
    """Care homes and how many residents live in each."""
    a = frame.assumptions
    old, adults = counts[:, OLD:].sum(axis=1), counts[:, ADULT:].sum(axis=1)
    children = counts[:, :ADULT].sum(axis=1)
    free = np.minimum(
        old * (1 - OLD_AT_HOME), np.maximum(adults - -(-children // CHILDREN_PER_ADULT) - 1, 0)
    )
    wanted = int(old.sum() * a.care_home_share)
    given = [f for f in frame.facilities if f.kind == CARE_HOME and len(f.leaf)]
    if given:
        homes = given[0]
        beds = np.where(homes.capacity > 0, homes.capacity, a.care_home_beds)
    else:
        usual = (
            int(np.median(free[free >= 1])) if (free >= 1).any() else 1
        )  # small areas have small homes
        each = max(1, min(a.care_home_beds, usual))
        number = -(-wanted // each)
        beds = np.full(number, each, np.int64)
        homes = seeded_facilities(frame, CARE_HOME, free + 1e-9, number, beds, "care")
    lives = (
        apportion(beds + 1e-9, min(wanted, int(beds.sum()))) if len(beds) else np.zeros(0, np.int64)
    )
    lives = np.minimum(lives, beds)
    left = free.astype(np.int64)
    for home, leaf in enumerate(homes.leaf.tolist()):
        lives[home] = min(int(lives[home]), int(left[leaf]))
        left[leaf] -= lives[home]
    return msgspec.structs.replace(homes, capacity=beds), lives


def people(
    frame: CityInputs, counts: NDArray[Any], care_start: NDArray[Any], threads: int
) -> dict[str, NDArray[Any]]:
    """age_sex, household_of, household_start. Takes the residents of care homes off `counts`."""
    old_weight = np.zeros(CELLS)
    old_weight[OLD:] = 2.0 ** (
        np.arange(CELLS - OLD) // 2 / 7.0
    )  # the chance to live in a home doubles in 7 years
    care_cells = np.zeros(int(care_start[-1]), np.int32)
    take_old(counts, care_start, old_weight, stream(frame.seed, "city/care"), care_cells)
    home, adults = counts.sum(axis=1, dtype=np.int64), counts[:, ADULT:].sum(axis=1, dtype=np.int64)
    start, key, left = ranges(frame.residents), stream(frame.seed, "city/households"), counts.copy()
    cumulative = np.concatenate([[0.0], np.cumsum(frame.sizes)])
    cumulative[-1] = 2.0
    made = np.zeros(len(home), np.int64)
    longest = int(home.max(initial=0)) + 1
    over_leaves(
        frame,
        threads,
        lambda a, b: count_households(
            home, adults, cumulative, key, a, b, np.empty(longest, np.int64), made
        ),
    )
    first = ranges(made + np.diff(care_start))
    age_sex, household_of = np.empty(frame.total, np.uint8), np.empty(frame.total, np.uint32)
    household_start = np.empty(int(first[-1]) + 1, np.uint32)
    household_start[-1] = frame.total
    over_leaves(
        frame,
        threads,
        lambda a, b: fill_leaves(
            left,
            home,
            adults,
            cumulative,
            key,
            start,
            care_start,
            care_cells,
            first,
            a,
            b,
            np.empty((3, longest), np.int64),
            age_sex,
            household_of,
            household_start,
        ),
    )
    return {"age_sex": age_sex, "household_of": household_of, "household_start": household_start}


def synthesise(
    frame: CityInputs, threads: int = 0, progress: Progress = lambda stage, share: None
) -> Columns:
    """The columns of a city. Memory peaks near 16 bytes a resident; `threads` 0 means one a
    core.
    """
    threads = threads or os.cpu_count() or 1
    if frame.total <= 0:
        raise InputError(
            "the city has no residents",
            "check the residents file and its columns",
            code="no_residents",
        )
    progress("ages", 0.0)
    start = ranges(frame.residents)
    counts = deal(frame, start, threads)
    homes, lives = plan_care(frame, counts)
    order = np.argsort(homes.leaf, kind="stable")
    care_start = ranges(np.bincount(homes.leaf, lives, len(frame.residents)).astype(np.int64))
    care = CarePlan(homes=homes, lives=lives, order=order, start=care_start)
    progress("households", 0.1)
    columns = people(frame, counts, care_start, threads)
    progress("schools", 0.5)
    demand = enrol_and_employ(frame, counts)
    schooling = place_in_schools(frame, demand.enrolled)
    fixed = gather_sites(frame, schooling, homes, hospitals_of(frame))
    progress("work", 0.6)
    zones, workers = int(frame.zone_of.max()) + 1, int(demand.workers.sum())
    if 2 * fixed.staff.sum() > workers:  # a city with more pupils and patients than hands
        staff = (fixed.staff * (workers / (2.0 * fixed.staff.sum()))).astype(np.int64)
        fixed = msgspec.structs.replace(fixed, staff=staff)
    taken = np.bincount(frame.zone_of[fixed.leaf], fixed.staff, zones).astype(np.int64)
    flows = fit_flows(frame, demand.workers, taken)
    sites = join_sites(fixed, draw_workplaces(frame, flows.jobs - taken))
    columns |= daytime(frame, columns, sites, schooling, flows, demand, care, threads)
    progress("columns", 1.0)
    return Columns(
        **columns,
        leaf_start=start.astype(np.uint32),
        site_kind=sites.kind.astype(np.uint8),
        site_leaf=sites.leaf.astype(np.uint16),
        site_lonlat=sites.lonlat.astype(np.float32),
        site_capacity=sites.capacity.astype(np.uint32),
        notes={
            "pupils_unplaced": schooling.unplaced,
            "workers": workers,
            "in_care_homes": int(lives.sum()),
            "commute_target_km": flows.target_km,
            "commute_mean_km": flows.mean_km,
            "commute_flow_shares": flow_shares(flows),
        },
    )
