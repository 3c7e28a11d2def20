"""A GTFS timetable: the stops, routes and trips that a feed names, and how late a trip is that only
tells when it comes.
"""

from __future__ import annotations

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from twinward.core.errors import InputError

CLOCK_DIGITS, MOST_DIGITS = 5, 9  # of hours, minutes, seconds; of what a column of 32 bits holds
# what reading from a zip that is damaged, locked or packed in a way that is not known raises
UNREADABLE_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,
    ValueError,
    ArithmeticError,
    OSError,
    EOFError,
)
MOST_BYTES = 2_000_000_000  # of one file, unpacked
MOST_TIMES = 20_000_000
RATIO_FROM, MOST_RATIO = 1_000_000, 300  # a table shrinks to a tenth, not to a thousandth
LONGEST_LINE = 100_000
DAY_S = 86_400
NEEDED = {
    "stops.txt": ("stop_id", "stop_lat", "stop_lon"),
    "routes.txt": ("route_id",),
    "trips.txt": ("trip_id", "route_id"),
    "stop_times.txt": ("trip_id", "stop_id", "stop_sequence", "arrival_time"),
    "agency.txt": ("agency_timezone",),
}


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A stop; lon, lat None where the timetable gives none."""

    id: str
    name: str
    lon: float | None
    lat: float | None


class Timetable(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed's ids mean. `routes` by id: what people call them; `trips` by id: their route;
    `times` (trip, sequence, stop, at_s after midnight), an Arrow table, or None where they were not
    read; `by_headway` are trips without times of their own.
    """

    zone: str
    stops: dict[str, Stop]
    routes: dict[str, str]
    trips: dict[str, str]
    by_headway: frozenset[str]
    times: Any

    def find_times(self, trips: set[str]) -> dict[str, list[tuple[int, str, int]]]:
        """(sequence, stop, seconds after midnight) of each of some trips."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self.times is None:
            return {}
        wanted = pa.array(sorted(trips - self.by_headway), pa.string())
        rows = self.times.filter(pc.is_in(self.times["trip"], value_set=wanted))
        found: dict[str, list[tuple[int, str, int]]] = {}
        for trip, sequence, stop, at_s in zip(
            *(rows[name].to_pylist() for name in ("trip", "sequence", "stop", "at_s")), strict=True
        ):
            found.setdefault(trip, []).append((sequence, stop, at_s))
        return found

    def delay_s(self, expected: datetime, scheduled_s: int) -> int:
        """Seconds after the timetable, of the day on which it fits best (a trip may end after
        midnight); negative where it is early.
        """
        local = expected.astimezone(ZoneInfo(self.zone))
        clock = local.hour * 3600 + local.minute * 60 + local.second
        return (clock - scheduled_s + DAY_S // 2) % DAY_S - DAY_S // 2


def open_zip(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except UNREADABLE_ZIP as error:
        raise wrong("it is no zip") from error


def read_timetable(data: bytes, *, with_times: bool = True) -> Timetable:
    """The timetable of a zip; InputError `bad_timetable` names the file and what it lacks. Without
    its times it is read in a hundredth of the time.
    """
    with open_zip(data) as packed:
        folder = folder_of(packed)
        stops = {
            row["stop_id"]: Stop(
                id=row["stop_id"],
                name=(row.get("stop_name") or "").strip()[:200],
                lon=degree(row["stop_lon"], 180),
                lat=degree(row["stop_lat"], 90),
            )
            for row in rows_of(packed, folder, "stops.txt")
        }
        routes = {
            row["route_id"]: (row.get("route_short_name") or row.get("route_long_name") or "")[:80]
            or row["route_id"]
            for row in rows_of(packed, folder, "routes.txt")
        }
        trips = {row["trip_id"]: row["route_id"] for row in rows_of(packed, folder, "trips.txt")}
        headways = {
            row.get("trip_id") or ""
            for row in rows_of(packed, folder, "frequencies.txt")
            if (row.get("exact_times") or "0") != "1"
        }
        zones = [row["agency_timezone"] for row in rows_of(packed, folder, "agency.txt")]
        times = times_of(packed, folder) if with_times else None
    return Timetable(
        zone=zone_of(zones),
        stops=stops,
        routes=routes,
        trips=trips,
        by_headway=frozenset(headways),
        times=times,
    )


def wrong(what: str) -> InputError:
    return InputError(
        f"the timetable cannot be used: {what}",
        "give a GTFS zip with agency, stops, routes, trips and stop_times",
        code="bad_timetable",
    )


def folder_of(packed: zipfile.ZipFile) -> str:
    """Where in the zip the files lie: on top, or in one folder."""
    for name in packed.namelist():
        if name.rpartition("/")[2] == "stops.txt":
            return name[: -len("stops.txt")]
    raise wrong("stops.txt is missing")


def lines_of(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    """The lines of a file, none longer than rows are: a line without end would fill the memory."""
    while line := text.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise wrong(f"{name} has a line of more than {LONGEST_LINE:,} characters")
        yield line


def rows_of(packed: zipfile.ZipFile, folder: str, name: str) -> Iterator[dict[str, str]]:
    """The rows of a file as they are; of one that is not needed and not there none."""
    try:
        held = packed.getinfo(folder + name)
    except KeyError:
        if name in NEEDED:
            raise wrong(f"{name} is missing") from None
        return
    if held.file_size > MOST_BYTES:
        raise wrong(f"{name} is larger than {MOST_BYTES:,} bytes")
    if held.file_size > max(RATIO_FROM, MOST_RATIO * held.compress_size):
        raise wrong(f"{name} would unpack to far more than it is")
    try:
        with packed.open(held) as file:
            text = io.TextIOWrapper(file, "utf-8-sig", newline="")
            lines = lines_of(text, name)
            reader = csv.DictReader(lines, skipinitialspace=True, restval="")
            lacking = [one for one in NEEDED.get(name, ()) if one not in (reader.fieldnames or ())]
            if lacking:
                raise wrong(f"{name} has no column {', '.join(lacking)}")
            yield from reader
    except UnicodeDecodeError as error:
        raise wrong(f"{name} is not UTF-8") from error
    except (*UNREADABLE_ZIP, csv.Error) as error:
        raise wrong(f"{name} cannot be read") from error


def times_of(packed: zipfile.ZipFile, folder: str) -> Any:
    """The Arrow table of stop times; a stop without a time of its own has none here."""
    import pyarrow as pa

    trips, sequences = list[str](), list[int]()
    stops, times = list[str](), list[int]()
    for row in rows_of(packed, folder, "stop_times.txt"):
        at_s = seconds(row["arrival_time"] or row.get("departure_time") or "")
        if at_s is None or not is_count(row["stop_sequence"]):
            continue
        if len(trips) >= MOST_TIMES:
            raise wrong(f"stop_times.txt has more than {MOST_TIMES:,} rows")
        trips.append(row["trip_id"])
        sequences.append(int(row["stop_sequence"]))
        stops.append(row["stop_id"])
        times.append(at_s)
    return pa.table(
        {
            "trip": pa.array(trips, pa.string()),
            "sequence": pa.array(sequences, pa.int32()),
            "stop": pa.array(stops, pa.string()),
            "at_s": pa.array(times, pa.int32()),
        }
    )


def is_count(text: str, most: int = MOST_DIGITS) -> bool:
    """Whether it is a whole number of no more than so many digits."""
    return text.strip().isdecimal() and len(text.strip()) <= most


def seconds(text: str) -> int | None:
    """Seconds after midnight of H:MM:SS, which may pass 24 hours."""
    parts = text.strip().split(":")
    if len(parts) != 3 or not all(is_count(part, CLOCK_DIGITS) for part in parts):
        return None
    hours, minutes, rest = (int(part) for part in parts)
    return hours * 3600 + minutes * 60 + rest


def degree(text: str, most: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return round(value, 6) if abs(value) <= most else None


def zone_of(zones: list[str]) -> str:
    for zone in zones:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            continue
        return zone
    raise wrong("agency.txt names no time zone that is known")
