"""`twinward audit verify|export|anchor|check`: whether the log is whole, a copy for anywhere,
anchors, misuse.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import msgspec

from twinward.app import compose
from twinward.app.maintenance import anchors_that_fail, verify_log_file
from twinward.cli.framework.output import emit_fields, emit_json, emit_text
from twinward.cli.framework.session import add_person, open_for
from twinward.core.errors import InputError
from twinward.service.access.accounts import note
from twinward.service.access.misuse_check import check_misuse
from twinward.service.platform import LogCheck


class LogAnchor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The hash of the log at a place, to be published where nobody of ours can change it."""

    entries: int
    head: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="verify|export|anchor|check")
    verify = acts.add_parser(
        "verify", help="check the hash chain of the workspace's log, or of an exported file"
    )
    verify.add_argument("--file", type=Path, help="an exported log; then no workspace is needed")
    verify.add_argument(
        "--anchors", type=Path, help="published anchors that the log must still have"
    )
    export = acts.add_parser(
        "export", help="write the whole log as FHIR R4 AuditEvents, one a line"
    )
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument(
        "--form",
        choices=("fhir", "log"),
        default="fhir",
        help="log: the entries as they are stored",
    )
    anchor = acts.add_parser(
        "anchor", help="print the log's place and hash, to be published elsewhere"
    )
    anchor.add_argument("--file", type=Path, help="add it to this file too")
    check = acts.add_parser("check", help="look for misuse over the last day and raise an alarm")
    for sub in (verify, export, anchor, check):
        add_person(sub)


def run(options: argparse.Namespace) -> int:
    if options.act == "verify" and options.file is not None:
        return show_check(options, verify_log_file(options.file), [])
    with open_for(options) as (platform, caller):
        if options.act == "verify":
            failing = (
                anchors_that_fail(options.workspace, read_anchors(options.anchors))
                if options.anchors
                else []
            )
            return show_check(options, compose.verify_log(options.workspace), failing)
        if options.act == "export":
            note(platform, caller, "audit_exported", options.form)
            entries = compose.export_log(
                options.workspace, options.file, fhir=options.form == "fhir"
            )
            shown: Mapping[str, object] = {
                "entries": entries,
                "file": str(options.file),
                "form": options.form,
            }
        elif options.act == "anchor":
            found = compose.verify_log(options.workspace)
            anchor = LogAnchor(entries=found.entries, head=found.head)
            if options.file is not None:
                add_anchor(options.file, anchor)
            shown = {"entries": anchor.entries, "head": anchor.head}
        else:
            shown = check_misuse(platform, caller, lambda: compose.verify_log(options.workspace))
    if options.json:
        emit_json(shown)
    else:
        emit_fields(shown)
    return 0


def show_check(options: argparse.Namespace, found: LogCheck, failing: list[int]) -> int:
    """Exit code 2 when the log is not whole: what was handed in is at fault."""
    ok = found.ok and not failing
    bad = found.first_bad if found.first_bad is not None else next(iter(failing), None)
    if options.json:
        emit_json({"entries": found.entries, "ok": ok, "first_bad": bad})
    elif ok:
        emit_text(
            f"{found.entries} events, each bound to the one before; the last hash is {found.head}"
        )
    else:
        emit_text(f"NOT WHOLE: entry {bad} does not fit ({found.entries} are there)")
    return 0 if ok else 2


def add_anchor(path: Path, anchor: LogAnchor) -> None:
    try:
        with path.open("ab") as file:
            file.write(msgspec.json.encode(anchor) + b"\n")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error}", "name another file", code="not_writable"
        ) from error


def read_anchors(path: Path) -> list[tuple[int, str]]:
    try:
        lines = path.read_bytes().splitlines()
        found = [msgspec.json.decode(line, type=LogAnchor) for line in lines if line.strip()]
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: {error}", "name a file of `twinward audit anchor`", code="bad_anchors"
        ) from error
    return [(anchor.entries, anchor.head) for anchor in found]
