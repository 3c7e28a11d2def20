"""`twinward plan compare --hazard flood …`: plans against a physical hazard on common members."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.session import open_for

KINDS = ("source", "rupture", "ignition")


def add_forcing(parser: argparse.ArgumentParser) -> None:
    """What drives a physical hazard."""
    group = parser.add_argument_group("plans against a flood, fire, chemical or earthquake")
    group.add_argument("--scenario", metavar="NAME", help="a scenario of the library")
    group.add_argument("--rain", metavar="FILE", help="mm/h, or a CSV of time_s,value")
    for name in KINDS:
        group.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"the {name} (TOML)")
    group.add_argument("--hours", type=float, default=6.0, help="how far the hazard is run")
    group.add_argument("--members", type=int, help="common members (default: --replicates)")
    group.add_argument("--cell-m", type=float, default=250.0, help="width of terrain cells")
    group.add_argument("--terrain", type=Path, metavar="FILE", help="elevation of the city")


def is_physical_hazard(hazard: str | None) -> bool:
    """Whether the comparison is of a hazard with a model that runs over a city."""
    from twinward.service.hazards.comparison import is_physical

    return is_physical(hazard)


def run_hazard(options: argparse.Namespace) -> int:
    from twinward.service.hazards.comparison import compare_on_hazard
    from twinward.service.hazards.forecasts import HazardRequest

    request = HazardRequest(
        hazard=options.hazard,
        scenario=options.scenario,
        rain=options.rain,
        forcing=next((getattr(options, name) for name in KINDS if getattr(options, name)), None),
        terrain=options.terrain,
        residents=options.residents,
        city=options.workspace / "city" if options.residents is None else None,
        hours=options.hours,
        members=options.members or options.replicates,
        cell_m=options.cell_m,
        seed=options.seed,
    )
    if options.residents is None:
        with open_for(options) as (platform, _):
            library: Any = platform.reference.library
    else:
        library = None
    ranked = "" if options.rank_by == "cost" else options.rank_by
    sheet = compare_on_hazard(library, request, tuple(options.plans), ranked)
    if options.json:
        emit_json(sheet)
        return 0
    names = list(sheet.plans[0].figures)
    emit_table(
        ["place", "plan", "odds", *names],
        [
            [
                one.place,
                one.id,
                "-" if one.probability_best is None else f"{one.probability_best:.0%}",
                *(f"{one.figures[name].mean:,.1f}" for name in names),
            ]
            for one in sheet.plans
        ],
    )
    emit_text(f"\n{sheet.why['en']}\n{sheet.why['zh']}")
    return 0
