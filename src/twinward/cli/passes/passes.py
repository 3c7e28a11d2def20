"""`twinward pass ACT …`: signed passes, their keys, status lists and the offline verifier."""

from __future__ import annotations

import argparse

from twinward.cli.passes import (
    pass_ahead,
    pass_declare,
    pass_issue,
    pass_keys,
    pass_place,
    pass_serve,
    pass_status,
    pass_verify,
)

PARTS = (
    pass_keys,
    pass_issue,
    pass_ahead,
    pass_verify,
    pass_status,
    pass_place,
    pass_serve,
    pass_declare,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    names = "|".join(name for part in PARTS for name in part.NAMES)
    acts = parser.add_subparsers(dest="act", required=True, metavar=names)
    for part in PARTS:
        part.add_verbs(acts)


def run(options: argparse.Namespace) -> int:
    part = next(one for one in PARTS if options.act in one.NAMES)
    return int(part.run(options))
