"""`twinward surveil nowcast`: the last days as they will be when all reports are in."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.main import add_common
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs

SHOWN = 21


def add_arguments(questions: Verbs) -> None:
    text = "counts of the last days as they will be when all reports are in"
    leaf = questions.add_parser("nowcast", help=text, description=text)
    add_common(leaf, workspace=False)
    leaf.add_argument(
        "--triangle",
        type=Path,
        required=True,
        help="CSV with the columns reference_date,report_date,count",
    )
    leaf.add_argument("--at", required=True, metavar="DATE", help="last day of report, inclusive")
    leaf.set_defaults(answer=_answer)


def _answer(options: argparse.Namespace) -> None:
    from twinward.service.surveillance.nowcasts import nowcast

    found = nowcast(options.triangle, a_date(options.at, "--at"))
    if options.json:
        emit_json(found)
        return
    rows = [
        [
            str(row.date),
            f"{row.reported:,.0f}",
            f"{row.quantiles['0.5']:,.0f}",
            f"{row.quantiles['0.05']:,.0f} to {row.quantiles['0.95']:,.0f}",
            f"{row.complete:.0%}",
        ]
        for row in found.rows[-SHOWN:]
    ]
    emit_table(["day", "reported", "nowcast", "90 %", "complete"], rows)
    for note in found.notes:
        emit_text(f"note: {note}")


def a_date(text: str, name: str) -> date:
    """A date as an option gives it; InputError `bad_date`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{name} {text!r} is not a date", "write 2022-03-31", code="bad_date"
        ) from error
