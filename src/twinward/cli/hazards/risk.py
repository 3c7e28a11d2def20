"""`twinward risk list|add|simulate|fire|fired`: chains between hazards, and what they set off."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.session import add_person, open_for
from twinward.cli.main import add_common
from twinward.core.errors import InputError
from twinward.service.hazards import risks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(
        dest="act", required=True, metavar="list|add|simulate|cascade|fire|fired"
    )
    listing = acts.add_parser("list", help="the chains, and the workspace's own")
    adding = acts.add_parser("add", help="add the chains of a TOML file to the workspace")
    adding.add_argument("file", type=Path)
    running = acts.add_parser("simulate", help="what a hazard sets off, with chances and delays")
    running.add_argument("first", help="the hazard that a chain begins with")
    running.add_argument(
        "--figure", action="append", default=[], metavar="NAME=VALUE", help="e.g. pga_g=0.3"
    )
    running.add_argument("--members", type=int, default=1000)
    running.add_argument("--seed", type=int, default=1)
    cascade = acts.add_parser("cascade", help="a quake, its fires, closed roads and hospitals")
    cascade.add_argument("--scenario", metavar="NAME", help="an earthquake of the library")
    cascade.add_argument("--rupture", type=Path, metavar="FILE", help="the rupture (TOML)")
    cascade.add_argument(
        "--members", type=int, default=100, help="runs, each joint from end to end"
    )
    cascade.add_argument("--seed", type=int, default=1)
    cascade.add_argument("--residents", type=int, help="a plain city, not the workspace's")
    add_common(cascade)
    firing = acts.add_parser("fire", help="a link was seen to hold: open the next incident")
    firing.add_argument("incident", help="the incident that is the cause")
    firing.add_argument("rule", help="id of the chain's rule")
    firing.add_argument("--area", help="where; default: the areas of the incident")
    firing.add_argument("--because", required=True, help="what was seen")
    fired = acts.add_parser("fired", help="links that fired, and what each opened")
    fired.add_argument("--incident", help="only those before and after this incident")
    for leaf in (adding, firing, fired):
        add_person(leaf)
    for leaf in (listing, running):
        add_common(leaf)


def run(options: argparse.Namespace) -> int:
    if options.act == "cascade":
        return run_cascade(options)
    if options.act in ("fire", "fired"):
        return run_fired(options)
    own = options.workspace if options.workspace.is_dir() else None
    if options.act == "simulate":
        return simulate(options, own)
    if options.act == "add":
        with open_for(options) as (platform, _):
            rules = risks.add_risks(platform.workspace, options.file)
    else:
        rules = risks.list_risks(own)
    if options.json:
        emit_json({"chains": rules})
        return 0
    rows = [
        [one.id, one.cause, one.effect, one.probability, one.delay_h, one.evidence] for one in rules
    ]
    emit_table(["id", "cause", "effect", "probability", "delay_h", "evidence"], rows)
    return 0


def run_cascade(options: argparse.Namespace) -> int:
    from twinward.service.hazards.comparison import follow_quake
    from twinward.service.hazards.forecasts import HazardRequest

    answer = follow_quake(
        HazardRequest(
            hazard="earthquake",
            scenario=options.scenario,
            forcing=options.rupture,
            residents=options.residents,
            city=options.workspace / "city" if options.residents is None else None,
            members=options.members,
            seed=options.seed,
        )
    )
    if options.json:
        emit_json(answer)
        return 0
    rows = [
        [one.name, f"{one.mean:,.3g}", f"{one.quantiles[0]:,.3g}", f"{one.quantiles[4]:,.3g}"]
        for one in answer.stages
    ]
    emit_table(["what follows", "mean", "5 %", "95 %"], rows)
    emit_text(f"hospitals over their beds: {answer.p_hospitals_over:.0%} of {answer.members}")
    return 0


def run_fired(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        if options.act == "fire":
            given = (options.incident, options.rule, options.because, options.area)
            found = [risks.fire_link(platform, caller, *given)]
        else:
            found = risks.list_fired(platform, caller, options.incident)
    if options.json:
        emit_json(found[0] if options.act == "fire" else {"links": found})
        return 0
    for one in found:
        emit_text(
            f"{'  ' * (one.depth - 1)}{one.rule}: {one.incident} -> {one.effect} "
            f"({one.opened or 'no incident of its own'}), {one.because}"
        )
    return 0


def simulate(options: argparse.Namespace, own: Path | None) -> int:
    figures = dict(figure_of(text) for text in options.figure)
    answer = risks.simulate_risks(options.first, figures, options.members, options.seed, own)
    if options.json:
        emit_json(answer)
        return 0
    for link in answer.links:
        indent = "  " * (link.depth - 1)
        emit_text(
            f"{indent}{link.cause} -> {link.effect}: {link.probability:.0%}, "
            f"{link.at_h[1]:.1f} h ({link.at_h[0]:.1f} to {link.at_h[2]:.1f})"
        )
    return 0


def figure_of(text: str) -> tuple[str, float]:
    """NAME=VALUE as a pair; InputError `bad_figure`."""
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError as error:
        raise InputError(
            f"--figure {text} is not NAME=VALUE", "write pga_g=0.3", code="bad_figure"
        ) from error
