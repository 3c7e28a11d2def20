"""DESCRIBE: where an incident stands: figures, work by department, contacts, resources, and how
good the data are.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import msgspec

from twinward.core.days import STALE_D, days_up_to
from twinward.decision.assessment.situation import (
    INFECTED,
    Figure,
    Situation,
    figure,
    new_by_day,
    recent_cases,
    series,
)
from twinward.library.texts import say, say_name, say_unit


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One department's work."""

    department: str
    open: int
    late: int
    done: int


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """`gaps` say what the data cannot show: what nobody stated, who is silent."""

    incident: str
    as_of: str
    model: str
    title: str
    status: str
    level: str | None
    plan: str | None
    figures: list[Figure]
    departments: list[Standing]
    settings: dict[str, int]
    contact_steps: dict[str, int]
    stands_in_the_way: list[str]
    gaps: list[str]


def describe(picture: Situation) -> Description:
    """The state at `picture.now`, in figures that name their events."""
    return Description(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        model=say("model.describe"),
        title=picture.title,
        status=picture.status,
        level=picture.level,
        plan=picture.plan,
        figures=[*_infections(picture), *_readings(picture), *_stocks(picture)],
        departments=_departments(picture),
        settings=dict(
            Counter(case.setting or "unknown" for case in recent_cases(picture, 14)).most_common()
        ),
        contact_steps=dict(
            Counter(
                max(c.steps, key=lambda s: c.steps[s]) if c.steps else "named"
                for c in picture.contacts
            )
        ),
        stands_in_the_way=[
            say("describe.in_the_way", objective=say_name(name), because=because)
            for name, holds, because in picture.evidence
            if not holds
        ],
        gaps=_gaps(picture),
    )


def _infections(picture: Situation) -> list[Figure]:
    by_day = new_by_day(picture)
    if not by_day:
        return []
    every = [case.seq for case in picture.cases if case.status in INFECTED]
    week = [case.seq for case in recent_cases(picture, 7)]
    total, last = sum(by_day.values()), sum(series(by_day, picture.anchor, 7))
    dead = [case.seq for case in picture.cases if case.status == "dead"]
    areas = {case.area for case in picture.cases} | {
        row.area for row in picture.counts if row.count
    }
    found = [
        figure("infections", float(total), "persons", say("describe.infections", n=total), every),
        figure("new in 7 days", float(last), "persons", say("describe.new_7d", n=last), week),
        figure("areas", float(len(areas)), "areas", say("describe.areas", n=len(areas)), every),
    ]
    if dead:
        found.append(
            figure("deaths", float(len(dead)), "persons", say("describe.deaths", n=len(dead)), dead)
        )
    for name, (value, day, source) in sorted(picture.published.items()):
        says = say("describe.published", figure=say_name(name), value=value, day=day, source=source)
        found.append(figure(name, value, "persons", says))
    return found


def _readings(picture: Situation) -> list[Figure]:
    latest = {}
    for one in sorted(picture.readings, key=lambda r: r.at):
        latest[one.figure, one.area] = one
    return [
        figure(
            one.figure,
            one.value,
            "",
            say(
                "describe.reading",
                figure=say_name(one.figure),
                value=one.value,
                area=picture.name(one.area),
            ),
            [one.seq],
        )
        for one in latest.values()
    ]


def _stocks(picture: Situation) -> list[Figure]:
    found = []
    for kind in sorted({row.kind for row in picture.stocks}):
        rows = [row for row in picture.stocks if row.kind == kind]
        have, free = sum(r.quantity for r in rows), sum(r.free(picture.today) for r in rows)
        unit = say_unit(rows[0].unit)
        says = say("describe.stock", kind=say_name(kind), free=free, have=have, unit=unit)
        found.append(figure(kind, free, rows[0].unit, says))
    return found


def _departments(picture: Situation) -> list[Standing]:
    found = []
    for name in sorted({task.department for task in picture.tasks}):
        own = [
            task for task in picture.tasks if task.department == name and task.status != "dropped"
        ]
        done = sum(task.status == "done" for task in own)
        late = sum(task.is_late(picture.now) for task in own)
        found.append(Standing(department=name, open=len(own) - done, late=late, done=done))
    return sorted(found, key=lambda one: (-one.late, -one.open))


def _gaps(picture: Situation) -> list[str]:
    gaps = []
    if picture.plan is None:
        gaps.append(say("closing.no_plan"))
    if not picture.stocks:
        gaps.append(say("describe.no_stock"))
    unknown = sum(case.setting is None for case in recent_cases(picture, 14))
    of = len(recent_cases(picture, 14))
    if of and unknown > of / 2:
        gaps.append(say("describe.no_setting", unknown=unknown, of=of))
    if picture.cases and not picture.contacts:
        gaps.append(say("describe.no_contact"))
    days = new_by_day(picture)
    if days and picture.today - max(days) > timedelta(days=STALE_D):
        gaps.append(say("describe.stale", day=max(days)))
    missing = [day for day in days_up_to(picture.anchor, 7) if day not in days]
    missing = [day for day in missing if picture.counted and days and day > min(days)]
    if missing:
        gaps.append(say("describe.missing", days=[f"{day}" for day in missing]))
    return gaps
