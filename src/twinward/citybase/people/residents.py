"""How many residents each leaf area has: from a table by area, a grid of points, outlines or
floor area.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import h3
import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.areas.hierarchy import MOST_LEAVES, AreaNode, Hierarchy
from twinward.citybase.areas.locator import Finder, leaves_of
from twinward.citybase.config import ResidentsConfig
from twinward.citybase.inputs import apportion
from twinward.citybase.sources.files import source_path
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.points import read_points
from twinward.citybase.sources.shapes import read_features
from twinward.citybase.sources.tables import read_table, to_numbers, to_text
from twinward.core.errors import InputError

RESIDENTS_PER_CELL = 200  # the finest H3 resolution whose cells hold at least this many on average
FINEST, COARSEST, MOST_ZONES = 9, 4, 256
MOST_RESIDENTS = 200_000_000


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Points with residents. lonlat float64[n, 2], count float64[n]; lines and rows of the
    source for rejections.
    """

    lonlat: NDArray[Any]
    count: NDArray[Any]
    lines: list[int]
    rows: list[str]


def check_counts(
    values: NDArray[Any], lines: list[int], rows: list[str], ledger: SourceLedger
) -> NDArray[np.bool_]:
    """True where the count is usable; others are rejected."""
    good = (values >= 0) & (values <= MOST_RESIDENTS)
    for i in np.flatnonzero(~good).tolist():
        why = (
            "negative count"
            if values[i] < 0
            else ("count too large" if values[i] > 0 else "count is no number")
        )
        ledger.reject(lines[i], why, rows[i])
    return np.asarray(good)


def total_of(count: NDArray[Any], residents: ResidentsConfig, ledger: SourceLedger) -> int:
    total = residents.total or round(float(count.sum()))
    if not 0 < total <= MOST_RESIDENTS:
        raise InputError(
            f"{ledger.label}: the residents sum to {total}",
            "check the count column; 1 to 200,000,000 can be made",
            code="no_residents",
        )
    return total


def residents_by_table(
    residents: ResidentsConfig, hierarchy: Hierarchy, base: Path, ledger: SourceLedger
) -> NDArray[np.int64]:
    """Residents of each leaf from counts by area: shared evenly over the leaves below, each
    area's total exact.
    """
    table = read_table(source_path(residents.file, base, ledger.label), residents, ledger)
    codes = [to_text(value) for value in table.column(residents.code, "residents.code")]
    values = to_numbers(table.column(residents.count, "residents.count"))
    indexes = [hierarchy.index(level) for level in range(len(hierarchy.levels))]
    hits = [sum(code in index for code in codes) for index in indexes]
    level = int(np.argmax(hits))
    index, number = indexes[level], {id(leaf): i for i, leaf in enumerate(hierarchy.leaves)}
    rows = [table.row(i) for i in range(len(table))]
    good = check_counts(values, table.lines, rows, ledger)
    out, seen = np.zeros(len(hierarchy.leaves), np.int64), set()
    for i in np.flatnonzero(good).tolist():
        node = index.get(codes[i])
        if node is None or id(node) in seen:
            word = (
                f"a second count: {codes[i]}"
                if node
                else f"no such {hierarchy.levels[level]}: {codes[i]}"
            )
            ledger.reject(table.lines[i], word, rows[i])
            continue
        seen.add(id(node))
        leaves = [number[id(leaf)] for leaf in leaves_of(node)]
        if values[i] != round(values[i]):
            ledger.note("fractional count rounded")
        out[leaves] = apportion(np.ones(len(leaves)), round(float(values[i])))
    ledger.require_some("check residents.code against the codes of [areas]")
    empty = [node.code for node in hierarchy.nodes[level] if id(node) not in seen]
    if empty:
        hierarchy.notes.append(
            f"{len(empty)} {hierarchy.levels[level]} areas have no count and no residents: "
            f"{', '.join(empty[:8])}"
        )
    total = total_of(out, residents, ledger)
    return out if total == out.sum() else apportion(out, total)


