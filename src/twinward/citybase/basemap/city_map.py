"""The base map of a city: its layers from its own sources, what is missing, and the tiles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import shapely

from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy
from twinward.citybase.basemap.map_layers import MapLayer, make_layer, make_tiles
from twinward.citybase.basemap.osm_shapes import OsmShapes, Row
from twinward.citybase.basemap.tile_archive import write_archive
from twinward.citybase.basemap.transit_lines import list_transit_lines
from twinward.citybase.basemap.vector_tile import Value
from twinward.citybase.places.buildings import Buildings
from twinward.citybase.places.named_places import PlaceTable

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

TILES, DESCRIPTION = "basemap.pmtiles", "basemap.json"
DRAWN_ZOOM, PLAIN_ZOOM = 14, 12  # the finest tiles: with roads or buildings, and without
OSM_CREDIT = "© OpenStreetMap contributors (ODbL)"
# layers in the order they are drawn, each with what its absence means
LAYERS = (
    "water",
    "green",
    "waterway",
    "building",
    "road",
    "rail",
    "transit_line",
    "area",
    "cell",
    "area_name",
    "place_name",
    "place",
)
EXPECTED = ("water", "green", "building", "road", "rail", "place")
AREA_ZOOMS = (0, 8, 11, 12)
NAME_ZOOMS = (6, 10, 12, 12)
# kind of a place -> first zoom; others at 10
PLACE_ZOOMS = {
    "hospital": 8,
    "metro_station": 7,
    "station": 7,
    "university": 9,
    "fire_station": 9,
    "police": 9,
    "disease_control": 9,
    "pharmacy": 11,
    "bus_stop": 11,
}
STOREY_M = 3.0


class MapSources(msgspec.Struct, frozen=True, kw_only=True):
    """What a map is drawn from: everything that the build has read."""

    hierarchy: Hierarchy
    places: PlaceTable
    buildings: Buildings | None
    drawn: OsmShapes
    names_en: dict[str, str]
    credits: list[str]


def write_city_map(sources: MapSources, directory: Path) -> dict[str, Any]:
    """`basemap.pmtiles` and `basemap.json`; what was drawn, as the build reports it."""
    layers = list_layers(sources)
    fine = any(layer.name in {"road", "building"} for layer in layers)
    most = DRAWN_ZOOM if fine else PLAIN_ZOOM
    tiles = make_tiles(layers, most)
    counts = {layer.name: len(layer.shapes) for layer in layers}
    described = {
        "name": "base map",
        "bounds": [round(value, 6) for value in bounds_of(layers)],
        "min_zoom": 0,
        "max_zoom": most,
        "layers": counts,
        "missing": [name for name in EXPECTED if not counts.get(name)],
        "cells": "drawn" if counts.get("cell") else "none",
        "names_en": sources.names_en,
        "credits": ([OSM_CREDIT] if sources.drawn.rows else []) + sources.credits,
        "places": count_kinds(sources.places.kind),
    }
    metadata = {"vector_layers": [{"id": name, "fields": {}} for name in counts], "name": "city"}
    size = write_archive(directory / TILES, tiles, bounds_of(layers), metadata)
    (directory / DESCRIPTION).write_bytes(msgspec.json.encode(described))
    return {"tiles": len(tiles), "bytes": size, "layers": counts, "missing": described["missing"]}


def list_layers(sources: MapSources) -> list[MapLayer]:
    rows: dict[str, list[Row]] = dict(sources.drawn.rows)
    rows["area"], rows["area_name"] = list_areas(sources.hierarchy, sources.names_en)
    rows["cell"] = list_cells(sources.hierarchy)
    rows["place"] = list_places(sources.places)
    rows["transit_line"] = list_transit_lines(sources.places)
    numbers: dict[str, list[int]] = {}
    if sources.buildings is not None:
        rows["building"] = list_buildings(sources.buildings)
        numbers["building"] = sources.buildings.osm_id.tolist()
    return [make_layer(name, rows[name], numbers.get(name)) for name in LAYERS if rows.get(name)]


def list_areas(hierarchy: Hierarchy, names_en: dict[str, str]) -> tuple[list[Row], list[Row]]:
    """Outlines of every level, and where the name of each area stands."""
    shapes, names = list[Row](), list[Row]()
    for level, nodes in enumerate(hierarchy.nodes):
        at = min(level, len(AREA_ZOOMS) - 1)
        for node in nodes:
            shape = node.shape if node.shape is not None else hierarchy.drawn.get(node.code)
            told: dict[str, Value] = {"code": node.code, "name": node.name, "depth": level + 1}
            if node.code in names_en:
                told["name_en"] = names_en[node.code]
            if shape is not None:
                shapes.append((shape, told, AREA_ZOOMS[at]))
            if node.point is not None and hierarchy.drawn.get(node.code) is None:
                told = told | ({} if node.published else {"seeded": True})
                names.append((shapely.Point(node.point), told, NAME_ZOOMS[at]))
    return shapes, names


def list_cells(hierarchy: Hierarchy) -> list[Row]:
    """Cells about the points of areas without an outline, inside the outline above: each point of
    the larger area belongs to the nearest of them. A help for the eye, not a border anybody drew.
    """
    rows = list[Row]()
    for level, nodes in enumerate(hierarchy.nodes[:-1]):
        at = min(level + 1, len(AREA_ZOOMS) - 1)
        for node in nodes:
            children = [one for one in node.children if one.shape is None and one.point is not None]
            if node.shape is None or len(children) < 2 or len(children) != len(node.children):
                continue
            rows += [(cell, {"depth": level + 2}, AREA_ZOOMS[at]) for cell in cells_of(node)]
    return rows


def cells_of(node: AreaNode) -> list[BaseGeometry]:
    """The borders between the cells of an area's children, as lines."""
    points = shapely.MultiPoint([child.point for child in node.children if child.point])
    edges = shapely.voronoi_polygons(points, extend_to=node.shape, only_edges=True)
    inside = shapely.intersection(edges, shapely.buffer(node.shape, 0))
    return [] if shapely.is_empty(inside) else [inside]


def list_places(places: PlaceTable) -> list[Row]:
    unopened = places.unopened or [False] * len(places.kind)
    return [
        (
            shapely.Point(places.lonlat[i]),
            {"kind": kind, "name": places.name[i]} | ({"unopened": True} if later else {}),
            PLACE_ZOOMS.get(kind, 10),
        )
        for i, (kind, later) in enumerate(zip(places.kind, unopened, strict=True))
    ]


def list_buildings(buildings: Buildings) -> list[Row]:
    """Footprints with a height; `guessed` where the source states neither height nor storeys."""
    heights = np.round(buildings.levels.astype(np.float64) * STOREY_M, 1).tolist()
    shapes = shapely.from_wkb(buildings.shape)
    return [
        (
            shape,
            {"height": height} | ({} if stated else {"guessed": True}),
            13,
        )
        for shape, height, stated in zip(
            shapes, heights, buildings.levels_stated.tolist(), strict=True
        )
    ]


def count_kinds(kinds: list[str]) -> dict[str, int]:
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def bounds_of(layers: list[MapLayer]) -> tuple[float, float, float, float]:
    """The box of everything drawn: a map ends where its sources end, not where its areas do."""
    if not layers:
        return (0.0, 0.0, 0.0, 0.0)
    west, south, east, north = shapely.total_bounds(
        np.concatenate([layer.shapes for layer in layers])
    ).tolist()
    return (west, south, east, north)
