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
from twinward.decision.simulation.epidemic.scenario import InitialState
from twinward.library.hazards.diseases import Disease
from twinward.library.hazards.measures import Measure, read_measures
from twinward.library.plans.plan import SAME_AS
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.reports.rows import CASES, COUNTS
from twinward.twins.emergency.tasks.rows import TASKS
from twinward.twins.snapshot import Snapshot

INFECTED_DAYS = 20  # an infection older than this no longer transmits in the bundled diseases
IMMUNE_DAYS = 399
REPORT_DELAY_D = 2.0  # assumption: from onset to the published report
APART_DAYS = 14  # assumption: those who were found stay apart so long after their report
GROWTH_MAX = 0.3  # a day; bounds the projection of infections that cannot have been reported yet
ROOMS_DEFAULT = 1000


class LiveState(msgspec.Struct, frozen=True, kw_only=True):
    """What `fork` gave: the start of a forecast, the measures in force, and in words how it was
    made.
    """

    initial: InitialState
    measures: tuple[Measure, ...]
    reported: int
    estimated: int
    notes: tuple[str, ...]


def read_live(
    snapshot: Snapshot,
    base: CityBase,
    disease: Disease,
    hazard: str,
    at: datetime,
    seed: int,
    found_share: float,
) -> LiveState:
    """The live state of `hazard` at an instant, on a city base.

    found_share: share of infections that reports find, 0 < share <= 1 (the rest is estimated by 1 /
    share). InputError when nothing has been reported.
    """
    if not 0.0 < found_share <= 1.0:
        raise InputError(
            f"a share of {found_share} cannot be found",
            "give a number above 0, at most 1",
            code="bad_share",
        )
    reports = list_reports(snapshot, hazard, at.astimezone(snapshot.zone).date())
    if not any(count for _, _, count in reports):
        raise InputError(
            f"nothing has been reported for {hazard!r}",
            "name the hazard of an incident",
            code="nothing_reported",
        )
    delay = round(
        disease.course.latent_mean_d.value
        + disease.course.onset_after_latent_mean_d.value
        + REPORT_DELAY_D
    )
    draw = LiveResidents(base, seed)
    infected, ages, apart, left, immune, since = draw_states(reports, delay, found_share, draw)
    reported_now = sum(count for _, ago, count in reports if ago + delay <= INFECTED_DAYS)
    measures, notes = list_measures(snapshot)
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
    made = (
        f"{reported_now:,} reported infections are still in course; {estimated:,} more are an "
        f"estimate: reports "
        f"are taken to find {found_share:.0%}, {delay} days after infection; the last {delay} "
        f"follow their growth",
        "which residents of an area they are is drawn",
    )
    return LiveState(
        initial=initial,
        measures=measures,
        reported=reported_now,
        estimated=estimated,
        notes=made + notes,
    )


def list_reports(snapshot: Snapshot, hazard: str, today: date) -> list[tuple[str, int, int]]:
    """(area, days ago, new infections) of every count and case of the hazard."""
    reports = [
        (row.area, (today - date.fromisoformat(row.day)).days, row.count)
        for row in snapshot.list_rows(COUNTS, hazard=hazard)
        if row.status in ("confirmed", "asymptomatic") and row.found_in != "reclassified"
    ]
    cases = snapshot.list_rows(CASES, hazard=hazard)
    reports += [
        (c.area, (today - c.reported_at.astimezone(snapshot.zone).date()).days, 1)
        for c in cases
        if c.status not in ("suspected", "discarded")
    ]
    return [report for report in reports if report[1] >= 0]


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
        for age in range(1, delay):
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


def list_measures(snapshot: Snapshot) -> tuple[tuple[Measure, ...], tuple[str, ...]]:
    """The measures that orders of open incidents have put in force, by area; and those the
    simulator does not know.

    Ordered for the root of the area tree, a measure holds everywhere: the city base may have
    districts and no root.
    """
    open_incidents = {row.id for row in snapshot.list_rows(INCIDENTS, status="open")}
    areas: dict[str, set[str]] = {}
    rooms: dict[str, float] = {}
    for task in snapshot.list_rows(TASKS):
        if (
            task.measure
            and task.incident in open_incidents
            and task.ordered_at is not None
            and task.status != "dropped"
        ):
            name = SAME_AS.get(task.measure, task.measure)
            areas.setdefault(name, set()).add(task.area)
            rooms[name] = rooms.get(name, 0.0) + task.needs.get("quarantine_rooms", 0.0)
    found: list[Measure] = []
    unknown: list[str] = []
    for name, where in sorted(areas.items()):
        entry: dict[str, Any] = {
            "type": name,
            "name": f"{name} in force",
            "areas": [] if snapshot.areas.root in where else sorted(where),
        }
        if name == "quarantine_facility":
            entry["places"] = int(rooms[name]) or ROOMS_DEFAULT
        try:
            found += read_measures({"measures": [entry]})
        except InputError:
            unknown.append(name)
    notes = (
        (f"measures in force that the simulator does not know: {', '.join(unknown)}",)
        if unknown
        else ()
    )
    return tuple(found), notes
