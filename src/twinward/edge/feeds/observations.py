"""Observations over HTTP: a whole body decoded and checked at once; what is wrong is named item
by item.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Set
from datetime import datetime
from functools import cache
from typing import Annotated, Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twinward.core.clock import EARLIEST, LATEST, parse_time, to_us
from twinward.core.errors import UNREADABLE, InputError
from twinward.core.geography import to_wgs84
from twinward.core.ids import sensor_name
from twinward.core.messages import OBSERVATION_COLUMNS
from twinward.core.texts import UNPRINTABLE, texts_of
from twinward.edge.feeds import identities, plausible
from twinward.edge.feeds.usual_units import in_usual_units

SCHEMA = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in OBSERVATION_COLUMNS.items()])
TIME = pa.timestamp("us", "UTC")
# what may be observed: fields that each kind needs; "who" is subject, place or area
MOVES = {"position": ("subject", "lon", "lat"), "visit": ("subject", "where")}
READINGS = (
    "reading",
    "temperature",
    "humidity",
    "rainfall",
    "wind_speed",
    "air_quality",
    "pm25",
    "noise",
    "water_level",
    "water_depth",
    "flow",
    "traffic",
    "crowd",
    "occupancy",
    "beds",
    "stock",
    "wastewater",
    "door",
    "entry",
    "exit",
    "smoke",
    "fire_alarm",
    "lift_fault",
    "man_down",
    "heart_rate",
    "battery",
    "vehicle",  # its speed; where it is stands in lon and lat
    "delay",  # of a trip, in seconds
    "service_alert",  # how many announcements are in force for a stop or a route
    "outage",  # persons without power, by feeder
    "load",
    "pump",
    "pressure",
    "mast",
    "price",
    "calls",
    "topic",
    "alarm",  # of an edge: 1 begins, 2 grows, 3 stands for a flood of them, 0 ends
)
KINDS: dict[str, tuple[str, ...]] = {**MOVES, **dict.fromkeys(READINGS, ("value", "who"))}
ADVICE = {
    "missing_source_id": "give each observation an id that its source never uses twice",
    "missing_field": "see /openapi.json for the fields that each type needs",
    "bad_field": "see /openapi.json for the fields",
    "unknown_field": "leave it out; nothing else is kept, and never a name or a phone number",
    "unknown_type": f"known: {', '.join(KINDS)}",
    "unknown_area": "see `twinward city describe` for the codes",
    "bad_time": "write RFC 3339 with a zone, for example 2022-04-13T08:00:00Z",
    "time_without_zone": "write RFC 3339 with a zone, for example 2022-04-13T08:00:00+08:00",
    "time_in_future": "check the sender's clock",
    "time_out_of_reach": f"check the sender's clock; give a time from {EARLIEST.year} to "
    f"{LATEST.year}",
    "bad_coordinates": "lon is -180 to 180, lat -90 to 90, WGS 84, both or neither; perhaps they "
    "are swapped",
    "swapped_coordinates": "send lon first, then lat",
    "null_position": "leave lon and lat out until there is a fix",
    "wrong_clock": "check the sender's clock; the week of GPS turns every 1,024 weeks",
    "direct_identity": identities.ADVICE,
    "area_not_yours": "send what is sensed in your own areas; the sender of the other area sends "
    "the rest",
    "no_area": "give the area, so that it is known whose it is",
    "bad_text": "send names and ids of one line of plain characters",
    "bad_number": "leave out a number that is not known",
    "bad_unit": "convert it, or leave the unit out when the value is in the usual one",
}
# bytes of a body that may stand for a control character in one of its texts: seldom there, so that
# a batch without any is not looked at text by text
SUSPICIOUS = re.compile(
    rb"\\u00[01789]|\\u20[26]|\\[bfnrt]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]"
    rb"|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]"
)
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ObservationItem(msgspec.Struct, forbid_unknown_fields=True):
    """One observation as it is sent; times stay text, so that a batch of them is read at once."""

    source_id: Text
    type: str
    occurred_at: str
    subject: Text | None = None
    lon: float | None = None
    lat: float | None = None
    area: Text | None = None
    place: Text | None = None
    error_m: float | None = None
    value: float | None = None
    unit: Text | None = None


class ObservationBatch(msgspec.Struct, forbid_unknown_fields=True):
    source: Text
    items: list[ObservationItem]
    crs: Text | None = None  # of all points: wgs84 (default), gcj02, bd09 or EPSG:n


class RawBatch(msgspec.Struct, forbid_unknown_fields=True):
    source: Text
    items: list[object]
    crs: Text | None = None


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """One item that was not taken, by its place in the batch."""

    index: int
    code: str
    message: str


class CheckedObservations(msgspec.Struct, frozen=True, kw_only=True):
    """A body taken apart: an Arrow batch of OBSERVATION_COLUMNS that may be kept, and what is
    wrong with the rest.
    """

    source: str
    rows: pa.RecordBatch
    wrong: list[Wrong]


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about the city. `areas` None: any code; `bounds` lon, lat, lon, lat (west,
    south, east, north).

    `mine` None: the sender may speak of the whole city. Else of the areas it lets through: `locate`
    says in which area points lie (None where that is not known), `area_of` where a sensor has
    spoken from before.
    """

    areas: Container[str] | None = None
    types: Callable[[], Set[str]] | None = None  # of readings, besides those that are always known
    bounds: tuple[float, float, float, float] | None = None
    mine: Callable[[str], bool] | None = None
    locate: Callable[[NDArray[Any], NDArray[Any]], list[str | None]] | None = None
    area_of: Callable[[str], str | None] | None = None


