"""Where vehicles will be by a plan: trips of the timetables that operators gave, and delivery
rounds that were kept for a day, along the streets where the city has them. The plan's position,
and nobody's forecast.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from math import cos, hypot, radians
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.coding.files import keep_newest, write_whole
from twinward.core.errors import UNREADABLE, InputError
from twinward.decision.logistics.routing.rounds import Round
from twinward.service.city.transit_state import TIMETABLE, TRANSIT, list_states
from twinward.service.platform import Platform
from twinward.standards.gtfs.runs import Runs, read_runs

ROUNDS, MOST_KEPT = "rounds", 60
M_PER_DEGREE = 111_320.0
PACE_MPS = 5.0  # to the first door, where a round has only one
EVERY_S = 30.0  # so often a trip of a timetable is told ahead: it goes straight between stops
Point = tuple[float, float]
Then = tuple[float, float, float]


class PlannedVehicle(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle and where its plan has it; `source` is the operator, or `rounds`. `then`: where
    it is on, as seconds later, lon, lat.
    """

    vehicle: str
    source: str
    lon: float
    lat: float
    then: list[Then] = []


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """A stop of a round, as far as it is driven to."""

    id: str
    lon: float
    lat: float


class KeptRounds(msgspec.Struct, frozen=True, kw_only=True):
    """What is read again of a day's plan of rounds."""

    depot: Point
    stops: list[Door]
    rounds: list[Round]
    ways: dict[str, list[list[Point]]] = {}  # by vehicle: the points of each leg


def keep_rounds(
    workspace: Path,
    day: date,
    plan: msgspec.Struct,
    ways: dict[str, list[list[Point]]] | None = None,
) -> None:
    """Keeps a plan of rounds as that of a day: its vehicles are shown on that day, ahead of now,
    on the `ways` that are given for each leg, else straight.
    """
    folder = workspace / ROUNDS
    folder.mkdir(exist_ok=True)
    told = msgspec.to_builtins(plan) | {"ways": ways or {}}
    write_whole(folder / f"{day.isoformat()}.json", msgspec.json.encode(told))
    keep_newest(folder, "*.json", MOST_KEPT)


def list_planned(platform: Platform, at: datetime, ahead_s: float = 0.0) -> list[PlannedVehicle]:
    """Every vehicle that a plan has under way at an instant, and where it goes in `ahead_s`."""
    found: list[PlannedVehicle] = []
    for source, runs in runs_of(platform.workspace).items():
        late = late_of(platform.workspace, source)
        then: dict[str, list[Then]] = {}
        for later in np.arange(EVERY_S, ahead_s + 1, EVERY_S).tolist():
            for trip, lon, lat in runs.at(at + timedelta(seconds=later), late):
                then.setdefault(trip, []).append((later, lon, lat))
        found += [
            PlannedVehicle(
                vehicle=f"plan:{source}/{trip}",
                source=source,
                lon=lon,
                lat=lat,
                then=then.get(trip, []),
            )
            for trip, lon, lat in runs.at(at, late)
        ]
    return found + rounds_at(platform, at, ahead_s)


def runs_of(workspace: Path) -> dict[str, Runs]:
    """The trips of each operator that gave a timetable whose days are known."""
    found: dict[str, Runs] = {}
    for path in sorted((workspace / TRANSIT).glob(f"*/{TIMETABLE}")):
        runs = _runs(path, path.stat().st_mtime_ns)
        if runs is not None and runs.calendar and len(runs.trip):
            found[path.parent.name] = runs
    return found


@lru_cache(maxsize=4)
def _runs(path: Path, stamp: int) -> Runs | None:
    try:
        return read_runs(path.read_bytes())
    except InputError:
        return None


def late_of(workspace: Path, source: str) -> dict[str, int | None]:
    """How late the source's trips last were; None where one was cancelled."""
    for state in list_states(workspace):
        if state.source == source:
            return {trip: one.delay_s for trip, one in state.trips.items()}
    return {}


