"""Areas to ask about, from GeoJSON: polygons, and discs (points with `radius_m`); found quickly
for many points.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.core.geography import is_point
from twinward.decision.tracing.kernels.inside import list_inside
from twinward.decision.tracing.scoped_lake import boxes_around

GRID = 256  # cells a side of the candidate grid
COVER = 48  # boxes a side, at most, that cover one polygon
LEAST_BOX_DEGREES = 0.00115  # about 128 m of latitude
MOST_AREAS = 20_000


class AskedAreas(msgspec.Struct, frozen=True, kw_only=True):
    """Areas by code. `bounds` are theirs, `boxes` (both west, south, east, north) cover them more
    closely; the rest serves `find_inside`.
    """

    codes: list[str]
    bounds: NDArray[Any]
    boxes: NDArray[Any]
    grid: tuple[Any, ...]
    members: NDArray[Any]
    discs: NDArray[Any]
    edges: NDArray[Any]
    edge_start: NDArray[Any]
    points: NDArray[Any]  # a point inside each area, lon and lat

    def __len__(self) -> int:
        return len(self.codes)

    def find_inside(
        self, lon: NDArray[Any], lat: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """(rows, areas) of every point that lies in an area; a point in two areas is there
        twice.
        """
        rows, areas = list_inside(
            lon, lat, self.grid, self.members, self.discs, self.edges, self.edge_start
        )
        return rows, areas


def read_areas(document: Any) -> AskedAreas:
    """Areas of a GeoJSON document; InputError names the feature that cannot be used."""
    features = features_of(document)
    if not 1 <= len(features) <= MOST_AREAS:
        raise InputError(
            f"the file holds {len(features)} areas", f"give 1 to {MOST_AREAS}", code="bad_areas"
        )
    codes = [code_of(feature, number) for number, feature in enumerate(features, 1)]
    if len(set(codes)) < len(codes):
        raise InputError(
            "two areas have the same code",
            "give each feature its own `code` or id",
            code="bad_areas",
        )
    shapes = [shape_of(feature, code) for feature, code in zip(features, codes, strict=True)]
    discs = np.full((len(shapes), 3), -1.0)
    bounds, boxes, edges = np.empty((len(shapes), 4)), [], []
    for row, shape in enumerate(shapes):
        if isinstance(shape, tuple):
            lon, lat, radius_m = shape
            discs[row] = np.radians(lon), np.radians(lat), radius_m
            around = boxes_around(np.array([lon]), np.array([lat]), radius_m)
            bounds[row] = around[0]
            boxes.append(around)
            edges.append(np.empty((0, 4)))
        else:
            bounds[row] = shape.bounds
            boxes.append(cover(shape))
            edges.append(edges_of(shape))
    grid, members = candidate_grid(bounds)
    points = [
        (s[0], s[1]) if isinstance(s, tuple) else s.representative_point().coords[0] for s in shapes
    ]
    return AskedAreas(
        codes=codes,
        bounds=bounds,
        boxes=np.concatenate(boxes),
        grid=grid,
        members=members,
        discs=discs,
        edges=np.concatenate(edges),
        edge_start=np.cumsum([0, *(len(e) for e in edges)]).astype(np.int64),
        points=np.array(points, np.float64),
    )


def features_of(document: Any) -> list[dict[str, Any]]:
    """The features of a collection, a single feature, or a bare geometry."""
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        return [feature for feature in document["features"] if isinstance(feature, dict)]
    if kind == "Feature":
        return [document]
    if kind in ("Polygon", "MultiPolygon"):
        return [{"type": "Feature", "geometry": document, "properties": {}}]
    raise InputError(
        "this is not GeoJSON with areas", "give a FeatureCollection of polygons", code="bad_areas"
    )


def code_of(feature: dict[str, Any], number: int) -> str:
    """`code`, `adcode`, `id` or `name` of a feature, else its number in the file."""
    properties = feature.get("properties") or {}
    for name in ("code", "adcode", "id", "name"):
        if properties.get(name) not in (None, ""):
            return str(properties[name])
    return str(feature.get("id") or number)


def shape_of(feature: dict[str, Any], code: str) -> Any:
    """A shapely polygon, or (lon, lat, radius_m) for a disc."""
    try:
        shape = shapely.from_geojson(msgspec.json.encode(feature.get("geometry")))
    except (shapely.errors.ShapelyError, TypeError, ValueError) as error:
        why = str(error).partition("Exception: ")[2] or str(error)
        advice = (
            "give the geometry of a GeoJSON polygon or point; a polygon's rings end where "
            "they begin"
        )
        raise InputError(
            f"area {code} has no usable geometry: {why}", advice, code="bad_areas"
        ) from error
    if shape is None or shape.is_empty:
        raise InputError(f"area {code} is empty", "leave it out or draw it", code="bad_areas")
    west, south, east, north = shape.bounds
    if not (is_point(west, south) and is_point(east, north)):
        raise InputError(
            f"area {code} leaves WGS 84 ({west}, {south} to {east}, {north})",
            "coordinates are lon, lat in degrees; are they swapped or in metres?",
            code="bad_point",
        )
    if shape.geom_type == "Point":
        radius = (feature.get("properties") or {}).get("radius_m")
        if not isinstance(radius, int | float) or not 0 < radius <= 50_000:
            raise InputError(
                f"point {code} has no radius_m",
                "a disc is a point with the property radius_m",
                code="bad_areas",
            )
        return shape.x, shape.y, float(radius)
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise InputError(
            f"area {code} is a {shape.geom_type}", "draw polygons or discs", code="bad_areas"
        )
    if not shape.is_valid:
        why = shapely.is_valid_reason(shape)
        raise InputError(
            f"area {code} crosses itself or is torn: {why}", "redraw it", code="area_crosses_itself"
        )
    return shape


def cover(shape: Any) -> NDArray[Any]:
    """Small boxes that together cover a polygon."""
    west, south, east, north = shape.bounds
    step = max((east - west) / COVER, (north - south) / COVER, LEAST_BOX_DEGREES)
    xs, ys = np.arange(west, east + 1e-12, step), np.arange(south, north + 1e-12, step)
    x, y = (a.ravel() for a in np.meshgrid(xs, ys))
    boxes = np.stack([x, y, x + step, y + step], axis=1)
    shapely.prepare(shape)
    hit = shapely.intersects(shape, shapely.box(*boxes.T))
    boxes = boxes[hit]
    return np.asarray(np.clip(boxes, [-180, -90, -180, -90], [180, 90, 180, 90]))


def edges_of(shape: Any) -> NDArray[Any]:
    """All edges of all rings, (x1, y1, x2, y2)."""
    rings = []
    for polygon in getattr(shape, "geoms", [shape]):
        for ring in (polygon.exterior, *polygon.interiors):
            points = np.asarray(ring.coords)[:, :2]
            rings.append(np.concatenate([points[:-1], points[1:]], axis=1))
    return np.concatenate(rings)


def candidate_grid(bounds: NDArray[Any]) -> tuple[tuple[Any, ...], NDArray[Any]]:
    """A grid over all areas; each cell lists those whose bounds touch it."""
    west, south = bounds[:, 0].min(), bounds[:, 1].min()
    wrapped = bounds[:, 0] > bounds[:, 2]  # discs across the antimeridian are candidates everywhere
    if wrapped.any():
        west, bounds = (
            -180.0,
            np.where(wrapped[:, None], [-180.0, 0, 180.0, 0] + bounds * [0, 1, 0, 1], bounds),
        )
    width = max((bounds[:, 2].max() - west) / GRID, 1e-9)
    height = max((bounds[:, 3].max() - south) / GRID, 1e-9)
    cells: list[list[int]] = [[] for _ in range(GRID * GRID)]
    for row, (x0, y0, x1, y1) in enumerate(bounds):
        columns = range(int((x0 - west) / width), min(int((x1 - west) / width), GRID - 1) + 1)
        for gy in range(int((y0 - south) / height), min(int((y1 - south) / height), GRID - 1) + 1):
            for gx in columns:
                cells[gy * GRID + gx].append(row)
    start = np.cumsum([0, *(len(cell) for cell in cells)]).astype(np.int64)
    members = np.array([row for cell in cells for row in cell], np.int64)
    return (float(west), float(south), float(width), float(height), GRID, GRID, start), members


def require_open(
    areas: AskedAreas, locate: Any, opened: Sequence[bool] | NDArray[Any]
) -> list[str]:
    """Codes of the areas whose inner point lies where nothing is open."""
    at = locate(areas.points[:, 0], areas.points[:, 1])
    return [code for code, row in zip(areas.codes, at, strict=True) if not opened[row]]
