"""`twinward doctor`: looks a workspace over and says what to do."""

from __future__ import annotations

import argparse

from twinward.app import compose
from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.main import add_common


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "--deep", action="store_true", help="apply the whole log anew, however long it is"
    )


def run(options: argparse.Namespace) -> int:
    findings = compose.check_workspace(options.workspace, deep=options.deep)
    failed = any(finding.status == "fail" for finding in findings)
    if options.json:
        emit_json({"ok": not failed, "findings": findings})
    else:
        for finding in findings:
            emit_text(f"{finding.status:4}  {finding.check:12}  {finding.found}")
            if finding.advice:
                emit_text(f"{'':20}{finding.advice}")
    return 2 if failed else 0