def rounds_at(platform: Platform, at: datetime, ahead_s: float = 0.0) -> list[PlannedVehicle]:
    """The vehicles of kept rounds; a round may go on over midnight."""
    zone, found = platform.reference.zone, list[PlannedVehicle]()
    here = at.astimezone(zone).date()
    for day in (here - timedelta(days=1), here):
        path = platform.workspace / ROUNDS / f"{day.isoformat()}.json"
        clock = (at - datetime.combine(day, time(), zone)).total_seconds()
        for vehicle, course in courses_of(path):
            place = place_on(course, clock)
            if place is not None:
                (lon, lat), then = place, then_on(course, clock, ahead_s)
                name = f"plan:rounds/{vehicle}"
                found.append(
                    PlannedVehicle(vehicle=name, source=ROUNDS, lon=lon, lat=lat, then=then)
                )
    return found


def courses_of(path: Path) -> list[tuple[str, NDArray[np.float64]]]:
    """The vehicles of a kept plan and their courses; none where none was kept."""
    try:
        return _courses(path, path.stat().st_mtime_ns)
    except (OSError, *UNREADABLE):
        return []


@lru_cache(maxsize=4)
def _courses(path: Path, stamp: int) -> list[tuple[str, NDArray[np.float64]]]:
    kept = msgspec.json.decode(path.read_bytes(), type=KeptRounds)
    places = {one.id: (one.lon, one.lat) for one in kept.stops}
    return [
        (one.vehicle, course_of(one, kept.depot, places, kept.ways.get(one.vehicle)))
        for one in kept.rounds
    ]


def course_of(
    one: Round,
    depot: Point,
    places: dict[str, Point],
    ways: list[list[Point]] | None = None,
) -> NDArray[np.float64]:
    """float64[n, 3]: second of the day, lon, lat at each point where a round turns, stops or goes
    on, from the depot to the depot. Between two stops it is driven at one pace, on its way or
    straight.
    """
    calls = [
        (places[visit.stop], visit.arrive_s, visit.leave_s)
        for visit in one.visits
        if visit.stop in places
    ]
    if not calls:
        return np.empty((0, 3))
    doors = [depot, *(place for place, _, _ in calls), depot]
    legs = [list(leg) for leg in pairwise(doors)]
    if ways is not None and len(ways) == len(legs):
        legs = ways
    length = [sum(apart(a, b) for a, b in pairwise(leg)) for leg in legs]
    comes = [*(come for _, come, _ in calls), one.back_s]
    goes = [0.0, *(leave for _, _, leave in calls)]
    driven = sum(comes[n] - goes[n] for n in range(1, len(legs)))
    pace = sum(length[1:]) / driven if sum(length[1:]) > 0 and driven > 0 else PACE_MPS
    goes[0] = comes[0] - length[0] / pace
    rows = list[tuple[float, float, float]]()
    for leg, metres, start, end in zip(legs, length, goes, comes, strict=True):
        along = np.cumsum([0.0, *(apart(a, b) for a, b in pairwise(leg))])
        share = along / metres if metres > 0 else np.linspace(0, 1, len(leg))
        times = (start + (end - start) * share).tolist()
        rows += [(t, lon, lat) for t, (lon, lat) in zip(times, leg, strict=True)]
    return np.array(rows)


def place_on(course: NDArray[np.float64], clock: float) -> Point | None:
    """Where a course is at a second of its day; None before it leaves the depot and after it is
    back.
    """
    if not len(course) or not course[0, 0] <= clock < course[-1, 0]:
        return None
    lon, lat = (float(np.interp(clock, course[:, 0], course[:, k])) for k in (1, 2))
    return round(lon, 6), round(lat, 6)


def then_on(course: NDArray[np.float64], clock: float, ahead_s: float) -> list[Then]:
    """Where a course turns within so many seconds, and where it is at their end."""
    if ahead_s <= 0:
        return []
    end = min(clock + ahead_s, float(course[-1, 0]))
    rows = course[(course[:, 0] > clock) & (course[:, 0] < end)].tolist()
    last = [float(np.interp(end, course[:, 0], course[:, k])) for k in (1, 2)]
    return [
        (round(t - clock, 1), round(lon, 6), round(lat, 6)) for t, lon, lat in [*rows, [end, *last]]
    ]


def apart(a: Point, b: Point) -> float:
    """Metres between two points of one city."""
    across = (a[0] - b[0]) * cos(radians((a[1] + b[1]) / 2))
    return M_PER_DEGREE * hypot(across, a[1] - b[1])
