"""Parcels on the rounds that `allocate rounds` plans: a stop for each place with what waits for it,
and which vehicle takes which parcel.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict

import msgspec

from twinward.core.errors import InputError
from twinward.service.deliveries.parcels import list_parcels
from twinward.service.logistics.delivery_routes import RoundsPlan
from twinward.service.platform import Caller, Platform


class StopParcels(msgspec.Struct, frozen=True, kw_only=True):
    """A place where parcels go: `parcels` their numbers, `lon`, `lat` of its area."""

    id: str
    area: str
    place: str
    lon: float
    lat: float
    parcels: list[str]


class VehicleLoad(msgspec.Struct, frozen=True, kw_only=True):
    """What one vehicle takes, in the order of its stops."""

    vehicle: str
    parcels: list[str]
    stops: list[str]


class RoundLoads(msgspec.Struct, frozen=True, kw_only=True):
    """`left`: parcels that no vehicle reaches."""

    loads: list[VehicleLoad]
    left: list[str]


def list_stops(platform: Platform, caller: Caller) -> list[StopParcels]:
    """A stop for each place that parcels wait for."""
    platform.policy.require(caller, "send_parcel")
    waiting: dict[tuple[str, str], list[str]] = defaultdict(list)
    for status in ("waiting", "returned"):
        for one in list_parcels(platform, caller, status=status):
            if not one.late:
                waiting[one.area, one.place].append(one.id)
    areas = platform.reference.areas
    stops = []
    for (area, place), parcels in sorted(waiting.items()):
        found = areas.by_code[areas.require(area)]
        lon, lat = getattr(found, "lon", None), getattr(found, "lat", None)
        if lon is None or lat is None:
            raise InputError(
                f"area {area} has no place on the map", "build the city first", code="no_location"
            )
        stops.append(
            StopParcels(
                id=f"{area}/{place}",
                area=area,
                place=place,
                lon=lon,
                lat=lat,
                parcels=sorted(parcels),
            )
        )
    return stops


def as_stops_file(stops: list[StopParcels]) -> bytes:
    """`id,lon,lat,demand`, as `allocate rounds --stops` reads it: a parcel counts one."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "lon", "lat", "demand"])
    writer.writerows([one.id, one.lon, one.lat, len(one.parcels)] for one in stops)
    return text.getvalue().encode()


def assign(platform: Platform, caller: Caller, plan: RoundsPlan) -> RoundLoads:
    """Which vehicle takes which parcel, by the stops of its round. Custody changes when the vehicle
    signs for what it has loaded, not before.
    """
    stops = {one.id: one for one in list_stops(platform, caller)}
    loads = []
    for one in plan.rounds:
        visited = [visit.stop for visit in one.visits if visit.stop in stops]
        parcels = [parcel for stop in visited for parcel in stops[stop].parcels]
        loads.append(VehicleLoad(vehicle=one.vehicle, parcels=parcels, stops=visited))
    taken = {parcel for load in loads for parcel in load.parcels}
    left = [parcel for one in stops.values() for parcel in one.parcels if parcel not in taken]
    return RoundLoads(loads=loads, left=left)
