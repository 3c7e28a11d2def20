"""Observations: taken in with an account of every item; the latest of every sensor, and one
sensor by hour.
"""

from __future__ import annotations

from concurrent.futures import Future
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.columns import find_homes
from twinward.core.clock import from_us
from twinward.core.errors import InputError
from twinward.core.ids import PERSON, is_personal
from twinward.core.messages import Counts
from twinward.edge.feeds.observations import (
    CheckedObservations,
    Checks,
    ObservationItem,
    read_observations,
)
from twinward.edge.feeds.plausible import Bounds, bounds_of
from twinward.library.supervision.module_files import bundled_modules
from twinward.service.access.approvals import with_emergency_access
from twinward.service.access.person_listing import record_listing, scope_to_see
from twinward.service.intake.commands import BatchAccount, Rejection, require_real, use_source
from twinward.service.platform import Caller, Platform, local_admin

__all__ = ["Hour", "ObservationItem", "SensorValue", "get_hours", "list_sensors", "submit"]
LOCAL_ADMIN = local_admin().name
# around the areas' points: wide enough for their outlines, far too narrow for a swapped point
MARGIN_DEGREES = 0.5
NEAR_DEGREES = 0.1  # around where residents live


class SensorValue(msgspec.Struct, frozen=True, kw_only=True):
    """The latest reading of one sensor."""

    sensor: str
    occurred_at: datetime
    value: float
    area: str | None


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """One hour of one sensor."""

    hour: datetime
    count: int
    mean: float
    least: float
    greatest: float


def checks_of(platform: Platform) -> Checks:
    """What the workspace's city tells about areas and points; without a city any area code is
    taken.
    """
    areas = platform.reference.areas
    return Checks(
        areas=areas if areas.by_code else None,
        types=lambda: module_types(platform),
        bounds=city_bounds(platform),
    )


def module_types(platform: Platform) -> frozenset[str]:
    """The types of readings that modules ask for: a module of one's own brings its own."""
    try:
        modules = platform.reference.modules()
    except InputError:  # a file was written that is none
        modules = bundled_modules()
    return frozenset(heard.type for one in modules.values() for heard in one.readings)


def city_bounds(platform: Platform) -> Bounds | None:
    """How far the workspace's city reaches: where its residents live, else its areas' points."""
    homes = find_homes(platform.workspace / "city")
    if homes is not None and len(homes):
        return bounds_of(homes[:, 0], homes[:, 1], NEAR_DEGREES)
    from twinward.service.tracing.city_areas import pointed

    placed = pointed(platform.reference.areas.by_code.values())
    points = np.array([(area.lon, area.lat) for area in placed])
    return bounds_of(points[:, 0], points[:, 1], MARGIN_DEGREES) if len(points) else None


def of_sender(platform: Platform, caller: Caller, checks: Checks) -> Checks:
    """The same for one sender: who has areas of their own speaks of those only."""
    mine = platform.policy.jurisdiction(caller)
    if mine.ranges is None:
        return checks
    from twinward.service.tracing.city_areas import locate_by_nearest, pointed

    areas = locate_by_nearest(pointed(platform.reference.areas.by_code.values()))

    def locate(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[str | None]:
        if areas is None:
            return [None] * len(lon)
        return [areas.codes[row] if row >= 0 else None for row in areas.locate(lon, lat).tolist()]

    find_area = platform.intake.open().find_area
    return msgspec.structs.replace(checks, mine=mine.covers, locate=locate, area_of=find_area)


def submit(platform: Platform, caller: Caller, checks: Checks, body: bytes) -> Future[BatchAccount]:
    """Takes in one body; the future resolves when every item is accounted for on disk.

    InputError when the body as a whole cannot be used; items that cannot are rejected one by one.
    """
    checked = read_observations(body, of_sender(platform, caller, checks), platform.clock.now())
    require_real(platform, checked.source)
    sender = "" if caller.name == LOCAL_ADMIN else caller.name
    use_source(platform, caller, checked.source)
    if sender:
        new = platform.intake.open().count_new_sensors(checked.rows)
        platform.new_sensors.bring(sender, new, platform.clock.now())
    kept = platform.intake.open().accept(checked.source, checked.rows, len(checked.wrong), sender)
    rejected = [
        Rejection(index=one.index, code=one.code, message=one.message) for one in checked.wrong
    ]
    answer: Future[BatchAccount] = Future()

    def tell(done: Future[Counts]) -> None:
        if (error := done.exception()) is not None:
            answer.set_exception(error)
            return
        n = done.result()
        answer.set_result(
            BatchAccount(
                received=n.received,
                stored=n.stored,
                duplicate=n.duplicate,
                rejected=rejected,
                conflicts=places_of(kept.conflicts, checked),
            )
        )

    kept.add_done_callback(tell)
    return answer


def places_of(rows: list[int], checked: CheckedObservations) -> list[int]:
    """Where rows that were kept stood among the items that were sent."""
    if not rows:
        return []
    wrong = {one.index for one in checked.wrong}
    kept = [k for k in range(len(checked.rows) + len(wrong)) if k not in wrong]
    return [kept[row] for row in rows]


def list_sensors(platform: Platform, *, limit: int, offset: int) -> tuple[int, list[SensorValue]]:
    """How many sensors were heard, and the latest value of those asked for, in the order of
    their first reading.
    """
    now = platform.intake.open().sensors()
    part = slice(offset, offset + limit)
    numbers = (now.time_us[part].tolist(), now.value[part].tolist(), now.area[part].tolist())
    found = [
        SensorValue(
            sensor=name,
            occurred_at=from_us(us),
            value=value,
            area=now.areas[area] if area >= 0 else None,
        )
        for name, us, value, area in zip(now.name[part].to_pylist(), *numbers, strict=True)
    ]
    return len(now.name), found


def get_hours(
    platform: Platform, caller: Caller, sensor: str, start: datetime, end: datetime
) -> list[Hour]:
    """One sensor's readings in [start, end) by hour; AbsentError when it was never heard.

    What was read of a person is a person's: shown under an activation, in the caller's areas and
    inside the window of data, and the look is on record before.
    """
    if is_personal(sensor):
        start, end = open_readings(platform, caller, sensor, start, end)
    hours: Any = platform.intake.open().hourly(sensor, start, end)
    columns = (hours.hour_us, hours.count, hours.mean, hours.least, hours.greatest)
    return [
        Hour(hour=from_us(us), count=count, mean=mean, least=least, greatest=greatest)
        for us, count, mean, least, greatest in zip(
            *(column.tolist() for column in columns), strict=True
        )
    ]


def open_readings(
    platform: Platform, caller: Caller, sensor: str, start: datetime, end: datetime
) -> tuple[datetime, datetime]:
    """The part of the window that the caller's scope opens on what was read of a person; on
    record from here on.
    """
    caller = with_emergency_access(platform, caller)
    intake = platform.intake.open()
    area = intake.find_area(sensor) or platform.reference.areas.root
    scope = scope_to_see(platform, caller, area)
    kind, _, subject = sensor.partition(":")
    record_listing(platform, caller, scope, f"readings of {kind}", (subject.removeprefix(PERSON),))
    platform.policy.require_thing(
        caller, "see_persons", f"sensor {sensor}", area, "check the name", scope=scope
    )
    return max(start, scope.data_from), min(end, scope.data_to)
