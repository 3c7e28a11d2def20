"""`twinward incident report|review|action ID`: the situation report, the review, and what a
review asks for.
"""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twinward.cli.framework.output import emit_json, emit_text, write_file
from twinward.cli.framework.session import add_person, as_time
from twinward.service.platform import Caller, Platform

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs


def add_reports(acts: Verbs) -> list[argparse.ArgumentParser]:
    """The parsers of the two documents."""
    reporting = acts.add_parser("report", help="the situation report, as HTML and PDF")
    reviewing = acts.add_parser(
        "review", help="planned against actual, forecast against outcome, plans not taken"
    )
    for sub in (reporting, reviewing):
        sub.add_argument("id")
        sub.add_argument("--html", type=Path, help="write a page here")
        sub.add_argument("--pdf", type=Path, help="write a PDF here")
    reviewing.add_argument(
        "--no-what-if",
        action="store_true",
        help="do not run the plans that were not taken, if that was not done yet",
    )
    return [reporting, reviewing]


def add_action(acts: Verbs) -> None:
    """The parser of what a review asks for."""
    acting = acts.add_parser("action", help="a corrective action: whose, until when")
    acting.add_argument("id")
    acting.add_argument("title")
    acting.add_argument("--department", required=True)
    acting.add_argument(
        "--due", type=as_time, required=True, help="when it must be done, with zone"
    )
    add_person(acting)


def run_action(platform: Platform, caller: Caller, options: argparse.Namespace) -> None:
    from twinward.service.incidents import corrective_actions

    task = corrective_actions.open_action(
        platform, caller, options.id, options.title, options.department, options.due
    )
    if options.json:
        emit_json({"task": task, "incident": options.id})
    else:
        emit_text(f"{task} is ordered from {options.department}")


def run_report(
    platform: Platform, caller: Caller, options: argparse.Namespace, at: datetime | None
) -> None:
    from twinward.service.assessment import situation_report
    from twinward.service.console.basemap import Basemap
    from twinward.service.evaluation import after_action, after_action_page

    ground = Basemap(platform)
    if options.act == "report":
        document = situation_report.report_situation(platform, ground, caller, options.id, at)
        told: Any = document
    else:
        told = after_action.review_incident(
            platform, ground, caller, options.id, compute=not options.no_what_if, at=at
        )
        document = after_action_page.write_review(ground, told)
    written = [
        write(path, content)
        for path, content in (
            (options.html, lambda: situation_report.render_html(document).encode()),
            (options.pdf, lambda: situation_report.render_pdf(document)),
        )
        if path is not None
    ]
    if options.json:
        emit_json(told)
    elif written:
        emit_text("\n".join(written))
    else:
        show(document)


def write(path: Path, content: Any) -> str:
    write_file(path, content())
    return f"written: {path}"


def show(document: Any) -> None:
    """The document as plain text."""
    emit_text(
        f"{document.title}\n{document.subtitle}"
        + (f"\n[{document.notice}]" if document.notice else "")
    )
    for section in document.sections:
        emit_text(f"\n{section.title}")
        for text in section.says:
            emit_text(f"  {text}")
        if section.table is not None:
            emit_text("  " + " | ".join(section.table.head))
            for row in section.table.rows:
                emit_text("  " + " | ".join(row))
