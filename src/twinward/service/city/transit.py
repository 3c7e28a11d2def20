"""Feeds of public transport: a GTFS-Realtime feed taken in with an account of every entity, the
timetable it is read with, and what each operator last said.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
import numpy as np

from twinward.service.city.layer_points import SILENT_AFTER
from twinward.service.city.transit_items import TransitItems, items_of
from twinward.service.city.transit_state import (
    LOCK,
    SeenAlert,
    TransitState,
    find_timetable,
    folder_of,
    keep_timetable,
    list_states,
    load_state,
    require_own,
    save_state,
)
from twinward.service.intake import observations
from twinward.service.intake.commands import use_source
from twinward.service.platform import Caller, Platform, local_admin
from twinward.service.tracing.city_areas import locate_by_nearest, pointed
from twinward.standards.gtfs.feed import WrongEntity, read_feed
from twinward.standards.gtfs.timetable import Timetable

LOCAL_ADMIN = local_admin().name
CADENCE_S = 120  # so often feeds are due
FeedStatus = Literal["current", "stale", "silent"]


class TransitAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a feed: its `vehicles`, `trips` and `alerts` as read; of the readings made of
    them `stored` and `duplicate`; `held` vehicles are shown when they have told a second position,
    for the feed gives no speed; `unchanged` were told before; `rejected` were not taken.
    """

    source: str
    at: datetime
    vehicles: int
    trips: int
    alerts: int
    deleted: int
    stored: int
    duplicate: int
    held: int
    unchanged: int
    rejected: list[WrongEntity]
    notes: dict[str, int]


class TimetableView(msgspec.Struct, frozen=True, kw_only=True):
    """What a timetable holds."""

    source: str
    stops: int
    routes: int
    trips: int
    stop_times: int


class TransitAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An announcement: texts by language, the stops and routes by their names."""

    id: str
    effect: str
    texts: dict[str, str]
    holds: bool
    told_at: datetime
    until: datetime | None
    stops: list[str]
    routes: list[str]


class TransitView(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator last said, and how old it is. `vehicles`, `delayed` (5 min or more) and
    `cancelled` are of what was told within seven times the cadence.
    """

    source: str
    at: datetime | None
    age_s: int | None
    status: FeedStatus
    vehicles: int
    delayed: int
    cancelled: int
    alerts: list[TransitAlert]
    timetable_stops: int
    notes: dict[str, int]
    refused: list[WrongEntity]


def take_feed(platform: Platform, caller: Caller, source: str, data: bytes) -> TransitAccount:
    """Takes in one feed (protobuf); InputError where it as a whole cannot be used."""
    folder = folder_of(platform.workspace, source)
    now = platform.clock.now()
    feed = read_feed(data, now)
    with LOCK:
        state = load_state(folder)
        require_own(state, caller.name, owner=caller.name == LOCAL_ADMIN)
        found = items_of(feed, state, folder, now)
        stored, duplicate, rejected = submit_items(platform, caller, source, found)
        state.heard(feed, rejected, now)
        save_state(folder, state)
    return TransitAccount(
        source=source,
        at=feed.at,
        vehicles=len(feed.vehicles),
        trips=len(feed.trips),
        alerts=len(feed.alerts),
        deleted=len(feed.deleted),
        stored=stored,
        duplicate=duplicate,
        held=found.held,
        unchanged=found.unchanged,
        rejected=rejected,
        notes=dict(sorted(found.notes.items())),
    )


def submit_items(
    platform: Platform, caller: Caller, source: str, found: TransitItems
) -> tuple[int, int, list[WrongEntity]]:
    """Through the door of all observations: (stored, duplicate, all that was refused)."""
    if not found.items:
        return 0, 0, found.refused
    put_areas(platform, found)
    body = msgspec.json.encode({"source": source, "items": found.items})
    checks = observations.checks_of(platform)
    account = observations.submit(platform, caller, checks, body).result()
    refused = [
        WrongEntity(entity=found.entities[one.index], code=one.code, message=one.message)
        for one in account.rejected
    ]
    return account.stored, account.duplicate, [*found.refused, *refused]


def put_areas(platform: Platform, found: TransitItems) -> None:
    """The area of each item that has a place: that whose point is nearest."""
    areas = locate_by_nearest(pointed(platform.reference.areas.by_code.values()))
    placed = [item for item in found.items if item.lon is not None and item.lat is not None]
    if areas is None or not placed:
        return
    lon, lat = (
        np.array([getattr(item, name) for item in placed], np.float64) for name in ("lon", "lat")
    )
    for item, row in zip(placed, areas.locate(lon, lat).tolist(), strict=True):
        item.area = areas.codes[row] if row >= 0 else None


def add_timetable(platform: Platform, caller: Caller, source: str, data: bytes) -> TimetableView:
    """Keeps a GTFS zip as the timetable of a source: its stops stand on the map, its trips can be
    late.
    """
    use_source(platform, caller, source)
    folder = folder_of(platform.workspace, source)
    with LOCK:
        state = load_state(folder)
        require_own(state, caller.name, owner=caller.name == LOCAL_ADMIN)
        found = keep_timetable(folder, data)
        save_state(folder, state)
    return TimetableView(
        source=source,
        stops=len(found.stops),
        routes=len(found.routes),
        trips=len(found.trips),
        stop_times=len(found.times),
    )


def list_transit(platform: Platform, caller: Caller) -> list[TransitView]:
    """Every operator that sends feeds, by name."""
    now = platform.clock.now()
    return [view_state(platform, state, now) for state in list_states(platform.workspace)]


def view_state(platform: Platform, state: TransitState, now: datetime) -> TransitView:
    table = find_timetable(folder_of(platform.workspace, state.source))
    age_s = None if state.at is None else max(0, round((now - state.at).total_seconds()))
    recent = [
        one
        for one in state.trips.values()
        if (now - one.at).total_seconds() <= SILENT_AFTER * CADENCE_S
    ]
    return TransitView(
        source=state.source,
        at=state.at,
        age_s=age_s,
        status=status_of(age_s),
        vehicles=sum(
            (now - one.at).total_seconds() <= SILENT_AFTER * CADENCE_S
            for one in state.vehicles.values()
        ),
        delayed=sum(one.delay_s is not None and one.delay_s >= 300 for one in recent),
        cancelled=sum(one.delay_s is None for one in recent),
        alerts=[
            show_alert(held, table, now) for held in state.alerts.values() if not is_over(held, now)
        ],
        timetable_stops=len(table.stops) if table is not None else 0,
        notes=state.notes,
        refused=state.refused,
    )


def status_of(age_s: int | None) -> FeedStatus:
    if age_s is None or age_s > SILENT_AFTER * CADENCE_S:
        return "silent"
    return "stale" if age_s > CADENCE_S else "current"


def is_over(held: SeenAlert, now: datetime) -> bool:
    periods = held.alert.periods
    return bool(periods) and all(end is not None and end <= now for _, end in periods)


def show_alert(held: SeenAlert, table: Timetable | None, now: datetime) -> TransitAlert:
    ends = [end for _, end in held.alert.periods]
    stops = {} if table is None else table.stops
    routes = {} if table is None else table.routes
    return TransitAlert(
        id=held.alert.entity,
        effect=held.alert.effect,
        texts=held.alert.texts,
        holds=held.alert.holds(now),
        told_at=held.told_at,
        until=max((end for end in ends if end is not None), default=None) if all(ends) else None,
        stops=[stops[one].name if one in stops else one for one in held.alert.stops],
        routes=[routes.get(one, one) for one in held.alert.routes],
    )
