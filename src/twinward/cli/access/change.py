"""`twinward change list|show|propose|confirm|refuse|appeal|decide`: two persons for what changes
a life.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from twinward.cli.framework.output import emit_json, emit_text, local
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.service.access import approvals
from twinward.service.platform import Caller

if TYPE_CHECKING:
    from twinward.service.platform import Platform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(
        dest="act", required=True, metavar="list|show|propose|confirm|refuse|appeal|decide"
    )
    add_person(acts.add_parser("list", help="changes in one's areas, newest first"))
    proposing = acts.add_parser("propose", help="nothing happens before another person confirms")
    kinds = ("status", "quarantine_order", "mass_action", "bulk_opening")
    proposing.add_argument("--kind", required=True, choices=kinds)
    proposing.add_argument("--area", required=True)
    proposing.add_argument("--reason", required=True)
    proposing.add_argument("--basis", required=True, help="the legal basis")
    proposing.add_argument(
        "--until", required=True, type=as_time, help="it ends by itself then, 30 days at most"
    )
    proposing.add_argument("--subject", help="the person, by pseudonym")
    proposing.add_argument(
        "--subjects", default="", help="persons of a bulk opening, separated by commas"
    )
    proposing.add_argument("--thing", help="the contact or incident it acts on")
    proposing.add_argument("--value", help="the status or plan")
    proposing.add_argument("--linked", help="the case, contact or incident that gives cause")
    add_person(proposing)
    for name, what in (
        ("show", "one change and what the person is told"),
        ("confirm", "be the second person"),
        ("refuse", "say no"),
        ("appeal", "for the person; the clock starts now"),
        ("decide", "an appeal, by a third person"),
    ):
        sub = acts.add_parser(name, help=what)
        sub.add_argument("id")
        if name not in ("show", "confirm"):
            sub.add_argument("--because", required=True)
        if name == "decide":
            sub.add_argument(
                "--upheld", action="store_true", help="the person is right: the change ends"
            )
        add_person(sub)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        if options.act == "list":
            found = approvals.list_changes(platform, caller)
            if options.json:
                emit_json(found)
            for one in [] if options.json else found["items"]:
                emit_text(line_of(one))
            return 0
        shown = act(platform, caller, options)
    if options.json:
        emit_json(shown)
    else:
        emit_text(f"{line_of(shown)}\n{shown['statement']}")
    return 0


def act(platform: Platform, caller: Caller, options: argparse.Namespace) -> dict[str, object]:
    if options.act == "show":
        return approvals.get_change(platform, caller, options.id)
    if options.act == "confirm":
        return approvals.confirm(platform, caller, options.id)
    if options.act == "refuse":
        return approvals.refuse(platform, caller, options.id, options.because)
    if options.act == "appeal":
        return approvals.appeal(platform, caller, options.id, options.because)
    if options.act == "decide":
        return approvals.decide_appeal(
            platform, caller, options.id, upheld=options.upheld, because=options.because
        )
    names = ("reason", "basis", "until", "subject", "thing", "value", "linked")
    subjects = tuple(word for word in options.subjects.split(",") if word)
    fields = {name: getattr(options, name) for name in names}
    return approvals.propose(
        platform, caller, options.kind, options.area, subjects=subjects, **fields
    )


def line_of(one: dict[str, Any]) -> str:
    return (
        f"{one['id']}  {one['state']:<9} {one['kind']:<16} {one['area']:<10} until "
        f"{local(one['until'])}"
    )
