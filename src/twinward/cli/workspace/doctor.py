"""`twinward doctor`: looks a workspace over and says what to do."""

from __future__ import annotations

import argparse

from twinward.app import mending
from twinward.app.maintenance import check_workspace
from twinward.cli.framework.output import emit_fields, emit_json, emit_text
from twinward.cli.main import add_common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "--deep", action="store_true", help="apply the whole log anew, however long it is"
    )
    parser.add_argument(
        "--mend",
        action="store_true",
        help="finish or take into the books what an earlier fault left half done, on record",
    )
    parser.add_argument(
        "--confirm-clock",
        action="store_true",
        help="the machine's clock is right, though it has jumped: follow it from now on",
    )


def run(options: argparse.Namespace) -> int:
    done: dict[str, object] = {}
    if options.confirm_clock:
        done["clock_confirmed"] = mending.confirm_clock(options.workspace)
    if options.mend:
        done["mended"] = mending.mend_workspace(options.workspace)
    findings = check_workspace(options.workspace, deep=options.deep)
    failed = any(finding.status == "fail" for finding in findings)
    if options.json:
        emit_json({"ok": not failed, "findings": findings, **done})
    else:
        if done:
            emit_fields(done)
        for finding in findings:
            emit_text(f"{finding.status:4}  {finding.check:12}  {finding.found}")
            if finding.advice:
                emit_text(f"{'':20}{finding.advice}")
    return 2 if failed else 0
