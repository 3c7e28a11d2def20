"""GTFS-Realtime feeds and small timetables for tests."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

from google.transit.gtfs_realtime_pb2 import FeedMessage

TABLES = {
    "agency.txt": "agency_name,agency_url,agency_timezone\nBus,http://bus.example,Asia/Shanghai\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\nA,East Gate,31.23,121.48\n"
    "B,West Gate,31.24,121.49\n",
    "routes.txt": "route_id,route_short_name\n7,No. 7\n",
    "trips.txt": "route_id,service_id,trip_id\n7,daily,t1\n7,daily,t2\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t1,15:50:00,15:50:00,A,1\nt1,16:05:00,16:05:00,B,2\nt2,25:00:00,25:00:00,B,1\n",
}


def zip_of(**changed: str | None) -> bytes:
    """A timetable of two stops and two trips; a file may be changed, or left out with None."""
    packed = io.BytesIO()
    tables = TABLES | {f"{name}.txt": text for name, text in changed.items()}
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            if text is not None:
                archive.writestr(name, text)
    return packed.getvalue()


class FeedMaker:
    """One feed, entity by entity."""

    def __init__(self, at: datetime | None, *, partial: bool = False) -> None:
        self.message = FeedMessage()
        self.message.header.gtfs_realtime_version = "2.0"
        self.message.header.incrementality = int(partial)
        if at is not None:
            self.message.header.timestamp = round(at.timestamp())

    def entity(self, name: str | None = None, *, deleted: bool = False) -> Any:
        one = self.message.entity.add()
        one.id = str(len(self.message.entity)) if name is None else name
        if deleted:
            one.is_deleted = True
        return one

    def vehicle(
        self, who: str, lon: float, lat: float, at: datetime | None = None, **more: Any
    ) -> Any:
        told = self.entity().vehicle
        told.vehicle.id = who
        told.position.longitude, told.position.latitude = lon, lat
        if at is not None:
            told.timestamp = round(at.timestamp())
        if "speed_ms" in more:
            told.position.speed = more["speed_ms"]
        if "trip" in more:
            told.trip.trip_id = more["trip"]
        return told

    def trip(self, trip: str, *stops: tuple[str, int | None, datetime | None]) -> Any:
        told = self.entity().trip_update
        told.trip.trip_id = trip
        for name, delay, at in stops:
            one = told.stop_time_update.add()
            one.stop_id = name
            if delay is not None:
                one.arrival.delay = delay
            if at is not None:
                one.arrival.time = round(at.timestamp())
        return told

    def alert(self, name: str, text: str, *stops: str, route: str = "") -> Any:
        told = self.entity(name).alert
        told.header_text.translation.add().text = text
        told.effect = told.DETOUR
        for stop in stops:
            told.informed_entity.add().stop_id = stop
        if route:
            told.informed_entity.add().route_id = route
        return told

    def bytes(self) -> bytes:
        return bytes(self.message.SerializeToString())
