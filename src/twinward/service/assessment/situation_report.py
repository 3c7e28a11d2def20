"""The situation report of an incident: what a duty officer hands on, from the very picture that
the room shows.
"""

from __future__ import annotations

from datetime import datetime

from twinward.report.document import Bars, Document, ReportTable, Section, render_html, render_pdf
from twinward.service.console.basemap import Basemap
from twinward.service.incidents.incident_view import IncidentView, get_incident_view
from twinward.service.platform import Caller, Platform

__all__ = ["render_html", "render_pdf", "report_situation"]
LATE_SHOWN = 40
RAIL = {
    "triggered": "reports",
    "linked": "departments linked",
    "scheduled": "tasks scheduled",
    "divided": "orders given",
    "fed_back": "tasks done",
}


def report_situation(
    platform: Platform, ground: Basemap, caller: Caller, incident: str, at: datetime | None = None
) -> Document:
    """AbsentError when there is no such incident; its figures are those of the room at that
    instant.
    """
    room = get_incident_view(platform, ground, caller, incident, at)
    return Document(
        title=f"Situation report: {room.title}",
        subtitle=f"{room.id}, {room.area_name} ({room.area}), "
        f"as of {show_time(ground, room.as_of)}",
        notice=notice_of(ground),
        sections=[
            _standing(ground, room),
            _curve(room),
            _duties(room),
            _late(ground, room),
            _evidence(room),
        ],
    )


def show_time(ground: Basemap, at: datetime | None) -> str:
    """Local time of the city, with its zone; a dash for what has not happened."""
    return at.astimezone(ground.zone).strftime("%Y-%m-%d %H:%M %Z") if at else "-"


def notice_of(ground: Basemap) -> str:
    """What kind of workspace the figures come from, when it is not an ordinary one."""
    if ground.kind == "drill":
        return "DRILL 演练. This is an exercise, not an emergency: nothing here has happened."
    return (
        ""
        if ground.kind == "ordinary"
        else f"{ground.kind}: not an ordinary workspace, its data are not all real"
    )


def _standing(ground: Basemap, room: IncidentView) -> Section:
    since = show_time(ground, room.level_since)
    says = [
        f"Status {room.status}, response level "
        f"{room.level or 'none'}{f' since {since}' if room.level else ''}; "
        f"opened {show_time(ground, room.opened_at)}, round {room.round}.",
        f"Plan in force: {room.plan} ({room.plan_authority})."
        if room.plan
        else "No plan is in force.",
        f"Affected: {', '.join(room.affected[:12]) or 'no area named'}"
        + (f" and {len(room.affected) - 12} more." if len(room.affected) > 12 else "."),
    ]
    if room.proposed_plan:
        says.append(f"Plan {room.proposed_plan} waits for a person to adopt it.")
    rows = [
        (
            RAIL[one.key],
            f"{one.count:,}" + (f" of {one.of:,}" if one.of is not None else ""),
            show_time(ground, one.reached_at),
        )
        for one in room.rail
    ]
    return Section(
        title="Where it stands",
        says=tuple(says),
        table=ReportTable(head=("loop", "so far", "since"), rows=rows),
    )


def _curve(room: IncidentView) -> Section:
    if not room.curve:
        return Section(title="Reports", says=("No counts by day.",))
    told = [day for day in room.curve if day.new is not None]
    last = told[-1]
    week = (
        f"{room.new_7d:,} in the 7 days to {room.week_to}"
        if room.new_7d is not None
        else "nothing reported in the last 7 days"
    )
    text = f"{last.new:,} new on {last.day}, {week}, {room.new_total:,} altogether."
    missing = [day.day for day in room.curve if day.new is None]
    if missing:
        text += f" No report of {', '.join(missing[-5:])}: missing, not zero."
    bars = Bars(
        caption=f"new reports by day, {room.curve[0].day} to {last.day}",
        values=[(day.day, float(day.new)) for day in told if day.new is not None],
    )
    return Section(title="Reports", says=(text,), bars=bars)


def _duties(room: IncidentView) -> Section:
    rows = [
        (
            duty.title,
            str(sum(duty.counts.values())),
            str(duty.counts.get("done", 0)),
            str(duty.late),
        )
        for duty in room.board
    ]
    return Section(
        title="Duties", table=ReportTable(head=("department", "tasks", "done", "late"), rows=rows)
    )


def _late(ground: Basemap, room: IncidentView) -> Section:
    late = [task for task in room.tasks if task.late]
    rows = [
        (
            task.title,
            task.department,
            task.area_name,
            show_time(ground, task.due_at),
            task.escalated_to_name or "-",
        )
        for task in late[:LATE_SHOWN]
    ]
    says = (
        (f"{len(late)} late.",)
        if len(late) <= LATE_SHOWN
        else (f"{len(late)} late; the first {LATE_SHOWN}:",)
    )
    head = ("task", "whose", "where", "was due", "raised to")
    return Section(
        title="What is late", says=says, table=ReportTable(head=head, rows=rows) if rows else None
    )


def _evidence(room: IncidentView) -> Section:
    rows = [("yes" if one.holds else "no", one.objective, one.because) for one in room.evidence]
    return Section(
        title="What would close it",
        table=ReportTable(head=("holds", "objective", "because"), rows=rows),
    )
