"""How many residents each leaf area has: from a table by area, a grid of points, outlines or
floor area.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.areas.hierarchy import Hierarchy
from twinward.citybase.areas.locator import Finder, leaves_of
from twinward.citybase.areas.outlines import note_other_forms
from twinward.citybase.config import ResidentsConfig
from twinward.citybase.inputs import apportion
from twinward.citybase.people.grids import grid_step_m, on_a_coast, read_grid
from twinward.citybase.people.losses import (
    MOST,
    people_of,
    require_areas,
    require_floor,
    require_most,
)
from twinward.citybase.sources.files import source_path
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.names import is_total
from twinward.citybase.sources.points import read_points
from twinward.citybase.sources.rasters import ENDINGS
from twinward.citybase.sources.shapes import read_features
from twinward.citybase.sources.tables import read_table, table_of_features, to_text
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from twinward.citybase.areas.hierarchy import AreaNode

MOST_RESIDENTS = 200_000_000


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """Points with residents. lonlat float64[n, 2], count float64[n]; lines and rows of the source
    for rejections.

    `shapes` where the source draws them; `lost` float64, the counts of rows that were not used.
    """

    lonlat: NDArray[Any]
    count: NDArray[Any]
    lines: list[int]
    rows: list[str]
    shapes: list[BaseGeometry] | None = None
    lost: NDArray[Any] = np.empty(0)
    step_m: float | None = None  # the width of its cells, where the source states it


def check_counts(
    values: NDArray[Any],
    stated: list[object],
    lines: list[int],
    rows: list[str],
    ledger: SourceLedger,
) -> NDArray[np.bool_]:
    """True where the count is usable; others are rejected."""
    good = (values >= 0) & (values <= MOST_RESIDENTS)
    for i in np.flatnonzero(~good).tolist():
        why = (
            "negative count"
            if values[i] < 0
            else ("count too large" if values[i] > 0 else "count is no number")
        )
        ledger.reject(lines[i], f"{why}: {to_text(stated[i])[:40] or 'empty'}", rows[i])
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
    residents: ResidentsConfig,
    hierarchy: Hierarchy,
    base: Path,
    ledger: SourceLedger,
    accept: bool = False,
) -> NDArray[np.int64]:
    """Residents of each leaf from counts by area: shared evenly over the leaves below, each area's
    total exact.

    InputError when most residents or areas would be left out and the caller does not accept that.
    """
    table = read_table(source_path(residents.file, base, ledger.label), residents, ledger)
    codes = [to_text(value) for value in table.column(residents.code, "residents.code")]
    stated = table.column(residents.count, "residents.count")
    values = table.numbers(residents.count, "residents.count", whole=True)
    rows = [table.row(i) for i in range(len(table))]
    names = [hierarchy.names(level) for level in range(len(hierarchy.levels))]
    level = int(np.argmax([sum(one.find(code) is not None for code in codes) for one in names]))
    index = names[level].find_all(codes)
    other = {code for one in names for code in codes if one.find(code) is not None} - set(index)
    level_name, number = (
        hierarchy.levels[level],
        {id(leaf): i for i, leaf in enumerate(hierarchy.leaves)},
    )
    totals = find_totals(codes, values, index, other)
    good = check_counts(values, stated, table.lines, rows, ledger)
    out, seen, lost = (
        np.zeros(len(hierarchy.leaves), np.int64),
        set(),
        [i for i in range(len(values)) if not good[i]],
    )
    for i in np.flatnonzero(good).tolist():
        node = index.get(codes[i])
        if i in totals:
            ledger.reject(table.lines[i], f"{totals[i]}: {codes[i]}", rows[i])
        elif node is None or id(node) in seen:
            near = f"no such {level_name}: {codes[i] or 'no code'}{names[level].nearest(codes[i])}"
            ledger.reject(table.lines[i], f"a second count: {codes[i]}" if node else near, rows[i])
            lost.append(i)
        else:
            seen.add(id(node))
            leaves = [number[id(leaf)] for leaf in leaves_of(node)]
            if values[i] != round(values[i]):
                ledger.note("fractional count rounded")
            out[leaves] = apportion(np.ones(len(leaves)), round(float(values[i])))
    note_other_forms(index, names[level], ledger)
    ledger.require_some("check residents.code against the codes of [areas]")
    gone = people_of(values[lost], out[out > 0].astype(float))
    require_most(ledger, gone, float(out.sum()), accept)
    if lost:
        ledger.lose("rows of residents that cannot be used", gone)
    empty = [node.code for node in hierarchy.nodes[level] if id(node) not in seen]
    require_areas(ledger, empty, len(hierarchy.nodes[level]), accept)
    if empty:
        hierarchy.notes.append(
            f"{len(empty)} {level_name} areas have no count and no residents: "
            f"{', '.join(empty[:8])}"
        )
    total = total_of(out, residents, ledger)
    return out if total == out.sum() else apportion(out, total)


def find_totals(
    codes: list[str], values: NDArray[Any], index: dict[str, AreaNode], other: set[str]
) -> dict[int, str]:
    """Rows that sum up other rows, with what they are: they name no area of the level, but the
    whole or a level above.
    """
    found = {}
    for i, code in enumerate(codes):
        if code in index:
            continue
        rest = np.array(
            [k for k in range(len(codes)) if k != i and codes[k] in index], dtype=np.int64
        )
        same = abs(float(np.nansum(values[rest])) - float(values[i])) <= max(
            1.0, 1e-6 * float(np.nansum(values[rest]))
        )
        if code in other:
            found[i] = "a count of another level"
        elif is_total(code) or (same and not code):
            found[i] = (
                "the row of totals" if same else "a row of totals that is not the sum of the others"
            )
    return found


def read_weights(
    residents: ResidentsConfig,
    base: Path,
    ledger: SourceLedger,
    around: list[BaseGeometry] | None = None,
) -> Weights:
    """Residents at points: a grid, or points inside each outline of polygons. `around`: outlines
    of the city, outside whose bounds a picture's cells are not looked at one by one.
    """
    if residents.kind != "polygons" and Path(residents.file).suffix.lower() in ENDINGS:
        return Weights(**read_grid(residents, base, ledger, around or []))
    shapes, lost = None, np.empty(0)
    if residents.kind in ("points", "grid"):
        counts = {residents.count: "residents.count"}
        points = read_points(
            residents, residents.lon, residents.lat, base, ledger, "residents", {}, counts
        )
        values, stated = points.numbers[residents.count], points.extra[residents.count]
        lonlat, lines, rows, lost = (
            points.lonlat,
            points.lines,
            points.rows,
            points.lost[residents.count],
        )
    else:
        path = source_path(residents.file, base, ledger.label)
        features = read_features(path, residents, ledger)
        if features and residents.count not in {
            key for feature in features for key in feature.properties
        }:
            have = ", ".join(sorted(features[0].properties))
            raise InputError(
                f"{ledger.label} has no property {residents.count!r}",
                f"it has: {have}; set residents.count",
                code="missing_column",
            )
        table = table_of_features(features, residents, ledger)
        values = (
            table.numbers(residents.count, "residents.count", whole=True)
            if features
            else np.empty(0)
        )
        stated, shapes = (
            [f.properties.get(residents.count) for f in features],
            [f.shape for f in features],
        )
        middle = [shapely.point_on_surface(shape) for shape in shapes]
        lonlat = np.array([(point.x, point.y) for point in middle], dtype=np.float64).reshape(-1, 2)
        lines, rows = [f.line for f in features], [str(f.properties) for f in features]
    good = check_counts(values, stated, lines, rows, ledger)
    ledger.require_some("check the columns of [residents]")
    keep = np.flatnonzero(good).tolist()
    return Weights(
        lonlat=lonlat[good],
        count=values[good],
        lines=[lines[i] for i in keep],
        rows=[rows[i] for i in keep],
        shapes=[shapes[i] for i in keep] if shapes else None,
        lost=np.concatenate([lost, values[~good]]),
    )


def residents_by_points(
    weights: Weights,
    residents: ResidentsConfig,
    finder: Finder,
    ledger: SourceLedger,
    max_snap_m: float | None = None,
    accept: bool = False,
) -> NDArray[np.int64]:
    """Residents of each leaf from points: by outline, then nearest leaf; a point outside every
    outline is rejected.

    A grid's cell outside every outline is the neighbours', a single point near to one is an
    imprecise address.
    """
    step_m = weights.step_m or grid_step_m(weights.lonlat)
    buildings = residents.kind == "buildings"
    drawn = buildings or weights.shapes is not None or step_m is not None
    leaf, snapped = finder.locate(
        weights.lonlat, 0.0 if drawn and max_snap_m is None else max_snap_m
    )
    if drawn and not buildings and max_snap_m is None and finder.tree is not None:
        place_at_edge(weights, step_m, finder, leaf, snapped)
    for i in np.flatnonzero(leaf < 0).tolist():
        ledger.reject(weights.lines[i], "outside every area", weights.rows[i])
    if snapped.any():
        ledger.note("outside every outline, counted to the nearest", int(snapped.sum()))
        ledger.note("residents of these rows", round(float(weights.count[snapped].sum())))
    ledger.require_some("check that residents and boundaries are of one city, and their crs")
    inside = leaf >= 0
    per_leaf = np.bincount(leaf[inside], weights.count[inside], len(finder.leaves))
    if buildings:
        require_floor(float(per_leaf.sum()), residents.total or 0, ledger, accept)
    else:
        tell_losses(weights, per_leaf, drawn, finder, ledger, accept)
    return apportion(per_leaf, total_of(per_leaf, residents, ledger))


def tell_losses(
    weights: Weights,
    per_leaf: NDArray[Any],
    drawn: bool,
    finder: Finder,
    ledger: SourceLedger,
    accept: bool,
) -> None:
    """How many residents are not in the city; asks when they are most, unless a grid is wider
    than a whole city.
    """
    kept = float(per_leaf.sum())
    gone, beyond = (
        people_of(weights.lost, weights.count),
        max(float(weights.count.sum()) - kept, 0.0),
    )
    if len(weights.lost):
        ledger.lose("rows of residents that cannot be used", gone)
    if beyond:
        ledger.lose(
            "outside the outlines" if finder.tree is not None else "far outside every area", beyond
        )
    require_most(ledger, gone, kept, accept)
    bare = [
        node.code
        for node, below in zip(finder.outlined, finder.below, strict=True)
        if not per_leaf[below].any()
    ]
    if not drawn or len(bare) > MOST * len(finder.outlined):
        require_most(ledger, beyond, kept, accept, ": they lie outside every area")


def place_at_edge(
    weights: Weights,
    step_m: float | None,
    finder: Finder,
    leaf: NDArray[Any],
    snapped: NDArray[Any],
) -> None:
    """Cells of a coast and outlines that lie mostly inside come in, though their middle lies
    outside.
    """
    lost = np.flatnonzero((leaf < 0) & (weights.count > 0))
    if not len(lost):
        return
    near = finder.nearest_on_outlines(weights.lonlat[lost])
    if weights.shapes is not None:
        whole = shapely.union_all([node.shape for node in finder.outlined])
        drawn = np.array([weights.shapes[i] for i in lost.tolist()], dtype=object)
        take = shapely.area(shapely.intersection(drawn, whole)) >= 0.5 * shapely.area(drawn)
    else:
        take = on_a_coast(
            weights.lonlat[lost], near, weights.lonlat[weights.count > 0], step_m or 0.0
        )
    found, _ = finder.locate(near[take], 10.0)
    leaf[lost[take]] = found
    snapped[lost[take]] = found >= 0
