"""`twinward surveil cities`: where an outbreak in one city goes next."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.parser import finite, whole
from twinward.cli.main import add_common

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs
    from twinward.service.surveillance.between_cities import Interval

SHOWN = 25


def add_arguments(questions: Verbs) -> None:
    text = "arrival and importation between cities, from flows of people"
    leaf = questions.add_parser("cities", help=text, description=text)
    add_common(leaf, workspace=False)
    leaf.add_argument(
        "--flows", type=Path, required=True, help="CSV with the columns from,to,day,people"
    )
    leaf.add_argument(
        "--population", type=Path, required=True, help="CSV with the columns city,population"
    )
    leaf.add_argument("--seed-city", required=True, metavar="CITY")
    leaf.add_argument("--infected", type=whole, default=10, help="in the seed city on day 0")
    leaf.add_argument("--r", type=finite, default=2.5, help="reproduction number (default 2.5)")
    leaf.add_argument("--latent", type=finite, default=3.0, metavar="DAYS")
    leaf.add_argument("--infectious", type=finite, default=5.0, metavar="DAYS")
    leaf.add_argument("--days", type=whole, default=180)
    leaf.add_argument("--runs", type=whole, default=100)
    leaf.add_argument(
        "--travel-factor", type=finite, default=1.0, help="of the flows that still travel"
    )
    leaf.add_argument(
        "--travel-from", type=whole, default=0, metavar="DAY", help="from which the factor holds"
    )
    leaf.add_argument("--seed", type=whole, default=1)
    leaf.add_argument(
        "--keep",
        type=Path,
        metavar="WORKSPACE",
        help="keep the run, and one with half the travel, for the screen of this workspace",
    )
    leaf.set_defaults(answer=_answer)


def _answer(options: argparse.Namespace) -> None:
    from twinward.core.clock import SystemClock
    from twinward.service.surveillance.between_cities import make_settings, spread_between_cities
    from twinward.service.surveillance.kept_cities import keep_cities

    settings = make_settings(
        r=options.r,
        latent_d=options.latent,
        infectious_d=options.infectious,
        infected=options.infected,
        days=options.days,
        runs=options.runs,
        travel_factor=options.travel_factor,
        travel_from_d=options.travel_from,
        seed=options.seed,
    )
    asked = (options.flows, options.population, options.seed_city, settings)
    if options.keep is not None:
        found = keep_cities(options.keep, *asked, SystemClock().now()).as_asked
    else:
        found = spread_between_cities(*asked)
    if options.json:
        emit_json(found)
        return
    rows = [
        [
            row.city,
            _days(row.arrival_day),
            f"{row.probability:.0%}",
            _days(row.imports_7),
            _days(row.imports_14),
        ]
        for row in found.cities[:SHOWN]
    ]
    emit_table(["city", "arrival day", "arrives", "imports 7 d", "imports 14 d"], rows)
    for note in found.notes:
        emit_text(f"note: {note}")


def _days(interval: Interval) -> str:
    if interval.median is None:
        return "-"
    high = "never" if interval.high_90 is None else f"{interval.high_90:.0f}"
    return f"{interval.median:.0f} ({interval.low_90:.0f} to {high})"
