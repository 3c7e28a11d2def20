"""Use case: what a module's objects have been heard to say, what is late, what never came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from twinward.core.clock import from_us
from twinward.core.errors import BusyError
from twinward.library.supervision.module import Module
from twinward.service.platform import Platform
from twinward.twins.emergency.supervision.rows import CheckState, SupervisedObject

State = Literal["good", "late", "never"]
MISSED_BEATS = 2  # a reading is late when so many of them did not come


class CheckCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """One regular check of one object."""

    check: str
    title: str
    last_at: datetime | None
    due_at: datetime | None
    passed: bool | None
    missed: int
    late: bool


class ObjectCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """One object: `never`: nothing was ever heard of it; `late`: something that is due has not
    come; `late_h`: since how many hours.
    """

    object: str
    name: str
    kind: str
    title: str
    area: str
    area_name: str
    state: State
    heard_at: datetime | None
    late_h: float
    defects: int
    checks: tuple[CheckCoverage, ...]


def cover(
    platform: Platform,
    module: Module,
    things: Sequence[SupervisedObject],
    states: Sequence[CheckState],
    open_of: dict[str, int],
    now: datetime,
) -> list[ObjectCoverage]:
    """Every object with its state, the one that is late longest first."""
    heard = hear(platform, module, things)
    by_thing: dict[str, list[CheckState]] = {}
    for state in states:
        by_thing.setdefault(state.object, []).append(state)
    found = [
        cover_one(
            platform,
            module,
            thing,
            by_thing.get(thing.id, []),
            heard.get(thing.id, {}),
            open_of.get(thing.id, 0),
            now,
        )
        for thing in things
    ]
    rank = {"never": 0, "late": 1, "good": 2}
    return sorted(found, key=lambda one: (rank[one.state], -one.late_h, one.object))


def cover_one(
    platform: Platform,
    module: Module,
    thing: SupervisedObject,
    states: Sequence[CheckState],
    heard: dict[str, datetime],
    defects: int,
    now: datetime,
) -> ObjectCoverage:
    kind = module.find_kind(thing.kind)
    checks = tuple(
        CheckCoverage(
            check=one.check,
            title=check.title if (check := module.find_check(one.check)) else one.check,
            last_at=one.last_at,
            due_at=one.due_at,
            passed=one.passed,
            missed=one.missed,
            late=is_owed(one, now),
        )
        for one in sorted(states, key=lambda one: one.check)
    )
    owed = [one.owed_since or one.due_at or now for one in states if is_owed(one, now)]
    owed += list(late_readings(module, heard, now))
    awaits = bool(thing.devices) or any(one.due_at for one in states)
    silent = not heard and not any(one.last_at for one in states)
    state: State = "never" if awaits and silent else "late" if owed else "good"
    since = thing.since if state == "never" else min(owed, default=now)
    last = [*heard.values(), *(one.last_at for one in states if one.last_at)]
    return ObjectCoverage(
        object=thing.id,
        name=thing.name,
        kind=thing.kind,
        title=kind.title if kind else thing.kind,
        area=thing.area,
        area_name=platform.reference.areas.name(thing.area),
        state=state,
        heard_at=max(last, default=None),
        late_h=round(max(0.0, (now - since) / timedelta(hours=1)), 2),
        defects=defects,
        checks=checks,
    )


def is_owed(state: CheckState, now: datetime) -> bool:
    """Whether a check is due, or was missed and has not come since."""
    return state.owed_since is not None or (state.due_at is not None and state.due_at < now)


def late_readings(module: Module, heard: dict[str, datetime], now: datetime) -> list[datetime]:
    """Since when each type of reading is late that the object has sent before."""
    cadence = {one.type: one.cadence_s for one in module.readings}
    due = [at + timedelta(seconds=MISSED_BEATS * cadence[kind]) for kind, at in heard.items()]
    return [one for one in due if one < now]


def hear(
    platform: Platform, module: Module, things: Sequence[SupervisedObject]
) -> dict[str, dict[str, datetime]]:
    """Object -> type of reading -> its latest; nothing where another process takes readings in."""
    wanted = {
        f"{reading.type}:{device}": (thing.id, reading.type)
        for thing in things
        for device in thing.devices
        for reading in module.readings
    }
    if not wanted:
        return {}
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        now = platform.intake.open().sensors()
    except BusyError:
        return {}
    if not len(now.name):
        return {}
    places = pc.index_in(pa.array(list(wanted), now.name.type), value_set=now.name)
    found: dict[str, dict[str, datetime]] = {}
    for (thing, kind), place in zip(wanted.values(), places.to_pylist(), strict=True):
        if place is not None:
            at = from_us(int(now.time_us[place]))
            of = found.setdefault(thing, {})
            of[kind] = max(at, of.get(kind, at))
    return found
