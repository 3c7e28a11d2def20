"""`twinward retention run|kinds|verify`: delete what is past its life, with a receipt that
proves it.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from twinward.app import compose
from twinward.cli.framework.output import emit_fields, emit_json
from twinward.cli.framework.session import add_person, open_for
from twinward.service.access import retention
from twinward.service.intake.movement_import import expire


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="run|kinds|verify")
    for name, what in (
        ("run", "delete what is past its life, when two runs a day apart agree"),
        ("kinds", "what each datum is for and how long it lives"),
        (
            "verify",
            "whether every deletion has its receipt, and every receipt its place in the log",
        ),
    ):
        parts = acts.add_parser(name, help=what)
        add_person(parts)
        if name == "run":
            parts.add_argument(
                "--confirm-clock",
                action="store_true",
                help="the clock is right: delete now what only this run finds due",
            )


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        if options.act == "kinds":
            shown: Mapping[str, object] = {"kinds": list(retention.load_kinds().values())}
        elif options.act == "verify":
            shown = retention.verify_receipts(platform, caller)
        else:
            lake = compose.open_lake(options.workspace)
            shown = retention.run_retention(
                platform,
                caller,
                lambda at: expire(platform, lake, at),
                confirmed=options.confirm_clock,
            )
    if options.json:
        emit_json(shown)
    else:
        emit_fields(shown)
    return 0 if shown.get("ok", True) else 2
