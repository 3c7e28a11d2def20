"""`twinward audit verify|export`: whether the log is whole, and a copy of it that can be verified anywhere."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward import app
from twinward.cli.opened import add_person, open_for
from twinward.cli.output import emit_json, emit_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="verify|export")
    verify = acts.add_parser("verify", help="check the hash chain of the workspace's log, or of an exported file")
    verify.add_argument("--file", type=Path, help="an exported log; then no workspace is needed")
    export = acts.add_parser("export", help="write the whole log as JSON Lines")
    export.add_argument("file", type=Path, metavar="FILE")
    for sub in (verify, export):
        add_person(sub)


def run(options: argparse.Namespace) -> int:
    if options.act == "export":
        with open_for(options):
            entries = app.export_log(options.workspace, options.file)
        if options.json:
            emit_json({"entries": entries, "file": str(options.file)})
        else:
            emit_text(f"{entries} events written to {options.file}")
        return 0
    if options.file is not None:
        found = app.verify_log_file(options.file)
    else:
        with open_for(options):
            found = app.verify_log(options.workspace)
    if options.json:
        emit_json({"entries": found.entries, "ok": found.ok, "first_bad": found.first_bad})
    elif found.ok:
        emit_text(f"{found.entries} events, each bound to the one before; the last hash is {found.head}")
    else:
        emit_text(f"NOT WHOLE: entry {found.first_bad} does not fit ({found.entries} are there)")
    return 0 if found.ok else 2
