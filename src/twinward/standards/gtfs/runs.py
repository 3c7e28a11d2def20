"""Where the trips of a GTFS timetable are at an instant: on their day, straight between two stops,
as the timetable has it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from math import cos, hypot, radians
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.standards.gtfs.timetable import (
    MOST_TIMES,
    degree,
    folder_of,
    is_count,
    open_zip,
    rows_of,
    seconds,
    wrong,
    zone_of,
)

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ADDED, TAKEN_OUT = "1", "2"
NOON_S = 12 * 3600
MOST_RUNS_A_TRIP = 1_000


class Service(msgspec.Struct, kw_only=True):
    """On which days a service runs: weekdays in a span, and single days beside or against them."""

    weekdays: frozenset[int] = frozenset()
    first: str = ""
    last: str = ""
    added: set[str] = msgspec.field(default_factory=set)
    taken_out: set[str] = msgspec.field(default_factory=set)

    def runs_on(self, day: date) -> bool:
        word = f"{day:%Y%m%d}"
        if word in self.added:
            return True
        within = self.first <= word <= self.last
        return within and day.weekday() in self.weekdays and word not in self.taken_out


class Runs(msgspec.Struct, frozen=True, kw_only=True):
    """The legs of all trips: float64[n] seconds after midnight and degrees; `trip` int32[n] of
    `trips`, whose services are `services`. Trips by headway without times of their own have none.
    """

    zone: str
    trips: list[str]
    services: list[str]
    calendar: dict[str, Service]
    trip: NDArray[np.int32]
    from_s: NDArray[np.float64]
    to_s: NDArray[np.float64]
    places: NDArray[np.float64]  # n, 4: lon, lat where it begins, lon, lat where it ends

    def at(
        self, instant: datetime, late_s: Mapping[str, int | None]
    ) -> list[tuple[str, float, float]]:
        """Trip, lon, lat of each that is under way. `late_s`: how late a trip is, None where it
        was cancelled.
        """
        late = np.array([late_s.get(one, 0) or 0 for one in self.trips], float)
        here = instant.astimezone(ZoneInfo(self.zone))
        found: dict[str, tuple[str, float, float]] = {}
        for back in (1, 0):  # a trip may end after midnight
            day = here.date() - timedelta(days=back)
            noon = datetime.combine(day, time(12), ZoneInfo(self.zone))
            now_s = (instant.astimezone(UTC) - noon).total_seconds() + NOON_S
            runs = np.array(
                [
                    self.calendar.get(service, Service()).runs_on(day)
                    and late_s.get(trip, 0) is not None
                    for trip, service in zip(self.trips, self.services, strict=True)
                ],
                bool,
            )
            clock = now_s - late[self.trip]
            for row in np.flatnonzero(
                runs[self.trip] & (self.from_s <= clock) & (clock < self.to_s)
            ):
                share = (clock[row] - self.from_s[row]) / (self.to_s[row] - self.from_s[row])
                lon, lat = self.places[row, :2] * (1 - share) + self.places[row, 2:] * share
                name = self.trips[self.trip[row]]
                found[name] = (name, round(float(lon), 6), round(float(lat), 6))
        return list(found.values())


class Call(msgspec.Struct, frozen=True):
    """A trip at a stop whose place is known, in seconds after midnight; None where the timetable
    leaves the time to be reckoned.
    """

    sequence: int
    comes_s: float | None
    goes_s: float | None
    lon: float
    lat: float


def read_runs(data: bytes) -> Runs:
    """The legs of a timetable's trips; InputError `bad_timetable` names what it lacks."""
    with open_zip(data) as packed:
        folder = folder_of(packed)
        places = {
            row["stop_id"]: (degree(row["stop_lon"], 180), degree(row["stop_lat"], 90))
            for row in rows_of(packed, folder, "stops.txt")
        }
        service = {
            row["trip_id"]: row.get("service_id") or ""
            for row in rows_of(packed, folder, "trips.txt")
        }
        calls = calls_of(packed, folder, places)
        starts, headways = starts_of(packed, folder)
        calendar = calendar_of(packed, folder)
        zone = zone_of([row["agency_timezone"] for row in rows_of(packed, folder, "agency.txt")])
    trips, services, owner = list[str](), list[str](), list[int]()
    times, ways = list[tuple[float, float]](), list[tuple[float, float, float, float]]()
    for trip, told in calls.items():
        of_trip = timed(told)
        if trip in headways or trip not in service or not of_trip:
            continue
        for n, start in enumerate(starts.get(trip, [of_trip[0].goes_s])):
            trips.append(f"{trip}#{n + 1}" if trip in starts else trip)
            services.append(service[trip])
            for a, b, way in legs_of(of_trip, start - of_trip[0].goes_s):
                owner.append(len(trips) - 1)
                times.append((a, b))
                ways.append(way)
    spans = np.array(times, float).reshape(-1, 2)
    return Runs(
        zone=zone,
        trips=trips,
        services=services,
        calendar=calendar,
        trip=np.array(owner, np.int32),
        from_s=spans[:, 0],
        to_s=spans[:, 1],
        places=np.array(ways, float).reshape(-1, 4),
    )


