"""`twinward surveil rt`: the reproduction number of a file of daily counts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.parser import finite, whole
from twinward.cli.main import add_common
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs

SHOWN = 28  # rows for a person; --json has all


def add_arguments(questions: Verbs) -> None:
    text = "the reproduction number with its uncertainty"
    leaf = questions.add_parser("rt", help=text, description=text)
    add_common(leaf, workspace=False)
    leaf.add_argument(
        "--observed", type=Path, required=True, help="CSV with the columns date,new[,imported]"
    )
    leaf.add_argument(
        "--si",
        required=True,
        metavar="MEAN,SD|FILE",
        help="serial interval in days, or a file with a probability a line from day 0",
    )
    leaf.add_argument("--window", type=whole, default=7, help="days, of cori (default 7)")
    leaf.add_argument("--method", choices=("cori", "filter"), default="cori")
    leaf.add_argument(
        "--delay", metavar="MEAN,SD", help="days from infection to report: R by day of infection"
    )
    leaf.set_defaults(answer=_answer)


def _answer(options: argparse.Namespace) -> None:
    from twinward.service.surveillance.reproduction import RRequest, estimate_r

    found = estimate_r(
        RRequest(
            observed=options.observed,
            serial_interval=options.si,
            window=options.window,
            method=options.method,
            delay=None if options.delay is None else two_numbers(options.delay, "--delay"),
        )
    )
    if options.json:
        emit_json(found)
        return
    rows = [
        [
            f"{row.start} to {row.end}",
            f"{row.mean:.2f}",
            f"{row.quantiles['0.025']:.2f} to {row.quantiles['0.975']:.2f}",
        ]
        for row in found.rows[-SHOWN:]
    ]
    emit_table(["days", "R", "95 %"], rows)
    for note in found.notes:
        emit_text(f"note: {note}")


def two_numbers(text: str, name: str) -> tuple[float, float]:
    """`7,4` as two numbers; InputError for anything else."""
    try:
        first, second = (finite(part) for part in text.split(","))
    except (ValueError, argparse.ArgumentTypeError) as error:
        raise InputError(
            f"{name} must be two numbers, got {text!r}", "write 7,4", code="bad_numbers"
        ) from error
    return first, second
