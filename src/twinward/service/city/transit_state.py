"""What the last feeds of an operator of public transport said, as far as the next one needs it: a
small file for each source, beside its timetable.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import msgspec

from twinward.core.coding.files import write_whole
from twinward.core.errors import UNREADABLE, InputError, RefusedError
from twinward.edge.feeds.identities import require_source
from twinward.standards.gtfs.feed import Feed, FeedAlert, WrongEntity
from twinward.standards.gtfs.timetable import Timetable, read_timetable

TRANSIT, STATE, TIMETABLE = "transit", "state.json", "timetable.zip"
FORGOTTEN = timedelta(days=1)  # a vehicle or trip that was not told so long
MOST_REFUSED = 50  # kept to be shown
LOCK = threading.Lock()  # feeds of one process are taken one after the other


class SeenVehicle(msgspec.Struct, frozen=True, kw_only=True):
    """Where a vehicle last was; trip, route and stop by the operator's ids."""

    at: datetime
    lon: float
    lat: float
    trip: str = ""
    route: str = ""
    stop: str = ""


class SeenTrip(msgspec.Struct, frozen=True, kw_only=True):
    """How late a trip last was at its next stop; None: cancelled."""

    at: datetime
    delay_s: int | None
    stop: str = ""


class SeenAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An announcement, and when it was last told."""

    told_at: datetime
    alert: FeedAlert


class TransitState(msgspec.Struct, kw_only=True):
    """Everything that is kept of one source. `alerted` are the stops and routes for which
    something was in force.
    """

    source: str
    sender: str | None = None
    at: datetime | None = None
    vehicles: dict[str, SeenVehicle] = {}
    trips: dict[str, SeenTrip] = {}
    alerts: dict[str, SeenAlert] = {}
    alerted: list[str] = []
    notes: dict[str, int] = {}
    refused: list[WrongEntity] = []

    def heard(self, feed: Feed, refused: list[WrongEntity], now: datetime) -> None:
        """Keeps what a feed said of itself, and forgets what was not told for a day."""
        self.at = feed.at if self.at is None else max(self.at, feed.at)
        self.notes, self.refused = feed.notes, refused[:MOST_REFUSED]
        last = now - FORGOTTEN
        self.vehicles = {who: one for who, one in self.vehicles.items() if one.at > last}
        self.trips = {trip: one for trip, one in self.trips.items() if one.at > last}
        self.alerts = {key: one for key, one in self.alerts.items() if one.told_at > last}


def folder_of(workspace: Path, source: str) -> Path:
    """The folder of a source; InputError where its name cannot be one."""
    require_source(source, 60)
    if not source.replace("-", "").replace("_", "").isalnum() or not source.isascii():
        raise InputError(
            f"source {source!r} is not of letters, digits and hyphens",
            "name the operator, for example metro-vehicles",
            code="bad_source",
        )
    return workspace / TRANSIT / source


def load_state(folder: Path) -> TransitState:
    """What is kept of the source of a folder; nothing where the file is not there or is broken."""
    try:
        return msgspec.json.decode((folder / STATE).read_bytes(), type=TransitState)
    except (OSError, *UNREADABLE):
        return TransitState(source=folder.name)


def save_state(folder: Path, state: TransitState) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / STATE, msgspec.json.encode(state))


def require_own(state: TransitState, sender: str, *, owner: bool) -> None:
    """A source is its first sender's, and the workspace owner's; RefusedError for anybody else."""
    if state.sender is None or owner:
        state.sender = state.sender or sender
    elif state.sender != sender:
        raise RefusedError(
            f"source {state.source!r} is sent by another account",
            "send under a name of your own",
            code="source_of_another",
        )


def list_states(workspace: Path) -> list[TransitState]:
    """Every source that told anything, by name."""
    return [load_state(path.parent) for path in sorted((workspace / TRANSIT).glob(f"*/{STATE}"))]


def find_timetable(folder: Path, *, with_times: bool = False) -> Timetable | None:
    """The source's timetable, if it gave one."""
    path = folder / TIMETABLE
    return _read(path, path.stat().st_mtime_ns, with_times) if path.exists() else None


@lru_cache(maxsize=4)
def _read(path: Path, stamp: int, with_times: bool) -> Timetable:
    return read_timetable(path.read_bytes(), with_times=with_times)


def keep_timetable(folder: Path, data: bytes) -> Timetable:
    """Reads and keeps a timetable; the one before it stays where this one cannot be read."""
    found = read_timetable(data)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / TIMETABLE, data)
    return found
