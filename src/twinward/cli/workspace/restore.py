"""`twinward restore DIR`: make a workspace from a backup."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.app.maintenance import restore_workspace
from twinward.cli.framework.output import announce, emit_json, emit_text
from twinward.cli.main import add_common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "source", type=Path, metavar="DIR", help="a folder that `twinward backup` wrote"
    )


def run(options: argparse.Namespace) -> int:
    contents = restore_workspace(options.source, options.workspace)
    announce(options.workspace)  # what was a drill is that drill again
    if options.json:
        emit_json(
            {"entries": contents.entries, "head": contents.head, "files": len(contents.files)}
        )
    else:
        emit_text(
            f"{options.workspace}: {contents.entries} events, {len(contents.files)} files; put "
            f"its keys back "
            "(keys/ and vault/*.key), then run `twinward doctor`"
        )
    return 0
