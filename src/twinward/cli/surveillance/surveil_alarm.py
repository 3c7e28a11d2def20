"""`twinward surveil alarm`: counts above what is usual."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.parser import finite
from twinward.cli.main import add_common
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs

METHODS = ("farrington", "ears-c1", "ears-c2", "ears-c3", "cusum")


def add_arguments(questions: Verbs) -> None:
    text = "days or weeks with more cases than usual"
    leaf = questions.add_parser("alarm", help=text, description=text)
    add_common(leaf, workspace=False)
    leaf.add_argument("--observed", type=Path, required=True, help="CSV with the columns date,new")
    leaf.add_argument("--method", choices=METHODS, default="farrington")
    leaf.add_argument(
        "--alpha",
        type=finite,
        help="one-sided error of a threshold; for cusum the share of steps with a false alarm",
    )
    leaf.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="FROM..TO",
        help="a past outbreak that is no part of the baseline; may be given again",
    )
    leaf.set_defaults(answer=_answer)


def _answer(options: argparse.Namespace) -> None:
    from twinward.service.surveillance.alarms import detect

    excluded = tuple(_span(text) for text in options.exclude)
    found = detect(options.observed, options.method, options.alpha, excluded)
    if options.json:
        emit_json(found)
        return
    alarms = [row for row in found.rows if row.alarm]
    emit_text(f"{len(alarms)} alarms in {len(found.rows)} judged by {found.method}")
    if alarms:
        emit_table(
            ["date", "observed", "expected", "threshold"],
            [
                [str(row.date), f"{row.observed:g}", f"{row.expected:.1f}", f"{row.threshold:.1f}"]
                for row in alarms
            ],
        )
    for note in found.notes:
        emit_text(f"note: {note}")


def _span(text: str) -> tuple[date, date]:
    try:
        start, end = (date.fromisoformat(part) for part in text.split(".."))
    except ValueError as error:
        raise InputError(
            f"--exclude must be two dates, got {text!r}",
            "write 2012-03-05..2012-06-24",
            code="bad_span",
        ) from error
    return start, end
