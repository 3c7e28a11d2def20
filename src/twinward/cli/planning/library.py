"""`twinward library search|manual|cases|similar`: questions to what is known, and experience of
past incidents.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from twinward.app.workspace import MARK
from twinward.cli.framework.output import emit_json, emit_text, say, write_file
from twinward.cli.framework.session import add_person, open_for
from twinward.core.errors import InputError
from twinward.service.assessment import knowledge_questions, past_incidents
from twinward.service.console.basemap import Basemap
from twinward.service.plans import plan_library


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="search|manual|cases|similar")
    searching = acts.add_parser(
        "search", help="ask in English or Chinese; live facts where there is a workspace"
    )
    searching.add_argument("question")
    reading = acts.add_parser("manual", help="the text of a work manual")
    reading.add_argument("path", nargs="?", help="as a task names it; without it, the list")
    listing = acts.add_parser(
        "cases", help="the record of every closed incident; bring and take records"
    )
    listing.add_argument(
        "--export", type=Path, metavar="FILE", help="write them as JSON, to learn from elsewhere"
    )
    listing.add_argument(
        "--add", type=Path, metavar="FILE", help="keep the records that another workspace wrote"
    )
    liking = acts.add_parser(
        "similar", help="three past incidents that were like this one, and what worked there"
    )
    liking.add_argument("incident")
    for leaf in (searching, reading, listing, liking):
        add_person(leaf)


def run(options: argparse.Namespace) -> int:
    if options.act == "manual":
        return show_manual(options)
    if options.act in ("cases", "similar"):
        return show_experience(options)
    if not options.question.strip():
        raise InputError("the question is empty", "ask something", code="empty_question")
    if (options.workspace / MARK).exists():
        with open_for(options) as (platform, caller):
            found = knowledge_questions.search(options.question, platform, caller)
    else:
        found = knowledge_questions.search(options.question)
    if options.json:
        emit_json(found)
        return 0
    for answer in found.answers:
        emit_text(f"{answer.title}\n    {answer.because}\n    {' -> '.join(answer.path)}")
    if found.note:
        emit_text(found.note)
    return 0


def show_manual(options: argparse.Namespace) -> int:
    if options.path is None:
        manuals = plan_library.list_manuals()
        emit_json({"manuals": manuals}) if options.json else emit_text(
            "\n".join(m.path for m in manuals)
        )
        return 0
    manual = plan_library.get_manual(options.path)
    emit_json(manual) if options.json else emit_text(manual.text)
    return 0


def show_experience(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        ground = Basemap(platform)
        if options.act == "similar":
            found = past_incidents.find_similar(platform, ground, caller, options.incident)
            emit_json(found) if options.json else emit_text("\n".join(tell_similar(found)))
            return 0
        if options.add is not None:
            past_incidents.add_records(platform, caller, options.add)
        records = past_incidents.list_records(platform, ground, caller)
    if options.export is not None:
        write_file(options.export, msgspec.json.encode(records))
        say(f"{len(records)} records written: {options.export}")
    if options.json:
        emit_json({"records": records})
    else:
        lines = [
            f"{r.first_day}  {r.days:>4} days  {r.total:>9,}  {r.hazard} in {r.area_name}"
            for r in records
        ]
        emit_text("\n".join(lines) or "no incident has been closed yet")
    return 0


def tell_similar(found: past_incidents.SimilarIncidents) -> list[str]:
    lines = []
    for one in found.like:
        lines.append(f"{one.alike:.0%}  {one.title}  [{one.record}]\n     {'; '.join(one.because)}")
        lines += [f"     worked: {text}" for text in one.worked] + [
            f"     lesson: {text}" for text in one.lessons
        ]
    return lines or [found.note]
