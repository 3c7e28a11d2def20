"""`twinward device add|claim|rotate|replace|revoke|wish|list|show|order|orders|alarms|edges`."""

from __future__ import annotations

import argparse
from typing import Any

from twinward.cli.framework.output import emit_json, emit_table, emit_text, local
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.core.errors import InputError
from twinward.service.devices import alarms, fleet, orders, registry
from twinward.service.hazards.warnings import until_of
from twinward.service.platform import Caller, Platform

ACTS = "add|claim|rotate|replace|revoke|wish|list|show|order|orders|alarms|edges"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar=ACTS)
    adding = acts.add_parser("add", help="let a device speak, with what it said in quarantine")
    adding.add_argument("--edge", required=True, help="id of the edge that hears it")
    adding.add_argument("--profile", required=True, help="which kind of device it is")
    adding.add_argument("--area", required=True, help="code of the area where it stands")
    adding.add_argument("--place", default="", help="id of the place where it stands")
    adding.add_argument("--owner", default="", help="the office that answers for it")
    adding.add_argument("--firmware", default="", help="its version, as its maker says it")
    adding.add_argument("--calibrated", type=as_time, help="when it was calibrated")
    adding.add_argument("--claim", action="store_true", help="draw a claim code, shown once")
    claiming = acts.add_parser("claim", help="give a device its key for its claim code")
    claiming.add_argument("--code", required=True, help="the claim code")
    rotating = acts.add_parser("rotate", help="a new key; the old one holds for a day")
    rotating.add_argument("--claim", action="store_true", help="a new claim, when both were lost")
    replacing = acts.add_parser("replace", help="other hardware at the same place")
    replacing.add_argument("--by", required=True, help="id of the new device")
    replacing.add_argument("--claim", action="store_true", help="draw a claim code for it")
    wishing = acts.add_parser("wish", help="what the device is to be")
    wishing.add_argument(
        "--set",
        action="append",
        required=True,
        metavar="NAME=VALUE",
        help="what it is to be set to",
    )
    revoking = acts.add_parser("revoke", help="it may not speak any more")
    for leaf in (replacing, revoking):
        leaf.add_argument("--because", required=True, help="the reason, kept on record")
    ordering = acts.add_parser("order", help="a device is to do something once")
    ordering.add_argument("--action", required=True, help="what, in the device's words")
    ordering.add_argument(
        "--value", action="append", default=[], metavar="NAME=VALUE", help="what the action needs"
    )
    ordering.add_argument("--until", type=as_time, help="not wanted after this")
    ordering.add_argument("--hours", type=float, help="or so many hours from now")
    ordering.add_argument("--supersedes", default="", metavar="ORDER", help="not wanted any more")
    showing = acts.add_parser("show", help="one device")
    for leaf in (adding, claiming, rotating, replacing, wishing, revoking, ordering, showing):
        leaf.add_argument("device", help="its id, as it stands in its readings")
    listing = acts.add_parser("list", help="devices in one's areas")
    listing.add_argument("--edge", help="only those of this edge")
    listing.add_argument("--state", help="registered, active, replaced, revoked")
    orders_of = acts.add_parser("orders", help="orders to devices, newest first")
    orders_of.add_argument("--device", help="only this one's")
    orders_of.add_argument("--state", help="issued, sent, delivered, done, refused, expired, …")
    alarming = acts.add_parser("alarms", help="alarms of devices that stand, newest first")
    alarming.add_argument("--edge", help="only those of this edge")
    alarming.add_argument("--all", action="store_true", help="also those that are over")
    edges = acts.add_parser("edges", help="edges, those that are late first, and why")
    edges.add_argument("--late", action="store_true", help="only those that are late")
    for leaf in acts.choices.values():
        add_person(leaf)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        found: Any = act(platform, caller, options)
    if options.json:
        emit_json({"items": found} if isinstance(found, list) else found)
    elif options.act == "list":
        heads = ("device", "edge", "profile", "area", "state", "heard", "last", "pending")
        emit_table(
            heads,
            [
                (
                    one.id,
                    one.edge,
                    one.profile,
                    one.area_name,
                    one.state,
                    one.heard,
                    local(one.heard_at) if one.heard_at else "-",
                    ", ".join(one.pending) or "-",
                )
                for one in found
            ],
        )
    elif options.act == "orders":
        emit_table(
            ("order", "device", "action", "state", "until", "says"),
            [(o.id, o.device, o.action, o.state, local(o.expires_at), o.says) for o in found],
        )
    elif options.act == "alarms":
        emit_table(
            ("rule", "device", "edge", "area", "severity", "found by", "began", "ended"),
            [
                (
                    *(one.rule, one.device, one.edge, one.area_name, one.severity, one.found),
                    local(one.began_at),
                    local(one.ended_at) if one.ended_at else "-",
                )
                for one in found
            ],
        )
    elif options.act == "edges":
        emit_table(
            ("edge", "state", "late", "heard", "backlog", "oldest_s", "lost", "devices"),
            [
                (
                    one.id,
                    one.state,
                    ", ".join(one.late) or "-",
                    local(one.heard_at),
                    one.backlog,
                    round(one.oldest_s),
                    one.lost,
                    one.devices,
                )
                for one in found
            ],
        )
    else:
        show_one(found)
    return 0


