"""From the live twins to a starting state: who carries the disease now, who is apart, which
measures are in force.

Reports say how many were found, where and when, not who: which residents of an area they are is
drawn. Infections that nobody found are estimated from the share that is found, and said to be an
estimate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.schema import CityBase
from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.core.reasons import Reason, because_of
from twinward.decision.simulation.epidemic.in_force import InForce, list_in_force
from twinward.decision.simulation.epidemic.report_table import Report, delay_of
from twinward.decision.simulation.epidemic.scenario import InitialState
from twinward.library.hazards.diseases import Disease
from twinward.library.hazards.measures import Measure
from twinward.library.plans.plan import Plan
from twinward.library.texts import write_reason
from twinward.twins.emergency.reports.rows import CASES, COUNTS
from twinward.twins.emergency.vocabulary import is_one_hazard
from twinward.twins.snapshot import Snapshot

INFECTED_DAYS = 20  # an infection older than this no longer transmits in the bundled diseases
IMMUNE_DAYS = 399
APART_DAYS = 14  # assumption: those who were found stay apart so long after their report
GROWTH_MAX = 0.3  # a day; bounds the projection of infections that cannot have been reported yet


class LiveState(msgspec.Struct, frozen=True, kw_only=True):
    """What `fork` gave: the start of a forecast, the measures in force, and in words how it was
    made.

    reports: new infections by area and how many days ago, all that was reported; known_ago: the
    days of which something was told, None where persons are reported one by one and a day without a
    report is a day without a case
    """

    initial: InitialState
    measures: tuple[Measure, ...]
    reported: int
    estimated: int
    notes: tuple[str, ...]
    reports: tuple[Report, ...] = ()
    known_ago: frozenset[int] | None = None
    in_force: tuple[InForce, ...] = ()
    found_share: float = 1.0
    beds: int | None = None
    icu_beds: int | None = None
    today: date | None = None  # the city's day
    notes_reasons: tuple[Reason, ...] = ()


def require_reported(hazard: str, reports: list[tuple[str, int, int]]) -> None:
    """InputError where nothing has been reported of a hazard."""
    if not any(count for _, _, count in reports):
        raise InputError(
            f"nothing has been reported for {hazard!r}",
            "name the hazard of an incident",
            code="nothing_reported",
        )


def read_live(
    snapshot: Snapshot,
    base: CityBase,
    disease: Disease,
    hazard: str,
    at: datetime,
    seed: int,
    found_share: float,
    plans: dict[str, Plan] | None = None,
    hide_below: int = 0,
) -> LiveState:
    """The live state of `hazard` at an instant, on a city base. Days are the city's.

    plans: by id, to know what those in force do besides their orders
    hide_below: fewer persons than this are not named in the notes
    found_share: share of infections that reports find, 0 < share <= 1 (the rest is estimated)
    InputError when nothing has been reported.
    """
    if not 0.0 < found_share <= 1.0:
        raise InputError(
            f"a share of {found_share} cannot be found",
            "give a number above 0, at most 1",
            code="bad_share",
        )
    at = at.astimezone(snapshot.zone)
    reports, known = list_reports(snapshot, hazard, at.date())
    require_reported(hazard, reports)
    delay = delay_of(disease)
    draw = LiveResidents(base, seed)
    infected, ages, apart, left, immune, since = draw_states(reports, delay, found_share, draw)
    reported_now = sum(count for _, ago, count in reports if ago + delay <= INFECTED_DAYS)
    in_force, left_out = list_in_force(snapshot, hazard, plans or {}, at)
    estimated = max(0, len(infected) - reported_now)
    initial = InitialState(
        infected=infected,
        infected_days_ago=ages,
        apart=apart,
        apart_days=left,
        immune=immune,
        immune_days_ago=since,
        estimated=estimated / max(1, len(infected)),
    )
    reasons = (
        because_of(
            "state.in_course",
            reported=some(reported_now, hide_below),
            estimated=some(estimated, hide_below),
            share=found_share,
            delay=delay,
        ),
        because_of("state.drawn"),
        *left_out,
    )
    return LiveState(
        initial=initial,
        measures=tuple(one.measure for one in in_force),
        reported=reported_now,
        estimated=estimated,
        notes=tuple(map(write_reason, reasons)),
        notes_reasons=reasons,
        reports=tuple(reports),
        known_ago=known,
        in_force=tuple(in_force),
        found_share=found_share,
        today=at.date(),
    )


def some(count: int, hide_below: int) -> str | tuple[Reason, ...]:
    """A number of persons, or that there are few, in the words of whoever reads."""
    if 0 < count < hide_below:
        return (because_of("state.few", k=hide_below),)
    return f"{count:,}"


def list_reports(
    snapshot: Snapshot, hazard: str, today: date
) -> tuple[list[Report], frozenset[int] | None]:
    """(area, days ago, new infections) of every count and case of the hazard, and how many days ago
    counts were told.

    A day that no source told a count of is unknown, where there are counts; a day of persons alone
    is whole.
    """
    rows = [
        (row, (today - date.fromisoformat(row.day)).days)
        for row in snapshot.list_rows(COUNTS)
        if is_one_hazard(row.hazard, hazard)
    ]
    reports = [
        (row.area, ago, row.count)
        for row, ago in rows
        if row.status in ("confirmed", "asymptomatic") and row.found_in != "reclassified"
    ]
    counted = {(area, ago) for area, ago, _ in reports}
    lengths = {len(area) for area, _ in counted}
    for case in snapshot.list_rows(CASES):
        if not is_one_hazard(case.hazard, hazard):
            continue
        ago = (today - case.reported_at.astimezone(snapshot.zone).date()).days
        also = any(
            (case.area[:length], ago) in counted for length in lengths
        )  # who is counted is not added again
        if case.status not in ("suspected", "discarded") and not also:
            reports.append((case.area, ago, 1))
    told = frozenset(ago for _, ago in rows if ago >= 0)
    return [report for report in reports if report[1] >= 0], told or None


class LiveResidents:
    """Draws residents of an area, none twice."""

    def __init__(self, base: CityBase, seed: int) -> None:
        self.base = base
        self.chance = generator(seed, "live-state")
        self.used = np.zeros(base.residents, np.bool_)
        self.start = np.asarray(base.leaf_start, np.int64)
        self.cache: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}

    def ranges(self, area: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """First residents and cumulated sizes of the area's leaf areas; of all when it is none
        of the city's.
        """
        if area not in self.cache:
            leaves = [n for n, code in enumerate(self.base.leaf_codes) if code.startswith(area)]
            rows = np.array(leaves or range(len(self.base.leaf_codes)), np.int64)
            first = self.start[rows]
            self.cache[area] = first, np.concatenate(([0], np.cumsum(self.start[rows + 1] - first)))
        return self.cache[area]

    def draw(self, area: str, count: int) -> NDArray[np.int64]:
        """Up to `count` residents of the area who have not been drawn before."""
        first, sizes = self.ranges(area)
        parts: list[NDArray[np.int64]] = []
        for _ in range(8):  # a few rounds fill what collisions left out
            if count <= 0 or sizes[-1] == 0:
                break
            at = self.chance.integers(sizes[-1], size=count)
            leaf = np.searchsorted(sizes, at, side="right") - 1
            rows = np.unique(first[leaf] + at - sizes[leaf])
            fresh = rows[~self.used[rows]]
            self.used[fresh] = True
            parts.append(fresh.astype(np.int64))
            count -= len(fresh)
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def draw_states(
    reports: Iterable[tuple[str, int, int]], delay: int, found_share: float, draw: LiveResidents
) -> tuple[NDArray[Any], ...]:
    """Infected with days since infection, apart with days left, immune with days since; all
    disjoint draws by area.
    """
    by_area: dict[str, dict[int, int]] = {}
    for area, ago, count in reports:
        days = by_area.setdefault(area, {})
        days[ago] = days.get(ago, 0) + count
    infected: list[tuple[NDArray[Any], int]] = []
    apart: list[tuple[NDArray[Any], int]] = []
    immune: list[tuple[NDArray[Any], int]] = []
    for area, days in sorted(by_area.items()):
        for ago, count in sorted(days.items()):
            age = ago + delay
            hidden = draw_rounded(count * (1.0 / found_share - 1.0), draw)
            known, unknown = draw.draw(area, count), draw.draw(area, hidden)
            if age <= INFECTED_DAYS:
                infected += [(known, age), (unknown, age)]
                if ago < APART_DAYS:
                    apart.append((known, APART_DAYS - ago))
            elif age <= IMMUNE_DAYS:
                immune += [(known, age), (unknown, age)]
        newest, growth = growth_of(days)
        for age in range(delay):
            expected = newest / found_share * math.exp(growth * (delay - age))
            infected.append((draw.draw(area, draw_rounded(expected, draw)), age))
    return (*flatten(infected), *flatten(apart), *flatten(immune))


def growth_of(days: dict[int, int]) -> tuple[float, float]:
    """Reports a day over the last week, and their growth a day against the week before."""
    last = sum(count for ago, count in days.items() if ago < 7)
    before = sum(count for ago, count in days.items() if 7 <= ago < 14)
    growth = math.log((last + 1.0) / (before + 1.0)) / 7.0
    return last / 7.0, max(-GROWTH_MAX, min(GROWTH_MAX, growth))


def draw_rounded(expected: float, draw: LiveResidents) -> int:
    """`expected` rounded up or down at random, so that small areas are not lost."""
    return int(expected + draw.chance.random())


def flatten(parts: list[tuple[NDArray[Any], int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows, and the number that belongs to each."""
    rows = [part for part, _ in parts]
    numbers = [np.full(len(part), number, np.int64) for part, number in parts]
    empty = np.zeros(0, np.int64)
    return (np.concatenate(rows), np.concatenate(numbers)) if rows else (empty, empty)
