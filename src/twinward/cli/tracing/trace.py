"""`twinward trace QUESTION …`: finds the question's module; each adds its own leaf verbs."""

from __future__ import annotations

import argparse
import importlib
from importlib.util import find_spec

# each module has add_arguments(questions), which adds leaf parsers with
# set_defaults(answer=function of the options)
MODULES = (
    "twinward.cli.tracing.trace_persons",
    "twinward.cli.tracing.trace_crowds",
    "twinward.cli.tracing.trace_chain",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    questions = parser.add_subparsers(dest="question", metavar="QUESTION", required=True)
    for name in MODULES:
        if find_spec(name):
            importlib.import_module(name).add_arguments(questions)


def run(options: argparse.Namespace) -> int:
    return int(options.answer(options) or 0)
