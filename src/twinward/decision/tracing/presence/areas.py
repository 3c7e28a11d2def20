"""Areas to ask about, from GeoJSON: polygons, and discs (points with `radius_m`); found quickly
for many points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.core.geography import is_point
from twinward.core.stopping import check_stopped, too_much_work
from twinward.decision.tracing.kernels.inside import list_inside
from twinward.decision.tracing.scoped_lake import boxes_around

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

GRID = 256  # cells a side of the candidate grid
COVER, LEAST_COVER = 48, 4  # boxes a side, at most, that cover one polygon: fewer for many polygons
COVER_BOXES = 400_000  # about so many boxes for all polygons together
LEAST_BOX_DEGREES = 0.00115  # about 128 m of latitude
MOST_AREAS = 20_000
# the work of one question: areas in cells of the grid, points told of areas, edges tried
MOST_MEMBERS, MOST_FOUND, MOST_TESTS = 4_000_000, 20_000_000, 20_000_000_000
FEWER = "ask for fewer, smaller or less overlapping areas, or for a shorter window"
POINTS_AT_ONCE, TESTS_AT_ONCE = 1 << 20, 8_000_000

# west, south, width and height of a cell in degrees, columns, rows, where each cell's members begin
Grid = tuple[float, float, float, float, int, int, NDArray[np.int64]]
Disc = tuple[float, float, float]  # lon, lat, radius in metres
Locate = Callable[[NDArray[Any], NDArray[Any]], NDArray[np.int64]]


class AskedFeature(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a GeoJSON feature."""

    id: object = None
    geometry: object = None
    properties: dict[str, object] = {}


