"""`twinward warning issue|list|show|confirm|refuse|acknowledge|extend|cancel|score`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from twinward.cli.framework.output import emit_json, emit_table, emit_text, local
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.service.hazards import warning_scores, warnings
from twinward.service.platform import Caller, Platform

if TYPE_CHECKING:
    from twinward.service.hazards.warning_scores import WarningScores
    from twinward.service.hazards.warnings import WarningView

SHOWN = (
    "hits",
    "false_alarms",
    "misses",
    "correct",
    "base_rate",
    "accuracy",
    "never_warn",
    "pod",
    "far",
    "csi",
    "ets",
    "pss",
    "hss",
)
ACTS = "issue|list|show|confirm|refuse|acknowledge|extend|cancel|score"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar=ACTS)
    issuing = acts.add_parser(
        "issue", help="warn areas; a public warning waits for a second person"
    )
    issuing.add_argument("--hazard", required=True, help="id of a hazard of the library")
    issuing.add_argument("--grade", required=True, help="IV, III, II or I, the gravest")
    issuing.add_argument("--areas", required=True, help="area codes with commas")
    issuing.add_argument("--title", required=True, help="what is warned of, in one line")
    issuing.add_argument("--because", required=True, help="what it rests on")
    issuing.add_argument("--from", dest="starts_at", type=as_time, help="default: now")
    issuing.add_argument("--until", type=as_time, help="it ends by itself then, 14 days at most")
    issuing.add_argument("--hours", type=float, help="or so many hours from now")
    issuing.add_argument("--advice", default="", help="what people should do")
    issuing.add_argument("--chance", type=float, help="of what is warned of, 0 to 1")
    sources = ("forecast", "calendar", "sensors", "person")
    issuing.add_argument("--source", default="person", choices=sources)
    issuing.add_argument("--forecast", default="", metavar="ID", help="the forecast it rests on")
    issuing.add_argument("--public", action="store_true", help="for everybody: two persons")
    issuing.add_argument(
        "--replaces", default="", metavar="ID", help="the one whose place it takes"
    )
    listing = acts.add_parser("list", help="warnings in one's areas, newest first")
    listing.add_argument("--state", help="proposed, in_force, ended, cancelled, refused, lapsed")
    listing.add_argument("--hazard", help="only this hazard")
    scoring = acts.add_parser("score", help="hits, false alarms, misses, lead time, base rate")
    scoring.add_argument("--hazard", help="only this hazard")
    for name, what in (
        ("show", "one warning"),
        ("confirm", "be the second person"),
        ("refuse", "say no to a proposed one"),
        ("acknowledge", "an office has read it"),
        ("extend", "let it end later"),
        ("cancel", "end it now"),
    ):
        leaf = acts.add_parser(name, help=what)
        leaf.add_argument("id")
        if name in ("refuse", "extend", "cancel"):
            leaf.add_argument("--because", required=True)
        if name == "extend":
            leaf.add_argument("--until", type=as_time)
            leaf.add_argument("--hours", type=float, help="or so many hours from now")
        if name == "acknowledge":
            leaf.add_argument("--office", default="", help="default: one's own department")
    for leaf in acts.choices.values():
        add_person(leaf)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        answer: Any = act(platform, caller, options)
        platform.loop.catch_up()
    if options.act == "list":
        if options.json:
            emit_json({"warnings": answer})
        for one in [] if options.json else answer:
            emit_text(line_of(one))
    elif options.json:
        emit_json(answer)
    elif options.act == "score":
        show_scores(answer)
    else:
        emit_text(line_of(answer))
    return 0


def act(
    platform: Platform, caller: Caller, options: argparse.Namespace
) -> list[WarningView] | WarningScores | WarningView:
    if options.act == "issue":
        return issue(platform, caller, options)
    if options.act == "list":
        return warnings.list_warnings(platform, caller, state=options.state, hazard=options.hazard)
    if options.act == "score":
        return warning_scores.score_warnings(platform, caller, options.hazard)
    if options.act == "show":
        return warnings.get_warning(platform, caller, options.id)
    if options.act == "confirm":
        return warnings.confirm(platform, caller, options.id)
    if options.act == "refuse":
        return warnings.refuse(platform, caller, options.id, options.because)
    if options.act == "acknowledge":
        return warnings.acknowledge(platform, caller, options.id, options.office)
    if options.act == "extend":
        until = warnings.until_of(platform, options.until, options.hours)
        return warnings.extend(platform, caller, options.id, until, options.because)
    return warnings.cancel(platform, caller, options.id, options.because)


def issue(platform: Platform, caller: Caller, options: argparse.Namespace) -> WarningView:
    names = ("hazard", "grade", "title", "because", "starts_at", "advice", "chance", "source")
    fields = {name: getattr(options, name) for name in (*names, "forecast", "public", "replaces")}
    asked = warnings.WarningRequest(
        areas=tuple(code for code in options.areas.split(",") if code),
        until=warnings.until_of(platform, options.until, options.hours),
        **fields,
    )
    return warnings.issue(platform, caller, asked)


def line_of(one: WarningView) -> str:
    who = one.issued_by or f"proposed by {one.proposed_by}"
    return (
        f"{one.id}  {one.grade:<3} {one.hazard:<11} {one.state:<9} until {local(one.ends_at)}  "
        f"{one.title}  ({', '.join(one.area_names)}; {who})"
    )


def show_scores(answer: WarningScores) -> None:
    emit_table(
        ["warning", "hazard", "grade", "office", "verdict", "lead_h"],
        [[v.warning, v.hazard, v.grade, v.office, v.verdict, v.lead_h] for v in answer.warnings],
    )
    emit_table(
        ["hazard", "office", *SHOWN],
        [
            [one.hazard, one.office or "all", *(shown(getattr(one.table, n)) for n in SHOWN)]
            for one in answer.scores
        ],
    )


def shown(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
