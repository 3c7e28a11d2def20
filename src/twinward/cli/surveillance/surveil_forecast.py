"""`twinward surveil forecast`: many series of counts in one call."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinward.cli.framework.output import emit_json, emit_table, emit_text, write_file
from twinward.cli.framework.output_paths import check_file
from twinward.cli.framework.parser import whole
from twinward.cli.main import add_common
from twinward.cli.surveillance.surveil_nowcast import a_date
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs

SHOWN = 40


def add_arguments(questions: Verbs) -> None:
    text = "forecasts of many series of counts, by area and for the whole"
    leaf = questions.add_parser("forecast", help=text, description=text)
    add_common(leaf, workspace=False)
    leaf.add_argument(
        "--observed", type=Path, required=True, help="CSV with the columns area,date,new"
    )
    leaf.add_argument("--until", required=True, metavar="DATE", help="last day that may be known")
    leaf.add_argument(
        "--predict", type=whole, default=28, metavar="N", help="days, or weeks of weekly counts"
    )
    leaf.add_argument(
        "--weekly",
        action="store_true",
        help="of counts of days: sums of the N weeks that follow --until",
    )
    leaf.add_argument(
        "--change",
        metavar="DATE,FACTOR[,SD]",
        help="a plan in force: R is multiplied by FACTOR from DATE on",
    )
    leaf.add_argument(
        "--hub", type=Path, metavar="FILE", help="write the forecasts as a file of forecast hubs"
    )
    leaf.add_argument("--target", default="inc case", help="name of the target in the hub file")
    leaf.set_defaults(answer=_answer)


def _answer(options: argparse.Namespace) -> None:
    from twinward.service.surveillance.forecasts import ForecastRequest, forecast_areas
    from twinward.service.surveillance.hub_files import make_hub_file

    check_file(options.hub, "hub")

    change = None if options.change is None else _change(options.change)
    found = forecast_areas(
        ForecastRequest(
            observed=options.observed,
            until=a_date(options.until, "--until"),
            predict=options.predict,
            change=change,
            weekly=options.weekly,
        )
    )
    if options.hub is not None:
        write_file(options.hub, make_hub_file(found, options.target).encode())
    if options.json:
        emit_json(found)
        return
    rows = [
        [
            row.area,
            str(row.date),
            f"{row.quantiles['0.5']:,.0f}",
            f"{row.quantiles['0.05']:,.0f} to {row.quantiles['0.95']:,.0f}",
        ]
        for row in (*found.total, *found.rows)[:SHOWN]
    ]
    emit_table(["area", found.every, "median", "90 %"], rows)
    for note in found.notes:
        emit_text(f"note: {note}")


def _change(text: str) -> tuple[date, Any]:
    from twinward.service.surveillance.forecasts import make_change

    parts = text.split(",")
    try:
        begins = a_date(parts[0], "--change")
        factor, *rest = (float(part) for part in parts[1:])
    except ValueError as error:
        raise InputError(
            f"--change must be a date and a factor, got {text!r}",
            "write --change 2022-04-01,0.4,0.2",
            code="bad_change",
        ) from error
    return begins, make_change(factor, *rest[:1])