MOST_ITEMS = 100_000
_batch = msgspec.json.Decoder(ObservationBatch)
_raw_batch = msgspec.json.Decoder(RawBatch)


def read_observations(body: bytes, checks: Checks, now: datetime) -> CheckedObservations:
    """The items of a body; InputError when the body as a whole cannot be used."""
    try:
        if SUSPICIOUS.search(body) is None:
            batch = _batch.decode(body)
            identities.require_source(batch.source)
            return check_items(batch, batch.items, None, [], checks, now)
    except UNREADABLE:
        pass  # something is wrong somewhere: look at each item by itself
    raw = _read_loosely(body)
    identities.require_source(raw.source)
    good: list[ObservationItem] = []
    places: list[int] = []
    wrong: list[Wrong] = []
    for index, item in enumerate(raw.items):
        if any(UNPRINTABLE.search(text) for text in texts_of(item)):
            wrong.append(_wrong(index, "bad_text", "a text holds a character that no text has"))
            continue
        try:
            good.append(msgspec.convert(item, ObservationItem))
            places.append(index)
        except msgspec.ValidationError as error:
            wrong.append(_wrong(index, code_for(str(error)), str(error)))
    return check_items(raw, good, places, wrong, checks, now)


def _read_loosely(body: bytes) -> RawBatch:
    """The batch of any JSON that has them; NaN and Infinity, which are no JSON, are let
    in to be named.
    """
    form = 'send {"source": "…", "items": [{"source_id": "…", "type": "…", "occurred_at": "…", …}]}'
    try:
        try:
            batch = _raw_batch.decode(body)
        except UNREADABLE as error:
            if isinstance(error, msgspec.ValidationError) and "out of range" not in str(error):
                raise
            # a number beyond what fits becomes infinite, and its item alone is refused
            batch = msgspec.convert(json.loads(body), RawBatch)
    except msgspec.ValidationError as error:
        raise InputError(f"not a batch of observations: {error}", form, code="bad_batch") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}", f"{form} as UTF-8 JSON", code="bad_json") from error
    return batch


def code_for(complaint: str) -> str:
    """The stable code of what msgspec says is wrong with an item."""
    if "source_id" in complaint:
        return "missing_source_id"
    if "missing required field" in complaint:
        return "missing_field"
    if "unknown field" in complaint:
        return "unknown_field"
    if "`$.lon`" in complaint or "`$.lat`" in complaint:
        return "bad_coordinates"
    if "`$.occurred_at`" in complaint:
        return "bad_time"
    return "bad_field"


def _wrong(index: int, code: str, what: str) -> Wrong:
    return Wrong(index=index, code=code, message=f"{what}. {ADVICE[code]}")


