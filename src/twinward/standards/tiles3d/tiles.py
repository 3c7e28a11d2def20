"""The tree of tiles: each held against its rules, its parent and its contents."""

from __future__ import annotations

from typing import Any, Protocol

from twinward.standards.tiles3d.implicit import check_root, check_template, nodes_of, walk
from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.metadata.entities import Schema, check_entity
from twinward.standards.tiles3d.rules import CONTENT, TILE
from twinward.standards.tiles3d.shapes import check, exclusive, is_number
from twinward.standards.tiles3d.sources import Source
from twinward.standards.tiles3d.subtrees import Tiling, tiling_of
from twinward.standards.tiles3d.volumes import check_inside, check_volume

REFINES = {"ADD", "REPLACE"}
Json = dict[str, Any]


class Owner(Protocol):
    """What a tree of tiles asks of the check of its tileset."""

    base: str
    source: Source
    report: Report
    tiles: int

    def check_content(self, uri: str, path: str, version: str) -> None: ...


class TileChecker:
    """Walks the tiles of one document from the root down, without recursion."""

    def __init__(
        self, owner: Owner, document: Json, schema: Schema | None, schema_sound: bool
    ) -> None:
        self.owner, self.report = owner, owner.report
        self.schema, self.schema_sound = schema, schema_sound
        groups, asset = document.get("groups"), document.get("asset")
        self.groups = len(groups) if isinstance(groups, list) else 0
        self.version = str(asset.get("version", "")) if isinstance(asset, dict) else ""

    def walk(self, root: Json) -> None:
        stack: list[tuple[Json, str, float | None]] = [(root, "/root", None)]
        while stack:
            tile, path, above = stack.pop()
            self.owner.tiles += 1
            before = self.report.errors
            sound = self.check_tile(tile, path)
            error = tile.get("geometricError")
            if above is not None and is_number(error) and error > above:
                text = f"{error} is more than {above} of the tile above"
                self.report.add("TILE_GEOMETRIC_ERRORS_INCONSISTENT", path, text)
            if sound:
                self.check_contents(tile, path)
            if above is None and "refine" not in tile and self.report.errors == before:
                self.report.add("TILE_REFINE_MISSING_IN_ROOT", path, "a root says how to refine")
            children = tile.get("children")
            if sound and isinstance(children, list):
                own = float(error) if is_number(error) else above
                below = [(one, f"{path}/children/{n}", own) for n, one in enumerate(children)]
                stack += reversed(below)

    def check_tile(self, tile: Json, path: str) -> bool:
        """Whether a tile by itself is sound."""
        report, before = self.report, self.report.errors
        check(tile, TILE, path, report)
        if "boundingVolume" not in tile:
            report.add("PROPERTY_MISSING", f"{path}/boundingVolume", "boundingVolume is required")
        for word in ("boundingVolume", "viewerRequestVolume"):
            if word in tile:
                check_volume(tile[word], f"{path}/{word}", report)
        self.check_refine(tile, path)
        if report.errors > before:
            return False
        self.check_transform(tile, path)
        if "metadata" in tile and self.schema_sound and "implicitTiling" not in tile:
            check_entity(tile["metadata"], self.schema, f"{path}/metadata", report)
        return report.errors == before

    def check_refine(self, tile: Json, path: str) -> None:
        told = tile.get("refine", "ADD")
        if not isinstance(told, str):
            self.report.add("TYPE_MISMATCH", f"{path}/refine", "must be of type string")
        elif told in REFINES:
            return
        elif told.upper() in REFINES:
            self.report.add("TILE_REFINE_WRONG_CASE", f"{path}/refine", f"{told} is written small")
        else:
            self.report.add("VALUE_NOT_IN_LIST", f"{path}/refine", "must be ADD or REPLACE")

    def check_transform(self, tile: Json, path: str) -> None:
        told = tile.get("transform")
        if told is None:
            return
        last = [told[3], told[7], told[11], told[15]]
        if any(abs(a - b) > 1e-8 for a, b in zip(last, (0, 0, 0, 1), strict=True)):
            text = f"its last row is {last}, not 0 0 0 1"
            self.report.add("TRANSFORM_INVALID", f"{path}/transform", text)

    def check_contents(self, tile: Json, path: str) -> None:
        """The contents of a sound tile, and the tree beneath it where it is implicit."""
        report, before = self.report, self.report.errors
        if not exclusive(tile, "content", "contents", path, report):
            return
        told = [(tile["content"], f"{path}/content")] if "content" in tile else []
        if "contents" in tile:
            if not isinstance(tile["contents"], list):
                report.add("TYPE_MISMATCH", f"{path}/contents", "must be of type array")
                return
            if not tile["contents"]:
                report.add("ARRAY_LENGTH_MISMATCH", f"{path}/contents", "must not be empty")
            told = [(one, f"{path}/contents/{n}") for n, one in enumerate(tile["contents"])]
        implicit = tile.get("implicitTiling")
        for content, inner in told:
            self.check_content(content, tile, inner)
        if implicit is not None:
            if report.errors == before:
                self.check_implicit(tile, [one["uri"] for one, _ in told], path)
            return
        if report.errors == before:
            for content, inner in told:
                self.owner.check_content(content["uri"], inner, self.version)

    def check_content(self, content: Any, tile: Json, path: str) -> None:
        report = self.report
        if not isinstance(content, dict):
            name = "ARRAY_ELEMENT_TYPE_MISMATCH" if "contents" in tile else "TYPE_MISMATCH"
            report.add(name, path, "must be of type object")
            return
        if not check(content, CONTENT, path, report):
            return
        if "boundingVolume" in content:
            volume = f"{path}/boundingVolume"
            if check_volume(content["boundingVolume"], volume, report):
                check_inside(content["boundingVolume"], tile["boundingVolume"], volume, report)
        if "group" in content and content["group"] >= self.groups:
            report.add("IDENTIFIER_NOT_FOUND", f"{path}/group", f"there are {self.groups} groups")
        if "metadata" in content and self.schema_sound:
            check_entity(content["metadata"], self.schema, f"{path}/metadata", report)

    def check_implicit(self, tile: Json, uris: list[str], path: str) -> None:
        implicit, report = tile["implicitTiling"], self.report
        scheme = implicit["subdivisionScheme"]
        sound = check_root(tile, path, report)
        for n, uri in enumerate(uris):
            sound &= check_template(uri, scheme, f"{path}/content/{n}/uri", report)
        template = implicit["subtrees"]["uri"]
        where = f"{path}/implicitTiling/subtrees/uri"
        if not check_template(template, scheme, where, report) or not sound:
            return
        self.walk_implicit(template, uris, tiling_of(implicit), path)

    def walk_implicit(self, template: str, uris: list[str], tiling: Tiling, path: str) -> None:
        owner = self.owner
        subtrees = walk(template, tiling, owner.base, self.schema, owner.source, path, self.report)
        for place, found in subtrees:
            owner.tiles += int(found.tiles.sum())
            for number, uri in enumerate(uris[: len(found.contents)]):
                for node in nodes_of(place, found, number, tiling):
                    owner.check_content(node.fill(uri), f"{path}/content", self.version)
