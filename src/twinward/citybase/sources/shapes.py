"""Features with a geometry from GeoJSON, GeoPackage, shapefile and GeoParquet, in WGS 84, broken
outlines mended.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import shapely

from twinward.citybase.config import Source
from twinward.citybase.sources.admin import read_admin
from twinward.citybase.sources.files import decode_text, read_file
from twinward.citybase.sources.layers import read_layer
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.systems import member_crs, move_shape
from twinward.core.errors import UNREADABLE, InputError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

FEATURE_FORMATS = {".geojson", ".json", ".gpkg", ".shp"}


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One feature; `line` counts features from 1."""

    line: int
    properties: dict[str, object]
    shape: BaseGeometry | None


def read_features(
    path: Path, source: Source, ledger: SourceLedger, *, need_shape: bool = True
) -> list[Feature]:
    """The features of a file; those without a usable geometry are rejected when one is needed."""
    ending = path.suffix.lower()
    if ending in {".geojson", ".json"}:
        raw, crs = read_geojson(path, source, ledger)
    elif ending in FEATURE_FORMATS or ending == ".parquet":
        raw, crs = read_layer(path, source, ledger)
    elif ending == ".pbf":
        raw, crs = read_admin(path, getattr(source, "admin_level", None), ledger), ""
    else:
        raise InputError(
            f"{ledger.label}: the ending of {path.name} is unknown",
            "outlines: .geojson .gpkg .shp .parquet .osm.pbf",
            code="bad_format",
        )
    ledger.read += len(raw)
    if crs and not source.crs and crs.upper() not in {"EPSG:4326", "OGC:CRS84"}:
        ledger.note(f"coordinate system as the file states it ({crs[:40]})", len(raw))
    kept = []
    for line, (properties, shape) in enumerate(raw, 1):
        if not need_shape:
            kept.append(
                Feature(
                    line=line, properties=properties, shape=move_shape(shape, crs, ledger.label)
                )
            )
            continue
        whole = mend_shape(shape, ledger, line, properties)
        if whole is not None:
            moved = move_shape(whole, crs, ledger.label)
            if in_degrees(moved, ledger, line, properties):
                kept.append(Feature(line=line, properties=properties, shape=moved))
    return kept


def in_degrees(
    shape: BaseGeometry, ledger: SourceLedger, line: int, properties: dict[str, object]
) -> bool:
    """True for an outline in the range of WGS 84; another is rejected."""
    west, south, east, north = shape.bounds
    if west >= -180 and south >= -90 and east <= 180 and north <= 90:
        return True
    swapped = west >= -90 and east <= 90 and south >= -180 and north <= 180
    why = (
        "lon and lat are swapped"
        if swapped
        else "not in degrees of lon and lat: set its `crs` in the city file"
    )
    ledger.reject(line, why, properties)
    return False


def read_geojson(
    path: Path, source: Source, ledger: SourceLedger
) -> tuple[list[tuple[dict[str, object], object]], str]:
    """Features and their coordinate system: the city file's, else that of the file's `crs`
    member.
    """
    text = decode_text(read_file(path, ledger.label), source.encoding, ledger.label)
    try:
        document = msgspec.json.decode(text)
    except UNREADABLE as error:
        raise InputError(
            f"{ledger.label} is not JSON: {error}", "mend the file", code="bad_file"
        ) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise InputError(
            f"{ledger.label} has no list of features",
            "write a GeoJSON FeatureCollection",
            code="bad_file",
        )
    raw: list[tuple[dict[str, Any], Any]] = []
    for feature in features:
        whole = feature if isinstance(feature, dict) else {}
        given = whole.get("properties")
        properties = dict(given) if isinstance(given, dict) else {}
        if "id" in whole:
            properties.setdefault("id", whole["id"])
        raw.append((properties, parse_geometry(whole.get("geometry"))))
    return raw, source.crs or member_crs(document, ledger.label)


def parse_geometry(geometry: object) -> BaseGeometry | None:
    """A shapely geometry, or None for what is none."""
    if not isinstance(geometry, dict):
        return None
    try:
        return shapely.from_geojson(msgspec.json.encode(geometry))
    except (shapely.errors.GEOSException, ValueError, TypeError):
        return None


def mend_shape(
    shape: BaseGeometry | None, ledger: SourceLedger, line: int, properties: dict[str, object]
) -> BaseGeometry:
    """The polygons of `shape`, valid; None (and a rejection) when there are none."""
    if shape is None or shape.is_empty:
        ledger.reject(line, "no usable geometry", properties)
        return None
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        ledger.reject(line, "coordinates that are no numbers", properties)
        return None
    if not shape.is_valid:
        why = shapely.is_valid_reason(shape).split("[")[0]
        shape = shapely.make_valid(shape)
        ledger.note(f"outline mended ({why})")
    parts = [
        part
        for part in shapely.get_parts(shape).tolist()
        if part.geom_type in {"Polygon", "MultiPolygon"}
    ]
    if not parts:
        ledger.reject(line, f"a {shape.geom_type} is no outline", properties)
        return None
    return shapely.unary_union(parts)
