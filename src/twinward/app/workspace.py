"""A workspace as a folder: made, marked, and what its city says of itself."""

from __future__ import annotations

import os
from collections import Counter
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from twinward.citybase.columns import open_city, read_manifest
from twinward.core.errors import UNREADABLE, AbsentError, ConflictError, InputError
from twinward.settings import Settings
from twinward.twins.city.areas import AreaTree

if TYPE_CHECKING:
    pass

MARK = "workspace.json"


class WorkspaceMark(msgspec.Struct, frozen=True, kw_only=True):
    """What a workspace is: `kind` keeps a demonstration from writing into real data; `drill` is
    a drill's id.
    """

    schema_version: int = 1
    kind: str = "ordinary"
    managed: bool = False
    drill: str = ""


def init_workspace(
    workspace: Path, *, managed: bool = False, kind: str = "ordinary", drill: str = ""
) -> WorkspaceMark:
    """Make an empty workspace (no city); refuses a folder that is one already."""
    if (workspace / MARK).exists():
        raise ConflictError(
            f"{workspace} is a workspace already", "use it, or name another folder", code="exists"
        )
    workspace.mkdir(parents=True, exist_ok=True)
    workspace.chmod(0o700)  # whatever lies inside is its owner's alone
    mark = WorkspaceMark(managed=managed, kind=kind, drill=drill)
    (workspace / MARK).write_bytes(msgspec.json.encode(mark))
    return mark


def read_mark(workspace: Path) -> WorkspaceMark:
    path = workspace / MARK
    if not os.path.exists(path):  # false, too, for a name longer than the system takes
        raise AbsentError(
            f"{str(workspace)[:200]} is no workspace",
            "make one with `twinward init DIR`",
            code="no_workspace",
        )
    try:
        mark = msgspec.json.decode(path.read_bytes(), type=WorkspaceMark)
    except UNREADABLE as error:
        raise InputError(
            f"{path.name} cannot be read: {error}", "restore it from a backup", code="broken"
        ) from error
    if (mark.kind == "drill") != bool(mark.drill):
        raise InputError(
            f"{path.name} says that it is a drill and does not", "restore it", code="broken"
        )
    return mark


def open_areas(workspace: Path) -> AreaTree:
    """The city's area tree; a workspace without a city has only the root `city`."""
    folder = workspace / "city"
    if not (folder / "city.json").exists():
        return AreaTree("city", [])
    manifest = read_manifest(folder)
    roots = [area.code for area in manifest.areas if area.parent is None]
    return AreaTree(roots[0] if len(roots) == 1 else "city", manifest.areas)


def open_zone(workspace: Path, settings: Settings) -> tzinfo:
    """The zone by which the city counts its days: its own, or where there is no city the one of
    the settings.
    """
    folder = workspace / "city"
    name = read_manifest(folder).timezone if (folder / "city.json").exists() else settings.timezone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputError(
            f"there is no time zone {name!r}",
            "name one as Asia/Shanghai, in city.toml or settings.toml",
            code="bad_timezone",
        ) from error


def count_residents(workspace: Path, areas: AreaTree) -> Counter[str]:
    """How many live in each area, from one look at the city; nobody without a city of residents."""
    residents: Counter[str] = Counter()
    if not (workspace / "city" / "leaf_start.npy").exists():
        return residents
    city = open_city(workspace / "city")
    for code, first, end in zip(
        city.leaf_codes, city.leaf_start[:-1], city.leaf_start[1:], strict=True
    ):
        for area in areas.path(code):
            residents[area] += int(end) - int(first)
    return residents


def scenarios_folder() -> Path:
    """Where the bundled scenarios lie: in the package, or beside it in a checkout."""
    inside = Path(__file__).parents[1] / "scenarios"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "scenarios"


def city_of(workspace: Path) -> tuple[str, int]:
    """Name and residents of a workspace's city."""
    manifest = read_manifest(workspace / "city")
    return manifest.name, manifest.lengths.get("age_sex", 0)


def city_timezone(workspace: Path) -> str:
    return read_manifest(workspace / "city").timezone


def write_demo_report(workspace: Path, result: dict[str, object]) -> Path:
    """The one-page report of a demonstration."""

    from twinward.report.demonstration import render_demo_report

    path = workspace / "report.html"
    path.write_text(render_demo_report(result), encoding="utf-8")
    return path
