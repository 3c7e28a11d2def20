"""`twinward calibrate`: fit a series of daily counts and forecast the days after a date."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from twinward.cli.main import add_common
from twinward.cli.output import emit_json, emit_text
from twinward.cli.simulate import whole_number
from twinward.core.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser, workspace=False)
    parser.add_argument("--observed", type=Path, required=True, help="CSV with the columns date,new")
    parser.add_argument("--until", required=True, metavar="DATE", help="last day that may be known, inclusive")
    parser.add_argument("--predict", default="28", metavar="N", help="days to predict after it")
    parser.add_argument("--population", help="residents, when known: nobody is counted twice")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write plots of the forecast and the posterior")


def run(options: argparse.Namespace) -> int:
    from twinward.service.calibration import calibrate, draw

    try:
        until = date.fromisoformat(options.until)
    except ValueError as error:
        raise InputError(f"{options.until!r} is not a date", "write 2022-03-31", code="bad_date") from error
    population = None if options.population is None else whole_number(options.population, "population")
    if options.out is not None and not options.out.resolve().parent.is_dir():
        raise InputError(f"--out {options.out}: there is no folder to put it in", "make it first", code="no_folder")
    days, seed = whole_number(options.predict, "predict"), whole_number(options.seed, "seed")
    forecast, answer = calibrate(options.observed, until, days, population, seed)
    if options.out is not None:
        answer["files"] = draw(forecast, until, options.out)
    if options.json:
        emit_json(answer)
        return 0
    lines = [
        f"R on {until} is {answer['r']['median']:.2f} ({answer['r']['low_90']:.2f} to {answer['r']['high_90']:.2f})"
    ]
    for row in answer["quantiles"]:
        v = row["values"]
        lines.append(f"{row['date']}  {v['0.5']:>12,.0f}   50 % {v['0.25']:,.0f} to {v['0.75']:,.0f}"
                     f"   90 % {v['0.05']:,.0f} to {v['0.95']:,.0f}")  # fmt: skip
    if answer["wis"] is not None:
        lines.append(
            f"WIS {answer['wis']:,.0f}; inside 50 %: {answer['coverage_50']:.0%}; 90 %: {answer['coverage_90']:.0%}"
        )
    emit_text("\n".join(lines))
    return 0
