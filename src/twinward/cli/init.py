"""`twinward init DIR`: make an empty workspace."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward import app
from twinward.cli.output import emit_json, emit_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--managed", action="store_true", help="logins, roles and second persons from the start")
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    mark = app.init_workspace(options.folder, managed=options.managed)
    if options.json:
        emit_json({"workspace": str(options.folder), "managed": mark.managed, "kind": mark.kind})
    else:
        emit_text(f"{options.folder} is a workspace now; next: twinward city build --workspace {options.folder}")
    return 0
