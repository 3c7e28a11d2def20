"""Features with a geometry from GeoJSON, GeoPackage, shapefile and GeoParquet, in WGS 84, broken
outlines mended.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely

from twinward.citybase.config import Source
from twinward.citybase.sources.files import decode_text, read_file
from twinward.citybase.sources.ledger import SourceLedger
from twinward.core.coordinates import to_wgs84
from twinward.core.errors import InputError

FEATURE_FORMATS = {".geojson", ".json", ".gpkg", ".shp"}


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One feature; `line` counts features from 1."""

    line: int
    properties: dict[str, Any]
    shape: Any


def move_shape(shape: Any, crs: str, label: str) -> Any:
    if crs.strip().lower() == "wgs84" or shape is None:
        return shape
    return shapely.transform(
        shape, lambda c: np.column_stack(to_wgs84(c[:, 0], c[:, 1], crs, label))
    )


def read_features(
    path: Path, source: Source, ledger: SourceLedger, *, need_shape: bool = True
) -> list[Feature]:
    """The features of a file; those without a usable geometry are rejected when one is needed."""
    ending = path.suffix.lower()
    if ending in {".geojson", ".json"}:
        raw, crs = read_geojson(path, source, ledger), source.crs
    elif ending in FEATURE_FORMATS or ending == ".parquet":
        raw, crs = read_layer(path, source, ledger)
    else:
        raise InputError(
            f"{ledger.label}: the ending of {path.name} is unknown",
            "outlines: .geojson .gpkg .shp .parquet",
            code="bad_format",
        )
    ledger.read += len(raw)
    kept = []
    for line, (properties, shape) in enumerate(raw, 1):
        if (
            not need_shape
        ):  # a table: its own lon and lat are converted later, the file's stated system here
            own = shape if crs == source.crs else move_shape(shape, crs, ledger.label)
            kept.append(Feature(line=line, properties=properties, shape=own))
            continue
        whole = mend_shape(shape, ledger, line, properties)
        if whole is not None:
            moved = move_shape(whole, crs, ledger.label)
            if in_degrees(moved, ledger, line, properties):
                kept.append(Feature(line=line, properties=properties, shape=moved))
    return kept


def in_degrees(shape: Any, ledger: SourceLedger, line: int, properties: dict[str, Any]) -> bool:
    """True for an outline in the range of WGS 84; another is rejected."""
    west, south, east, north = shape.bounds
    if west >= -180 and south >= -90 and east <= 180 and north <= 90:
        return True
    swapped = west >= -90 and east <= 90 and south >= -180 and north <= 180
    why = (
        "lon and lat are swapped"
        if swapped
        else "not in degrees of lon and lat, its crs is missing"
    )
    ledger.reject(line, why, properties)
    return False


def read_geojson(
    path: Path, source: Source, ledger: SourceLedger
) -> list[tuple[dict[str, Any], Any]]:
    text = decode_text(read_file(path, ledger.label), source.encoding, ledger.label)
    try:
        document = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
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
    return raw


def parse_geometry(geometry: Any) -> Any:
    """A shapely geometry, or None for what is none."""
    if not isinstance(geometry, dict):
        return None
    try:
        return shapely.from_geojson(msgspec.json.encode(geometry))
    except (shapely.errors.GEOSException, ValueError, TypeError):
        return None


def read_layer(
    path: Path, source: Source, ledger: SourceLedger
) -> tuple[list[tuple[dict[str, Any], Any]], str]:
    """Features of a GeoPackage, shapefile or GeoParquet, and their coordinate system: the file's
    own if any.
    """
    import geopandas
    import pyogrio

    try:
        if path.suffix.lower() == ".parquet":
            frame = geopandas.read_parquet(path)
        else:
            encoding = source.encoding if path.suffix.lower() == ".shp" else None
            frame = pyogrio.read_dataframe(path, encoding=encoding)
    except (ValueError, OSError, RuntimeError, KeyError, UnicodeError) as error:
        raise InputError(
            f"{ledger.label} cannot be read: {error}",
            "check the file and its encoding",
            code="bad_file",
        ) from error
    if "geometry" not in frame:
        return [(row, None) for row in frame.to_dict("records")], source.crs
    crs = source.crs
    if frame.crs is not None and source.crs == "wgs84":
        crs = frame.crs.to_string()
    shapes = list(frame.geometry)
    return list(zip(frame.drop(columns="geometry").to_dict("records"), shapes, strict=True)), crs


def mend_shape(shape: Any, ledger: SourceLedger, line: int, properties: dict[str, Any]) -> Any:
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
