"""`twinward allocate …`: where to open, what to share, who works, how to drive; published
instances or a city.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.logistics import allocate_city
from twinward.service.logistics.benchmark_instances import (
    LOCATE_LIMIT_S,
    ROUTE_LIMIT_S,
    locate_orlib,
    route_vrplib,
)

ROUNDINGS = ("nearest", "dimacs", "none")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    questions = parser.add_subparsers(dest="question", metavar="QUESTION", required=True)
    text = "which p sites to open so that all customers travel least"
    locate = questions.add_parser("locate", help=text, description=text)
    locate.add_argument(
        "--orlib", type=Path, required=True, metavar="FILE", help="p-median in OR-Library form"
    )
    locate.set_defaults(answer=_locate)
    text = "which rounds to drive from one depot"
    route = questions.add_parser("route", help=text, description=text)
    route.add_argument(
        "--vrplib", type=Path, required=True, metavar="FILE", help="CVRP or VRPTW in VRPLIB form"
    )
    route.add_argument(
        "--round", choices=ROUNDINGS, default="nearest", help="of distances; default: nearest"
    )
    route.set_defaults(answer=_route)
    for leaf, limit_s in ((locate, LOCATE_LIMIT_S), (route, ROUTE_LIMIT_S)):
        leaf.add_argument(
            "--time-limit-s",
            type=float,
            default=limit_s,
            metavar="N",
            help=f"default: {limit_s:g}; ends sooner if done",
        )
        leaf.add_argument(
            "--json",
            action="store_true",
            help="one JSON object as the last line of standard output",
        )

    allocate_city.add_questions(questions)


def _locate(options: argparse.Namespace) -> None:
    report = locate_orlib(options.orlib, options.time_limit_s)
    if options.json:
        emit_json(report)
        return
    emit_text(
        f"total distance {report.objective:g}, bound {report.bound:g}, gap {100 * report.gap:.2f} %"
        f" after {report.seconds:.1f} s\nopen: {' '.join(map(str, report.open))}"
    )


def _route(options: argparse.Namespace) -> None:
    report = route_vrplib(options.vrplib, options.round, options.time_limit_s)
    if options.json:
        emit_json(report)
        return
    lines = [
        f"length {report.cost:g} with {report.vehicles} vehicles, no plan is shorter than "
        f"{report.bound:g}"
    ]
    rows = zip(report.routes, report.distances, report.loads, strict=True)
    lines += [
        f"{number}: {' '.join(map(str, nodes))} (length {distance:g}, load {load:g})"
        for number, (nodes, distance, load) in enumerate(rows, start=1)
    ]
    emit_text("\n".join(lines))


def run(options: argparse.Namespace) -> int:
    options.answer(options)
    return 0