class AskedAreas(msgspec.Struct, frozen=True, kw_only=True):
    """Areas by code. `bounds` are theirs, `boxes` (both west, south, east, north) cover them more
    closely; the rest serves `find_inside`.
    """

    codes: list[str]
    bounds: NDArray[Any]
    boxes: NDArray[Any]
    grid: Grid
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

        InputError `too_much_work` before more is compared or told than one question may take.
        """
        shapes = (self.grid, self.members, self.discs, self.edges, self.edge_start)
        rows, areas = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        tests, found, cost = 0.0, 0, self.cost_of_cells()
        most = max(MOST_FOUND, 2 * len(lon))
        for part in parts_by_cost(cost_of_points(lon, lat, self.grid, cost)):
            check_stopped()
            tests += part[1]
            if tests > MOST_TESTS:
                raise too_much_work("comparisons of points with areas", tests, MOST_TESTS, FEWER)
            row, area = list_inside(lon[part[0]], lat[part[0]], *shapes)
            found += len(row)
            if found > most:
                raise too_much_work("points of areas that overlap", found, most, FEWER)
            rows.append(row + part[0].start)
            areas.append(area)
        return np.concatenate(rows), np.concatenate(areas)

    def cost_of_cells(self) -> NDArray[Any]:
        """How many edges (a disc is one) a point of each cell of the grid is compared with."""
        edges = np.maximum(np.diff(self.edge_start), 1)
        summed = np.concatenate([[0], np.cumsum(edges[self.members])])
        start = self.grid[-1]
        return np.asarray(summed[start[1:]] - summed[start[:-1]])


def read_areas(document: object) -> AskedAreas:
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
    drawn = sum(not isinstance(shape, tuple) for shape in shapes)
    side = int(np.clip(np.sqrt(COVER_BOXES / max(drawn, 1)), LEAST_COVER, COVER))
    discs = np.full((len(shapes), 3), -1.0)
    bounds, boxes, edges = np.empty((len(shapes), 4)), [], []
    for row, shape in enumerate(shapes):
        check_stopped()
        if isinstance(shape, tuple):
            lon, lat, radius_m = shape
            discs[row] = np.radians(lon), np.radians(lat), radius_m
            around = boxes_around(np.array([lon]), np.array([lat]), radius_m)
            bounds[row] = around[0]
            boxes.append(around)
            edges.append(np.empty((0, 4)))
        else:
            bounds[row] = shape.bounds
            boxes.append(cover(shape, side))
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


def features_of(document: object) -> list[AskedFeature]:
    """The features of a collection, a single feature, or a bare geometry."""
    if isinstance(document, dict):
        kind, features = document.get("type"), document.get("features")
        if kind == "FeatureCollection" and isinstance(features, list):
            return [_read_feature(feature) for feature in features if isinstance(feature, dict)]
        if kind == "Feature":
            return [_read_feature(document)]
        if kind in ("Polygon", "MultiPolygon"):
            return [AskedFeature(geometry=document)]
    raise InputError(
        "this is not GeoJSON with areas", "give a FeatureCollection of polygons", code="bad_areas"
    )


def _read_feature(feature: dict[str, object]) -> AskedFeature:
    properties = feature.get("properties")
    return AskedFeature(
        id=feature.get("id"),
        geometry=feature.get("geometry"),
        properties=properties if isinstance(properties, dict) else {},
    )


def code_of(feature: AskedFeature, number: int) -> str:
    """`code`, `adcode`, `id` or `name` of a feature, else its number in the file."""
    for name in ("code", "adcode", "id", "name"):
        if feature.properties.get(name) not in (None, ""):
            return str(feature.properties[name])
    return str(feature.id or number)


def shape_of(feature: AskedFeature, code: str) -> BaseGeometry | Disc:
    """A shapely polygon, or (lon, lat, radius_m) for a disc."""
    try:
        shape = shapely.from_geojson(msgspec.json.encode(feature.geometry))
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
        radius = feature.properties.get("radius_m")
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


def cover(shape: BaseGeometry, side: int = COVER) -> NDArray[Any]:
    """Small boxes that together cover a polygon, at most `side` of them a side."""
    west, south, east, north = shape.bounds
    step = max((east - west) / side, (north - south) / side, LEAST_BOX_DEGREES)
    xs, ys = np.arange(west, east + 1e-12, step), np.arange(south, north + 1e-12, step)
    x, y = (a.ravel() for a in np.meshgrid(xs, ys))
    boxes = np.stack([x, y, x + step, y + step], axis=1)
    shapely.prepare(shape)
    hit = shapely.intersects(shape, shapely.box(*boxes.T))
    boxes = boxes[hit]
    return np.asarray(np.clip(boxes, [-180, -90, -180, -90], [180, 90, 180, 90]))


def edges_of(shape: BaseGeometry) -> NDArray[Any]:
    """All edges of all rings, (x1, y1, x2, y2)."""
    rings = []
    for polygon in getattr(shape, "geoms", [shape]):
        for ring in (polygon.exterior, *polygon.interiors):
            points = np.asarray(ring.coords)[:, :2]
            rings.append(np.concatenate([points[:-1], points[1:]], axis=1))
    return np.concatenate(rings)


def candidate_grid(bounds: NDArray[Any]) -> tuple[Grid, NDArray[np.int64]]:
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
    x0, x1 = columns_of(bounds[:, [0, 2]], west, width)
    y0, y1 = columns_of(bounds[:, [1, 3]], south, height)
    wide, high = np.maximum(x1 - x0 + 1, 0), np.maximum(y1 - y0 + 1, 0)
    if (members := int((wide * high).sum())) > MOST_MEMBERS:
        raise too_much_work("cells of areas that overlap", members, MOST_MEMBERS, FEWER)
    row = np.repeat(np.arange(len(bounds)), wide * high)
    number = np.arange(members) - np.repeat(np.cumsum(wide * high) - wide * high, wide * high)
    cell = (y0[row] + number // wide[row]) * GRID + x0[row] + number % wide[row]
    order = np.argsort(cell, kind="stable")
    start = np.searchsorted(cell[order], np.arange(GRID * GRID + 1)).astype(np.int64)
    grid = (float(west), float(south), float(width), float(height), GRID, GRID, start)
    return grid, row[order].astype(np.int64)


def columns_of(
    ends: NDArray[Any], origin: float, step: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last column of the grid that each span touches."""
    at = np.minimum(((ends - origin) / step).astype(np.int64), GRID - 1)
    return at[:, 0], at[:, 1]


def cost_of_points(
    lon: NDArray[Any], lat: NDArray[Any], grid: Grid, cost: NDArray[Any]
) -> NDArray[Any]:
    """How many comparisons each point takes."""
    west, south, width, height, columns, rows, _ = grid
    x, y = (np.asarray(lon) - west) / width, (np.asarray(lat) - south) / height
    inside = (x >= 0) & (x <= columns) & (y >= 0) & (y <= rows)
    column = np.minimum(x[inside].astype(np.int64), columns - 1)
    row = np.minimum(y[inside].astype(np.int64), rows - 1)
    found = np.zeros(len(x), np.int64)
    found[inside] = cost[row * columns + column]
    return found


def parts_by_cost(cost: NDArray[Any]) -> Iterator[tuple[slice, float]]:
    """Runs of points that take about equally many comparisons, with how many."""
    summed = np.cumsum(cost)
    first, done = 0, 0.0
    while first < len(cost):
        last = int(np.searchsorted(summed, done + TESTS_AT_ONCE, "right"))
        last = min(max(last, first + 1), first + POINTS_AT_ONCE, len(cost))
        yield slice(first, last), float(summed[last - 1]) - done
        first, done = last, float(summed[last - 1])


def require_open(
    areas: AskedAreas, locate: Locate, opened: Sequence[bool] | NDArray[Any]
) -> list[str]:
    """Codes of the areas whose inner point lies where nothing is open."""
    at = locate(areas.points[:, 0], areas.points[:, 1])
    return [code for code, row in zip(areas.codes, at, strict=True) if not opened[row]]
