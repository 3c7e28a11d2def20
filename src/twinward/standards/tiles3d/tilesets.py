"""A tileset: its document, its tree of tiles, their contents, and the tilesets that it names."""

from __future__ import annotations

from typing import Any

from twinward.standards.tiles3d.contents import ARCHIVE, check_plain, look_at, open_archive
from twinward.standards.tiles3d.extensions import (
    CONTENT_GLTF,
    check_content_gltf,
    check_declared,
    find_extensions,
)
from twinward.standards.tiles3d.issues import Report
from twinward.standards.tiles3d.metadata.entities import Schema, check_entity, check_statistics
from twinward.standards.tiles3d.metadata.schema import check_schema
from twinward.standards.tiles3d.rules import TILESET
from twinward.standards.tiles3d.shapes import check, exclusive
from twinward.standards.tiles3d.sources import Source, fetch, parse, resolve
from twinward.standards.tiles3d.tiles import TileChecker

VERSIONS = {"1.0", "1.1"}


class TilesetChecker:
    """Checks one tileset and those it names; `chain`: the files that led here."""

    def __init__(self, base: str, source: Source, chain: tuple[str, ...] = ()) -> None:
        self.base, self.source, self.chain = base, source, (*chain, base)
        self.report = Report()
        self.found: set[str] = set()  # extensions of this document
        self.inside: set[str] = set()  # extensions of tilesets that this one names
        self.tiles = self.contents = 0

    def check(self, document: Any) -> Report:
        report = self.report
        sound = check(document, TILESET, "", report)
        if not isinstance(document, dict):
            return report
        version = (
            document["asset"].get("version") if isinstance(document.get("asset"), dict) else ""
        )
        if sound and version not in VERSIONS:
            report.add("ASSET_VERSION_UNKNOWN", "/asset/version", f"{version!r} is not known")
        schema, schema_sound = self.find_schema(document)
        if sound and schema_sound:
            self.check_metadata(document, schema)
        self.found |= find_extensions(document, "", report)
        check_content_gltf(document, report)
        if isinstance(document.get("root"), dict):
            tiles = TileChecker(self, document, schema, schema_sound)
            tiles.walk(document["root"])
        check_declared(document, self.found, self.inside, report)
        return report

    def find_schema(self, document: dict[str, Any]) -> tuple[Schema | None, bool]:
        """The schema, and whether entities can be held against it."""
        if not exclusive(document, "schema", "schemaUri", "/", self.report):
            return None, False
        schema = document.get("schema")
        if isinstance(document.get("schemaUri"), str):
            data = fetch(self.source, self.base, document["schemaUri"])
            if data is None:
                self.report.add("IO_ERROR", "/schemaUri", "the schema cannot be read")
                return None, False
            schema = parse(data, "/schemaUri", self.report)
            if schema is None:
                return None, False
        elif "schema" not in document:
            return None, True
        return (schema, True) if check_schema(schema, "/schema", self.report) else (None, False)

    def check_metadata(self, document: dict[str, Any], schema: Schema | None) -> None:
        report = self.report
        for name, one in document.get("properties", {}).items():
            if one["minimum"] > one["maximum"]:
                text = f"{one['minimum']} is more than {one['maximum']}"
                report.add("PROPERTIES_MINIMUM_LARGER_THAN_MAXIMUM", f"/properties/{name}", text)
        for n, one in enumerate(document.get("groups", [])):
            check_entity(one, schema, f"/groups/{n}", report)
        if "metadata" in document:
            check_entity(document["metadata"], schema, "/metadata", report)
        if "statistics" in document:
            check_statistics(document["statistics"], schema, "/statistics", report)

    def check_content(self, uri: str, path: str, version: str) -> None:
        """What a tile shows; a tileset that it names is walked too."""
        if uri.startswith(("http:", "https:", "//")):
            self.report.add("IO_WARNING", path, f"{uri:.80} lies elsewhere and is not read")
            return
        data, name = fetch(self.source, self.base, uri), resolve(self.base, uri) or uri[:40]
        if data is None:
            self.report.add("IO_ERROR", path, f"{uri:.80} cannot be read")
            return
        self.contents += 1
        inner = Report()
        content = look_at(data, name, inner)
        if content.extension and not (content.extension == CONTENT_GLTF and version != "1.0"):
            self.found.add(content.extension)
        if content.kind == "tileset":
            self.check_external(content.document, name)
            return
        if content.kind == "archive":
            archive = open_archive(data, name, inner)
            if archive is not None:
                self.check_archive(archive, inner)
        else:
            check_plain(content, data, name, self.source, inner)
        self.report.add_inner("CONTENT_VALIDATION", name, inner)

    def check_external(self, document: Any, name: str) -> None:
        inner = Report()
        if name in self.chain:
            text = f"{name} leads back to itself"
            inner.add("EXTERNAL_TILESET_VALIDATION_ERROR", name, text)
        else:
            other = TilesetChecker(name, self.source, self.chain)
            inner = other.check(document)
            self.inside |= other.found | other.inside
            self.tiles, self.contents = self.tiles + other.tiles, self.contents + other.contents
        self.report.add_inner("EXTERNAL_TILESET_VALIDATION", name, inner)

    def check_archive(self, archive: Source, inner: Report) -> None:
        data = archive.read(ARCHIVE)
        document = parse(data or b"", ARCHIVE, inner)
        if document is not None:
            other = TilesetChecker(ARCHIVE, archive)
            inner.issues += other.check(document).issues
            self.tiles, self.contents = self.tiles + other.tiles, self.contents + other.contents
