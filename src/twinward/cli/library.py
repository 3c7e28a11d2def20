"""`twinward library search|manual`: questions to what is known, with the path of the reasoning."""

from __future__ import annotations

import argparse

from twinward import app
from twinward.cli.opened import add_person, open_for
from twinward.cli.output import emit_json, emit_text
from twinward.core.errors import InputError
from twinward.service import library, plans


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="search|manual")
    searching = acts.add_parser("search", help="ask in English or Chinese; live facts where there is a workspace")
    searching.add_argument("question")
    reading = acts.add_parser("manual", help="the text of a work manual")
    reading.add_argument("path", nargs="?", help="as a task names it; without it, the list")
    for leaf in (searching, reading):
        add_person(leaf)


def run(options: argparse.Namespace) -> int:
    if options.act == "manual":
        return show_manual(options)
    if not options.question.strip():
        raise InputError("the question is empty", "ask something", code="empty_question")
    if (options.workspace / app.MARK).exists():
        with open_for(options) as (platform, caller):
            found = library.search(options.question, platform, caller)
    else:
        found = library.search(options.question)
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
        manuals = plans.list_manuals()
        emit_json({"manuals": manuals}) if options.json else emit_text("\n".join(m.path for m in manuals))
        return 0
    manual = plans.get_manual(options.path)
    emit_json(manual) if options.json else emit_text(manual.text)
    return 0
