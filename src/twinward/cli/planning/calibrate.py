"""`twinward calibrate`: fit a series of daily counts and forecast the days after a date."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.framework.output_paths import check_folder
from twinward.cli.framework.progress import progress_bar, progress_lines
from twinward.cli.main import add_common
from twinward.cli.planning.simulate import whole_number
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from twinward.service.planning.forecasting import CalibrationRequest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser, workspace=False)
    parser.add_argument(
        "--observed", type=Path, required=True, help="CSV with the columns date,new"
    )
    parser.add_argument(
        "--until", required=True, metavar="DATE", help="last day that may be known, inclusive"
    )
    parser.add_argument(
        "--predict", default="28", metavar="N", help="days to predict (weeks with --every week)"
    )
    parser.add_argument("--population", help="residents, when known: nobody is counted twice")
    parser.add_argument("--seed", default="1")
    parser.add_argument(
        "--trials", default="192", help="parameter sets to try, in batches of 16 (default 192)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="keep the search; write plots and quantiles"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the search that is kept in --out"
    )
    parser.add_argument(
        "--negative-missing", action="store_true", help="take negative counts as missing days"
    )
    parser.add_argument(
        "--every",
        choices=("day", "week"),
        help="what a row counts, where the dates lie 7 days apart: the week that ends on its date",
    )
    parser.add_argument(
        "--holds",
        choices=("new", "total"),
        help="what the column holds, where it looks like running totals",
    )


def run(options: argparse.Namespace) -> int:
    from twinward.service.planning.forecasting import calibrate, draw

    request = _request(options)
    bar = progress_bar if sys.stderr.isatty() else progress_lines
    with bar("calibrate") as progress:
        forecast, answer = calibrate(request, progress)
    if options.out is not None:
        answer["files"] = draw(forecast, request.until, options.out)
    if options.json:
        emit_json(answer)
    else:
        emit_text(readable(answer, options.until))
    return 0


def _request(options: argparse.Namespace) -> CalibrationRequest:
    from twinward.service.planning.forecasting import CalibrationRequest

    try:
        until = date.fromisoformat(options.until)
    except ValueError as error:
        raise InputError(
            f"{options.until!r} is not a date", "write 2022-03-31", code="bad_date"
        ) from error
    check_folder(options.out)
    return CalibrationRequest(
        path=options.observed,
        until=until,
        days=whole_number(options.predict, "predict"),
        population=None
        if options.population is None
        else whole_number(options.population, "population"),
        seed=whole_number(options.seed, "seed"),
        trials=whole_number(options.trials, "trials"),
        folder=options.out,
        resume=options.resume,
        negative_missing=options.negative_missing,
        every=options.every,
        holds=options.holds,
    )


def readable(answer: dict[str, Any], until: str) -> str:
    """R, the forecast by day, its scores where the days are known, and the check on the past."""
    lines = [
        f"R on {until} is {answer['r']['median']:.2f} ({answer['r']['low_90']:.2f} to "
        f"{answer['r']['high_90']:.2f})"
    ]
    for row in answer.get("weeks") or answer["quantiles"]:
        v = row["values"]
        when = f"week to {row['to']}" if "to" in row else row["date"]
        lines.append(
            f"{when}  {v['0.5']:>12,.0f}   50 % {v['0.25']:,.0f} to {v['0.75']:,.0f}"
            f"   90 % {v['0.05']:,.0f} to {v['0.95']:,.0f}"
        )
    if answer["wis"] is not None:
        lines.append(_scores("these weeks" if "weeks" in answer else "these days", answer))
        lines += [
            _scores(f"  {name.replace('_', ' ')}", score)
            for name, score in answer.get("baselines", {}).items()
        ]
    check = answer["coverage_check"]
    if check is not None:
        lines.append(_scores(f"forecasts from {check['origins']} earlier days", check))
        lines += [
            _scores(f"  {name.replace('_', ' ')}", score)
            for name, score in check["baselines"].items()
        ]
    lines += [f"note: {note}" for note in answer.get("notes", [])]
    return "\n".join(lines)


def _scores(of: str, score: dict[str, Any]) -> str:
    return (
        f"{of}: WIS {score['wis']:,.4g}; inside 50 %: {score['coverage_50']:.0%}; 90 %: "
        f"{score['coverage_90']:.0%}"
    )