def act(platform: Platform, caller: Caller, options: argparse.Namespace) -> object:
    if options.act == "list":
        return registry.list_devices(platform, caller, edge=options.edge, state=options.state)
    if options.act == "orders":
        return orders.list_orders(platform, caller, device=options.device, state=options.state)
    if options.act == "alarms":
        return alarms.list_alarms(platform, caller, edge=options.edge, every=options.all)
    if options.act == "edges":
        return fleet.list_edges(platform, caller, late=options.late)
    if options.act == "show":
        return registry.get_device(platform, caller, options.device)
    return change(platform, caller, options)


def change(platform: Platform, caller: Caller, options: argparse.Namespace) -> object:
    device = options.device
    if options.act == "add":
        names = ("device", "edge", "profile", "area", "place", "owner", "firmware", "claim")
        asked = registry.DeviceRequest(
            calibrated_at=options.calibrated, **{name: getattr(options, name) for name in names}
        )
        return registry.add(platform, caller, asked)
    if options.act == "claim":
        return registry.claim(platform, caller, device, options.code)
    if options.act == "rotate":
        return registry.rotate(platform, caller, device, claim_anew=options.claim)
    if options.act == "replace":
        by, because = options.by, options.because
        return registry.replace(platform, caller, device, by, because, claim_it=options.claim)
    if options.act == "revoke":
        return registry.revoke(platform, caller, device, options.because)
    if options.act == "wish":
        return registry.wish(platform, caller, device, pairs(options.set))
    return orders.order(
        platform,
        caller,
        device,
        options.action,
        until=until_of(platform, options.until, options.hours),
        values=pairs(options.value),
        supersedes=options.supersedes,
    )


def pairs(texts: list[str]) -> dict[str, str]:
    """`NAME=VALUE` as a mapping."""
    wrong = [text for text in texts if "=" not in text]
    if wrong:
        raise InputError(f"{wrong[0]!r} has no =", "write NAME=VALUE", code="bad_pair")
    return {name: value for name, _, value in (text.partition("=") for text in texts)}


def show_one(found: Any) -> None:
    if isinstance(found, registry.DeviceSecret):
        emit_text(f"{found.device.id} of {found.device.edge}: {found.device.state}")
        if found.claim_code:
            emit_text(f"claim code (shown once): {found.claim_code}")
        if found.key:
            emit_text(f"key (shown once): {found.key}")
        return
    emit_text(f"{found.id}: {found.state}")
