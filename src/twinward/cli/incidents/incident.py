"""`twinward incident …`: incidents, what keeps them open, the cause tree, the five functions,
reports, reviews.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from twinward.cli.framework.output import (
    emit_json,
    emit_text,
    head_of,
    local,
    pad,
    told,
    told_fact,
    word_of,
)
from twinward.cli.framework.session import add_person, open_for
from twinward.cli.incidents.incident_assessment import TELL, add_functions, run_function
from twinward.cli.incidents.incident_report import (
    add_action,
    add_reports,
    run_action,
    run_report,
)
from twinward.core.language import FIRST, READER
from twinward.service.incidents import queries
from twinward.service.incidents.shown import ShownEvent, ShownIncident, ShownWhole
from twinward.service.languages import say, say_event

if TYPE_CHECKING:
    from twinward.cli.framework.parser import Verbs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_action(add_views(parser))


def add_views(parser: argparse.ArgumentParser) -> Verbs:
    """The verbs that only read."""
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    listing = acts.add_parser("list", help="incidents, newest first")
    listing.add_argument("--status", choices=("open", "closed"))
    showing = acts.add_parser("show", help="one incident")
    showing.add_argument("id")
    showing.add_argument(
        "--timeline", action="store_true", help="the tree from one report to the last closed task"
    )
    for sub in (listing, showing, *add_functions(acts), *add_reports(acts)):
        add_person(sub)
    return acts


def run(options: argparse.Namespace, at: datetime | None = None) -> int:
    with open_for(options) as (platform, caller):
        if options.act == "list":
            incidents = queries.list_incidents(
                platform, at=at, status=options.status, caller=caller
            )
            if options.json:
                emit_json({"incidents": incidents})
            else:
                show_list(incidents)
        elif options.act in ("report", "review"):
            run_report(platform, caller, options, at)
        elif options.act in TELL:
            run_function(platform, caller, options, at)
        elif options.act == "action":
            run_action(platform, caller, options)
        else:
            shown = queries.get_incident(
                platform, options.id, at=at, timeline=options.timeline, caller=caller
            )
            if options.json:
                emit_json(shown)
            else:
                show_one(shown)
    return 0


def show_list(incidents: Sequence[ShownIncident]) -> None:
    for row in incidents:
        level = row["level"] or "-"
        title = told(row["title"], row["title_reasons"])
        emit_text(f"{row['id']}  {pad(status_of(row), 6)}  {level:>3}  {title}")
    if not incidents:
        emit_text(say("cli.no_incident"))


def status_of(row: ShownIncident) -> str:
    """An incident's status as it is said; in English the word itself."""
    if READER.get().language == FIRST:
        return row["status"]
    return say("cli.open") if row["status"] == "open" else say("cli.closed")


def show_one(shown: ShownWhole) -> None:
    level = say("cli.level", level=shown["level"] or "-")
    emit_text(told(shown["title"], shown["title_reasons"]))
    emit_text(f"{shown['id']}  {status_of(shown)}  {level}")
    show_plan(shown)
    counted = ", ".join(f"{n} {word_of(word)}" for word, n in shown["tasks"].items())
    emit_text(say("cli.tasks", tasks=counted or say("cli.none")))
    for finding in shown["evidence"]:
        because = told(finding.because, finding.reasons)
        emit_text(f"  [{'x' if finding.holds else ' '}] {word_of(finding.objective)}: {because}")
    for row in shown.get("timeline", []):
        emit_text(
            f"{local(row['recorded_at'], 'seconds')} "
            f"{'  ' * row.get('depth', 0)}{say_event(row['type'])}{summary(row)}"
        )


def show_plan(shown: ShownWhole) -> None:
    """The plan in force with what it waits for, the one that ended, the one that is proposed."""
    plan, ended, proposed = shown["plan"], shown["ended_plan"], shown["proposed_plan"]
    if plan is None:
        emit_text(say("cli.no_plan"))
    else:
        authority = told(plan.authority, plan.authority_reasons)
        emit_text(
            say("cli.plan_in_force", plan=plan.plan, version=plan.version, authority=authority)
        )
    for clause in shown["waits_for"]:
        emit_text(f"  {clause}")
    if ended is not None and plan is None:
        because = told(ended.because, ended.reasons)
        emit_text(say("cli.plan_ended", plan=ended.plan, clause=ended.clause, because=because))
    if proposed:
        emit_text(say("cli.plan_waits", plan=proposed))


def summary(row: ShownEvent) -> str:
    """The words of a fact that tell it apart."""
    fact = told_fact(row["fact"])
    names = (
        "title",
        "department",
        "level",
        "because",
        "plan",
        "count",
        "to_area",
        "figure",
        "value",
        "step",
        "grown",
        "clause",
    )
    words = [
        f"{head_of(name, plain=False)} {word_of(fact[name])}"
        for name in names
        if fact.get(name) not in (None, "")
    ]
    by = say("cli.by", actor=row["actor"])
    return f"  {row['area']}  {by}" + (": " + ", ".join(words) if words else "")
