"""ANALYSE: what changed in an incident over the last days, the largest change first."""

from __future__ import annotations

import math
from datetime import date, timedelta

import msgspec

from twinward.decision.assessment.proportions import growth_per_day, rate_ratio, turning_point
from twinward.decision.assessment.situation import (
    CaseSeen,
    Figure,
    Situation,
    figure,
    new_by_day,
    recent_cases,
    series,
)

MODEL = (
    "counts of two equal periods as Poisson means with Jeffreys priors; growth by quasi-Poisson "
    "regression; "
    "a turn where two growth lines beat one by the price of the BIC; intervals hold 90 %"
)
GROWTH_DAYS = 14
TURNS = {
    "ResponseLevelSet",
    "PlanAdopted",
    "IncidentDeveloped",
    "IncidentReopened",
    "IncidentClosed",
    "IncidentOpened",
}


class TrendChange(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is different. `sure`: the interval leaves no change out."""

    about: str
    sure: bool
    says: str
    figure: Figure | None = None
    events: tuple[int, ...] = ()


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    incident: str
    as_of: str
    since: str
    model: str
    changes: list[TrendChange]


def analyse(picture: Situation, days: int = 7) -> Analysis:
    """What changed in the last `days` days against as many before them."""
    since = picture.now - timedelta(days=days)
    found = [
        *_count_changes(picture, days),
        *_growth(picture),
        *_area_changes(picture, days),
        *_reading_changes(picture, since),
        *_work_changes(picture, since),
    ]
    found.sort(key=lambda one: (not one.sure, -_size(one)))
    turns = [
        TrendChange(
            about=turn.type,
            sure=True,
            says=f"{turn.says} ({picture.clock_of(turn.at)})",
            events=(turn.seq,),
        )
        for turn in picture.turns
        if turn.type in TURNS and turn.at >= since
    ]
    return Analysis(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        since=since.isoformat(),
        model=MODEL,
        changes=found + turns[::-1],
    )


def _size(change: TrendChange) -> float:
    value = change.figure.value if change.figure else 0.0
    return (
        abs(math.log(value))
        if change.figure and change.figure.unit == "times" and value > 0
        else abs(value)
    )


def _count_changes(picture: Situation, days: int) -> list[TrendChange]:
    by_day = new_by_day(picture)
    now = sum(series(by_day, picture.today, days))
    before = sum(series(by_day, picture.today - timedelta(days=days), days))
    if now + before == 0:
        return []
    found = [
        _ratio(
            "new infections", now, before, days, [case.seq for case in recent_cases(picture, days)]
        )
    ]
    unknown = [case for case in recent_cases(picture, days) if not case.known]
    unknown_before = [case for case in recent_cases(picture, days, days) if not case.known]
    if len(unknown) + len(unknown_before) and any(case.known for case in picture.cases):
        text = "cases nobody had named as a contact"
        found.append(
            _ratio(text, len(unknown), len(unknown_before), days, [case.seq for case in unknown])
        )
    return found


def _ratio(what: str, now: int, before: int, days: int, seqs: list[int]) -> TrendChange:
    ratio, low, high = rate_ratio(now, before)
    says = (
        f"{what}: {now:,} in {days} days after {before:,} in the {days} before, {ratio:.2g} "
        f"times as many"
    )
    told = figure(what, ratio, "times", says, seqs, low=low, high=high)
    return TrendChange(
        about=what, sure=low > 1 or high < 1, says=says, figure=told, events=told.events
    )


def _growth(picture: Situation) -> list[TrendChange]:
    by_day = new_by_day(picture)
    if not by_day:
        return []
    length = min(4 * GROWTH_DAYS // 2, (picture.today - min(by_day)).days + 1)
    counts = series(by_day, picture.today, length)
    seqs = [case.seq for case in recent_cases(picture, GROWTH_DAYS)]
    found = []
    growth = growth_per_day(counts[-GROWTH_DAYS:])
    if growth:
        slope, low, high = growth
        word = "grow" if slope > 0 else "fall"
        says = f"new infections {word} by {abs(math.expm1(slope)):.1%} a day{_doubling(slope)}"
        told = figure("growth", slope, "per day", says, seqs, low=low, high=high)
        found.append(
            TrendChange(
                about="growth", sure=low > 0 or high < 0, says=says, figure=told, events=told.events
            )
        )
    turn = turning_point(counts)
    if turn:
        day = picture.today - timedelta(days=turn[0] - 1)
        says = f"the growth changed about {day}: two lines fit better than one (gain {turn[1]:.1f})"
        told = figure("turn", float(turn[0]), "days ago", says, cases_from(picture, day))
        found.append(
            TrendChange(about="turn", sure=True, says=says, figure=told, events=told.events)
        )
    return found


def cases_from(picture: Situation, day: date) -> list[int]:
    return [
        case.seq
        for case in picture.cases
        if case.reported_at.astimezone(picture.now.tzinfo).date() >= day
    ]


def _doubling(slope: float) -> str:
    if abs(slope) < 1e-3:
        return ""
    word = "doubling" if slope > 0 else "halving"
    return f", {word} in {math.log(2) / abs(slope):.1f} days"


def _area_changes(picture: Situation, days: int) -> list[TrendChange]:
    """The areas whose counts changed beyond chance, at most five."""

    def by_area(cases: list[CaseSeen]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for case in cases:
            found.setdefault(case.area, []).append(case.seq)
        return found

    now, before = by_area(recent_cases(picture, days)), by_area(recent_cases(picture, days, days))
    found = []
    for area in {*now, *before}:
        change = _ratio(
            f"in {picture.name(area)}",
            len(now.get(area, [])),
            len(before.get(area, [])),
            days,
            now.get(area, []),
        )
        if change.sure:
            found.append(change)
    return sorted(found, key=_size, reverse=True)[:5]


def _reading_changes(picture: Situation, since: object) -> list[TrendChange]:
    """Measured figures of a hazard: the latest against the latest before the window."""
    found = []
    for name, area in sorted({(one.figure, one.area) for one in picture.readings}):
        of = sorted(
            (one for one in picture.readings if (one.figure, one.area) == (name, area)),
            key=lambda r: r.at,
        )
        old = [one for one in of if one.at < since]  # type: ignore[operator]
        first = old[-1] if old else of[0]
        if first is not of[-1] and first.value != of[-1].value:
            says = f"{name} in {picture.name(area)}: {of[-1].value:g} after {first.value:g}"
            told = figure(name, of[-1].value - first.value, "change", says, [of[-1].seq, first.seq])
            found.append(
                TrendChange(about=name, sure=True, says=says, figure=told, events=told.events)
            )
    return found


def _work_changes(picture: Situation, since: object) -> list[TrendChange]:
    done = [t for t in picture.tasks if t.done_at and t.done_at >= since]
    fresh = [t for t in picture.tasks if t.created_at >= since]  # type: ignore[operator]
    late = [t for t in picture.tasks if t.is_late(picture.now)]
    found = []
    for word, some in (("tasks created", fresh), ("tasks done", done), ("tasks late now", late)):
        if some:
            says = f"{len(some):,} {word}"
            told = figure(
                word,
                float(len(some)),
                "tasks",
                says,
                [picture.task_events.get(t.id, 0) for t in some],
            )
            found.append(
                TrendChange(about=word, sure=True, says=says, figure=told, events=told.events)
            )
    return found
