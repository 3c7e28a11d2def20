"""What a feed of public transport says, as observations: speeds of vehicles where they are, delays
of trips at their next stop, announcements by stop and route.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from twinward.core.geography import distance_m
from twinward.edge.feeds.observations import ObservationItem
from twinward.service.city.transit_state import (
    SeenAlert,
    SeenTrip,
    SeenVehicle,
    TransitState,
    find_timetable,
)
from twinward.standards.gtfs.feed import Feed, FeedTrip, FeedVehicle, StopTime, WrongEntity
from twinward.standards.gtfs.timetable import Timetable

NEAR_S = 600  # from positions so far apart a speed is reckoned
TOO_FAST_KMH, TOO_FAR_M = 500.0, 500.0  # between two reports of one vehicle: then it is two
PASSED = timedelta(minutes=1)


class TransitItems(msgspec.Struct, kw_only=True):
    """What a feed comes to. `entities` names the entity of each item; `held` vehicles told no speed
    and were not heard before; `unchanged` things were told before.
    """

    items: list[ObservationItem] = []
    entities: list[str] = []
    refused: list[WrongEntity] = []
    held: int = 0
    unchanged: int = 0
    notes: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, entity: str, item: ObservationItem) -> None:
        self.items.append(item)
        self.entities.append(entity)


def items_of(feed: Feed, state: TransitState, folder: Path, now: datetime) -> TransitItems:
    """The items of a feed; `state` is changed to what the feed says."""
    found = TransitItems(refused=list(feed.wrong), notes=Counter(feed.notes))
    table = find_timetable(folder)
    for entity in feed.deleted:
        state.alerts.pop(entity, None)
    for vehicle in feed.vehicles:
        add_vehicle(found, state, vehicle)
    add_trips(found, state, feed, folder, table, now)
    add_alerts(found, state, feed, table, now)
    return found


def epoch(at: datetime) -> int:
    return round(at.timestamp())


def add_vehicle(found: TransitItems, state: TransitState, told: FeedVehicle) -> None:
    """A vehicle's speed where it is: as told, or from its last two positions; never 0 because
    nothing was told.
    """
    seen = state.vehicles.get(told.id)
    if seen is not None and told.at <= seen.at:
        found.unchanged += 1
        return
    state.vehicles[told.id] = SeenVehicle(
        at=told.at, lon=told.lon, lat=told.lat, trip=told.trip, route=told.route, stop=told.stop
    )
    speed = told.speed_kmh
    if seen is not None:
        past_s = (told.at - seen.at).total_seconds()
        away_m = float(distance_m(seen.lon, seen.lat, told.lon, told.lat))
        if away_m > TOO_FAR_M and away_m / past_s * 3.6 > TOO_FAST_KMH:
            found.refused.append(
                WrongEntity(
                    entity=told.entity,
                    code="two_places",
                    message=f"vehicle {told.id} would have gone {away_m / 1000:.0f} km in "
                    f"{past_s:.0f} s: two vehicles have one id",
                )
            )
            return
        if speed is None and past_s <= NEAR_S:
            speed = round(away_m / past_s * 3.6, 1)
            found.notes["speed_from_positions"] += 1
    if speed is None:
        found.held += 1
        return
    found.add(
        told.entity,
        ObservationItem(
            source_id=f"vehicle/{told.id}/{epoch(told.at)}",
            type="vehicle",
            occurred_at=told.at.isoformat(),
            place=f"{state.source}/{told.id}",
            lon=told.lon,
            lat=told.lat,
            value=speed,
            unit="km/h",
        ),
    )


def add_trips(
    found: TransitItems,
    state: TransitState,
    feed: Feed,
    folder: Path,
    table: Timetable | None,
    now: datetime,
) -> None:
    """How late each trip is at its next stop; a trip that only tells when it comes is held against
    the timetable.
    """
    next_stops = {trip.id: next_stop(trip, now) for trip in feed.trips if not trip.cancelled}
    untold = {
        trip.id
        for trip in feed.trips
        if (stop := next_stops.get(trip.id)) is not None and stop.delay_s is None and stop.at
    }
    timed = find_timetable(folder, with_times=True) if untold and table is not None else None
    times = timed.find_times(untold) if timed is not None else {}
    where = {one.trip: one for one in state.vehicles.values() if one.trip}
    for trip in feed.trips:
        seen = state.trips.get(trip.id)
        if seen is not None and trip.at <= seen.at:
            found.unchanged += 1
            continue
        stop = next_stops.get(trip.id)
        delay = None if trip.cancelled else delay_of(trip, stop, times.get(trip.id), timed)
        state.trips[trip.id] = SeenTrip(
            at=trip.at, delay_s=delay, stop=stop.stop if stop is not None else ""
        )
        if delay is None:
            found.notes["cancelled" if trip.cancelled else "no_delay"] += 1
            continue
        known = table.stops.get(stop.stop) if table is not None and stop is not None else None
        if known is None and stop is not None and stop.stop and table is not None:
            found.notes["unknown_stop"] += 1
        at = where.get(trip.id) or state.vehicles.get(trip.vehicle)
        place = known if known is not None and known.lon is not None else at
        found.add(
            trip.entity,
            ObservationItem(
                source_id=f"delay/{trip.id}/{epoch(trip.at)}",
                type="delay",
                occurred_at=trip.at.isoformat(),
                place=f"{state.source}/{trip.id}",
                lon=place.lon if place is not None else None,
                lat=place.lat if place is not None else None,
                value=float(delay),
                unit="s",
            ),
        )


def next_stop(trip: FeedTrip, now: datetime) -> StopTime | None:
    """The first stop that is still to come, as far as the feed says when; else the first told."""
    coming = [one for one in trip.stops if one.at is not None and one.at >= now - PASSED]
    if coming:
        return coming[0]
    timed = [one for one in trip.stops if one.at is not None]
    return timed[-1] if timed else (trip.stops[0] if trip.stops else None)


def delay_of(
    trip: FeedTrip,
    stop: StopTime | None,
    times: list[tuple[int, str, int]] | None,
    table: Timetable | None,
) -> int | None:
    """Seconds late: as told of the stop, by the timetable, or as told of the trip."""
    if stop is not None and stop.delay_s is not None:
        return stop.delay_s
    if stop is not None and stop.at is not None and times and table is not None:
        for sequence, name, at_s in times:
            if sequence == stop.sequence or (stop.sequence is None and name == stop.stop):
                return table.delay_s(stop.at, at_s)
    return trip.delay_s


def add_alerts(
    found: TransitItems, state: TransitState, feed: Feed, table: Timetable | None, now: datetime
) -> None:
    """How many announcements are in force for each stop and route; those of which none is any more
    tell 0 once.
    """
    if not feed.alerts and not (feed.deleted and state.alerted):
        return
    if feed.alerts and not feed.partial:
        state.alerts = {}
    for alert in feed.alerts:
        state.alerts[alert.entity] = SeenAlert(told_at=feed.at, alert=alert)
    counts = count_alerts(state, now)
    for place in sorted({*counts, *state.alerted}):
        kind, _, name = place.partition("-")
        stop = table.stops.get(name) if table is not None and kind == "stop" else None
        found.add(
            place,
            ObservationItem(
                source_id=f"alert/{place}/{epoch(feed.at)}",
                type="service_alert",
                occurred_at=feed.at.isoformat(),
                place=f"{state.source}/{place}",
                lon=stop.lon if stop is not None else None,
                lat=stop.lat if stop is not None else None,
                value=float(counts.get(place, 0)),
            ),
        )
    state.alerted = sorted(counts)


def count_alerts(state: TransitState, now: datetime) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for held in state.alerts.values():
        if held.alert.holds(now):
            counts.update(places_of(held))
    return dict(counts)


def places_of(held: SeenAlert) -> Iterator[str]:
    yield from (f"stop-{stop}" for stop in held.alert.stops)
    yield from (f"route-{route}" for route in held.alert.routes)
