"""`twinward incident …`: incidents, what keeps them open, the cause tree, the five functions,
reports, reviews.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from twinward.cli.framework.output import emit_json, emit_text, local
from twinward.cli.framework.session import add_person, open_for
from twinward.cli.incidents.incident_assessment import TELL, add_functions, run_function
from twinward.cli.incidents.incident_report import (
    add_action,
    add_reports,
    run_action,
    run_report,
)
from twinward.service.incidents import queries
from twinward.service.incidents.shown import ShownEvent, ShownIncident, ShownWhole

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
        emit_text(f"{row['id']}  {row['status']:<6}  {level:>3}  {row['title']}")
    if not incidents:
        emit_text("no incident")


def show_one(shown: ShownWhole) -> None:
    emit_text(f"{shown['title']}\n{shown['id']}  {shown['status']}  level {shown['level'] or '-'}")
    plan = shown["plan"]
    emit_text(
        f"plan: {plan.plan} {plan.version}, {plan.authority}" if plan else "plan: none in force"
    )
    for clause in shown["waits_for"]:
        emit_text(f"  {clause}")
    ended = shown["ended_plan"]
    if ended is not None and plan is None:
        emit_text(f"plan {ended.plan} ended by {ended.clause}: {ended.because}")
    if shown["proposed_plan"]:
        emit_text(f"plan {shown['proposed_plan']} waits for a person to adopt it")
    emit_text(
        "tasks: " + (", ".join(f"{n} {word}" for word, n in shown["tasks"].items()) or "none")
    )
    for finding in shown["evidence"]:
        emit_text(f"  [{'x' if finding.holds else ' '}] {finding.objective}: {finding.because}")
    for row in shown.get("timeline", []):
        emit_text(
            f"{local(row['recorded_at'], 'seconds')} "
            f"{'  ' * row.get('depth', 0)}{row['type']}{summary(row)}"
        )


def summary(row: ShownEvent) -> str:
    """The words of a fact that tell it apart."""
    fact = row["fact"]
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
    words = [f"{name} {fact[name]}" for name in names if fact.get(name) not in (None, "")]
    return f"  {row['area']}  by {row['actor']}" + (": " + ", ".join(words) if words else "")