def check_items(
    batch: ObservationBatch | RawBatch,
    items: list[ObservationItem],
    places: list[int] | None,
    wrong: list[Wrong],
    checks: Checks,
    now: datetime,
) -> CheckedObservations:
    """Checks all items column by column. `places` are their indexes in the body, where some were
    left out.
    """
    if (sent := len(items) + len(wrong)) > MOST_ITEMS:
        raise InputError(
            f"{sent:,} items at once", f"send at most {MOST_ITEMS:,}", code="too_many_items"
        )
    found: dict[int, tuple[str, str]] = {}
    rows = to_rows(items, found)
    if batch.crs is not None:
        rows = in_wgs84(rows, batch.crs)
    find_wrong(items, rows, found, checks, now)
    rows = in_usual_units(rows, found)
    if found:
        keep = np.ones(len(items), np.bool_)
        keep[list(found)] = False
        rows = rows.filter(pa.array(keep))
        wrong = wrong + [_wrong(places[k] if places else k, *found[k]) for k in found]
    return CheckedObservations(
        source=batch.source, rows=rows, wrong=sorted(wrong, key=lambda one: one.index)
    )


def to_rows(items: list[ObservationItem], found: dict[int, tuple[str, str]]) -> pa.RecordBatch:
    """The Arrow batch of the items; times that cannot be read are put down in `found`."""
    columns = {
        "source_id": [item.source_id for item in items],
        "type": [item.type for item in items],
        "time_us": _times([item.occurred_at for item in items], found),
        "subject": [item.subject for item in items],
        "lon": [item.lon for item in items],
        "lat": [item.lat for item in items],
        "area": [item.area for item in items],
        "place": [item.place for item in items],
        "error_m": [item.error_m for item in items],
        "value": [item.value for item in items],
        "unit": [item.unit for item in items],
    }
    return pa.record_batch([pa.array(columns[f.name], f.type) for f in SCHEMA], schema=SCHEMA)


def in_wgs84(rows: pa.RecordBatch, crs: str) -> pa.RecordBatch:
    """The same rows, their points turned from `crs` into WGS 84; InputError for an unknown one."""
    lon, lat = (rows.column(name).to_numpy(zero_copy_only=False) for name in ("lon", "lat"))
    for name, values in zip(("lon", "lat"), to_wgs84(lon, lat, crs, "crs"), strict=True):
        column = pa.array(values, pa.float64(), mask=_null(rows, name) | ~np.isfinite(values))
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows


def _times(texts: list[str], found: dict[int, tuple[str, str]]) -> pa.Array:
    """Microseconds since 1970 UTC; all at once, or one by one when a text is unusual."""
    try:
        return pa.array(texts, pa.string()).cast(TIME).cast(pa.int64())
    except pa.ArrowInvalid:
        times = np.zeros(len(texts), np.int64)
        for k, text in enumerate(texts):
            try:
                times[k] = to_us(parse_time(text))
            except InputError as error:
                found[k] = (error.code, error.message)
        return times


def find_wrong(
    items: list[ObservationItem],
    rows: pa.RecordBatch,
    found: dict[int, tuple[str, str]],
    checks: Checks,
    now: datetime,
) -> None:
    """Puts down in `found`, for each item that cannot be kept, its code and what is wrong; the
    first fault counts.
    """

    def report(bad: NDArray[Any], code: str, what: str, *fields: str) -> None:
        for k in np.flatnonzero(bad).tolist():
            said = what.format(*(getattr(items[k], field) for field in fields))
            found.setdefault(k, (code, said))

    kinds = {item.type for item in items}
    of_kind = {kind: _of_kind(items, kind, len(kinds)) for kind in kinds}
    unknown = kinds - KINDS.keys()
    known = KINDS if not unknown or checks.types is None else with_types(checks.types())
    for kind in kinds - known.keys():
        report(of_kind[kind], "unknown_type", "{!r} is no type of observation", "type")
    time_us = rows.column("time_us").to_numpy()
    far = (time_us < to_us(EARLIEST)) | (time_us >= to_us(LATEST))
    report(far, "time_out_of_reach", "the time {} is out of reach", "occurred_at")
    early = plausible.find_not_come(time_us, now)
    report(early, "time_in_future", "{} has not come yet", "occurred_at")
    report(
        plausible.find_wrong_clocks(time_us, now),
        "wrong_clock",
        "{} is the time of a clock that is wrong",
        "occurred_at",
    )
    report(
        identities.direct_identities(rows.column("subject")), "direct_identity", identities.MESSAGE
    )
    for field in ("source_id", "place"):
        report(
            identities.direct_identities(rows.column(field)),
            "direct_identity",
            f"{field}: {identities.OF_A_WORD}",
        )
    if checks.areas is not None:
        areas = rows.column("area").dictionary_encode()
        for area in areas.dictionary.to_pylist():
            if area not in checks.areas:
                here = np.array([item.area == area for item in items])
                report(here, "unknown_area", "there is no area {!r}", "area")
    _find_bad_points(rows, report, checks)
    if checks.mine is not None:
        find_elsewhere(rows, found, checks, checks.mine)
    for field in ("error_m", "value"):
        column = rows.column(field).to_numpy(zero_copy_only=False)
        given = ~_null(rows, field)
        report(given & ~np.isfinite(column), "bad_number", f"{field} is not a finite number")
    for kind in kinds & known.keys():
        for field in known[kind]:
            report(
                of_kind[kind] & _lacks(rows, field),
                "missing_field",
                f"a {kind} needs {NEEDS.get(field, field)}",
            )


