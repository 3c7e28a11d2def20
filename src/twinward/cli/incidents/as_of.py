"""`twinward as-of T VIEW …`: any view as it was at an instant. The past is read and not written."""

from __future__ import annotations

import argparse

from twinward.cli.framework.session import as_time
from twinward.cli.incidents import incident, task
from twinward.cli.tracing import person

VIEWS = {"incident": incident, "task": task, "person": person}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("at", type=as_time, metavar="T", help="RFC 3339 with zone")
    views = parser.add_subparsers(dest="view", required=True, metavar="VIEW")
    for name, module in VIEWS.items():
        module.add_views(views.add_parser(name))


def run(options: argparse.Namespace) -> int:
    return int(VIEWS[options.view].run(options, at=options.at))
