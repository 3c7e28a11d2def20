"""`twinward pass status|object|objections|decide|rule`: statuses, objections, rules with bounds."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import datetime

import msgspec

from twinward.cli.framework.output import emit_fields, emit_json
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.core.errors import InputError
from twinward.service.passes import objections, statuses
from twinward.service.platform import Caller, Platform

NAMES = ("status", "object", "objections", "decide", "rule")
STEPS = ("set", "confirm", "refuse", "lift", "show", "list")


def add_verbs(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    add_status(acts.add_parser("status", help="a person's status: set, confirm, refuse, lift"))
    objecting = acts.add_parser("object", help="an objection, by any channel; gives a receipt")
    objecting.add_argument("--status", help="the status that is wrong")
    objecting.add_argument("--channel", choices=objections.CHANNELS, default="counter")
    objecting.add_argument("--reason", default="")
    objecting.add_argument("--proxy", default="", help="who objects for the person, and as what")
    objecting.add_argument(
        "--received", type=as_time, help="when a paper was received, if it is typed in later"
    )
    objecting.add_argument("--sms", help="the text of a short message: OBJECT, the status, why")
    desk = acts.add_parser("objections", help="the desk: open ones, overdue first")
    desk.add_argument("--limit", type=int, default=100)
    deciding = acts.add_parser("decide", help="answer an objection; not by who set the status")
    deciding.add_argument("objection")
    deciding.add_argument("--upheld", choices=("yes", "no"), required=True)
    deciding.add_argument("--because", required=True)
    rule = acts.add_parser("rule", help="a rule that may restrict by itself, within bounds")
    steps = rule.add_subparsers(dest="step", required=True, metavar="propose|confirm")
    propose = steps.add_parser("propose", help="its bounds; another person confirms it")
    propose.add_argument("--area", required=True)
    propose.add_argument("--reason-code", required=True)
    propose.add_argument("--least-probability", type=float, required=True)
    propose.add_argument("--most-a-day", type=int, required=True)
    propose.add_argument("--activation", required=True)
    propose.add_argument("--until", type=as_time, required=True)
    propose.add_argument("--reason", required=True)
    confirming = steps.add_parser("confirm", help="the second person's yes")
    confirming.add_argument("rule")
    for sub in (objecting, desk, deciding, propose, confirming):
        add_person(sub)


def add_status(verb: argparse.ArgumentParser) -> None:
    steps = verb.add_subparsers(dest="step", required=True, metavar="|".join(STEPS))
    setting = steps.add_parser("set", help="propose; what is adverse waits for a second person")
    for name in ("subject", "area", "value", "reason-code", "reason", "source", "activation"):
        setting.add_argument(f"--{name}", required=True)
    setting.add_argument("--probability", type=float, help="where it comes from tracing")
    setting.add_argument("--rule", help="the rule that covers it, instead of a second person")
    setting.add_argument("--until", type=as_time, required=True, help="at most 14 days from now")
    setting.add_argument("--ends-by", default="", help="how the person can end it, from anywhere")
    add_person(setting)
    for name in STEPS[1:5]:
        sub = steps.add_parser(name)
        sub.add_argument("status")
        if name in ("refuse", "lift"):
            sub.add_argument("--because", required=True)
        add_person(sub)
    listing = steps.add_parser("list", help="of one's areas, newest first")
    listing.add_argument("--subject")
    listing.add_argument("--limit", type=int, default=100)
    add_person(listing)


def run(options: argparse.Namespace) -> int:
    step = getattr(options, "step", "")
    with open_for(options) as (platform, caller):
        shown = msgspec.to_builtins(
            ACTS[f"{options.act} {step}".strip()](platform, caller, options),
            builtin_types=(datetime,),
        )
    if options.json:
        emit_json(shown, named=options.act == "decide")  # it tells the holder's new secret names
    else:
        emit_fields(shown)
    return 0


def set_asked(platform: Platform, caller: Caller, options: argparse.Namespace) -> object:
    names = ("subject", "area", "value", "reason_code", "reason", "source", "activation")
    more = ("probability", "rule", "until", "ends_by")
    return statuses.set_status(
        platform, caller, **{name: getattr(options, name) for name in (*names, *more)}
    )


def object_asked(platform: Platform, caller: Caller, options: argparse.Namespace) -> object:
    if options.sms is not None:
        return objections.read_message(platform, caller, options.sms)
    if not options.status:
        raise InputError(
            "an objection names its status", "give --status or --sms", code="no_status"
        )
    return objections.lodge(
        platform,
        caller,
        options.status,
        channel=options.channel,
        reason=options.reason,
        proxy=options.proxy,
        received=options.received,
    )


def rule_asked(platform: Platform, caller: Caller, options: argparse.Namespace) -> object:
    names = ("area", "reason_code", "least_probability", "most_a_day", "activation", "until")
    fields = {name: getattr(options, name) for name in (*names, "reason")}
    return {"rule": statuses.authorise_rule(platform, caller, **fields), "state": "proposed"}


def rule_confirmed(platform: Platform, caller: Caller, options: argparse.Namespace) -> object:
    statuses.confirm_rule(platform, caller, options.rule)
    return {"rule": options.rule, "state": "authorised"}


ACTS: dict[str, Callable[[Platform, Caller, argparse.Namespace], object]] = {
    "status set": set_asked,
    "status confirm": lambda p, c, o: statuses.confirm(p, c, o.status),
    "status refuse": lambda p, c, o: statuses.refuse(p, c, o.status, o.because),
    "status lift": lambda p, c, o: statuses.lift(p, c, o.status, o.because),
    "status show": lambda p, c, o: statuses.get_status(p, c, o.status),
    "status list": lambda p, c, o: statuses.list_statuses(p, c, subject=o.subject, limit=o.limit),
    "object": object_asked,
    "objections": lambda p, c, o: objections.list_objections(p, c, limit=o.limit),
    "decide": lambda p, c, o: objections.decide(
        p, c, o.objection, upheld=o.upheld == "yes", because=o.because
    ),
    "rule propose": rule_asked,
    "rule confirm": rule_confirmed,
}
