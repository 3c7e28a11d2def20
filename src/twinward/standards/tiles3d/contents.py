"""What a tile shows: a glTF file, an old tile, another tileset, an archive, or nothing known."""

from __future__ import annotations

import posixpath
from typing import Any

import msgspec

from twinward.standards.tiles3d.extensions import CONTENT_3TZ, CONTENT_GLTF
from twinward.standards.tiles3d.gltf.check import check_gltf
from twinward.standards.tiles3d.issues import INFO, Report
from twinward.standards.tiles3d.legacy import HEADERS, check_legacy
from twinward.standards.tiles3d.sources import Source, open_zip, parse

ZIP = b"PK\x03\x04"
ARCHIVE, SUFFIX = "tileset.json", ".3tz"


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What a content is, and the extension that a tileset needs to name it."""

    kind: str
    extension: str = ""
    document: Any = None


def checked_gltf(data: bytes, base: str, source: Source) -> Report:
    """The issues of one glTF file."""
    report = Report()
    check_gltf(data, base, source, report)
    return report


def look_at(data: bytes, name: str, report: Report) -> Content:
    """What the bytes of a content are; a JSON file is read here, once."""
    if data[:4] == b"glTF":
        return Content(kind="gltf", extension=CONTENT_GLTF)
    if data[:4] in HEADERS:
        return Content(kind="tile")
    if data[:4] == ZIP or name.endswith(SUFFIX):
        return Content(kind="archive", extension=CONTENT_3TZ)
    if data.lstrip()[:1] != b"{":
        return Content(kind="unknown")
    document = parse(data, name, report)
    if not isinstance(document, dict):
        return Content(kind="broken")
    if "root" in document or "geometricError" in document:
        return Content(kind="tileset", document=document)
    asset = document.get("asset")
    if isinstance(asset, dict) and str(asset.get("version", "")).startswith("2"):
        return Content(kind="gltf", extension=CONTENT_GLTF)
    return Content(kind="json" if document.get("type") else "unknown")


def check_plain(content: Content, data: bytes, base: str, source: Source, report: Report) -> None:
    """A content that is no other tileset."""
    if content.kind == "gltf":
        report.issues += checked_gltf(data, base, source).issues
    elif content.kind == "tile":
        check_legacy(data, base, source, report, checked_gltf)
    elif content.kind == "unknown":
        ending = posixpath.splitext(base)[1].lstrip(".").encode()
        if ending in HEADERS:
            report.add("BINARY_INVALID_VALUE", base, f"does not begin with {ending.decode()}")
        elif ending in {b"glb", b"gltf"}:
            report.add("GLTF_INVALID", base, "is neither GLB nor JSON")
        else:
            report.add("CONTENT_NOT_KNOWN", base, "is of no kind that is looked into", INFO)


def open_archive(data: bytes, base: str, report: Report) -> Source | None:
    """The files of an archive that holds a tileset; None, reported, where it does not."""
    found = open_zip(data)
    if found is None:
        report.add("IO_ERROR", base, "is no archive")
    elif found.read(ARCHIVE) is None:
        report.add("IO_ERROR", base, f"holds no {ARCHIVE}")
    else:
        return found
    return None
