"""`twinward alert draft|approve|discard|list|show|cap|check`: alerts for the public."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec

from twinward.cli.framework.input_files import read_file
from twinward.cli.framework.output import emit_json, emit_table, emit_text, local
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.cli.main import add_common
from twinward.core.errors import InputError
from twinward.service.hazards.warnings import until_of
from twinward.service.operations import public_alerts
from twinward.service.operations.public_alerts import (
    AlertRequest,
    AlertText,
    Complaint,
    PublicAlertView,
)
from twinward.service.platform import Caller, Platform

ACTS = "draft|approve|discard|list|show|cap|check"
WORDS = ("hazard", "because", "alert", "step", "status", "category")
GRADES = ("urgency", "severity", "certainty")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar=ACTS)
    add_draft(acts.add_parser("draft", help="write an alert, or what follows one"))
    listing = acts.add_parser("list", help="alerts in one's areas, newest first")
    listing.add_argument("--state", help="draft, in_force, updated, cancelled, all_clear, expired")
    listing.add_argument("--chain", help="only the chain that this alert began")
    for name, what in (
        ("show", "one alert"),
        ("approve", "be one of the two persons; with the second it goes out"),
        ("discard", "do not send a draft"),
        ("cap", "the CAP 1.2 document of an alert that was sent"),
    ):
        leaf = acts.add_parser(name, help=what)
        leaf.add_argument("id")
        if name == "discard":
            leaf.add_argument("--because", required=True)
        if name == "cap":
            leaf.add_argument("--out", type=Path, help="write it here instead of showing it")
    for leaf in acts.choices.values():
        add_person(leaf)
    checking = acts.add_parser("check", help="whether CAP files of others hold as one chain")
    checking.add_argument("files", nargs="+", type=Path, help="in the order in which they came")
    add_common(checking)


def add_draft(leaf: argparse.ArgumentParser) -> None:
    leaf.add_argument("--hazard", required=True, help="id of a hazard of the library")
    leaf.add_argument("--areas", required=True, help="area codes with commas")
    leaf.add_argument(
        "--text",
        action="append",
        required=True,
        metavar="LANG=HEADLINE|DESCRIPTION|INSTRUCTION",
        help="once for each language; description and instruction may be left out",
    )
    leaf.add_argument("--because", required=True, help="what it rests on; not published")
    leaf.add_argument("--until", type=as_time, help="it expires then, 14 days at most")
    leaf.add_argument("--hours", type=float, help="or so many hours from now")
    leaf.add_argument("--alert", default="", metavar="ID", help="its identifier; default: drawn")
    leaf.add_argument("--step", default="alert", choices=("alert", "update", "cancel", "all_clear"))
    leaf.add_argument("--references", default="", help="identifiers that it follows, with commas")
    leaf.add_argument("--status", default="actual", choices=("actual", "exercise", "test"))
    leaf.add_argument("--category", default="Safety", help="a word of CAP 1.2, such as Met, Health")
    leaf.add_argument("--urgency", default="Immediate", help="Immediate, Expected, Future, …")
    leaf.add_argument("--severity", default="Severe", help="Extreme, Severe, Moderate, Minor, …")
    leaf.add_argument("--certainty", default="Likely", help="Observed, Likely, Possible, …")


def run(options: argparse.Namespace) -> int:
    if options.act == "check":
        return show_check(check_files(options.files), as_json=options.json)
    with open_for(options) as (platform, caller):
        answer: Any = act(platform, caller, options)
    if options.act == "cap":
        return show_document(answer, options)
    if options.json:
        emit_json({"alerts": answer} if options.act == "list" else answer)
        return 0
    for one in answer if options.act == "list" else [answer]:
        emit_text(line_of(one))
    return 0


def act(platform: Platform, caller: Caller, options: argparse.Namespace) -> object:
    if options.act == "draft":
        asked = AlertRequest(
            areas=split(options.areas),
            references=split(options.references),
            texts=tuple(map(read_text, options.text)),
            until=until_of(platform, options.until, options.hours),
            **{name: getattr(options, name) for name in (*WORDS, *GRADES)},
        )
        return public_alerts.draft(platform, caller, asked)
    if options.act == "list":
        return public_alerts.list_alerts(platform, caller, state=options.state, chain=options.chain)
    if options.act == "approve":
        return public_alerts.approve(platform, caller, options.id)
    if options.act == "discard":
        return public_alerts.discard(platform, caller, options.id, options.because)
    if options.act == "cap":
        return public_alerts.write_document(platform, caller, options.id)
    return public_alerts.get_alert(platform, caller, options.id)


def split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def read_text(text: str) -> AlertText:
    """`zh=标题|说明|行动建议`."""
    language, equals, said = text.partition("=")
    parts = [*said.split("|", 2), "", ""]
    told = {"headline": parts[0], "description": parts[1], "instruction": parts[2]}
    try:
        return msgspec.convert({"language": language} | told, AlertText)
    except msgspec.ValidationError as error:
        said_so = "it has no =" if not equals else str(error)
        raise InputError(
            f"--text {text[:60]!r}: {said_so}", "write en=Headline|What|What to do", code="bad_text"
        ) from error


def line_of(one: PublicAlertView) -> str:
    who = ", ".join(one.approved_by) or f"drafted by {one.drafted_by}"
    if one.state == "draft" and one.approved_by:
        who = f"approved by {who}; it goes out when another person approves it"
    mark = "" if one.status == "actual" else f"[{one.status}] "
    return (
        f"{one.id}  {one.step:<9} {one.state:<9} until {local(one.expires_at)}  "
        f"{mark}{one.texts[0].headline}  ({', '.join(one.area_names)}; {who})"
    )


def show_document(document: bytes, options: argparse.Namespace) -> int:
    if options.out is not None:
        options.out.write_bytes(document)
    elif options.json:
        emit_json({"alert": options.id, "cap": document.decode()})
    else:
        emit_text(document.decode())
    return 0


def check_files(files: list[Path]) -> list[Complaint]:
    """What is wrong with each, and with all of them as a chain."""
    return public_alerts.check_documents([(path.name, read_file(path)) for path in files])


def show_check(found: list[Complaint], *, as_json: bool) -> int:
    if as_json:
        emit_json({"ok": not found, "complaints": found})
    else:
        emit_table(("message", "code", "what"), [(c.identifier, c.code, c.message) for c in found])
    return 2 if found else 0
