"""`twinward account add|list|lock|unlock|reset`: who may come in, as what, and where."""

from __future__ import annotations

import argparse

from twinward.cli.framework.output import emit_json, emit_text
from twinward.cli.framework.session import add_person, open_for
from twinward.service.access import accounts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="add|list|lock|unlock|reset")
    adding = acts.add_parser("add", help="a new account; prints its one-time secret")
    adding.add_argument("name")
    adding.add_argument("--role", required=True)
    adding.add_argument("--department")
    adding.add_argument(
        "--areas", default="all", help="all, or codes separated by commas: their subtrees"
    )
    adding.add_argument(
        "--no-second-factor", action="store_true", help="for a feed that no person sits at"
    )
    add_person(adding)
    add_person(acts.add_parser("list", help="all accounts"))
    for name, what in (
        ("lock", "shut an account and its sessions"),
        ("unlock", "open it again"),
        ("reset", "a new one-time secret; the old password and sessions are gone"),
    ):
        sub = acts.add_parser(name, help=what)
        sub.add_argument("name")
        add_person(sub)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        if options.act == "list":
            found = accounts.list_accounts(platform, caller)
            if options.json:
                emit_json({"accounts": found})
            for one in [] if options.json else found:
                emit_text(
                    f"{one.name:<20} {one.state:<7} {one.role:<20} {one.department or '-'} "
                    f"{','.join(one.areas)}"
                )
            return 0
        if options.act == "add":
            secret = accounts.add_account(
                platform,
                caller,
                options.name,
                options.role,
                department=options.department,
                areas=tuple(options.areas.split(",")),
                second_factor=not options.no_second_factor,
            )
        elif options.act == "reset":
            secret = accounts.reset_account(platform, caller, options.name)
        else:
            shown = accounts.lock_account(
                platform, caller, options.name, locked=options.act == "lock"
            )
            emit_json(shown) if options.json else emit_text(f"{shown.name} is {shown.state}")
            return 0
    if options.json:
        emit_json({"name": options.name, "one_time_secret": secret, "hours": 24}, named=True)
    else:
        emit_text(
            f"one-time secret of {options.name}, good for 24 hours, shown only now:\n{secret}"
        )
    return 0
