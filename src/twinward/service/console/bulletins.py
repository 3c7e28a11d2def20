"""Bulletins held against what we count: what a source published of a day, what the districts' sum
says of it, and the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING

from twinward.service.console.dashboard_view import BulletinRow, DayRow

if TYPE_CHECKING:
    from twinward.twins.emergency.reports.rows import Bulletin

DEAD = "dead"
# what a bulletin may publish -> what our curve says of the same; confirmed cases of most bulletins
# hold persons who were counted before under another status
COUNTED: dict[str, Callable[[DayRow], int | None]] = {
    "new": lambda row: row.new,
    "confirmed": lambda row: row.confirmed,
    "confirmed_with_reclassified": lambda row: (
        None if row.confirmed is None else row.confirmed + row.reclassified
    ),
    "asymptomatic": lambda row: row.asymptomatic,
    "reclassified": lambda row: None if row.confirmed is None else row.reclassified,
    DEAD: lambda row: row.dead,
}


def list_differences(
    bulletins: Iterable[Bulletin],
    curve: list[DayRow],
    root: str,
    until: date,
    name: Callable[[str], str],
) -> list[BulletinRow]:
    """The latest bulletin of each source on the city as a whole, figure by figure, beside ours."""
    latest: dict[str, Bulletin] = {}
    for row in bulletins:
        if row.area == root and row.day <= until.isoformat():
            known = latest.get(row.source)
            latest[row.source] = row if known is None or row.day > known.day else known
    by_day = {row.day: row for row in curve}
    return [
        BulletinRow(
            source=source,
            area_name=name(row.area),
            day=row.day,
            figure=figure,
            published=row.figures[figure],
            counted=(ours := COUNTED[figure](by_day[row.day]) if row.day in by_day else None),
            difference=None if ours is None else row.figures[figure] - ours,
            note="" if ours is not None else "nobody has counted this day by district",
        )
        for source, row in sorted(latest.items())
        for figure in sorted(row.figures)
        if figure in COUNTED
    ]


def with_published_deaths(
    curve: list[DayRow], bulletins: Iterable[Bulletin], root: str, until: date
) -> dict[str, int]:
    """Deaths by day as published for the city, where we count fewer."""
    published: dict[str, int] = {}
    for row in bulletins:
        if row.area == root and DEAD in row.figures and row.day <= until.isoformat():
            published[row.day] = max(published.get(row.day, 0), int(row.figures[DEAD]))
    ours = {row.day: row.dead or 0 for row in curve}
    return {day: max(count, ours.get(day, 0)) for day, count in published.items()}
