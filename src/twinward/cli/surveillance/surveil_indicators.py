"""`twinward surveil indicators`: cases, imports, tests and beds of an area, by day or week."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_table
from twinward.cli.framework.parser import whole
from twinward.cli.framework.session import add_person, as_time, open_for

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs

HEADS = ("to", "new", "imported", "suspected", "dead", "recovered", "tests", "positive", "beds")


def add_arguments(questions: Verbs) -> None:
    text = "cases, imports, tests and positivity, beds of an area, by day or week"
    leaf = questions.add_parser("indicators", help=text, description=text)
    add_person(leaf)
    leaf.add_argument("--area", help="an area of the city; without it the whole")
    leaf.add_argument("--hazard", help="without it the one with the most cases")
    leaf.add_argument("--every", choices=("day", "week"), default="day", help="how long a row is")
    leaf.add_argument("--periods", type=whole, default=28, help="how many rows")
    leaf.add_argument("--at", type=as_time, help="as it was known at this instant")
    leaf.set_defaults(answer=_answer)


def _answer(options: argparse.Namespace) -> None:
    from twinward.service.surveillance.indicators import list_indicators

    with open_for(options) as (platform, caller):
        found = list_indicators(
            platform,
            caller,
            area=options.area,
            hazard=options.hazard,
            every=options.every,
            periods=options.periods,
            at=options.at,
        )
    if options.json:
        emit_json({"rows": found})
        return
    rows = [
        (
            one.to,
            *(
                "–" if value is None else value
                for value in (
                    one.new,
                    one.imported,
                    one.suspected,
                    one.dead,
                    one.recovered,
                    one.tests,
                )
            ),
            "–" if one.positivity is None else f"{one.positivity:.1%}",
            "–" if one.beds is None else f"{one.beds_in_use or 0} of {one.beds}",
        )
        for one in found
    ]
    emit_table(HEADS, rows)
