"""The truth of a drill: who infects whom, who meets whom, how high the water stands; drawn from
a seed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime

import msgspec
import numpy as np

from twinward.core.chance import generator
from twinward.core.ids import derive_id
from twinward.library.drills.drill import (
    DrillPerson,
    DrillScript,
    DrillStart,
    DrillTruth,
    Flood,
    HazardCourse,
    HospitalLost,
    NetworkCut,
    Outbreak,
    StaffAbsence,
    SupplyShortage,
)

# All figures are ours, chosen for a lively drill; they claim nothing about a disease.
DISPERSION = 0.5  # of the number whom one infects: few infect many
INCUBATION_SHARE, INCUBATION_SHAPE = 0.9, 6.0  # of the generation time, and how regular it is
MEETINGS = 5.0  # persons met besides those infected
NEAR = 0.85  # share of infections in an area beside the infector's
STEP = 3  # how many leaf areas away that is at most
DRAWS = 200


class TruthPlaces(msgspec.Struct, frozen=True, kw_only=True):
    """The areas at which incidents stand, by code, and the leaf areas of every area that a
    script may name.
    """

    homes: tuple[str, ...]
    leaves: dict[str, tuple[str, ...]]

    def resolve(self, area: str) -> str:
        """A code, or `#n` as the n-th home, counted round."""
        return self.homes[(int(area[1:]) - 1) % len(self.homes)] if area.startswith("#") else area

    def leaves_of(self, area: str) -> tuple[str, ...]:
        return self.leaves.get(area, (area,))


def make_truth(
    script: DrillScript, places: TruthPlaces, start: datetime, seed: int, opens_at_m: float = 0.15
) -> DrillTruth:
    """Everything that is true of one run of the script; the same seed and places give the same
    truth.
    """
    persons: list[DrillPerson] = []
    areas: dict[str, str] = {}
    starts: list[DrillStart] = []
    for one in script.inject:
        hour = script.hour_of(one)
        home = places.resolve(getattr(one, "area", "#1"))
        about = ""
        if isinstance(one, Outbreak):
            tree = draw_outbreak(one, places.leaves_of(home), hour, script.hours, seed, areas)
            persons += tree
            hour = min((p.reported_h for p in tree if p.reported_h is not None), default=hour)
        elif isinstance(one, Flood):
            hour = next(
                (h for h, depth in curve_of(one, hour, script.hours) if depth >= opens_at_m), hour
            )
        elif isinstance(one, HospitalLost | SupplyShortage):
            about = "beds" if isinstance(one, HospitalLost) else one.resource
        elif isinstance(one, NetworkCut | StaffAbsence):
            about = one.department or getattr(one, "feed", None) or ""
        kind = str(type(one).__struct_config__.tag)
        starts.append(DrillStart(inject=one.name, kind=kind, area=home, hour=hour, about=about))
    return DrillTruth(
        start=start,
        hours=script.hours,
        persons=tuple(persons),
        areas=areas,
        starts=tuple(starts),
        rumours=tuple(
            rumour_case(seed, one.name, n)
            for one in script.inject
            if hasattr(one, "reports")
            for n in range(one.reports)
        ),
    )


def rumour_case(seed: int, inject: str, number: int) -> str:
    return derive_id("case", "drill", seed, inject, number)


def draw_outbreak(
    one: Outbreak,
    leaves: tuple[str, ...],
    at_h: float,
    hours: float,
    seed: int,
    areas: dict[str, str],
) -> list[DrillPerson]:
    """One tree with `cases` infections, or as near to it as the hours allow; its first report
    comes at `at_h`.
    """
    best: list[DrillPerson] = []
    for attempt in range(DRAWS):  # a tree that dies out at once teaches nothing: it is drawn again
        tree = draw_tree(one, leaves, hours, seed, attempt)
        reported = [p.reported_h for p in tree if p.reported_h is not None]
        if reported and len(tree) > len(best):
            best = shift(tree, at_h - min(reported))
        if len(best) >= one.cases * 0.8:
            break
    for person in best:
        areas[person.subject] = person.area
        for contact in person.contacts:
            areas.setdefault(contact, person.area)
    return best


def shift(tree: Iterable[DrillPerson], by_h: float) -> list[DrillPerson]:
    return [
        msgspec.structs.replace(
            one,
            infected_h=one.infected_h + by_h,
            onset_h=one.onset_h + by_h,
            reported_h=None if one.reported_h is None else one.reported_h + by_h,
        )
        for one in tree
    ]


def draw_tree(
    one: Outbreak, leaves: tuple[str, ...], hours: float, seed: int, attempt: int
) -> list[DrillPerson]:
    """Infections in order of time, from hour 0 of the tree on; contacts are those infected and
    others met.
    """
    chance = generator(seed, f"drill-outbreak-{one.name}-{attempt}")
    queue: list[tuple[float, int, int, int]] = [(0.0, 0, int(chance.integers(len(leaves))), -1)]
    drawn = 1
    rows: list[tuple[float, float, float | None, int, int]] = []
    children: dict[int, list[int]] = {}
    while queue and len(rows) < one.cases:
        at, _, leaf, by = heapq.heappop(queue)
        mean = one.generation_d * INCUBATION_SHARE
        onset = at + 24 * float(chance.gamma(INCUBATION_SHAPE, mean / INCUBATION_SHAPE))
        delay = 24 * one.report_delay_d * float(chance.gamma(4.0, 0.25))
        reported = onset + delay if chance.random() < one.found_share else None
        me = len(rows)
        rows.append((at, onset, reported, leaf, by))
        children.setdefault(by, []).append(me)
        for _ in range(int(chance.poisson(chance.gamma(DISPERSION, one.r / DISPERSION)))):
            later = at + 24 * float(chance.gamma(4.0, one.generation_d / 4.0))
            if later < hours:
                heapq.heappush(queue, (later, drawn, near(leaf, len(leaves), chance), me))
                drawn += 1
    return [
        make_person(one, leaves, seed, n, row, children.get(n, []), rows, chance)
        for n, row in enumerate(rows)
    ]


def near(leaf: int, leaves: int, chance: np.random.Generator) -> int:
    if chance.random() < NEAR:
        return int(np.clip(leaf + chance.integers(-STEP, STEP + 1), 0, leaves - 1))
    return int(chance.integers(leaves))


def make_person(
    one: Outbreak,
    leaves: tuple[str, ...],
    seed: int,
    n: int,
    row: tuple[float, float, float | None, int, int],
    children: list[int],
    rows: list[tuple[float, float, float | None, int, int]],
    chance: np.random.Generator,
) -> DrillPerson:
    infected, onset, reported, leaf, by = row
    others = [
        derive_id("drill", seed, one.name, "met", n, k)
        for k in range(int(chance.poisson(MEETINGS)))
    ]
    return DrillPerson(
        subject=subject(seed, one.name, n),
        case=derive_id("case", "drill", seed, one.name, n),
        area=leaves[leaf],
        inject=one.name,
        infector=subject(seed, one.name, by) if by >= 0 else "",
        infected_h=round(infected, 3),
        onset_h=round(onset, 3),
        reported_h=None if reported is None else round(reported, 3),
        contacts=(*(subject(seed, one.name, child) for child in children), *others),
    )


def subject(seed: int, inject: str, number: int) -> str:
    return derive_id("drill", seed, inject, number)


def curve_of(one: Flood, at_h: float, hours: float) -> list[tuple[float, float]]:
    """(hour, true figure) at each reading: a straight rise, a plateau, a straight fall."""
    end = min(hours, at_h + one.rise_h + one.hold_h + one.fall_h + 12.0)
    times = np.arange(at_h, end, one.every_h)
    since = times - at_h
    falling = 1.0 - (since - one.rise_h - one.hold_h) / one.fall_h
    peak = one.peak if isinstance(one, HazardCourse) else one.peak_m
    depth = peak * np.clip(np.minimum(since / one.rise_h, falling), 0.0, 1.0)
    return [(round(float(h), 4), round(float(d), 3)) for h, d in zip(times, depth, strict=True)]