def read_weights(residents: ResidentsConfig, base: Path, ledger: SourceLedger) -> Weights:
    """Residents at points: a grid, or points inside each outline of polygons."""
    if residents.kind == "points":
        points = read_points(
            residents,
            residents.lon,
            residents.lat,
            base,
            ledger,
            "residents",
            {residents.count: "residents.count"},
        )
        values = to_numbers(points.extra[residents.count])
        lonlat, lines, rows = points.lonlat, points.lines, points.rows
    else:
        features = read_features(source_path(residents.file, base, ledger.label), residents, ledger)
        if features and residents.count not in {
            key for feature in features for key in feature.properties
        }:
            have = ", ".join(sorted(features[0].properties))
            raise InputError(
                f"{ledger.label} has no property {residents.count!r}",
                f"it has: {have}; set residents.count",
                code="missing_column",
            )
        values = to_numbers([feature.properties.get(residents.count) for feature in features])
        middle = [shapely.point_on_surface(feature.shape) for feature in features]
        lonlat = np.array([(point.x, point.y) for point in middle], dtype=np.float64).reshape(-1, 2)
        lines, rows = [f.line for f in features], [str(f.properties) for f in features]
    good = check_counts(values, lines, rows, ledger)
    ledger.require_some("check the columns of [residents]")
    keep = np.flatnonzero(good).tolist()
    return Weights(
        lonlat=lonlat[good],
        count=values[good],
        lines=[lines[i] for i in keep],
        rows=[rows[i] for i in keep],
    )


def residents_by_points(
    weights: Weights, residents: ResidentsConfig, finder: Finder, ledger: SourceLedger
) -> NDArray[np.int64]:
    """Residents of each leaf from points: by outline, then nearest leaf; a point outside every
    outline is rejected.
    """
    leaf, snapped = finder.locate(weights.lonlat)
    for i in np.flatnonzero(leaf < 0).tolist():
        ledger.reject(weights.lines[i], "outside every area", weights.rows[i])
    if snapped.any():
        ledger.note("outside every outline, counted to the nearest", int(snapped.sum()))
    ledger.require_some("check that residents and boundaries are of one city, and their crs")
    inside = leaf >= 0
    per_leaf = np.bincount(leaf[inside], weights.count[inside], len(finder.leaves))
    return apportion(per_leaf, total_of(per_leaf, residents, ledger))


def cells_of(lonlat: NDArray[Any], resolution: int) -> list[str]:
    return [h3.latlng_to_cell(lat, lon, resolution) for lon, lat in lonlat.tolist()]


def hierarchy_of_cells(weights: Weights, total: int) -> tuple[Hierarchy, NDArray[np.int64]]:
    """Leaf areas for a city without a hierarchy: H3 cells, grouped into zones of coarser cells.

    Returns the hierarchy and the residents of each leaf.
    """
    live = weights.count > 0
    lonlat, count = weights.lonlat[live], weights.count[live]
    for resolution in range(FINEST, COARSEST - 1, -1):
        cells = cells_of(lonlat, resolution)
        number = len(set(cells))
        if resolution == COARSEST or (
            number <= MOST_LEAVES and total / number >= RESIDENTS_PER_CELL
        ):
            break
    coarser = max(resolution - 2, 0)
    while (
        coarser > 0 and len({h3.cell_to_parent(cell, coarser) for cell in set(cells)}) > MOST_ZONES
    ):
        coarser -= 1
    parents = {cell: h3.cell_to_parent(cell, coarser) for cell in sorted(set(cells))}
    hierarchy = Hierarchy(["zone", "cell"])
    zones = {
        cell: AreaNode(f"Z{i:03d}", cell, 0, None)
        for i, cell in enumerate(sorted(set(parents.values())), 1)
    }
    inside: Counter[str] = Counter()
    leaf_of: dict[str, AreaNode] = {}
    for cell, parent in parents.items():
        inside[parent] += 1
        leaf = AreaNode(f"{zones[parent].code}-{inside[parent]:04d}", cell, 1, zones[parent])
        lat, lon = h3.cell_to_latlng(cell)
        leaf.point = (lon, lat)
        leaf_of[cell] = leaf
    hierarchy.nodes = [list(zones.values()), list(leaf_of.values())]
    hierarchy.sort()
    for zone in zones.values():
        x, y = np.mean([child.point or (0.0, 0.0) for child in zone.children], axis=0).tolist()
        zone.point = (x, y)
    order = {leaf.name: i for i, leaf in enumerate(hierarchy.leaves)}
    per_leaf = np.bincount([order[cell] for cell in cells], count, len(order))
    hierarchy.notes.append(
        f"no hierarchy is given: leaf areas are H3 cells of resolution {resolution}"
    )
    return hierarchy, apportion(per_leaf, total)
