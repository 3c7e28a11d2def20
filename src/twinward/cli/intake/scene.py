"""`twinward scene build`: the city in three dimensions, as 3D Tiles 1.1 with the twin's ids."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.main import add_common
from twinward.service.city.scene import build_scene


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


def run(options: argparse.Namespace) -> int:
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


def describe(report: dict[str, Any]) -> str:
    heights, floors, ground = report["heights"], report["floors"], report["ground_m"]
    stands = f"{ground[0]:g} to {ground[1]:g} m" if report["terrain"] and ground else "none given"
    lines = [
        f"{report['objects_in']:,} objects read, {report['objects_out']:,} in the scene, "
        f"{report['without_geometry']:,} of them without geometry",
        f"heights: {heights['given']:,} given, {heights['levels']:,} from storeys, "
        f"{heights['estimated']:,} estimated (drawn grey)",
        f"storeys: {floors['given']:,} given, {floors['estimated']:,} estimated",
        f"ground: {stands}",
        f"{report['triangles']:,} triangles in {report['tiles']:,} tiles, "
        f"{report['bytes'] / 1e6:.1f} MB: {report['tileset']}",
    ]
    lines += [f"  left out: {n:,} x {why}" for why, n in report["rejected"].items()]
    lines += [f"  note: {n:,} x {what}" for what, n in report["notes"].items()]
    return "\n".join([*lines, f"{report['seconds']:.1f} s"])
