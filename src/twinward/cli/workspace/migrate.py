"""`twinward migrate`: upgrade the log of an earlier release."""

from __future__ import annotations

import argparse

from twinward.app import compose
from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.main import add_common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)


def run(options: argparse.Namespace) -> int:
    before, now = compose.migrate_workspace(options.workspace)
    if options.json:
        emit_json({"from": before, "to": now})
    else:
        emit_text(
            f"schema version {before} -> {now}"
            if before != now
            else f"schema version {now}: nothing to do"
        )
    return 0
