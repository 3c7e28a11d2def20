"""`twinward plan …`: plans compared, searched for and adopted."""

from __future__ import annotations

import argparse

from twinward.cli.plan_compare import add_acts, run_act


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="compare|search|adopt")
    add_acts(acts)


def run(options: argparse.Namespace) -> int:
    return run_act(options)
