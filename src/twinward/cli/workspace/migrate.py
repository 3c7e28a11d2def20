"""`twinward migrate`: upgrade the log of an earlier release."""

from __future__ import annotations

import argparse

from twinward.app.maintenance import migrate_workspace
from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.main import add_common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)


def run(options: argparse.Namespace) -> int:
    before, now, rows = migrate_workspace(options.workspace)
    if options.json:
        emit_json({"from": before, "to": now, "rows": rows})
    elif before == now and not rows:
        emit_text(f"schema version {now}: nothing to do")
    else:
        emit_text(f"schema version {before} -> {now}, {rows} rows brought up to date")
    return 0
