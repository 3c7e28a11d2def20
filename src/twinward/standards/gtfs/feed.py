"""One GTFS-Realtime feed read: its vehicles, trips and alerts, and what is wrong with it, entity by
entity. Nothing of a driver, a rider or a number plate is read.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, TypeGuard

import msgspec

from twinward.core.clock import from_us
from twinward.core.errors import InputError
from twinward.core.texts import UNPRINTABLE

AHEAD_S = 300  # so much clocks differ
OLD_S = 65  # after so long the header of a feed is old (rule W008 of MobilityData's validator)
MOST_SPEED_M_S = 1_000.0  # faster than anything that carries passengers
LEAST_MS = 100_000_000_000  # seconds of the year 5138: such a time counts milliseconds
MOST_ENTITIES = 50_000
LONGEST_ID = 120
ADVICE = "ask the operator for the feed of vehicle positions, trip updates or alerts (protobuf)"
WRONG = {
    "no_vehicle_id": "the vehicle has no id",
    "duplicate_vehicle": "the vehicle is told twice in one feed; the newest counts",
    "two_places": "one vehicle stands in two places at one instant; neither is taken",
    "time_in_future": "the time has not come yet",
    "bad_id": "the id is empty, too long or holds a character that no id has",
    "no_trip_id": "the trip has no id",
    "no_position": "the vehicle tells no position",
    "bad_position": "the position is 0/0, no number, or no place of the world",
}


class FeedVehicle(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle; `speed_kmh` None where the feed tells none: that is not 0."""

    entity: str
    id: str
    at: datetime
    lon: float
    lat: float
    speed_kmh: float | None = None
    trip: str = ""
    route: str = ""
    stop: str = ""


class StopTime(msgspec.Struct, frozen=True, kw_only=True):
    """What is expected at one stop: a delay in seconds, or only an instant."""

    stop: str
    sequence: int | None
    delay_s: int | None
    at: datetime | None


class FeedTrip(msgspec.Struct, frozen=True, kw_only=True):
    """A trip: its stops that are still to come as told, or that it is cancelled."""

    entity: str
    id: str
    at: datetime
    route: str = ""
    vehicle: str = ""
    cancelled: bool = False
    delay_s: int | None = None
    stops: tuple[StopTime, ...] = ()


class FeedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """What is announced. Texts by language (`` where none is named); a period without end is None;
    no period: it holds as long as it is told.
    """

    entity: str
    effect: str
    texts: dict[str, str]
    periods: tuple[tuple[datetime | None, datetime | None], ...]
    stops: tuple[str, ...]
    routes: tuple[str, ...]

    def holds(self, now: datetime) -> bool:
        """Whether it is in force at an instant."""
        return not self.periods or any(
            (start is None or start <= now) and (end is None or now < end)
            for start, end in self.periods
        )


