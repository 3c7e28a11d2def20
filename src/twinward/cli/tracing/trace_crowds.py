"""`twinward trace visited|dwell|flows`: who was in areas, and how many moved between them."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.app import compose
from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.service.tracing.questions import read_json

LISTED = 50  # rows shown to a person; JSON holds what --limit allows


def add_arguments(questions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    visited = questions.add_parser(
        "visited", help="who passed through areas, and who stayed (two answers)"
    )
    visited.add_argument(
        "--areas", type=Path, required=True, metavar="FILE", help="GeoJSON polygons or discs"
    )
    visited.add_argument("--days", type=float, required=True, metavar="N")
    visited.add_argument(
        "--to",
        dest="end",
        type=as_time,
        metavar="T",
        help="end of the days; default the newest data",
    )
    whom = visited.add_mutually_exclusive_group(required=True)
    whom.add_argument("--all", action="store_true", help="everyone")
    whom.add_argument("--subject", metavar="S", help="pseudonym of the person")
    visited.set_defaults(answer=answer_visited)
    dwell = questions.add_parser("dwell", help="who stayed long in areas")
    dwell.add_argument("--areas", type=Path, required=True, metavar="FILE")
    dwell.add_argument("--over-h", type=float, default=2.0, metavar="H")
    dwell.set_defaults(answer=answer_dwell)
    flows = questions.add_parser(
        "flows", help="how many moved: aggregates, small counts hidden; no activation needed"
    )
    flows.add_argument("--by", dest="level", metavar="LEVEL", help="a level of the city's areas")
    flows.add_argument("--areas", type=Path, metavar="FILE")
    flows.add_argument("--per", default="hour", metavar="hour|day")
    flows.add_argument("--view", default="od", metavar="od|hub|highway|transferred")
    flows.set_defaults(answer=answer_flows)
    for sub in (dwell, flows):
        sub.add_argument("--from", dest="start", type=as_time, metavar="T")
        sub.add_argument("--to", dest="end", type=as_time, metavar="T")
    for sub in (visited, dwell):
        sub.add_argument(
            "--limit",
            type=int,
            metavar="N",
            help="most persons to list (with --all: none by default)",
        )
    for sub in (visited, dwell, flows):
        add_person(sub)


def answer_visited(options: argparse.Namespace) -> int:
    limit = 0 if options.all and options.limit is None else options.limit
    with open_for(options) as (platform, caller):
        tracing = compose.make_tracing(platform, caller)
        result = tracing.visited(
            read_json(options.areas), options.days, options.end, options.subject, limit
        )
    head = (
        f"{result['passed_through']} passed through, {result['stayed']} stayed, of "
        f"{result['people']}"
    )
    lines = [
        f"{row['subject']:>20}  {row['area']:<20} {row['hours']:>7} h"
        for row in result["presences"][:LISTED]
    ]
    return show(options, result, [head, *lines])


def answer_dwell(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        tracing = compose.make_tracing(platform, caller)
        result = tracing.dwell(
            read_json(options.areas), options.over_h, options.start, options.end, options.limit
        )
    head = f"{result['stays']} stays over {result['over_h']} h, {result['subjects']} persons"
    lines = [
        f"{row['subject']:>20}  {row['area']:<20} {row['hours']:>7} h"
        for row in result["dwells"][:LISTED]
    ]
    return show(options, result, [head, *lines])


def answer_flows(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        tracing = compose.make_tracing(platform, caller)
        areas = None if options.areas is None else read_json(options.areas)
        result = tracing.flows(
            areas, options.level, options.start, options.end, view=options.view, per=options.per
        )
    lines = [
        "  ".join("<k" if value is None else str(value) for value in row.values())
        for row in result["rows"][:LISTED]
    ]
    return show(
        options, result, [f"{len(result['rows'])} cells, {result['suppressed']} hidden", *lines]
    )


def show(options: argparse.Namespace, result: dict[str, object], lines: list[str]) -> int:
    if options.json:
        emit_json(result)
    else:
        emit_text("\n".join(lines))
    return 0
