"""What the questions of `twinward allocate` share: the time limit, the map of an answer."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from twinward.cli.framework.output import write_file


def add_limit(leaf: argparse.ArgumentParser, limit_s: float) -> None:
    leaf.add_argument(
        "--time-limit-s", type=float, default=limit_s, metavar="N", help=f"default: {limit_s:g}"
    )


def write_geojson(path: Path | None, features: dict[str, object]) -> None:
    if path is not None:
        write_file(path, msgspec.json.encode(features))
