"""Outlines and published positions of areas, joined by code, else by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy
from twinward.citybase.config import Boundaries, Positions
from twinward.citybase.sources.files import source_path
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.points import read_points
from twinward.citybase.sources.shapes import Feature, read_features
from twinward.citybase.sources.tables import to_text
from twinward.core.errors import InputError


def boundary_features(
    boundaries: Boundaries, base: Path, ledgers: list[SourceLedger]
) -> tuple[list[Feature], SourceLedger]:
    ledger = SourceLedger(
        f"boundaries.{boundaries.level}", f"boundaries.{boundaries.level} ({boundaries.file})"
    )
    ledgers.append(ledger)
    features = read_features(source_path(boundaries.file, base, ledger.label), boundaries, ledger)
    have = sorted({key for feature in features for key in feature.properties})
    for key in ("code", "name"):
        column = getattr(boundaries, key)
        if column is not None and features and column not in have:
            raise InputError(
                f"{ledger.label} has no property {column!r}",
                f"it has: {', '.join(have)}; set boundaries.{key}",
                code="missing_column",
            )
    if boundaries.code is None and boundaries.name is None:
        raise InputError(
            f"{ledger.label}: neither code nor name is set",
            f"one of: {', '.join(have)}",
            code="missing_column",
        )
    return features, ledger


def areas_from_boundaries(
    boundaries: Boundaries, base: Path, ledgers: list[SourceLedger]
) -> Hierarchy:
    """A hierarchy of one level when a city states outlines but no table of areas."""
    features, ledger = boundary_features(boundaries, base, ledgers)
    hierarchy = Hierarchy([boundaries.level])
    seen: set[str] = set()
    for feature in features:
        name = to_text(feature.properties.get(boundaries.name or ""))
        code = to_text(feature.properties.get(boundaries.code or "")) or name
        if not code or code in seen:
            ledger.reject(
                feature.line, f"duplicate code: {code}" if code else "no code", feature.properties
            )
            continue
        seen.add(code)
        node = AreaNode(code, name or code, 0, None)
        node.shape = feature.shape
        hierarchy.nodes[0].append(node)
    ledger.require_some("check boundaries.code")
    hierarchy.sort()
    return hierarchy


def attach_boundaries(
    hierarchy: Hierarchy, boundaries: Boundaries, base: Path, ledgers: list[SourceLedger]
) -> None:
    """Joins outlines to the areas of their level by code, else by name."""
    features, ledger = boundary_features(boundaries, base, ledgers)
    level = hierarchy.levels.index(boundaries.level)
    index = hierarchy.index(level)
    for feature in features:
        words = [
            to_text(feature.properties.get(key or "")) for key in (boundaries.code, boundaries.name)
        ]
        node = next((index[word] for word in words if word in index), None)
        if node is None:
            ledger.reject(
                feature.line,
                f"no such {boundaries.level}: {' or '.join(w for w in words if w)}",
                feature.properties,
            )
        elif node.shape is not None:
            ledger.reject(feature.line, f"a second outline: {node.code}", feature.properties)
        else:
            node.shape = feature.shape
    ledger.require_some("check boundaries.code, boundaries.name and the crs of the outlines")
    bare = [node.code for node in hierarchy.nodes[level] if node.shape is None]
    if bare:
        hierarchy.notes.append(
            f"{len(bare)} {boundaries.level} areas have no outline: {', '.join(bare[:8])}"
        )


def attach_positions(
    hierarchy: Hierarchy, positions: Positions, base: Path, ledgers: list[SourceLedger]
) -> None:
    """Puts areas at the median of the points that name them."""
    ledger = SourceLedger("positions", f"positions ({positions.file})")
    ledgers.append(ledger)
    extra = {positions.name: "positions.name"} | (
        {positions.parent: "positions.parent"} if positions.parent else {}
    )
    points = read_points(
        positions, positions.lon, positions.lat, base, ledger, "positions", extra=extra
    )
    level = hierarchy.levels.index(positions.level)
    found: dict[tuple[str, str], list[int]] = {}
    for i in range(len(points.lonlat)):
        above = to_text(points.extra[positions.parent][i]) if positions.parent else ""
        found.setdefault((to_text(points.extra[positions.name][i]), above), []).append(i)
    by_name: dict[tuple[str, str], AreaNode] = {}
    for node in hierarchy.nodes[level]:
        for above in (
            "",
            node.parent.name if node.parent else "",
            node.parent.stated if node.parent else "",
        ):
            by_name[(node.name, above)] = by_name[(node.stated, above)] = node
    for (name, above), rows in found.items():
        match = by_name.get((name, above))
        if match is None:
            for i in rows:
                ledger.reject(
                    points.lines[i],
                    f"no such {positions.level}: {name} {above}".strip(),
                    f"{name} {above}",
                )
            continue
        middle = np.median(points.lonlat[rows], axis=0)
        match.point, match.published = (float(middle[0]), float(middle[1])), True
    missing = sum(node.point is None for node in hierarchy.nodes[level])
    if missing:
        hierarchy.notes.append(
            f"{missing} {positions.level} areas are named by no point of positions: they are seeded"
        )