class Timed(msgspec.Struct, frozen=True):
    """A call whose times are known or reckoned."""

    comes_s: float
    goes_s: float
    lon: float
    lat: float


def timed(calls: list[Call]) -> list[Timed]:
    """The calls in their order. Between two that have times the others are passed at one speed
    from stop to stop; before the first and after the last with a time nothing is known.
    """
    calls = sorted(calls, key=lambda one: one.sequence)
    known = [n for n, one in enumerate(calls) if one.comes_s is not None]
    if not known:
        return []
    ways = [hypot((a.lon - b.lon) * cos(radians(a.lat)), a.lat - b.lat) for a, b in pairwise(calls)]
    along = np.concatenate([[0.0], np.cumsum(ways)])
    found: list[Timed] = []
    for n in range(known[0], known[-1] + 1):
        one = calls[n]
        if one.comes_s is not None and one.goes_s is not None:
            found.append(Timed(one.comes_s, one.goes_s, one.lon, one.lat))
            continue
        before = max(m for m in known if m < n)
        after = min(m for m in known if m > n)
        whole = along[after] - along[before]
        share = (along[n] - along[before]) / whole if whole > 0 else 0.5
        first, last = calls[before].goes_s or 0.0, calls[after].comes_s or 0.0
        passes = first + (last - first) * share
        found.append(Timed(passes, passes, one.lon, one.lat))
    return found


def legs_of(
    calls: list[Timed], later_s: float
) -> Iterator[tuple[float, float, tuple[float, float, float, float]]]:
    """From when to when, from where to where: the stay at each stop, and the way to the next."""
    for one, after in pairwise(calls):
        if one.goes_s > one.comes_s:
            yield one.comes_s + later_s, one.goes_s + later_s, (one.lon, one.lat, one.lon, one.lat)
        if after.comes_s > one.goes_s:
            way = (one.lon, one.lat, after.lon, after.lat)
            yield one.goes_s + later_s, after.comes_s + later_s, way


def calls_of(
    packed: zipfile.ZipFile, folder: str, places: Mapping[str, tuple[float | None, float | None]]
) -> dict[str, list[Call]]:
    """The calls of each trip at stops that have a place."""
    found: dict[str, list[Call]] = {}
    for n, row in enumerate(rows_of(packed, folder, "stop_times.txt")):
        if n >= MOST_TIMES:
            raise wrong(f"stop_times.txt has more than {MOST_TIMES:,} rows")
        comes, goes = seconds(row["arrival_time"]), seconds(row.get("departure_time") or "")
        lon, lat = places.get(row["stop_id"], (None, None))
        nth = row["stop_sequence"].strip()
        if lon is None or lat is None or not is_count(nth):
            continue
        comes = comes if comes is not None else goes
        call = Call(int(nth), comes, goes if goes is not None else comes, lon, lat)
        found.setdefault(row["trip_id"], []).append(call)
    return found


def starts_of(packed: zipfile.ZipFile, folder: str) -> tuple[dict[str, list[int]], set[str]]:
    """When the trips of exact headways start, and the trips whose headways are not exact."""
    starts, headways = dict[str, list[int]](), set[str]()
    for row in rows_of(packed, folder, "frequencies.txt"):
        trip, every = row.get("trip_id") or "", row.get("headway_secs") or ""
        first, last = seconds(row.get("start_time") or ""), seconds(row.get("end_time") or "")
        if (row.get("exact_times") or "0") != "1":
            headways.add(trip)
        elif first is not None and last is not None and is_count(every) and int(every) > 0:
            starts.setdefault(trip, []).extend(range(first, last, int(every))[:MOST_RUNS_A_TRIP])
    return starts, headways


def calendar_of(packed: zipfile.ZipFile, folder: str) -> dict[str, Service]:
    """On which days each service runs."""
    found: dict[str, Service] = {}
    for row in rows_of(packed, folder, "calendar.txt"):
        found[row.get("service_id") or ""] = Service(
            weekdays=frozenset(n for n, day in enumerate(DAYS) if row.get(day) == "1"),
            first=row.get("start_date") or "",
            last=row.get("end_date") or "",
        )
    for row in rows_of(packed, folder, "calendar_dates.txt"):
        one = found.setdefault(row.get("service_id") or "", Service())
        kind, day = row.get("exception_type"), row.get("date") or ""
        if kind == ADDED:
            one.added.add(day)
        elif kind == TAKEN_OUT:
            one.taken_out.add(day)
    return found
