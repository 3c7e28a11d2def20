"""`twinward person cases|contacts|show`: persons by pseudonym, under an activation, inside one's
jurisdiction.
"""

from __future__ import annotations

import argparse
from datetime import datetime

from twinward.cli.framework.output import emit_fields, emit_json, emit_text
from twinward.cli.framework.session import add_person, open_for
from twinward.service.access import person_listing

KNOWN_NOW = "by all that is known today, not by what was known at that instant"


def add_arguments(parser: argparse.ArgumentParser, *, past: bool = False) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="cases|contacts|show")
    for kind, filters in (
        ("cases", ("hazard", "status")),
        ("contacts", ("incident", "case", "step")),
    ):
        listing = acts.add_parser(kind, help=f"{kind}, newest first, with their total")
        for name in filters:
            listing.add_argument(f"--{name}")
        listing.add_argument("--limit", type=int, default=50)
        listing.add_argument("--offset", type=int, default=0)
        if past:
            listing.add_argument("--known-now", action="store_true", help=KNOWN_NOW)
        add_person(listing)
    showing = acts.add_parser("show", help="one case")
    showing.add_argument("id")
    add_person(showing)


def add_views(parser: argparse.ArgumentParser) -> None:
    """The same for a moment of the past: all of them only read."""
    add_arguments(parser, past=True)


def run(options: argparse.Namespace, at: datetime | None = None) -> int:
    with open_for(options) as (platform, caller):
        if options.act == "show":
            shown = person_listing.get_person(platform, caller, "cases", options.id, at)
            if options.json:
                emit_json(shown)
            else:
                emit_fields(shown)
            return 0
        names = ("hazard", "status", "incident", "case", "step")
        filters = {name: getattr(options, name, None) for name in names}
        page = person_listing.list_persons(
            platform,
            caller,
            options.act,
            limit=options.limit,
            offset=options.offset,
            at=at,
            known_now=getattr(options, "known_now", False),
            **filters,
        )
    if options.json:
        emit_json(page)
    else:
        for item in page.items:
            emit_text(
                f"{item['id']}  {item['area']:<12} {item.get('status') or item.get('step')}  "
                f"{item['subject']}"
            )
        emit_text(f"{len(page.items)} of {page.total}, under {page.activation}")
    return 0
