"""What the field sends becomes observations (positions, battery, pulse) that end with the lake's
retention; who is down becomes an alarm and a task. Call signs only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
import numpy as np

from twinward.core.coding.texts import from_base64
from twinward.core.errors import AbsentError, InputError
from twinward.core.ids import derive_id
from twinward.edge.responders.codec import FieldMessage, decode
from twinward.service.intake import observations
from twinward.service.intake.commands import (
    BatchAccount,
    Rejection,
    rejection_of,
    submit_objects,
)
from twinward.service.platform import Caller, Platform
from twinward.service.tracing.city_areas import locate_by_nearest, pointed
from twinward.standards.cot.events import CotEvent, read_event, write_event
from twinward.twins.emergency.responders.rows import FIELD_ALARMS, FieldAlarm, task_of
from twinward.twins.emergency.tasks.rows import TASKS

T = TypeVar("T")
SOURCE = "field"
MOST_ITEMS = 1000
STALE = timedelta(minutes=10)
AHEAD = timedelta(minutes=5)


class FieldAlarmView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the field who is, or was, down, and the task that it became: empty until the loop
    has made it.
    """

    id: str
    area: str
    area_name: str
    responder: str
    cause: str
    status: str
    at: datetime
    lon: float | None
    lat: float | None
    recorded_at: datetime
    ended_at: datetime | None
    because: str
    task: str = ""
    task_status: str = ""
    department: str = ""
    due_at: datetime | None = None


class FieldTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch of events or frames: received = taken + rejected. `readings` is the
    account of the observations that were in them, `alarms` how many said that somebody is down.
    """

    received: int
    taken: int
    rejected: list[Rejection]
    readings: BatchAccount
    alarms: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One event or message in one form."""

    sender: str
    key: str
    at: datetime
    lon: float
    lat: float
    error_m: float | None = None
    readings: tuple[tuple[str, float, str], ...] = ()
    down: str = ""


def of_cot(event: CotEvent) -> Report:
    told = (
        ("battery", event.battery, "%"),
        ("heart_rate", event.pulse, "/min"),
    )
    return Report(
        sender=event.callsign.replace(" ", "-") or event.uid,
        key=f"{event.uid}/{event.time.isoformat()}",
        at=event.time,
        lon=event.lon,
        lat=event.lat,
        error_m=event.error_m,
        readings=tuple((name, value, unit) for name, value, unit in told if value is not None),
        down="button" if event.is_man_down else "",
    )


def of_frame(message: FieldMessage) -> Report | None:
    """None for what says no position: orders, reports and acknowledgements."""
    if message.lon is None or message.lat is None:
        return None
    told = (
        ("battery", message.battery, "%"),
        ("heart_rate", message.pulse, "/min"),
        ("temperature", message.heat_c, "C"),
    )
    return Report(
        sender=message.sender,
        key=f"{message.sender}/{message.at.isoformat()}/{message.seq}",
        at=message.at,
        lon=message.lon,
        lat=message.lat,
        readings=tuple(
            (name, float(value), unit) for name, value, unit in told if value is not None
        ),
        down=message.cause if message.kind == "man_down" else "",
    )


def take_cot(platform: Platform, caller: Caller, events: Sequence[bytes]) -> FieldTaken:
    """Cursor on Target events, each by itself."""
    return _take(platform, caller, events, lambda raw: of_cot(read_event(raw)))


def take_frames(platform: Platform, caller: Caller, frames: Sequence[bytes]) -> FieldTaken:
    """Frames of the fallback codec, each by itself."""
    return _take(platform, caller, frames, lambda raw: of_frame(decode(raw)))


def take_coded_frames(
    platform: Platform, caller: Caller, frames: Sequence[str | bytes]
) -> FieldTaken:
    """Frames in base64; one that is none costs no other its place."""
    return _take(platform, caller, frames, lambda raw: of_frame(decode(from_base64(raw))))


def _take(
    platform: Platform,
    caller: Caller,
    raws: Sequence[T],
    read: Callable[[T], Report | None],
) -> FieldTaken:
    platform.policy.require(caller, "send_observations")
    if len(raws) > MOST_ITEMS:
        raise InputError(f"at most {MOST_ITEMS} at once", code="too_many_items")
    reports: list[tuple[int, Report]] = []
    rejected: list[Rejection] = []
    now = platform.clock.now()
    for index, raw in enumerate(raws):
        try:
            found = read(raw)
            if found is not None and found.at > now + AHEAD:
                raise InputError(
                    f"{found.at.isoformat()} has not come yet",
                    "check the sender's clock",
                    code="time_in_future",
                )
        except InputError as error:
            rejected.append(rejection_of(index, error))
            continue
        if found is not None:
            reports.append((index, found))
    items = [item for _, one in reports for item in items_of(one)]
    body = msgspec.json.encode({"source": SOURCE, "items": items})
    readings = BatchAccount(received=0, stored=0, duplicate=0, rejected=[])
    if items:
        checks = observations.checks_of(platform)
        readings = observations.submit(platform, caller, checks, body).result()
    alarms = 0
    for index, one in reports:
        if one.down:  # one that cannot be raised keeps nobody else lying there
            try:
                alarms += raise_alarm(platform, caller, one)
            except InputError as error:
                rejected.append(Rejection(index=index, code=error.code, message=str(error)))
    rejected.sort(key=lambda one: one.index)
    return FieldTaken(
        received=len(raws),
        taken=len(raws) - len(rejected),
        rejected=rejected,
        readings=readings,
        alarms=alarms,
    )


