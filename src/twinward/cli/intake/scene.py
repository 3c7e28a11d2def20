"""`twinward scene`: builds the city in three dimensions as 3D Tiles 1.1 with the twin's ids, and
checks tilesets.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from twinward.cli.framework.output import counted, emit_json, emit_text
from twinward.cli.main import add_common
from twinward.service.city.scene import (
    CheckedScene,
    build_scene,
    check_city_model,
    check_scene,
    list_faults,
)
from twinward.service.languages import say_known

MOST_SHOWN = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    build = verbs.add_parser("build", help="3D Tiles from OpenStreetMap, CityJSON or the city")
    build.add_argument("--osm", type=Path, help="an OpenStreetMap extract (PBF) with buildings")
    build.add_argument(
        "--cityjson", type=Path, action="append", default=[], help="a CityJSON file or sequence"
    )
    build.add_argument("--crs", default="", help="EPSG:n, where a CityJSON file does not say")
    build.add_argument(
        "--terrain",
        type=Path,
        help="a grid of heights on which the buildings stand (GeoTIFF, ASCII)",
    )
    build.add_argument("--out", type=Path, help="folder; default: `scene` of the workspace")
    add_common(build)
    check = verbs.add_parser("check", help="hold a tileset against 3D Tiles 1.1, fault by fault")
    check.add_argument(
        "tileset",
        type=Path,
        nargs="?",
        help="folder, tileset, package or glTF; default: `scene` of the workspace",
    )
    check.add_argument(
        "--cityjson", type=Path, help="a CityJSON file instead: the faults of its geometry by code"
    )
    check.add_argument("--root", type=Path, help="folder below which it may name files")
    add_common(check)


def run(options: argparse.Namespace) -> int:
    if options.action == "check":
        return run_check(options)
    report = build_scene(
        options.workspace,
        options.out,
        options.osm,
        options.cityjson,
        options.crs,
        options.terrain,
    )
    if options.json:
        emit_json(report)
    else:
        emit_text(describe(report))
    return 0


def run_check(options: argparse.Namespace) -> int:
    """Exit code 1 for a tileset with errors, or a city model with faults."""
    if options.cityjson:
        faults = check_city_model(options.cityjson)
        if options.json:
            emit_json({"file": options.cityjson.name, "sound": not faults, "faults": faults})
        else:
            lines = [say_known(describe_fault(one)) for one in faults]
            total = f"{options.cityjson.name}: {counted(len(faults), 'kind')} of faults"
            emit_text("\n".join([*lines, say_known(total)]))
        return 1 if faults else 0
    found = check_scene(options.workspace, options.tileset, options.root)
    if options.json:
        emit_json(found)
    else:
        emit_text(describe_check(found))
    return 0 if found.checked.sound else 1


def describe_fault(one: Any) -> str:
    """`302 shell not closed: 2 objects (a, b)`."""
    named = ", ".join(one.named[:5])
    return f"{one.code} {say_known(one.name)}: {counted(one.objects, 'object')} ({named})"


def describe_check(found: CheckedScene) -> str:
    checked = found.checked
    faults = list_faults(checked)
    lines = faults[:MOST_SHOWN]
    if len(faults) > MOST_SHOWN:
        lines.append(f"... and {len(faults) - MOST_SHOWN:,} more")
    if found.gone:
        lines.append(
            say_known(
                f"WARNING ENTITY_NOT_FOUND: {found.gone:,} of {found.entities:,} entities "
                f"no longer in the city ({', '.join(found.named[:3])})"
            )
        )
    told = (
        f"{counted(checked.errors, 'error')}, {counted(checked.warnings, 'warning')} in "
        f"{counted(checked.tiles, 'tile')} and {counted(checked.contents, 'content')}"
    )
    verdict = "sound" if checked.sound else "not sound"
    return "\n".join([*lines, say_known(f"{checked.file}: {verdict}, {say_counts(told)}")])


def say_counts(text: str) -> str:
    """Counts in another language, which has no plural: one form says them all."""
    plural = re.sub(r"\b(error|warning|tile|content)\b", r"\1s", text)
    said = say_known(plural)
    return said if said != plural else text


def describe(report: dict[str, Any]) -> str:
    heights, floors, ground = report["heights"], report["floors"], report["ground_m"]
    stands = f"{ground[0]:g} to {ground[1]:g} m" if report["terrain"] and ground else "none given"
    lines = [
        f"{counted(report['objects_in'], 'object')} read, {report['objects_out']:,} in the scene, "
        f"{report['without_geometry']:,} of them without geometry",
        f"heights: {heights['given']:,} given, {heights['levels']:,} from storeys, "
        f"{heights['estimated']:,} estimated (drawn grey)",
        f"storeys: {floors['given']:,} given, {floors['estimated']:,} estimated",
        f"ground: {stands}",
        f"{counted(report['triangles'], 'triangle')} in {counted(report['tiles'], 'tile')}, "
        f"{report['bytes'] / 1e6:.1f} MB: {report['tileset']}",
    ]
    lines += [f"  left out: {n:,} x {say_known(why)}" for why, n in report["rejected"].items()]
    lines += [f"  fault {describe_fault(one)}" for one in report["faults"]]
    lines += [f"  note: {n:,} x {say_known(what)}" for what, n in report["notes"].items()]
    return "\n".join([*map(say_known, lines), f"{report['seconds']:.1f} s"])