class WrongEntity(msgspec.Struct, frozen=True, kw_only=True):
    """An entity that was not taken, by its id in the feed."""

    entity: str
    code: str
    message: str


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A feed as of `at`. `deleted` are ids of entities that the operator took back; `notes` count
    what is odd and was taken all the same: `no_time` (the header's is used), `no_trip`,
    `no_relationship`, `old_feed`, `time_in_ms` (W001, W006, W009, W008 and E001 of the validator).
    """

    at: datetime
    partial: bool
    vehicles: list[FeedVehicle]
    trips: list[FeedTrip]
    alerts: list[FeedAlert]
    deleted: list[str]
    wrong: list[WrongEntity]
    notes: dict[str, int]


def read_feed(data: bytes, now: datetime) -> Feed:
    """The feed; InputError where it as a whole cannot be used (`bad_feed`, `feed_in_future`)."""
    message = parse(data)
    notes: Counter[str] = Counter()
    at = instant(message.header.timestamp, notes) or now
    if (at - now).total_seconds() > AHEAD_S:
        raise InputError(
            f"the feed is of {at.isoformat()}, which has not come yet",
            "check the clock of the sender and of this machine",
            code="feed_in_future",
        )
    if (now - at).total_seconds() > OLD_S:
        notes["old_feed"] += 1
    reader = Reader(at, now, notes)
    for entity in message.entity:
        reader.read(entity)
    return reader.finish(partial=message.header.incrementality == 1)


def parse(data: bytes) -> Any:
    """A FeedMessage whose header is there."""
    from google.protobuf.message import DecodeError
    from google.transit.gtfs_realtime_pb2 import FeedMessage

    try:
        message = FeedMessage.FromString(data)
    except DecodeError as error:
        raise InputError(
            "this is no GTFS-Realtime feed, or not the whole of one", ADVICE, code="bad_feed"
        ) from error
    if not message.IsInitialized() or not message.header.gtfs_realtime_version:
        raise InputError("the feed has no header", ADVICE, code="bad_feed")
    if len(message.entity) > MOST_ENTITIES:
        raise InputError(
            f"the feed has {len(message.entity):,} entities",
            f"send at most {MOST_ENTITIES:,} at once",
            code="too_many_items",
        )
    return message


def instant(stamp: int, notes: Counter[str]) -> datetime | None:
    """The instant of a POSIX time; of one in milliseconds too, which is noted; None for none."""
    if stamp <= 0:
        return None
    if stamp >= LEAST_MS:
        notes["time_in_ms"] += 1
        stamp //= 1000
    return from_us(min(stamp, LEAST_MS) * 1_000_000)


class Reader:
    """Reads the entities of one feed, one after the other."""

    def __init__(self, at: datetime, now: datetime, notes: Counter[str]) -> None:
        self.at, self.now, self.notes = at, now, notes
        self.vehicles: dict[str, FeedVehicle] = {}
        self.doubled: set[str] = set()  # ids that stand in two places
        self.trips: dict[str, FeedTrip] = {}
        self.alerts: list[FeedAlert] = []
        self.deleted: list[str] = []
        self.wrong: list[WrongEntity] = []

    def refuse(self, entity: str, code: str) -> None:
        self.wrong.append(WrongEntity(entity=entity[:LONGEST_ID], code=code, message=WRONG[code]))

    def read(self, entity: Any) -> None:
        if not is_id(entity.id):
            self.refuse(repr(entity.id)[:LONGEST_ID], "bad_id")
            return
        if entity.is_deleted:
            self.deleted.append(entity.id)
            return
        if entity.HasField("vehicle"):
            self.read_vehicle(entity.id, entity.vehicle)
        if entity.HasField("trip_update"):
            self.read_trip(entity.id, entity.trip_update)
        if entity.HasField("alert"):
            self.read_alert(entity.id, entity.alert)

    def time_of(self, entity: str, stamp: int) -> datetime | None:
        """When it was so; None, and refused, where that has not come."""
        at = instant(stamp, self.notes)
        if at is None:
            self.notes["no_time"] += 1
            return self.at
        if (at - self.now).total_seconds() > AHEAD_S:
            self.refuse(entity, "time_in_future")
            return None
        return at

    def read_vehicle(self, entity: str, told: Any) -> None:
        who = told.vehicle.id
        if not who:
            self.refuse(entity, "no_vehicle_id")
            return
        if not is_id(who):
            self.refuse(entity, "bad_id")
            return
        if not told.HasField("position"):
            self.refuse(entity, "no_position")
            return
        where = told.position
        if not is_place(where.longitude, where.latitude):
            self.refuse(entity, "bad_position")
            return
        if (at := self.time_of(entity, told.timestamp)) is None:
            return
        if not told.trip.trip_id:
            self.notes["no_trip"] += 1
        if told.HasField("trip") and not told.trip.HasField("schedule_relationship"):
            self.notes["no_relationship"] += 1
        told_speed = where.HasField("speed") and 0 <= where.speed < MOST_SPEED_M_S
        speed = where.speed * 3.6 if told_speed else None
        self.keep(
            FeedVehicle(
                entity=entity,
                id=who,
                at=at,
                lon=round(where.longitude, 5),  # a metre: what a number of the feed holds
                lat=round(where.latitude, 5),
                speed_kmh=None if speed is None else round(speed, 2),
                trip=plain(told.trip.trip_id),
                route=plain(told.trip.route_id),
                stop=plain(told.stop_id),
            )
        )

    def keep(self, one: FeedVehicle) -> None:
        """Of two reports about a vehicle the newer; of two at one instant in two places none."""
        other = self.vehicles.get(one.id)
        if other is None:
            self.vehicles[one.id] = one
            return
        if other.at == one.at and (other.lon, other.lat) != (one.lon, one.lat):
            self.doubled.add(one.id)
        older = one if one.at <= other.at else other
        self.vehicles[one.id] = other if older is one else one
        self.refuse(older.entity, "two_places" if one.id in self.doubled else "duplicate_vehicle")

    def read_trip(self, entity: str, told: Any) -> None:
        trip = told.trip
        if not is_id(trip.trip_id):
            self.refuse(entity, "bad_id" if trip.trip_id else "no_trip_id")
            return
        if (at := self.time_of(entity, told.timestamp)) is None:
            return
        self.trips[trip.trip_id] = FeedTrip(
            entity=entity,
            id=trip.trip_id,
            at=at,
            route=plain(trip.route_id),
            vehicle=plain(told.vehicle.id),
            cancelled=trip.schedule_relationship in (3, 7),  # CANCELED, DELETED
            delay_s=told.delay if told.HasField("delay") else None,
            stops=tuple(self.stop_time(one) for one in told.stop_time_update if is_expected(one)),
        )

    def stop_time(self, told: Any) -> StopTime:
        best = told.arrival if told.HasField("arrival") else told.departure
        return StopTime(
            stop=plain(told.stop_id),
            sequence=told.stop_sequence if told.HasField("stop_sequence") else None,
            delay_s=best.delay if best.HasField("delay") else None,
            at=instant(best.time, self.notes),
        )

    def read_alert(self, entity: str, told: Any) -> None:
        texts = {plain(one.language): sentence(one.text) for one in told.header_text.translation}
        self.alerts.append(
            FeedAlert(
                entity=entity,
                effect=told.Effect.Name(told.effect).lower(),
                texts=texts,
                periods=tuple(
                    (instant(one.start, self.notes), instant(one.end, self.notes))
                    for one in told.active_period
                ),
                stops=tuple(sorted({plain(o.stop_id) for o in told.informed_entity} - {""})),
                routes=tuple(sorted({plain(o.route_id) for o in told.informed_entity} - {""})),
            )
        )

    def finish(self, *, partial: bool) -> Feed:
        for who in self.doubled:
            self.refuse(self.vehicles.pop(who).entity, "two_places")
        return Feed(
            at=self.at,
            partial=partial,
            vehicles=list(self.vehicles.values()),
            trips=list(self.trips.values()),
            alerts=self.alerts,
            deleted=self.deleted,
            wrong=self.wrong,
            notes=dict(sorted(self.notes.items())),
        )


def is_expected(told: Any) -> bool:
    """Whether a stop is still served and something is told of it (not SKIPPED, not NO_DATA)."""
    return told.schedule_relationship not in (1, 2) and (
        told.HasField("arrival") or told.HasField("departure")
    )


def is_id(text: str | bytes) -> TypeGuard[str]:
    """Whether it is an id; protobuf gives bytes for what is no UTF-8."""
    return (
        isinstance(text, str) and 0 < len(text) <= LONGEST_ID and UNPRINTABLE.search(text) is None
    )


def plain(text: str | bytes) -> str:
    """An id that others may see; empty where it is none."""
    return text if is_id(text) else ""


def sentence(text: str | bytes) -> str:
    """What an announcement says, on one line; what is no UTF-8 in it is replaced."""
    said = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return UNPRINTABLE.sub(" ", said)[:500]


def is_place(lon: float, lat: float) -> bool:
    """Whether it is a place of the world, and not what is sent before the first fix."""
    inside = -180 <= lon <= 180 and -90 <= lat <= 90  # False of what is no number
    return inside and not (abs(lon) < 0.01 and abs(lat) < 0.01)
