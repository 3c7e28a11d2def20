"""The review of an incident as a document."""

from __future__ import annotations

from twinward.decision.planning.comparison import Spread
from twinward.report.document import Document, ReportTable, Section
from twinward.service.assessment.situation_report import notice_of, show_time
from twinward.service.console.basemap import Basemap
from twinward.service.evaluation.after_action import Review
from twinward.service.evaluation.counterfactual import SHOWN


def write_review(ground: Basemap, review: Review) -> Document:
    """What went well and badly first, then the figures behind it."""
    interim = "interim: the incident is still open" if review.interim else ""
    return Document(
        title=f"Review: {review.title}",
        subtitle=f"{review.incident}, {show_time(ground, review.opened_at)} to "
        f"{show_time(ground, review.closed_at)}, "
        f"reviewed {show_time(ground, review.reviewed_at)}",
        notice="; ".join(word for word in (interim, notice_of(ground)) if word),
        sections=[
            _findings(review),
            _actions(ground, review),
            _summary(review),
            _duties(review),
            _tasks(review),
            _objectives(review),
            _forecasts(ground, review),
            _what_if(ground, review),
        ],
    )


def _actions(ground: Basemap, review: Review) -> Section:
    rows = [
        (
            one.title,
            one.department,
            show_time(ground, one.due_at),
            "late" if one.late else one.status,
        )
        for one in review.actions
    ]
    says = () if rows else ("None opened yet: `twinward incident action`.",)
    table = ReportTable(head=("action", "whose", "until", "state"), rows=rows) if rows else None
    return Section(title="Corrective actions", says=says, table=table)


def _findings(review: Review) -> Section:
    rows = [("well" if one.good else "badly", one.about, one.says) for one in review.findings]
    says = () if rows else ("No figure stands out.",)
    return Section(
        title="What went well and badly",
        says=says,
        table=ReportTable(head=("", "about", "says"), rows=rows),
    )


def _summary(review: Review) -> Section:
    peak = f", most on {review.peak_day}" if review.peak_day else ""
    says = [f"{review.new_total:,} reports by day counted{peak}."]
    says.append(f"Plan in force: {review.plan}." if review.plan else "No plan was in force.")
    if review.rounds > 1:
        says.append(f"It was closed and reopened: round {review.rounds}.")
    return Section(title="In short", says=tuple(says))


def _duties(review: Review) -> Section:
    rows = [
        (
            one.title,
            str(one.ordered),
            str(one.done),
            str(one.on_time),
            str(one.late),
            _hours(one.receipt_h),
            _hours(one.work_h),
            _hours(one.worst_late_h),
            str(one.escalations),
        )
        for one in review.duties
    ]
    head = (
        "department",
        "ordered",
        "done",
        "in time",
        "late",
        "receipt h",
        "work h",
        "worst h over",
        "raised",
    )
    return Section(title="Planned against actual", table=ReportTable(head=head, rows=rows))


def _tasks(review: Review) -> Section:
    rows = [
        (
            one.title,
            one.department,
            _hours(one.planned_h),
            _hours(one.actual_h),
            str(one.ordered),
            str(one.done),
            str(one.on_time),
            str(one.dropped),
            _hours(one.worst_late_h),
            one.clause or "-",
        )
        for one in review.tasks
    ]
    head = (
        "task",
        "whose",
        "planned h",
        "took h",
        "ordered",
        "done",
        "in time",
        "dropped",
        "worst h over",
        "clause",
    )
    return Section(
        title="Each task, planned against actual", table=ReportTable(head=head, rows=rows)
    )


def _what_if(ground: Basemap, review: Review) -> Section:
    title = "What if another plan had been taken"
    found = review.what_if
    if found is None:
        return Section(title=title, says=(f"Not shown: {review.no_what_if}.",))
    rows = [
        (
            ("taken: " if one.taken else "") + one.title,
            *(_range(one.figures[name]) for name in SHOWN),
            "–" if one.probability_best is None else f"{one.probability_best:.0%}",
        )
        for one in found.courses
    ]
    fit = "inside" if found.inside else "outside"
    says = (
        f"Simulated for {found.days} days from what was known when {found.taken} was adopted by "
        f"{found.adopted_by}, "
        f"{show_time(ground, found.adopted_at)}; {found.replicates} runs of each plan on the same "
        f"seeds (from "
        f"{found.seed}); whole city, mean and 90 % interval. "
        f"Sheet {found.sheet}, fingerprint {found.fingerprint[:16]}.",
        f"What happened in those days: {found.reported:,} new infections and "
        f"{found.reported_deaths:,} deaths were "
        f"reported. Taking reports to find {found.found_share:.0%}, that is {found.implied:,.0f} "
        f"infections: {fit} the "
        "interval of the plan that was taken.",
    )
    head = (
        "plan",
        "infections",
        "deaths",
        "beds at peak",
        "restricted person-days",
        "chance of fewest infections",
    )
    return Section(title=title, says=says, table=ReportTable(head=head, rows=rows))


def _range(spread: Spread) -> str:
    return f"{spread.mean:,.0f} ({spread.low:,.0f} to {spread.high:,.0f})"


def _hours(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"


def _objectives(review: Review) -> Section:
    rows = [("yes" if one.holds else "no", one.objective, one.because) for one in review.objectives]
    return Section(
        title="Objectives", table=ReportTable(head=("holds", "objective", "because"), rows=rows)
    )


def _forecasts(ground: Basemap, review: Review) -> Section:
    rows = [
        (
            show_time(ground, one.made_at),
            str(one.days),
            f"{one.wis:,.1f}",
            f"{one.naive_wis:,.1f}",
            f"{one.coverage_50:.0%}",
            f"{one.coverage_90:.0%}",
        )
        for one in review.forecasts
    ]
    head = ("made", "days", "WIS", "WIS of the last value", "inside 50 %", "inside 90 %")
    says = ("Each made from what the log held at that instant, then scored on what came.",)
    if not rows:
        says = (f"None: {review.not_scored}.",)
    return Section(
        title="Forecast against outcome",
        says=says,
        table=ReportTable(head=head, rows=rows) if rows else None,
    )