def items_of(one: Report) -> Iterator[dict[str, object]]:
    """A position for the lake, and each reading as of a thing that bears it."""
    subject = f"responder:{one.sender}"
    head = {"occurred_at": one.at.isoformat(), "subject": subject, "lon": one.lon, "lat": one.lat}
    yield {"source_id": f"{one.key}/position", "type": "position", "error_m": one.error_m, **head}
    for name, value, unit in one.readings:
        yield {"source_id": f"{one.key}/{name}", "type": name, "value": value, "unit": unit, **head}


def area_at(platform: Platform, lon: float, lat: float) -> str:
    """The area of a point; the whole city where it lies in none."""
    areas = locate_by_nearest(pointed(platform.reference.areas.by_code.values()))
    if areas is None:
        return platform.reference.areas.root
    row = int(areas.locate(np.array([lon]), np.array([lat]))[0])
    return str(areas.codes[row]) if row >= 0 else platform.reference.areas.root


def raise_alarm(platform: Platform, caller: Caller, one: Report) -> int:
    """1 where this is the first word of it."""
    area = area_at(platform, one.lon, one.lat)
    told = {
        "type": "ReportManDown",
        "id": derive_id("down", one.key),
        "alarm": derive_id("alarm", one.key),
        "responder": one.sender,
        "area": area,
        "cause": one.down,
        "at": one.at,
        "lon": one.lon,
        "lat": one.lat,
    }
    account = submit_objects(platform, caller, [told], SOURCE)
    if account.rejected:
        raise InputError(account.rejected[0].message, code=account.rejected[0].code)
    return account.stored


def list_alarms(
    platform: Platform, caller: Caller, status: str | None = "open"
) -> list[FieldAlarmView]:
    """Of the caller's areas, the newest first."""
    platform.policy.require(caller, "see_tasks")
    mine = platform.policy.jurisdiction(caller)
    with platform.store.read() as rows:
        found = rows.list_rows(FIELD_ALARMS, order="-recorded_at")
    return [
        view_of(platform, row)
        for row in found
        if mine.covers(row.area) and status in (None, "all", row.status)
    ]


def view_of(platform: Platform, row: FieldAlarm) -> FieldAlarmView:
    with platform.store.read() as rows:
        task = rows.find(TASKS, task_of(row.id))
    return FieldAlarmView(
        area_name=platform.reference.areas.name(row.area),
        task=task.id if task else "",
        task_status=task.status if task else "",
        department=task.department if task else "",
        due_at=task.due_at if task else None,
        **{name: getattr(row, name) for name in FieldAlarm.__struct_fields__},
    )


def end_alarm(platform: Platform, caller: Caller, alarm: str, because: str) -> FieldAlarmView:
    """They were reached, or it was false."""
    with platform.store.read() as rows:
        name = derive_id("ended", alarm, caller.name, rows.last_seq())
    told = {"type": "EndManDown", "id": name, "alarm": alarm, "because": because}
    account = submit_objects(platform, caller, [told], SOURCE)
    if account.rejected:
        raise InputError(account.rejected[0].message, code=account.rejected[0].code)
    with platform.store.read() as rows:
        row = rows.find(FIELD_ALARMS, alarm)
    if row is None:
        raise AbsentError(f"there is no alarm {alarm}", "list them with `twinward field alarms`")
    return view_of(platform, row)


def alarms_as_cot(platform: Platform, caller: Caller) -> list[bytes]:
    """Open alarms for whoever shows Cursor on Target: a casualty at each place."""
    now = platform.clock.now()
    return [
        write_event(
            CotEvent(
                uid=one.id,
                type="b-a-o-tbl",
                time=now,
                start=one.at,
                stale=now + STALE,
                how="h-e",
                lon=one.lon,
                lat=one.lat,
                callsign=one.responder,
                text=f"man down: {one.cause}",
            )
        )
        for one in list_alarms(platform, caller)
        if one.lon is not None and one.lat is not None
    ]