def with_types(types: Set[str]) -> dict[str, tuple[str, ...]]:
    """The types that are always known, and readings that somebody has declared."""
    return dict.fromkeys(types, KINDS["reading"]) | KINDS


def find_elsewhere(
    rows: pa.RecordBatch,
    found: dict[int, tuple[str, str]],
    checks: Checks,
    mine: Callable[[str], bool],
) -> None:
    """Puts down in `found` what is sensed, or a sensor that stands, outside the sender's areas."""
    points = np.flatnonzero(~_null(rows, "lon") & ~_null(rows, "lat")).tolist()
    located: dict[int, str | None] = {}
    if points and checks.locate is not None:
        lon, lat = (
            rows.column(name).to_numpy(zero_copy_only=False)[points] for name in ("lon", "lat")
        )
        located = dict(zip(points, checks.locate(lon, lat), strict=True))
    columns = [
        rows.column(name).to_pylist() for name in ("type", "subject", "place", "area", "value")
    ]
    area_of = cache(checks.area_of) if checks.area_of is not None else lambda name: None
    for k, (kind, subject, place, area, value) in enumerate(zip(*columns, strict=True)):
        stood = area_of(sensor_name(kind, subject, place, area)) if value is not None else None
        places = {code for code in (area, located.get(k), stood) if code is not None}
        if not places:
            found.setdefault(k, ("no_area", "this does not say where it was sensed"))
        elif not all(mine(code) for code in places):
            found.setdefault(k, ("area_not_yours", "this is not of the sender's areas"))


NEEDS = {"who": "a subject, a place or an area", "where": "a place, or lon and lat"}


def _of_kind(items: list[ObservationItem], kind: str, kinds: int) -> NDArray[Any]:
    return (
        np.ones(len(items), np.bool_)
        if kinds == 1
        else np.array([item.type == kind for item in items])
    )


def _null(rows: pa.RecordBatch, field: str) -> NDArray[Any]:
    found: NDArray[Any] = rows.column(field).is_null().to_numpy(zero_copy_only=False)
    return found


def _lacks(rows: pa.RecordBatch, field: str) -> NDArray[Any]:
    fields = {"who": ("subject", "place", "area"), "where": ("place", "lon")}.get(field, (field,))
    lacking = np.ones(rows.num_rows, np.bool_)
    for one in fields:
        lacking &= _null(rows, one)
    return lacking


def _find_bad_points(rows: pa.RecordBatch, report: Callable[..., None], checks: Checks) -> None:
    lon, lat = (rows.column(name).to_numpy(zero_copy_only=False) for name in ("lon", "lat"))
    no_lon, no_lat = _null(rows, "lon"), _null(rows, "lat")
    if no_lon.all() and no_lat.all():
        return
    given = ~no_lon & ~no_lat
    possible = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)  # False for NaN
    report(
        (no_lon != no_lat) | (given & ~possible),
        "bad_coordinates",
        "lon {}, lat {} is no point",
        "lon",
        "lat",
    )
    null = given & plausible.find_null_positions(lon, lat, checks.bounds)
    report(null, "null_position", "lon {}, lat {} are sent where there is no fix", "lon", "lat")
    turned = given & plausible.find_exchanged(lon, lat, checks.bounds)
    report(turned, "swapped_coordinates", "lon {}, lat {} look exchanged", "lon", "lat")
