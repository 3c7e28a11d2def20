"""`twinward outlet list|deliveries|retry|test`: how orders go out, and what became of each."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from twinward.cli.framework.output import emit_json, emit_table, emit_text, local
from twinward.cli.framework.session import add_person, open_for
from twinward.service.operations import outlets

STATES = (
    "queued",
    "sent",
    "delivered",
    "failed",
    "refused",
    "expired",
    "superseded",
    "fenced",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="list|deliveries|retry|test")
    listing = acts.add_parser("list", help="the outlets and recipients of outlets.toml, checked")
    deliveries = acts.add_parser("deliveries", help="each message and what became of it")
    deliveries.add_argument("--state", choices=STATES, help="only those that stand so")
    deliveries.add_argument("--limit", type=int, default=50, help="at most so many (50)")
    retry = acts.add_parser("retry", help="try a message once more that failed")
    retry.add_argument("key", help="its key, from `outlet deliveries`")
    test = acts.add_parser("test", help="send a message that says it is a test, now")
    test.add_argument("name", help="name of the outlet")
    test.add_argument("--address", required=True, help="number, address or URL to send it to")
    for sub in (listing, deliveries, retry, test):
        add_person(sub)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, _):
        if options.act == "list":
            found: Any = outlets.check_routing(platform)
        elif options.act == "deliveries":
            most = max(1, min(5000, options.limit))
            items = outlets.list_deliveries(platform, state=options.state, most=most)
            found = {"items": items}
        elif options.act == "retry":
            outlets.try_again(platform, options.key)
            found = {"key": options.key, "state": "queued"}
        else:
            found = outlets.send_test(platform, options.name, options.address)
    if options.json:
        emit_json(found)
    elif options.act == "list":
        emit_table(("outlet", "kind"), [(one.name, one.kind) for one in found.outlets])
        emit_table(
            ("recipient", "outlet", "department", "area"),
            [
                (one.address, one.outlet, one.department or "all", one.area or "all")
                for one in found.recipients
            ],
        )
    elif options.act == "deliveries":
        emit_table(
            ("when", "state", "to", "what", "key", "says"),
            [
                (
                    local(one.changed_at),
                    one.state,
                    one.message.address,
                    one.message.subject,
                    one.message.key,
                    one.says,
                )
                for one in found["items"]
            ],
        )
    else:
        told = msgspec.to_builtins(found)
        emit_text(" ".join(f"{name}: {value}" for name, value in told.items()))
    return 0
