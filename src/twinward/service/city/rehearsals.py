"""Rehearsals in the scene: a fork of the present whose forecasts go on many times faster than a
clock. What is ordered in one is kept beside it and never enters the log, so that nobody is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from twinward.core.coding.files import keep_newest, write_whole
from twinward.core.errors import AbsentError, ConflictError, InputError
from twinward.core.ids import derive_id
from twinward.security.identity.people import require_outside
from twinward.service.hazards.forecast_store import ForecastLine, list_forecasts
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.incidents.rows import INCIDENTS

FOLDER = "rehearsals"
NAME = re.compile(r"reh-[0-9a-z-]{4,60}")
MOST_KEPT, MOST_ORDERS = 100, 500
SPEED = 60.0
AFTER = timedelta(hours=1)  # how long one may speak inside it after it was played
MOST_HOURS = 72.0


class RehearsalOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that was given in a rehearsal, and at which second of it. `fenced` is always true:
    it went to nobody.
    """

    offset_s: float
    title: str
    department: str
    area: str
    deadline_h: float
    by: str
    given_at: datetime
    lon: float | None = None
    lat: float | None = None
    fenced: bool = True


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """A fork: the log's last event at that time, the instant from which it goes on, its forecasts
    (one a hazard) and how many incidents were open.
    """

    id: str
    by: str
    begun_at: datetime
    hours: float
    speed: float
    seq: int
    incidents: int
    forecasts: tuple[str, ...]
    orders: tuple[RehearsalOrder, ...] = ()
    ended_at: datetime | None = None


class BegunRehearsal(Rehearsal, frozen=True, kw_only=True):
    """A rehearsal that has just begun. Who sends `token` with what it asks speaks inside the
    rehearsal: the server then refuses all that would leave it.
    """

    token: str


class NewRehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: how many hours are played, and how many times faster than a clock."""

    hours: float = 24.0
    speed: float = SPEED


class NewRehearsalOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order in a rehearsal, `offset_s` seconds after the fork."""

    offset_s: float
    title: str
    department: str
    area: str
    deadline_h: float = 2.0
    lon: float | None = None
    lat: float | None = None


def covering(lines: list[ForecastLine], at: datetime) -> list[ForecastLine]:
    """Of each hazard the newest forecast that was made by an instant and still goes on then."""
    found: dict[str, ForecastLine] = {}
    for line in lines:  # the newest come first
        if line.issued_at <= at < line.issued_at + timedelta(hours=line.hours):
            found.setdefault(line.hazard, line)
    return list(found.values())


def begin_rehearsal(platform: Platform, caller: Caller, asked: NewRehearsal) -> BegunRehearsal:
    """Forks the present; AbsentError `no_forecast` where nothing goes on from here."""
    platform.policy.require(caller, "plan_ahead")
    require_outside(caller)
    if not 0 < asked.hours <= MOST_HOURS or not 1 <= asked.speed <= 3600:
        raise InputError(
            f"a rehearsal has up to {MOST_HOURS:g} hours at 1 to 3,600 times a clock, "
            f"got {asked.hours:g} hours at {asked.speed:g}",
            "ask for less",
            code="bad_request",
        )
    now = platform.clock.now()
    lines = covering(list_forecasts(platform.workspace), now)
    if not lines:
        raise AbsentError(
            "no forecast goes on from here", "make a forecast of a hazard first", code="no_forecast"
        )
    with platform.store.read() as reader:
        seq = reader.last_seq()
        incidents = len(reader.list_rows(INCIDENTS, status="open"))
    name = "reh-" + derive_id(caller.name, now.isoformat(), seq).replace("_", "-").lower()[-24:]
    made = Rehearsal(
        id=name,
        by=caller.name,
        begun_at=now,
        hours=asked.hours,
        speed=asked.speed,
        seq=seq,
        incidents=incidents,
        forecasts=tuple(line.id for line in lines),
    )
    keep(platform.workspace, made)
    lasts = timedelta(hours=asked.hours / asked.speed) + AFTER
    inside = msgspec.structs.replace(caller, rehearsal=name)
    token = platform.identities.sign(inside, now, lasts)
    return BegunRehearsal(**msgspec.structs.asdict(made), token=token)


def order_in_rehearsal(
    platform: Platform, caller: Caller, name: str, asked: NewRehearsalOrder
) -> Rehearsal:
    """Keeps an order in the rehearsal; the caller may give there what it may give in earnest."""
    require_inside(caller, name)
    areas = platform.reference.areas
    platform.policy.require(caller, "command_incident", area=areas.require(asked.area))
    if asked.department not in platform.reference.library.departments:
        raise InputError(
            f"there is no department {asked.department!r}",
            "name one of the city's own",
            code="unknown_department",
        )

    def add(held: Rehearsal) -> Rehearsal:
        if not 0 <= asked.offset_s <= held.hours * 3600:
            raise InputError(
                f"offset {asked.offset_s:g} s lies outside the {held.hours:g} hours of the play",
                "give the second of the rehearsal",
                code="bad_request",
            )
        if len(held.orders) >= MOST_ORDERS:
            raise ConflictError(
                f"the rehearsal has {MOST_ORDERS} orders", "end it", code="too_many"
            )
        order = RehearsalOrder(
            offset_s=asked.offset_s,
            title=asked.title,
            department=asked.department,
            area=asked.area,
            deadline_h=asked.deadline_h,
            by=caller.name,
            given_at=platform.clock.now(),
            lon=asked.lon,
            lat=asked.lat,
        )
        return msgspec.structs.replace(held, orders=(*held.orders, order))

    return change(platform, name, add)


def end_rehearsal(platform: Platform, caller: Caller, name: str) -> Rehearsal:
    """Nothing more is ordered in it; what was stays to be read."""
    require_inside(caller, name)
    platform.policy.require(caller, "plan_ahead")
    now = platform.clock.now()
    return change(platform, name, lambda held: msgspec.structs.replace(held, ended_at=now))


def require_inside(caller: Caller, name: str) -> None:
    """RefusedError for who speaks inside another rehearsal."""
    if caller.rehearsal != name:
        require_outside(caller)


def change(platform: Platform, name: str, make: Callable[[Rehearsal], Rehearsal]) -> Rehearsal:
    held = get_rehearsal(platform, name)
    if held.ended_at is not None:
        raise ConflictError(f"rehearsal {name} has ended", "begin another", code="rehearsal_over")
    made = make(held)
    keep(platform.workspace, made)
    return made


def get_rehearsal(platform: Platform, name: str) -> Rehearsal:
    """The rehearsal of that id; AbsentError `no_rehearsal`."""
    path = platform.workspace / FOLDER / f"{name}.json"
    if not NAME.fullmatch(name) or not path.is_file():
        raise AbsentError(
            f"there is no rehearsal {name!r}", "list the rehearsals", code="no_rehearsal"
        )
    return msgspec.json.decode(path.read_bytes(), type=Rehearsal)


def list_rehearsals(platform: Platform) -> list[Rehearsal]:
    """Those that are kept, the newest first."""
    found = [
        msgspec.json.decode(path.read_bytes(), type=Rehearsal)
        for path in (platform.workspace / FOLDER).glob("reh-*.json")
    ]
    return sorted(found, key=lambda one: (one.begun_at, one.id), reverse=True)


def keep(workspace: Path, made: Rehearsal) -> None:
    """Writes it whole or not at all; the oldest give way."""
    folder = workspace / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / f"{made.id}.json"
    write_whole(path, msgspec.json.encode(made))
    keep_newest(folder, "reh-*.json", MOST_KEPT)
