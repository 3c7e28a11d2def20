"""One city's residents, households, schools, work and care from a `Frame`: the same bytes on any number of threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import gcd
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator, stream
from twinward.core.errors import InputError
from twinward.population.base import CARE_HOME, HOSPITAL, WORKPLACE
from twinward.population.frame import AGES, Facilities, Frame, apportion, ranges
from twinward.population.kernels.households import (
    ADULT,
    CELLS,
    OLD,
    count_households,
    deal_cells,
    fill_leaves,
    take_old,
)
from twinward.population.kernels.sites import assign_sites
from twinward.population.schools import Schooling, place_in_schools, seeded_facilities
from twinward.population.work import Flows, Workplaces, draw_workplaces, fit_flows, flow_shares, share_staff

CHILDREN_PER_ADULT = 4  # a leaf with more exchanges residents with others, so that no child lives alone
OLD_AT_HOME = 0.5  # at least this share of a leaf's residents of 65 and over stays out of care homes
Progress = Callable[[str, float], None]


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of `CityBase` as plain arrays, and what the report tells about how they came about."""

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


class Sites(msgspec.Struct, frozen=True, kw_only=True):
    """All sites, facilities first. kind, leaf, staff, capacity int64[S]; lonlat float64[S, 2]."""

    kind: NDArray[Any]
    leaf: NDArray[Any]
    staff: NDArray[Any]
    capacity: NDArray[Any]
    lonlat: NDArray[Any]


def over_leaves(frame: Frame, threads: int, work: Callable[[int, int], None]) -> None:
    """Calls `work(first, last)` on runs of leaves of about equal residents, on `threads` threads."""
    cumulative = np.cumsum(frame.residents)
    parts = max(threads * 4, 1)
    marks = np.searchsorted(cumulative, np.linspace(0, cumulative[-1], parts + 1)[1:-1])
    edges = np.unique(np.concatenate([[0], marks, [len(cumulative)]])).tolist()
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, a, b) for a, b in pairwise(edges)]:
            done.result()


def deal(frame: Frame, start: NDArray[Any], threads: int) -> NDArray[np.int32]:
    """Residents by leaf and cell, int32[L, 202]: city totals by age and sex exact, no leaf of children only."""
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
        frame, threads,
        lambda a, b: deal_cells(start, cumulative, hint, shift, stride % total, offset, a, b, counts),
    )  # fmt: skip
    return mend_leaves(counts)


