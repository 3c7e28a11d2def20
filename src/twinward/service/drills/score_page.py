"""The score of a drill as a document: how it went first, then the figures behind it."""

from __future__ import annotations

from collections.abc import Sequence

from twinward.decision.evaluation.drill_score import DrillScore, ScoreFigure
from twinward.report.document import Document, ReportTable, Section
from twinward.service.assessment.situation_report import notice_of, show_time
from twinward.service.console.basemap import Basemap
from twinward.service.drills.drills import DrillRow


def write_score(ground: Basemap, score: DrillScore, past: Sequence[DrillRow] = ()) -> Document:
    """One page to read, what it rests on, and how earlier drills of the same script went."""
    return Document(
        title=f"Score of a drill: {score.title}",
        subtitle=f"{score.drill}, {score.hours:,.0f} hours from {show_time(ground, score.start)}, "
        f"seed {score.seed}",
        notice=notice_of(ground),
        sections=[
            _figures(score),
            _injects(score),
            _departments(score),
            _decisions(score),
            *_past(score, past),
        ],
    )


def _figures(score: DrillScore) -> Section:
    rows = [
        (
            "yes" if one.met else "no" if one.met is not None else "-",
            one.title,
            one.says,
            _target(one),
            str(one.n),
            ", ".join(one.events[:2]) + (", …" if len(one.events) > 2 else ""),
        )
        for one in score.figures
    ]
    says = (
        f"{score.reached} of {score.judged} targets reached. Plans used: "
        f"{', '.join(score.plans) or 'none'}.",
    )
    head = ("reached", "figure", "was", "target", "n", "events")
    return Section(title="How it went", says=says, table=ReportTable(head=head, rows=rows))


def _target(figure: ScoreFigure) -> str:
    if figure.target is None:
        return "-"
    return f"{figure.target:g} h" if figure.unit == "h" else f"{figure.target:.0%}"


def _hours(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"


def _injects(score: DrillScore) -> Section:
    rows = [
        (
            one.inject,
            one.kind,
            one.area,
            f"{one.hour:,.1f}",
            _hours(one.trigger_h),
            _hours(one.orders_h),
            _hours(one.answer_h),
        )
        for one in score.injects
    ]
    head = ("inject", "kind", "area", "hour", "trigger h", "orders h", "answer h")
    return Section(title="What happened and what followed", table=ReportTable(head=head, rows=rows))


def _departments(score: DrillScore) -> Section:
    rows = [
        (
            one.department,
            str(one.orders),
            _hours(one.receipt_p50_h),
            _hours(one.receipt_p90_h),
            str(one.unanswered),
            f"{one.late} of {one.due}",
            f"{one.worst_late_h:,.1f}",
            str(one.escalations),
        )
        for one in sorted(score.departments, key=lambda one: -one.late)
    ]
    head = (
        "department",
        "orders",
        "receipt h, half",
        "nine of ten",
        "unanswered",
        "late",
        "worst h over",
        "raised",
    )
    return Section(title="Departments", table=ReportTable(head=head, rows=rows))


def _decisions(score: DrillScore) -> Section:
    rows = [
        (
            f"{one.hour:,.1f}",
            one.plan,
            one.adopted_by,
            one.best or "-",
            "-" if one.regret_infections is None else f"{one.regret_infections:,.0f}",
            "-" if one.regret_share is None else f"{one.regret_share:.0%}",
            one.says,
        )
        for one in score.decisions
    ]
    head = ("hour", "plan", "by", "best in hindsight", "infections more", "cost more", "")
    return Section(title="Decisions", table=ReportTable(head=head, rows=rows) if rows else None)


def _past(score: DrillScore, past: Sequence[DrillRow]) -> list[Section]:
    """The figures of this script's drills, the oldest first."""
    same = [one for one in past if one.script == score.script and one.figures]
    if len(same) < 2:
        return []
    names = [one.name for one in score.figures if one.target is not None]
    rows = [
        (
            one.drill,
            f"{one.made_at:%Y-%m-%d}",
            f"{one.reached} of {one.judged}",
            *(f"{one.figures[name]:g}" if name in one.figures else "-" for name in names),
        )
        for one in same
    ]
    return [
        Section(
            title="This script over time",
            table=ReportTable(head=("drill", "made", "reached", *names), rows=rows),
        )
    ]
