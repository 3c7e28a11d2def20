"""Where vehicles will be by a plan: trips of the timetables that operators gave, and delivery
rounds that were kept for a day. The plan's position, and nobody's forecast.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from math import cos, hypot, radians
from pathlib import Path

import msgspec

from twinward.core.coding.files import keep_newest, write_whole
from twinward.core.errors import UNREADABLE, InputError
from twinward.decision.logistics.routing.rounds import Round
from twinward.service.city.transit_state import TIMETABLE, TRANSIT, list_states
from twinward.service.platform import Platform
from twinward.standards.gtfs.runs import Runs, read_runs

ROUNDS, MOST_KEPT = "rounds", 60
M_PER_DEGREE = 111_320.0
PACE_MPS = 5.0  # to the first door, where a round has only one
Point = tuple[float, float]


class PlannedVehicle(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle and where its plan has it; `source` is the operator, or `rounds`."""

    vehicle: str
    source: str
    lon: float
    lat: float


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


def keep_rounds(workspace: Path, day: date, plan: msgspec.Struct) -> None:
    """Keeps a plan of rounds as that of a day: its vehicles are shown on that day, ahead of now."""
    folder = workspace / ROUNDS
    folder.mkdir(exist_ok=True)
    write_whole(folder / f"{day.isoformat()}.json", msgspec.json.encode(plan))
    keep_newest(folder, "*.json", MOST_KEPT)


def list_planned(platform: Platform, at: datetime) -> list[PlannedVehicle]:
    """Every vehicle that a plan has under way at an instant."""
    found: list[PlannedVehicle] = []
    for source, runs in runs_of(platform.workspace).items():
        late = late_of(platform.workspace, source)
        found += [
            PlannedVehicle(vehicle=f"plan:{source}/{trip}", source=source, lon=lon, lat=lat)
            for trip, lon, lat in runs.at(at, late)
        ]
    return found + rounds_at(platform, at)


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


def rounds_at(platform: Platform, at: datetime) -> list[PlannedVehicle]:
    """The vehicles of kept rounds; a round may go on over midnight."""
    zone, found = platform.reference.zone, list[PlannedVehicle]()
    here = at.astimezone(zone).date()
    for day in (here - timedelta(days=1), here):
        path = platform.workspace / ROUNDS / f"{day.isoformat()}.json"
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=KeptRounds)
        except (OSError, *UNREADABLE):
            continue
        clock = (at - datetime.combine(day, time(), zone)).total_seconds()
        places = {one.id: (one.lon, one.lat) for one in kept.stops}
        for one in kept.rounds:
            place = place_on(one, kept.depot, places, clock)
            if place is not None:
                name = f"plan:rounds/{one.vehicle}"
                lon, lat = (round(value, 6) for value in place)
                found.append(PlannedVehicle(vehicle=name, source=ROUNDS, lon=lon, lat=lat))
    return found


def place_on(one: Round, depot: Point, places: dict[str, Point], clock: float) -> Point | None:
    """Where a round is at a second of its day: straight between its stops; None before it leaves
    the depot and after it is back.
    """
    calls = [
        (places[visit.stop], visit.arrive_s, visit.leave_s)
        for visit in one.visits
        if visit.stop in places
    ]
    if not calls:
        return None
    legs = [*pairwise(calls), (calls[-1], (depot, one.back_s, one.back_s))]
    metres = sum(apart(a[0], b[0]) for a, b in legs)
    driven = sum(b[1] - a[2] for a, b in legs)
    pace = metres / driven if metres > 0 and driven > 0 else PACE_MPS
    left = calls[0][1] - apart(depot, calls[0][0]) / pace
    for (a, _, goes), (b, comes, stays) in [((depot, left, left), calls[0]), *legs]:
        if goes <= clock < comes:
            share = (clock - goes) / (comes - goes)
            return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
        if comes <= clock < stays:
            return b
    return None


def apart(a: Point, b: Point) -> float:
    """Metres between two points of one city."""
    across = (a[0] - b[0]) * cos(radians((a[1] + b[1]) / 2))
    return M_PER_DEGREE * hypot(across, a[1] - b[1])