def mend_leaves(counts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Exchanges children of leaves that have too few adults against adults of the leaves that have most."""
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
            child, adult = int(counts[leaf, :ADULT].argmax()), ADULT + int(counts[donor, ADULT:].argmax())
            for cell, step in ((child, -1), (adult, 1)):
                counts[leaf, cell] += step
                counts[donor, cell] -= step
            spare[leaf] += CHILDREN_PER_ADULT + 1
            spare[donor] -= CHILDREN_PER_ADULT + 1
    return counts


def plan_care(frame: Frame, counts: NDArray[Any]) -> tuple[Facilities, NDArray[np.int64]]:
    """Care homes and how many residents live in each."""
    a = frame.assumptions
    old, adults = counts[:, OLD:].sum(axis=1), counts[:, ADULT:].sum(axis=1)
    children = counts[:, :ADULT].sum(axis=1)
    free = np.minimum(old * (1 - OLD_AT_HOME), np.maximum(adults - -(-children // CHILDREN_PER_ADULT) - 1, 0))
    wanted = int(old.sum() * a.care_home_share)
    given = [f for f in frame.facilities if f.kind == CARE_HOME and len(f.leaf)]
    if given:
        homes = given[0]
        beds = np.where(homes.capacity > 0, homes.capacity, a.care_home_beds)
    else:
        number = -(-wanted // a.care_home_beds)
        beds = np.full(number, a.care_home_beds, np.int64)
        homes = seeded_facilities(frame, CARE_HOME, free + 1e-9, number, beds, "care")
    lives = apportion(beds + 1e-9, min(wanted, int(beds.sum()))) if len(beds) else np.zeros(0, np.int64)
    lives = np.minimum(lives, beds)
    left = free.astype(np.int64)
    for home, leaf in enumerate(homes.leaf.tolist()):
        lives[home] = min(int(lives[home]), int(left[leaf]))
        left[leaf] -= lives[home]
    return msgspec.structs.replace(homes, capacity=beds), lives


def gather_sites(frame: Frame, schooling: Schooling, homes: Facilities, hospitals: Facilities) -> Sites:
    """Facilities as sites, with their staff; workplaces are added once the jobs of each zone are known."""
    a = frame.assumptions
    groups = [*schooling.facilities, homes, hospitals]
    pupils = schooling.pupils.sum(axis=1)[: sum(len(f.leaf) for f in schooling.facilities)]
    care_staff = np.ceil(homes.capacity / a.beds_per_care_staff)
    medics = share_staff(
        int(frame.total * a.hospital_staff_per_1000 / 1000), hospitals, generator(frame.seed, "city/medics")
    )
    staff = np.concatenate([np.ceil(pupils / a.pupils_per_staff), care_staff, medics]).astype(np.int64)
    return Sites(
        kind=np.concatenate([np.full(len(f.leaf), f.kind, np.int64) for f in groups]),
        leaf=np.concatenate([f.leaf for f in groups]), staff=staff,
        capacity=np.concatenate([*[f.capacity for f in groups[:-1]], medics]),
        lonlat=np.concatenate([f.lonlat for f in groups]),
    )  # fmt: skip


def hospitals_of(frame: Frame) -> Facilities:
    """The hospitals given, else seeded ones."""
    given = [f for f in frame.facilities if f.kind == HOSPITAL and len(f.leaf)]
    if given:
        return given[0]
    number = max(1, frame.total // frame.assumptions.residents_per_hospital)
    return seeded_facilities(frame, HOSPITAL, frame.residents, number, None, "hospitals")


def join_sites(fixed: Sites, work: Workplaces) -> Sites:
    return Sites(
        kind=np.concatenate([fixed.kind, np.full(len(work.leaf), WORKPLACE, np.int64)]),
        leaf=np.concatenate([fixed.leaf, work.leaf]), staff=np.concatenate([fixed.staff, work.staff]),
        capacity=np.concatenate([fixed.capacity, work.staff]), lonlat=np.concatenate([fixed.lonlat, work.lonlat]),
    )  # fmt: skip


def people(frame: Frame, counts: NDArray[Any], care_start: NDArray[Any], threads: int) -> dict[str, NDArray[Any]]:
    """age_sex, household_of, household_start. Takes the residents of care homes off `counts`."""
    old_weight = np.zeros(CELLS)
    old_weight[OLD:] = 2.0 ** (np.arange(CELLS - OLD) // 2 / 7.0)  # the chance to live in a home doubles in 7 years
    care_cells = np.zeros(int(care_start[-1]), np.int32)
    take_old(counts, care_start, old_weight, stream(frame.seed, "city/care"), care_cells)
    home, adults = counts.sum(axis=1, dtype=np.int64), counts[:, ADULT:].sum(axis=1, dtype=np.int64)
    start, key, left = ranges(frame.residents), stream(frame.seed, "city/households"), counts.copy()
    cumulative = np.concatenate([[0.0], np.cumsum(frame.sizes)])
    cumulative[-1] = 2.0
    made = np.zeros(len(home), np.int64)
    longest = int(home.max(initial=0)) + 1
    over_leaves(
        frame, threads,
        lambda a, b: count_households(home, adults, cumulative, key, a, b, np.empty(longest, np.int64), made),
    )  # fmt: skip
    first = ranges(made + np.diff(care_start))
    age_sex, household_of = np.empty(frame.total, np.uint8), np.empty(frame.total, np.uint32)
    household_start = np.empty(int(first[-1]) + 1, np.uint32)
    household_start[-1] = frame.total
    over_leaves(
        frame, threads,
        lambda a, b: fill_leaves(left, home, adults, cumulative, key, start, care_start, care_cells, first, a, b,
                                 np.empty((3, longest), np.int64), age_sex, household_of, household_start),
    )  # fmt: skip
    return {"age_sex": age_sex, "household_of": household_of, "household_start": household_start}


def enrol_and_employ(frame: Frame, counts: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """rates, phases (both in 1/65536), enrolled int64[L, 101], workers int64[L], as `assign_sites` will count them."""
    a = frame.assumptions
    rates = np.round(np.stack([a.enrolment(), a.employment()]) * 65536).astype(np.int64)
    phases = generator(frame.seed, "city/phases").integers(0, 65536, (len(counts), 2))
    by_age = counts.reshape(len(counts), AGES, 2).sum(axis=2, dtype=np.int64)
    enrolled = (phases[:, :1] + by_age * rates[0]) >> 16
    workers = ((phases[:, 1:] + (by_age - enrolled) * rates[1]) >> 16).sum(axis=1)
    return rates, phases, enrolled, workers


def daytime(
    frame: Frame, columns: dict[str, NDArray[Any]], sites: Sites, schooling: Schooling, flows: Flows,
    workers: NDArray[Any], care_start: NDArray[Any], care: tuple[NDArray[Any], NDArray[Any]],
    rates: NDArray[Any], phases: NDArray[Any], threads: int,
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """site_of, team_of: where each resident learns, works or lives."""
    order = np.argsort(frame.zone_of[sites.leaf], kind="stable")
    site_seat = np.empty(len(order), np.int64)
    seats = ranges(sites.staff[order])
    site_seat[order] = seats[:-1]
    site_of_seat = np.repeat(order.astype(np.uint32), sites.staff[order])
    by_zone = np.argsort(frame.zone_of, kind="stable")
    before = np.cumsum(workers[by_zone]) - workers[by_zone]
    zone_first = ranges(np.bincount(frame.zone_of, workers, len(flows.jobs)).astype(np.int64))
    rank_first = np.empty(len(workers), np.int64)
    rank_first[by_zone] = before - zone_first[frame.zone_of[by_zone]]
    start, key = ranges(frame.residents), stream(frame.seed, "city/work")
    site_of, team_of = np.empty(frame.total, np.uint32), np.zeros(frame.total, np.uint16)
    over_leaves(
        frame, threads,
        lambda a, b: assign_sites(
            start, care_start, columns["age_sex"], rates, phases, schooling.row_first, schooling.rows,
            schooling.team_base, schooling.pupils, schooling.class_size, care[0], care[1], frame.zone_of, rank_first,
            flows.cumulative, flows.arrived, ranges(flows.jobs), site_of_seat, site_seat, sites.staff,
            sites.kind.astype(np.uint8), frame.assumptions.team_size, key, a, b, site_of, team_of),
    )  # fmt: skip
    return {"site_of": site_of, "team_of": team_of}


def ward_numbers(lives: NDArray[Any], ward: int) -> NDArray[np.uint16]:
    """The ward of each resident of each home, home after home."""
    place = np.arange(int(lives.sum())) - np.repeat(np.cumsum(lives) - lives, lives)
    return np.asarray(place // ward, dtype=np.uint16)


def synthesise(frame: Frame, threads: int = 0, progress: Progress = lambda stage, share: None) -> Columns:
    """The columns of a city. Memory peaks near 16 bytes a resident; `threads` 0 means one a core."""
    threads = threads or os.cpu_count() or 1
    if frame.total <= 0:
        raise InputError("the city has no residents", "check the residents file and its columns", code="no_residents")
    progress("ages", 0.0)
    start = ranges(frame.residents)
    counts = deal(frame, start, threads)
    homes, lives = plan_care(frame, counts)
    by_leaf = np.argsort(homes.leaf, kind="stable")
    care_start = ranges(np.bincount(homes.leaf, lives, len(frame.residents)).astype(np.int64))
    progress("households", 0.1)
    columns = people(frame, counts, care_start, threads)
    progress("schools", 0.5)
    rates, phases, enrolled, workers = enrol_and_employ(frame, counts)
    schooling = place_in_schools(frame, enrolled)
    fixed = gather_sites(frame, schooling, homes, hospitals_of(frame))
    progress("work", 0.6)
    zones = int(frame.zone_of.max()) + 1
    if 2 * fixed.staff.sum() > workers.sum():  # a city with more pupils and patients than hands
        staff = (fixed.staff * (workers.sum() / (2.0 * fixed.staff.sum()))).astype(np.int64)
        fixed = msgspec.structs.replace(fixed, staff=staff)
    taken = np.bincount(frame.zone_of[fixed.leaf], fixed.staff, zones).astype(np.int64)
    flows = fit_flows(frame, workers, taken)
    work = draw_workplaces(frame, flows.jobs - taken)
    sites = join_sites(fixed, work)
    schools = sum(len(f.leaf) for f in schooling.facilities)
    care = (
        np.repeat(by_leaf + schools, lives[by_leaf]).astype(np.uint32),
        ward_numbers(lives[by_leaf], frame.assumptions.care_home_ward),
    )
    columns |= daytime(frame, columns, sites, schooling, flows, workers, care_start,
                       care, rates, phases, threads)  # fmt: skip
    progress("columns", 1.0)
    return Columns(
        **columns, leaf_start=start.astype(np.uint32), site_kind=sites.kind.astype(np.uint8),
        site_leaf=sites.leaf.astype(np.uint16), site_lonlat=sites.lonlat.astype(np.float32),
        site_capacity=sites.capacity.astype(np.uint32),
        notes={
            "pupils_unplaced": schooling.unplaced, "workers": int(workers.sum()), "in_care_homes": int(lives.sum()),
            "commute_target_km": flows.target_km, "commute_mean_km": flows.mean_km,
            "commute_flow_shares": flow_shares(flows),
        },
    )  # fmt: skip
