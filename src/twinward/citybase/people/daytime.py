"""Where residents spend the day: sites with their staff, who asks for a place, and who goes
where.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.inputs import AGES, CityInputs, Facilities, over_leaves, ranges
from twinward.citybase.people.kernels.sites import assign_sites, number_seats
from twinward.citybase.people.schools import Schooling, seeded_facilities
from twinward.citybase.people.work import WorkerFlows, Workplaces, share_staff
from twinward.citybase.schema import HOSPITAL, WORKPLACE
from twinward.core.chance import generator, stream


class DaytimeSites(msgspec.Struct, frozen=True, kw_only=True):
    """All sites, facilities first. kind, leaf, staff, capacity int64[S]; lonlat float64[S, 2]."""

    kind: NDArray[Any]
    leaf: NDArray[Any]
    staff: NDArray[Any]
    capacity: NDArray[Any]
    lonlat: NDArray[Any]


class DaytimeDemand(msgspec.Struct, frozen=True, kw_only=True):
    """rates int64[2, 101] and phases int64[L, 2] in 1/65536; enrolled int64[L, 101], workers
    int64[L].
    """

    rates: NDArray[Any]
    phases: NDArray[Any]
    enrolled: NDArray[Any]
    workers: NDArray[Any]


class CarePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Care homes, how many live in each, the homes in the order of their leaves, and each leaf's
    range of residents.
    """

    homes: Facilities
    lives: NDArray[Any]
    order: NDArray[Any]
    start: NDArray[Any]


def gather_sites(
    frame: CityInputs, schooling: Schooling, homes: Facilities, hospitals: Facilities
) -> DaytimeSites:
    """Facilities as sites, with their staff; workplaces are added once the jobs of each zone are
    known.
    """
    a = frame.assumptions
    groups = [*schooling.facilities, homes, hospitals]
    pupils = schooling.pupils.sum(axis=1)[: sum(len(f.leaf) for f in schooling.facilities)]
    care_staff = np.ceil(homes.capacity / a.beds_per_care_staff)
    medics = share_staff(
        int(frame.total * a.hospital_staff_per_1000 / 1000),
        hospitals,
        generator(frame.seed, "city/medics"),
    )
    staff = np.concatenate([np.ceil(pupils / a.pupils_per_staff), care_staff, medics]).astype(
        np.int64
    )
    return DaytimeSites(
        kind=np.concatenate([np.full(len(f.leaf), f.kind, np.int64) for f in groups]),
        leaf=np.concatenate([f.leaf for f in groups]),
        staff=staff,
        capacity=np.concatenate([*[f.capacity for f in groups[:-1]], medics]),
        lonlat=np.concatenate([f.lonlat for f in groups]),
    )


def hospitals_of(frame: CityInputs) -> Facilities:
    """The hospitals given, else seeded ones."""
    given = [f for f in frame.facilities if f.kind == HOSPITAL and len(f.leaf)]
    if given:
        return given[0]
    number = max(1, frame.total // frame.assumptions.residents_per_hospital)
    return seeded_facilities(frame, HOSPITAL, frame.residents, number, None, "hospitals")


def join_sites(fixed: DaytimeSites, work: Workplaces) -> DaytimeSites:
    return DaytimeSites(
        kind=np.concatenate([fixed.kind, np.full(len(work.leaf), WORKPLACE, np.int64)]),
        leaf=np.concatenate([fixed.leaf, work.leaf]),
        staff=np.concatenate([fixed.staff, work.staff]),
        capacity=np.concatenate([fixed.capacity, work.staff]),
        lonlat=np.concatenate([fixed.lonlat, work.lonlat]),
    )


def enrol_and_employ(frame: CityInputs, counts: NDArray[Any]) -> DaytimeDemand:
    """Who asks for a place at school or at work, as `assign_sites` will count them."""
    a = frame.assumptions
    rates = np.round(np.stack([a.enrolment(), a.employment()]) * 65536).astype(np.int64)
    phases = generator(frame.seed, "city/phases").integers(0, 65536, (len(counts), 2))
    by_age = counts.reshape(len(counts), AGES, 2).sum(axis=2, dtype=np.int64)
    enrolled = (phases[:, :1] + by_age * rates[0]) >> 16
    workers = ((phases[:, 1:] + (by_age - enrolled) * rates[1]) >> 16).sum(axis=1)
    return DaytimeDemand(rates=rates, phases=phases, enrolled=enrolled, workers=workers)


def daytime(
    frame: CityInputs,
    columns: dict[str, NDArray[Any]],
    sites: DaytimeSites,
    schooling: Schooling,
    flows: WorkerFlows,
    demand: DaytimeDemand,
    care: CarePlan,
    threads: int,
) -> dict[str, NDArray[Any]]:
    """site_of, team_of: where each resident learns, works or lives."""
    order = np.argsort(frame.zone_of[sites.leaf], kind="stable")
    seats = int(sites.staff.sum())
    site_of_seat, team_of_seat = np.empty(seats, np.uint32), np.empty(seats, np.uint16)
    number_seats(
        order, sites.staff, sites.kind, frame.assumptions.team_size, site_of_seat, team_of_seat
    )
    by_zone = np.argsort(frame.zone_of, kind="stable")
    before = np.cumsum(demand.workers[by_zone]) - demand.workers[by_zone]
    zone_first = ranges(
        np.bincount(frame.zone_of, demand.workers, len(flows.jobs)).astype(np.int64)
    )
    rank_first = np.empty(len(by_zone), np.int64)
    rank_first[by_zone] = before - zone_first[frame.zone_of[by_zone]]
    schools = sum(len(f.leaf) for f in schooling.facilities)
    care_site = (np.repeat(care.order, care.lives[care.order]) + schools).astype(np.uint32)
    ward = ward_numbers(care.lives[care.order], frame.assumptions.care_home_ward)
    start, key, zone_seat = (
        ranges(frame.residents),
        stream(frame.seed, "city/work"),
        ranges(flows.jobs),
    )
    site_of, team_of = np.empty(frame.total, np.uint32), np.zeros(frame.total, np.uint16)
    over_leaves(
        frame,
        threads,
        lambda a, b: assign_sites(
            start,
            care.start,
            columns["age_sex"],
            demand.rates,
            demand.phases,
            schooling.row_first,
            schooling.rows,
            schooling.team_base,
            schooling.pupils,
            schooling.class_size,
            care_site,
            ward,
            frame.zone_of,
            rank_first,
            flows.cumulative,
            flows.arrived,
            zone_seat,
            site_of_seat,
            team_of_seat,
            key,
            a,
            b,
            site_of,
            team_of,
        ),
    )
    return {"site_of": site_of, "team_of": team_of}


def ward_numbers(lives: NDArray[Any], ward: int) -> NDArray[np.uint16]:
    """The ward of each resident of each home, home after home."""
    place = np.arange(int(lives.sum())) - np.repeat(np.cumsum(lives) - lives, lives)
    return np.asarray(place // ward, dtype=np.uint16)
