"""`twinward init DIR`: make an empty workspace."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.app.maintenance import add_first_administrator
from twinward.app.workspace import init_workspace
from twinward.cli.framework.output import emit_json, emit_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument(
        "--managed", action="store_true", help="logins, roles and second persons from the start"
    )
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    mark = init_workspace(options.folder, managed=options.managed)
    secret = add_first_administrator(options.folder) if mark.managed else None
    if options.json:
        shown = {"workspace": str(options.folder), "managed": mark.managed, "kind": mark.kind}
        emit_json(shown | ({"administrator": "admin", "one_time_secret": secret} if secret else {}))
    else:
        if secret:
            emit_text(
                f"one-time secret of the administrator `admin`, good for 24 hours, shown only "
                f"now:\n{secret}"
            )
        has_city = (options.folder / "city").is_dir()
        verb = "serve" if has_city else "city build"
        emit_text(
            f"{options.folder} is a workspace now; next: twinward {verb} --workspace "
            f"{options.folder}"
        )
    return 0
