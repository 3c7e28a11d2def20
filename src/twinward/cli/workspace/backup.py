"""`twinward backup DIR`: copy a workspace while it runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.app.maintenance import backup_workspace
from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.main import add_common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "target", type=Path, metavar="DIR", help="a new folder outside of the workspace"
    )


def run(options: argparse.Namespace) -> int:
    contents = backup_workspace(options.workspace, options.target)
    if options.json:
        emit_json(
            {
                "entries": contents.entries,
                "head": contents.head,
                "files": len(contents.files),
                "left_out": contents.left_out,
            }
        )
    else:
        emit_text(
            f"{options.target}: {contents.entries} events, {len(contents.files)} files; keys are "
            f"not in it"
        )
        for name in contents.left_out:
            emit_text(
                f"{name} is not in it: it cannot be read, or knows of events that the log does not "
                "have; from this backup its rules begin anew"
            )
    return 0
