"""`twinward vault open|rotate|break-glass|notices`: names behind pseudonyms, each opening on
record first.
"""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from twinward.cli.framework.output import emit_fields, emit_json
from twinward.cli.framework.session import add_person, open_for
from twinward.core.errors import InputError
from twinward.service.access import approvals, vault


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(
        dest="act", required=True, metavar="open|rotate|break-glass|notices"
    )
    opening = acts.add_parser(
        "open", help="the person behind a pseudonym, or those of a confirmed bulk opening"
    )
    opening.add_argument("subject", nargs="?")
    opening.add_argument("--change", help="a confirmed bulk opening, see `twinward change propose`")
    opening.add_argument("--reason", required=True)
    glass = acts.add_parser(
        "break-glass", help="look outside one's jurisdiction; announced at once"
    )
    glass.add_argument("--areas", required=True)
    glass.add_argument("--hours", type=float, default=1.0, help="up to 4")
    glass.add_argument("--reason", required=True)
    rotating = acts.add_parser("rotate", help="a new key; everything sealed anew")
    notices = acts.add_parser("notices", help="what one's role must know about one's areas")
    for sub in (opening, glass, rotating, notices):
        add_person(sub)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        shown = act(platform, caller, options)
    if options.json:
        emit_json(shown)
    else:
        emit_fields(shown)
    return 0


def act(platform: Any, caller: Any, options: argparse.Namespace) -> dict[str, Any]:
    if options.act == "rotate":
        return {"sealed_anew": vault.rotate_keys(platform, caller)}
    if options.act == "break-glass":
        return approvals.break_glass(
            platform, caller, tuple(options.areas.split(",")), options.hours, options.reason
        )
    if options.act == "notices":
        return {
            "notices": [
                msgspec.structs.asdict(row) for row in approvals.list_notices(platform, caller)
            ]
        }
    if (options.subject is None) == (options.change is None):
        raise InputError(
            "say whom: a subject, or a confirmed bulk opening", "one of the two", code="no_subject"
        )
    if options.change is not None:
        return {"items": vault.open_in_bulk(platform, caller, options.change, options.reason)}
    return msgspec.structs.asdict(
        vault.open_identity(platform, caller, options.subject, options.reason)
    )
