"""`twinward surveil QUESTION …`: each question adds its own leaf verb."""

from __future__ import annotations

import argparse
import importlib
from importlib.util import find_spec

# each module has add_arguments(questions), which adds leaf parsers with set_defaults(answer=…)
MODULES = tuple(
    f"twinward.cli.surveillance.surveil_{name}"
    for name in (
        "rt",
        "alarm",
        "scan",
        "nowcast",
        "forecast",
        "cities",
        "signals",
        "indicators",
        "hub",
    )
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    questions = parser.add_subparsers(dest="question", metavar="QUESTION", required=True)
    for name in MODULES:
        if find_spec(name):
            importlib.import_module(name).add_arguments(questions)


def run(options: argparse.Namespace) -> int:
    return int(options.answer(options) or 0)
