"""`twinward movement SCREEN`: five screens of counts of people on the move, and their reports."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.session import add_person, as_time, open_for

if TYPE_CHECKING:
    from twinward.service.movement.gates import GateReport, Screen

HIDDEN = "hidden"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    screens = parser.add_subparsers(dest="screen", metavar="SCREEN", required=True)
    for name, text, act in (
        ("overview", "the epidemic, the gates and the quarantine in one sentence", overview),
        ("hubs", "arrivals at stations, airports and ports against what is usual", gates),
        ("roads", "checkpoints of highways: in, out, checked, turned back", gates),
        ("control", "areas under measures and how many live in them", control),
        (
            "transferred",
            "people brought to the city, and where they are since",
            transferred,
        ),
        ("watch", "raise groups of whose quarantine nobody has said a word in a day", watch),
        ("report", "take in a CSV file of passages, arrivals or quarantine", report),
    ):
        leaf = screens.add_parser(name, help=text, description=text)
        add_person(leaf)
        leaf.set_defaults(answer=act)
        if name == "report":
            leaf.add_argument("file", type=Path, help="CSV; its columns say what it reports")
            leaf.add_argument("--source", default="movement-file", help="who says so")
        elif name != "watch":
            leaf.add_argument("--area", help="only this area and what lies in it")
            leaf.add_argument("--at", type=as_time, help="as it was known at this instant")


def run(options: argparse.Namespace) -> int:
    options.answer(options)
    return 0


def overview(options: argparse.Namespace) -> None:
    from twinward.service.movement.overview import get_overview

    with open_for(options) as (platform, caller):
        found = get_overview(platform, caller, area=options.area, at=options.at)
    if options.json:
        emit_json(found)
        return
    emit_text(found.sentence.en)
    rows = [
        (name, one.day or "–", one.arrived, one.departed, one.from_risk_areas, one.positive)
        for name, one in (("hubs", found.hubs), ("roads", found.roads))
    ]
    emit_table(("gates", "day", "arrived", "departed", "from risk areas", "positive"), rows)
    total = found.transferred
    emit_text(
        f"transferred: {total.arrived} arrived = {total.in_quarantine} in quarantine + "
        f"{total.released} released + {total.handed_on} handed on + {total.unaccounted} "
        f"unaccounted; {found.alarms} alarms"
    )
    emit_text(
        f"under measures: {found.controlled_areas} areas, {found.controlled_residents} residents"
    )


def gates(options: argparse.Namespace) -> None:
    from twinward.service.movement.gates import list_gates

    screen: Screen = "hubs" if options.screen == "hubs" else "roads"
    with open_for(options) as (platform, caller):
        found: GateReport = list_gates(platform, caller, screen, area=options.area, at=options.at)
    if options.json:
        emit_json(found)
        return
    rows = [
        (
            one.name,
            one.area_name,
            one.day,
            HIDDEN if one.hidden else one.arrived,
            "–" if one.usual is None else f"{one.usual:.0f}",
            "–" if one.change is None else f"{one.change:+.0%}",
            *(
                "–" if value is None else value
                for value in (one.departed, one.from_risk_areas, one.positive, one.turned_back)
            ),
        )
        for one in found.items
    ]
    if rows:
        heads = ("gate", "area", "day", "arrived", "usual", "change", "departed")
        emit_table((*heads, "from risk areas", "positive", "turned back"), rows)
    emit_notes(found.notes)


def control(options: argparse.Namespace) -> None:
    from twinward.service.movement.control import get_control

    with open_for(options) as (platform, caller):
        found = get_control(platform, caller, area=options.area, at=options.at)
    if options.json:
        emit_json(found)
        return
    if found.items:
        emit_table(
            ("area", "level", "residents", "measures", "gates"),
            [
                (
                    one.name,
                    one.level,
                    one.residents,
                    ", ".join(measure.measure for measure in one.measures),
                    one.gates,
                )
                for one in found.items
            ],
        )
    emit_notes(found.notes)


def transferred(options: argparse.Namespace) -> None:
    from twinward.service.movement.transferred import COUNTED, list_transferred

    with open_for(options) as (platform, caller):
        found = list_transferred(platform, caller, area=options.area, at=options.at)
    if options.json:
        emit_json(found)
        return
    rows = [
        (
            one.group,
            one.area_name,
            one.origin,
            one.day,
            *(HIDDEN if one.hidden else getattr(one, name) for name in COUNTED),
            one.state,
        )
        for one in found.items
    ]
    if rows:
        heads = ("group", "area", "from", "day", "arrived", "in quarantine", "released")
        emit_table((*heads, "handed on", "unaccounted", "state"), rows)
    emit_text(f"{found.alarms} alarms, {found.awaited} awaited")
    emit_notes(found.notes)


def watch(options: argparse.Namespace) -> None:
    from twinward.service.movement.transferred import raise_unaccounted

    with open_for(options) as (platform, caller):
        raised = raise_unaccounted(platform, caller)
        platform.loop.catch_up()
    if options.json:
        emit_json({"raised": raised})
    else:
        emit_text("\n".join(raised) or "nobody is missing who was not known to be")


def report(options: argparse.Namespace) -> None:
    from twinward.service.movement.reports import report_movement

    with open_for(options) as (platform, caller):
        found = report_movement(platform, caller, options.file, options.source)
    if options.json:
        emit_json(found)
        return
    emit_text(f"received {found.received}, stored {found.stored}, duplicate {found.duplicate}")
    for one in found.rejected:
        emit_text(f"row {one.index + 1}: {one.message}. {one.advice}".removesuffix(". "))


def emit_notes(notes: list[str]) -> None:
    for note in notes:
        emit_text(f"note: {note}")
