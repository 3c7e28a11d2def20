"""The door: checks a tileset on disk, in an archive or in a database, and says what is wrong."""

from __future__ import annotations

from pathlib import Path

import msgspec

from twinward.core.errors import InputError
from twinward.standards.tiles3d.contents import checked_gltf
from twinward.standards.tiles3d.issues import ERROR, WARNING, Issue, Report, count_names, flatten
from twinward.standards.tiles3d.sources import Folder, Source, open_database, open_zip, parse
from twinward.standards.tiles3d.tilesets import TilesetChecker

TILESET = "tileset.json"


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found: the issues, how many of each name, what was walked."""

    file: str
    sound: bool
    errors: int
    warnings: int
    tiles: int
    contents: int
    names: dict[str, int]
    issues: list[Issue]


def check_path(path: Path, root: Path | None = None) -> Checked:
    """Checks a folder with `tileset.json`, a tileset, a package or a glTF file. A tileset may
    name files below `root`, by default its own folder.
    """
    if path.is_dir():
        path = path / TILESET
    if not path.is_file():
        raise InputError(
            f"{path} is no tileset", "name a folder with tileset.json", code="bad_file"
        )
    if path.suffix in {".glb", ".gltf"}:
        report = checked_gltf(path.read_bytes(), name_in(path, root), Folder(root or path.parent))
        return describe(path, report, 0, 1)
    report = Report()
    packed = open_package(path, report)
    source: Source = packed or Folder(root or path.parent)
    base = TILESET if packed else name_in(path, root)
    checker = TilesetChecker(base, source)
    if not report.errors:
        data = source.read(base)
        document = parse(data, base, report) if data is not None else None
        if data is None:
            report.add("IO_ERROR", base, "cannot be read")
        elif document is not None:
            report = checker.check(document)
    return describe(path, report, checker.tiles, checker.contents)


def name_in(path: Path, root: Path | None) -> str:
    return str(path.resolve().relative_to(root.resolve())) if root else path.name


def open_package(path: Path, report: Report) -> Source | None:
    """The files of a package; None for a plain tileset."""
    if path.suffix not in {".3tz", ".3dtiles"}:
        return None
    zipped = path.suffix == ".3tz"
    found = open_zip(path.read_bytes()) if zipped else open_database(path)
    if found is None:
        report.add("IO_ERROR", path.name, "is no package")
    return found


def describe(path: Path, report: Report, tiles: int, contents: int) -> Checked:
    return Checked(
        file=path.name,
        sound=report.sound,
        errors=sum(one.severity == ERROR for one in flatten(report.issues)),
        warnings=sum(one.severity == WARNING for one in flatten(report.issues)),
        tiles=tiles,
        contents=contents,
        names=count_names(report.issues),
        issues=report.issues,
    )
