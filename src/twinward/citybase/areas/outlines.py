"""Outlines and published positions of areas, joined by code, else by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from twinward.citybase.areas.hierarchy import AreaNode, Hierarchy
from twinward.citybase.config import Boundaries, Positions
from twinward.citybase.sources.files import source_path
from twinward.citybase.sources.ledger import SourceLedger
from twinward.citybase.sources.names import Names, plain_key
from twinward.citybase.sources.points import read_points
from twinward.citybase.sources.shapes import Feature, read_features
from twinward.citybase.sources.tables import to_text
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Part = tuple[str, str, Feature]  # code, name, row
SLIVER, ENCLAVE, COVERED = 0.01, 0.99, 0.02  # shares of the smaller outline, of the larger one


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
    parts: dict[str, list[Part]] = {}
    for feature in features:
        name = to_text(feature.properties.get(boundaries.name or ""))
        code = to_text(feature.properties.get(boundaries.code or "")) or name
        if code:
            parts.setdefault(plain_key(code), []).append((code, name, feature))
        else:
            ledger.reject(feature.line, "no code", feature.properties)
    for rows in parts.values():
        code, name, _ = rows[0]
        node = AreaNode(code, name or code, 0, None)
        node.shape = join_parts(rows, ledger)
        hierarchy.nodes[0].append(node)
    ledger.require_some("check boundaries.code")
    for whole in cut_enclaves(hierarchy.nodes[0], ledger):
        hierarchy.nodes[0].remove(whole)
        ledger.note(f"{whole.code} is covered by the other areas and is none beside them")
    hierarchy.sort()
    return hierarchy


def join_parts(rows: list[Part], ledger: SourceLedger) -> BaseGeometry:
    """One outline from all rows of one code, as offices deliver islands; InputError when their
    names differ.
    """
    names = list(dict.fromkeys(name for _, name, _ in rows if name))
    if len({plain_key(name) for name in names}) > 1:
        raise InputError(
            f"{ledger.label}: code {rows[0][0]} stands for {names[0]} (feature {rows[0][2].line}) "
            f"and {names[1]}",
            "give each area its own code in the file, or set boundaries.code to the property that "
            "has",
            code="two_names",
        )
    shapes = [feature.shape for _, _, feature in rows if feature.shape is not None]
    if len(shapes) == 1:
        return shapes[0]
    whole = shapely.unary_union(shapes)
    ledger.note(f"rows joined to the outline of {rows[0][0]}", len(rows))
    if sum(shape.area for shape in shapes) - whole.area > SLIVER * min(
        shape.area for shape in shapes
    ):
        ledger.note(f"rows of {rows[0][0]} overlap, perhaps by mistake", len(rows))
    return whole


def cut_enclaves(nodes: list[AreaNode], ledger: SourceLedger) -> list[AreaNode]:
    """Takes areas out of a larger one that is drawn across them, and says where two overlap in
    part.

    Returns the areas that others cover whole (the city's own outline among its wards); they stay as
    they are.
    """
    drawn = sorted(
        (node for node in nodes if node.shape is not None),
        key=lambda node: (-node.outline.area, node.code),
    )
    tree = shapely.STRtree([node.shape for node in drawn])
    inside: dict[int, list[AreaNode]] = {}
    for small, node in enumerate(drawn):
        for large in sorted(tree.query(node.shape, predicate="intersects").tolist()):
            if large >= small:
                continue
            both = shapely.intersection(drawn[large].shape, node.shape).area
            if (
                both >= ENCLAVE * node.outline.area
                and node.outline.area < ENCLAVE * drawn[large].outline.area
            ):
                inside.setdefault(large, []).append(node)
            elif both > SLIVER * node.outline.area:
                share = f"{100 * both / node.outline.area:.0f} % of {node.code}"
                ledger.note(
                    f"{node.code} and {drawn[large].code} overlap ({share}): what lies in both is "
                    f"{node.code}'s"
                )
    covered = []
    for large, within in inside.items():
        whole = drawn[large]
        rest = shapely.difference(whole.shape, shapely.unary_union([node.shape for node in within]))
        if rest.area < COVERED * whole.outline.area:
            covered.append(whole)
        else:
            whole.shape = rest
            ledger.note(
                f"areas inside {whole.code} taken out of it "
                f"({', '.join(n.code for n in within[:5])})",
                len(within),
            )
    return covered


def attach_boundaries(
    hierarchy: Hierarchy, boundaries: Boundaries, base: Path, ledgers: list[SourceLedger]
) -> None:
    """Joins outlines to the areas of their level by code, else by name; several rows of one area
    are its parts.
    """
    features, ledger = boundary_features(boundaries, base, ledgers)
    level = hierarchy.levels.index(boundaries.level)
    names = hierarchy.names(level)
    words = [
        [to_text(feature.properties.get(key or "")) for key in (boundaries.code, boundaries.name)]
        for feature in features
    ]
    found = names.find_all(word for pair in words for word in pair)
    parts: dict[int, list[Part]] = {}
    owner: dict[int, AreaNode] = {}
    for feature, pair in zip(features, words, strict=True):
        node = next((found[word] for word in pair if word in found), None)
        if node is None:
            said = " or ".join(word for word in pair if word)
            ledger.reject(
                feature.line,
                f"no such {boundaries.level}: {said}{names.nearest(pair[1] or said)}",
                feature.properties,
            )
        else:
            owner[id(node)] = node
            parts.setdefault(id(node), []).append((node.code, pair[1], feature))
    note_other_forms(found, names, ledger)
    for number, rows in parts.items():
        owner[number].shape = join_parts(rows, ledger)
    ledger.require_some("check boundaries.code, boundaries.name and the crs of the outlines")
    cut_enclaves(hierarchy.nodes[level], ledger)
    bare = [node.code for node in hierarchy.nodes[level] if node.shape is None]
    if bare:
        hierarchy.notes.append(
            f"{len(bare)} {boundaries.level} areas have no outline: {', '.join(bare[:8])}"
        )


def note_other_forms(
    found: dict[str, AreaNode], names: Names[AreaNode], ledger: SourceLedger
) -> None:
    """Says which words were taken for an area that is written in another form."""
    for word, node in found.items():
        if names.find(word) is None:
            ledger.note(f"{word} taken for {node.name} ({node.stated})")


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
