"""What a base map is made of: layers of shapes in WGS 84 with the zoom from which each is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.basemap.vector_tile import EXTENT, Value, encode_tile

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

BUFFER = 64  # tile units beyond the edge, so that lines and outlines show no seam
SIMPLER_UNITS = 3.0  # of 4,096 across a tile: less than a pixel
SMALLEST_UNITS = 12.0  # a polygon narrower than this both ways is left out of a tile
MOST_LATITUDE = 85.0511


class MapLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer of n features; `from_zoom` int64[n], `numbers` int64[n] name a feature."""

    name: str
    shapes: NDArray[Any]
    properties: list[dict[str, Value]]
    from_zoom: NDArray[Any]
    numbers: NDArray[Any]


def make_layer(
    name: str,
    rows: list[tuple[BaseGeometry, dict[str, Value], int]],
    numbers: list[int] | None = None,
) -> MapLayer:
    """A layer of (shape, properties, first zoom); empty properties are left out."""
    shapes = np.empty(len(rows), object)
    shapes[:] = [row[0] for row in rows]
    kept = [{k: v for k, v in row[1].items() if v not in ("", None)} for row in rows]
    return MapLayer(
        name=name,
        shapes=shapes,
        properties=kept,
        from_zoom=np.array([row[2] for row in rows], np.int64),
        numbers=np.array(numbers if numbers is not None else range(1, len(rows) + 1), np.int64),
    )


def to_world(lonlat: NDArray[Any]) -> NDArray[np.float64]:
    """Degrees to the square of the web's map, 0 to 1 both ways, y down."""
    lat = np.radians(np.clip(lonlat[:, 1], -MOST_LATITUDE, MOST_LATITUDE))
    y = 0.5 - np.log(np.tan(np.pi / 4 + lat / 2)) / (2 * np.pi)
    return np.column_stack([lonlat[:, 0] / 360 + 0.5, y])


def make_tiles(layers: list[MapLayer], most_zoom: int) -> dict[tuple[int, int, int], bytes]:
    """Every tile with something in it, from zoom 0 to `most_zoom`."""
    world = [shapely.transform(layer.shapes, to_world) for layer in layers]
    tiles = {}
    for zoom in range(most_zoom + 1):
        found: dict[
            tuple[int, int], dict[int, list[tuple[BaseGeometry, dict[str, Value], int]]]
        ] = {}
        for index, (layer, shapes) in enumerate(zip(layers, world, strict=True)):
            for x, y, row, shape in cut_layer(layer, shapes, zoom, zoom == most_zoom):
                feature = (shape, layer.properties[row], int(layer.numbers[row]))
                found.setdefault((x, y), {}).setdefault(index, []).append(feature)
        for (x, y), held in found.items():
            body = encode_tile((layers[i].name, features) for i, features in sorted(held.items()))
            if body:
                tiles[zoom, x, y] = body
    return tiles


def cut_layer(
    layer: MapLayer, world: NDArray[Any], zoom: int, last: bool
) -> list[tuple[int, int, int, BaseGeometry]]:
    """(tile x, tile y, row, shape in units of that tile) of a layer at one zoom."""
    rows = np.flatnonzero((layer.from_zoom <= zoom) | last)
    if not len(rows):
        return []
    size = float(EXTENT << zoom)
    shapes = shapely.transform(world[rows], lambda xy: xy * size)
    kind = shapely.get_type_id(shapes)
    flat = (kind != 0) & (kind != 4)
    if flat.any():
        tolerance = SIMPLER_UNITS / (4 if last else 1)
        shapes[flat] = shapely.simplify(shapes[flat], tolerance, preserve_topology=True)
    box = shapely.bounds(shapes)
    good = np.isfinite(box).all(axis=1)
    polygons = (kind == 3) | (kind == 6)
    tiny = np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) < SMALLEST_UNITS
    good &= ~(polygons & tiny & (not last))
    pad = np.where(flat, BUFFER, 0)[:, None] * np.array([-1, -1, 1, 1])
    cells = np.clip(np.floor((box + pad)[good] / EXTENT), 0, (1 << zoom) - 1).astype(np.int64)
    found = []
    for row, shape, (x0, y0, x1, y1) in zip(
        rows[good].tolist(), shapes[good], cells.tolist(), strict=True
    ):
        many = (x1 - x0 + 1) * (y1 - y0 + 1)
        for x in range(x0, x1 + 1):
            for y in range(y0, y1 + 1):
                part = shape if many == 1 else clip(shape, x, y)
                if part is not None:
                    found.append((x, y, row, part))
    return [(x, y, row, shapely.transform(part, TileShift(x, y))) for x, y, row, part in found]


class TileShift:
    """From units of the whole map to units of one tile."""

    def __init__(self, x: int, y: int) -> None:
        self.origin = np.array([x * EXTENT, y * EXTENT], np.float64)

    def __call__(self, xy: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(xy - self.origin)


def clip(shape: BaseGeometry, x: int, y: int) -> BaseGeometry:
    """What lies in the tile and its rim; None where nothing does."""
    west, north = x * EXTENT - BUFFER, y * EXTENT - BUFFER
    reach = EXTENT + 2 * BUFFER
    part = shapely.clip_by_rect(shape, west, north, west + reach, north + reach)
    if shapely.is_empty(part):
        return None
    if shapely.get_type_id(part) == 7:  # a collection: only what is of the shape's own kind stays
        wanted = {1: 1, 5: 1, 3: 3, 6: 3}.get(shapely.get_type_id(shape), 0)
        parts = [one for one in part.geoms if shapely.get_type_id(one) == wanted]
        kinds = {1: shapely.multilinestrings, 3: shapely.multipolygons}
        return kinds[wanted](parts) if parts and wanted in kinds else None
    return part
