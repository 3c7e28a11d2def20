"""Use case: the counts of the last days as they will be when all reports are in."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np

from twinward.decision.surveillance.forecasting.score import LEVELS
from twinward.decision.surveillance.nowcast.nowcast import FEWEST_DAYS, make_nowcast
from twinward.decision.surveillance.nowcast.triangle import (
    Triangle,
    delay_shares,
    read_triangle,
)


class NowcastRow(msgspec.Struct, frozen=True, kw_only=True):
    """One day of reference: what is reported, and quantiles of what it will be."""

    date: date
    reported: float
    complete: float  # share of the final count expected to be reported by now
    quantiles: dict[str, float]


class NowcastAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Days that are still open, the oldest first."""

    rows: list[NowcastRow]
    at: date
    complete_to: date | None  # the last day with 95 % of its reports
    max_delay_days: int
    delay_shares: list[float]
    enough: bool
    notes: list[str]


COMPLETE = 0.95


def nowcast(path: Path, at: date) -> NowcastAnswer:
    """Quantiles of the final count of each open day, from reports up to `at` alone."""
    return answer_nowcast(read_triangle(path, at))


def answer_nowcast(triangle: Triangle) -> NowcastAnswer:
    """The nowcast of a triangle, or a sentence where it is too short."""
    counts = triangle.counts
    days, delays = counts.shape
    enough = days >= FEWEST_DAYS and float(np.nansum(counts)) > 0
    notes = [f"the longest delay in the data is {delays - 1} days", *triangle.notes]
    if not enough:
        why = f"too few days: {days} of {FEWEST_DAYS}"
        if days >= FEWEST_DAYS:
            why = "no cases: nothing to nowcast"
        notes.insert(0, why)
    rows = _rows(triangle) if enough else []
    closed = [row.date for row in rows if row.complete >= COMPLETE]
    if rows and rows[0].date > triangle.first:
        closed.append(rows[0].date - timedelta(days=1))
    return NowcastAnswer(
        rows=rows,
        at=triangle.at,
        complete_to=max(closed, default=None),
        max_delay_days=delays - 1,
        delay_shares=[float(share) for share in delay_shares(counts)],
        enough=enough,
        notes=notes,
    )


def _rows(triangle: Triangle) -> list[NowcastRow]:
    found = make_nowcast(triangle.counts, triangle.first.weekday())
    table = found.quantiles(LEVELS)
    total = found.reported + found.to_come
    return [
        NowcastRow(
            date=triangle.day(int(place)),
            reported=float(found.reported[n]),
            complete=float(found.reported[n] / total[n]) if total[n] > 0 else 1.0,
            quantiles={
                f"{level:g}": float(value) for level, value in zip(LEVELS, table[n], strict=True)
            },
        )
        for n, place in enumerate(found.places)
    ]
