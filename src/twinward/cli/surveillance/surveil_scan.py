"""`twinward surveil scan`: clusters of cases in space, or in space and time."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.parser import finite, whole
from twinward.cli.main import add_common

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs

SHOWN_AREAS = 6


def add_arguments(questions: Verbs) -> None:
    text = "clusters of cases: circles, or cylinders in space and time"
    leaf = questions.add_parser("scan", help=text, description=text)
    add_common(leaf, workspace=False)
    leaf.add_argument(
        "--cases", type=Path, required=True, help="CSV with the columns area,cases[,date]"
    )
    leaf.add_argument("--population", type=Path, help="CSV with the columns area,population")
    leaf.add_argument(
        "--points", type=Path, required=True, help="CSV with the columns area,lon,lat or area,x,y"
    )
    leaf.add_argument("--space-time", action="store_true", help="scan windows of time as well")
    leaf.add_argument(
        "--max-share", type=finite, default=0.5, help="of the population in a circle (default 0.5)"
    )
    leaf.add_argument("--max-distance", type=finite, help="radius in km, or in units of x,y")
    leaf.add_argument("--max-days", type=whole, help="longest window (default: half the time)")
    leaf.add_argument("--replicates", type=whole, default=999, help="random maps (default 999)")
    leaf.add_argument("--seed", type=whole, default=1)
    leaf.add_argument(
        "--model",
        choices=("poisson", "permutation"),
        default="poisson",
        help="permutation needs no population, only dates",
    )
    leaf.add_argument(
        "--prospective", action="store_true", help="only clusters that still last on the last day"
    )
    leaf.set_defaults(answer=_answer)


def _answer(options: argparse.Namespace) -> None:
    from twinward.core.errors import InputError
    from twinward.service.surveillance.clusters import ScanRequest, scan

    if options.population is None and options.model == "poisson":
        raise InputError(
            "the poisson scan needs a population",
            "name it with --population, or use --model permutation",
            code="no_population",
        )
    far = math.inf if options.max_distance is None else options.max_distance
    found = scan(
        ScanRequest(
            cases=options.cases,
            population=options.population,
            points=options.points,
            space_time=options.space_time,
            max_share=options.max_share,
            replicates=options.replicates,
            seed=options.seed,
            model=options.model,
            prospective=options.prospective,
            max_distance=far,
            max_days=options.max_days,
        )
    )
    if options.json:
        emit_json(found)
        return
    emit_text(f"{found.cases:,} cases in {found.places:,} places")
    rows = [
        [
            f"{row.cases}",
            f"{row.expected:.1f}",
            f"{row.llr:.3f}",
            f"{row.p:.3f}",
            "-" if row.start is None else f"{row.start} to {row.end}",
            " ".join(row.areas[:SHOWN_AREAS]) + (" …" if len(row.areas) > SHOWN_AREAS else ""),
        ]
        for row in found.clusters
    ]
    emit_table(["cases", "expected", "LLR", "p", "days", "areas"], rows)
    for note in found.notes:
        emit_text(f"note: {note}")
