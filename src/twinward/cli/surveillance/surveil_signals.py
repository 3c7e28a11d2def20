"""`twinward surveil signals|watch|judge`: signals of a workspace, raised once a day by the server,
and what a person says of them.
"""

from __future__ import annotations

import argparse
from typing import Any

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.session import add_person, open_for

HEADS = ("signal", "area", "hazard", "to", "cases", "usual", "status", "incident")


def add_arguments(questions: Any) -> None:
    for name, text, act in (
        ("signals", "signals that were raised, and how often they were right", list_all),
        ("watch", "raise what signals today; a server does this once a day", watch),
        ("judge", "confirm a signal (it joins or opens an incident) or dismiss it", judge),
    ):
        leaf = questions.add_parser(name, help=text, description=text)
        add_person(leaf)
        leaf.set_defaults(answer=act)
        if name == "signals":
            leaf.add_argument(
                "--status",
                choices=("waiting", "confirmed", "dismissed"),
                help="only those in this state",
            )
        if name == "judge":
            leaf.add_argument("signal", help="its id, see `twinward surveil signals`")
            leaf.add_argument(
                "judgement", choices=("confirm", "dismiss"), help="whether it is an outbreak"
            )
            leaf.add_argument("--because", required=True, help="why, for the record")
            leaf.add_argument("--incident", help="the open incident that it joins")


def list_all(options: argparse.Namespace) -> None:
    from twinward.service.surveillance.raised_signals import list_raised

    with open_for(options) as (platform, caller):
        found = list_raised(platform, caller, options.status)
    if options.json:
        emit_json(found)
        return
    if found.items:
        emit_table(
            HEADS,
            [
                (
                    one.id,
                    one.name,
                    one.hazard,
                    one.day,
                    one.observed,
                    round(one.expected, 1),
                    one.status,
                    one.incident or "–",
                )
                for one in found.items
            ],
        )
    rate = found.hit_rate
    judged = rate.confirmed + rate.dismissed
    said = f", {rate.low:.0%} to {rate.high:.0%} at 90 %" if rate.low is not None else ""
    emit_text(
        f"{rate.waiting} wait; {rate.confirmed} of {judged} judged signals were confirmed{said}"
    )


def watch(options: argparse.Namespace) -> None:
    from twinward.service.surveillance.raised_signals import raise_signals

    with open_for(options) as (platform, caller):
        raised = raise_signals(platform, caller)
        platform.loop.catch_up()
    if options.json:
        emit_json({"raised": raised})
    else:
        emit_text("\n".join(raised) or "nothing signals that was not known")


def judge(options: argparse.Namespace) -> None:
    from twinward.service.surveillance.raised_signals import judge_signal

    with open_for(options) as (platform, caller):
        found = judge_signal(
            platform, caller, options.signal, options.judgement, options.because, options.incident
        )
    if options.json:
        emit_json(found)
    else:
        emit_text(f"{found.name}: {found.status}; incident {found.incident or 'none'}")
