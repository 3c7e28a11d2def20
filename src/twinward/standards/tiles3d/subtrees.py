"""Subtrees of implicit tiling: which tiles, contents and children they say there are."""

from __future__ import annotations

import struct
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.standards.tiles3d.buffers import Views, check_buffers, load_views
from twinward.standards.tiles3d.issues import WARNING, Report
from twinward.standards.tiles3d.metadata.entities import Schema, check_entity
from twinward.standards.tiles3d.metadata.property_tables import check_table
from twinward.standards.tiles3d.rules import SUBTREE
from twinward.standards.tiles3d.shapes import check, exclusive
from twinward.standards.tiles3d.sources import Source, parse

MAGIC, VERSION, HEADER = b"subt", 1, 24
Flags = NDArray[np.bool_]


class Tiling(msgspec.Struct, frozen=True, kw_only=True):
    """How an implicit tile is cut: 4 or 8 children, levels of a subtree, levels in all."""

    branches: int
    subtree_levels: int
    levels: int

    @property
    def tiles(self) -> int:
        """Nodes of one subtree."""
        return int((self.branches**self.subtree_levels - 1) // (self.branches - 1))

    @property
    def children(self) -> int:
        return int(self.branches**self.subtree_levels)


class Subtree(msgspec.Struct, frozen=True, kw_only=True):
    """What there is: bool per node in order of levels, per content and node, per child subtree."""

    tiles: Flags
    contents: list[Flags]
    children: Flags


def tiling_of(implicit: dict[str, Any]) -> Tiling:
    return Tiling(
        branches=4 if implicit["subdivisionScheme"] == "QUADTREE" else 8,
        subtree_levels=int(implicit["subtreeLevels"]),
        levels=int(implicit["availableLevels"]),
    )


def read_subtree(
    data: bytes, base: str, tiling: Tiling, schema: Schema | None, source: Source, report: Report
) -> Subtree | None:
    """A subtree of a file; None, reported, where it is not sound."""
    binary: bytes | None = None
    if data[:4] == MAGIC:
        parts = _split(data, report)
        if parts is None:
            return None
        data, binary = parts
    elif data.lstrip()[:1] != b"{":
        report.add("IO_ERROR", base, "is neither a subtree nor JSON")
        return None
    document = parse(data, base, report)
    if document is None:
        return None
    return check_subtree(document, binary, base, tiling, schema, source, report)


def _split(data: bytes, report: Report) -> tuple[bytes, bytes] | None:
    """JSON and binary part of a binary subtree."""
    before = report.errors
    if len(data) < HEADER:
        report.add("BINARY_INVALID_LENGTH", "/", f"the header has {len(data)} bytes")
        return None
    _, version, text, body = struct.unpack_from("<4sIQQ", data)
    if version != VERSION:
        report.add("BINARY_INVALID_VALUE", "/version", f"must be {VERSION}, is {version}")
    for name, size in (("jsonByteLength", text), ("binaryByteLength", body)):
        if size % 8:
            report.add("BINARY_INVALID_ALIGNMENT", f"/{name}", f"{size} is no multiple of 8")
    if report.errors == before and HEADER + text + body != len(data):
        wanted = HEADER + text + body
        report.add("BINARY_INVALID_LENGTH", "/", f"must have {wanted} bytes, has {len(data)}")
    if report.errors > before:
        return None
    return data[HEADER : HEADER + text], data[HEADER + text :]


def check_subtree(
    document: Any,
    binary: bytes | None,
    base: str,
    tiling: Tiling,
    schema: Schema | None,
    source: Source,
    report: Report,
) -> Subtree | None:
    """What a subtree says there is; None, reported, where it is not sound."""
    before = report.errors
    if not check(document, SUBTREE, "", report) or not check_buffers(
        document, "", report, packed=bool(binary)
    ):
        return None
    views = load_views(document, binary, source, base, report)
    if views is None:
        return None
    tables = document.get("propertyTables")
    for n, table in enumerate(tables or []):
        check_table(table, schema, views, f"/propertyTables/{n}", report)
    _check_uses(document, tables, report)
    if "subtreeMetadata" in document:
        check_entity(document["subtreeMetadata"], schema, "/subtreeMetadata", report)
    tiles = _flags(document["tileAvailability"], tiling.tiles, views, "/tileAvailability", report)
    contents = [
        _flags(one, tiling.tiles, views, f"/contentAvailability/{n}", report)
        for n, one in enumerate(document.get("contentAvailability", []))
    ]
    there = document["childSubtreeAvailability"]
    children = _flags(there, tiling.children, views, "/childSubtreeAvailability", report)
    held = [one for one in contents if one is not None]
    if report.errors > before or tiles is None or children is None:
        return None
    _check_counts(document, tables, tiles, report)
    found = Subtree(tiles=tiles, contents=held, children=children)
    _check_together(found, tiling, report)
    return found if report.errors == before else None


def _check_uses(document: dict[str, Any], tables: list[Any] | None, report: Report) -> None:
    told = [("/tileMetadata", document["tileMetadata"])] if "tileMetadata" in document else []
    told += [
        (f"/contentMetadata/{n}", v) for n, v in enumerate(document.get("contentMetadata", []))
    ]
    if told and tables is None:
        report.add("REQUIRED_VALUE_NOT_FOUND", told[0][0], "metadata needs propertyTables")
        return
    for path, value in told:
        if tables is not None and value >= len(tables):
            report.add("VALUE_NOT_IN_RANGE", path, f"there are {len(tables)} property tables")


def _check_counts(
    document: dict[str, Any], tables: list[Any] | None, tiles: Flags, report: Report
) -> None:
    if tables and "tileMetadata" in document:
        count, there = tables[int(document["tileMetadata"])]["count"], int(tiles.sum())
        if count != there:
            text = f"its table has {count} rows for {there} tiles"
            report.add("METADATA_INVALID_LENGTH", "/tileMetadata", text, WARNING)


def _flags(
    told: dict[str, Any], count: int, views: Views, path: str, report: Report
) -> Flags | None:
    """One bit for each of `count` things; None, reported, where they are not said soundly."""
    if not exclusive(told, "bitstream", "constant", path, report):
        return None
    if "bitstream" not in told and "constant" not in told:
        report.add("ANY_OF_ERROR", path, "must have bitstream or constant")
        return None
    if "constant" in told:
        found = np.full(count, bool(told["constant"]))
    else:
        view = int(told["bitstream"])
        body = views.bodies[view] if view < len(views) else None
        if body is None:
            report.add("VALUE_NOT_IN_RANGE", f"{path}/bitstream", f"there are {len(views)} views")
            return None
        if len(body) != (count + 7) // 8:
            text = f"must have {(count + 7) // 8} bytes for {count} bits, has {len(body)}"
            report.add("SUBTREE_AVAILABILITY_INCONSISTENT", f"{path}/bitstream", text)
            return None
        bits = np.unpackbits(np.frombuffer(body, np.uint8), bitorder="little")
        found = bits[:count].astype(bool)
    there = told.get("availableCount", int(found.sum()))
    if there != found.sum():
        text = f"says {there}, {int(found.sum())} are there"
        report.add("SUBTREE_AVAILABILITY_INCONSISTENT", f"{path}/availableCount", text)
        return None
    return found


def _check_together(found: Subtree, tiling: Tiling, report: Report) -> None:
    """A content needs its tile, a tile its parent, a child subtree its tile above."""
    name = "SUBTREE_AVAILABILITY_INCONSISTENT"
    for n, content in enumerate(found.contents):
        if (content & ~found.tiles).any():
            report.add(name, f"/contentAvailability/{n}", "a content has no tile")
    above = (np.arange(1, tiling.tiles) - 1) // tiling.branches
    if (found.tiles[1:] & ~found.tiles[above]).any():
        report.add(name, "/tileAvailability", "a tile has no parent")
    deepest = found.tiles[-(tiling.branches ** (tiling.subtree_levels - 1)) :]
    if (found.children & ~np.repeat(deepest, tiling.branches)).any():
        report.add(name, "/childSubtreeAvailability", "a child subtree has no tile above it")
