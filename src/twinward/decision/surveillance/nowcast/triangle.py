"""A reporting triangle: counts by day of reference and delay, as known at an instant."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.tables import read_rows, to_day, to_number

MOST_DELAY_D = 60  # later reports are counted and left out
MOST_DAYS = 2_000


class Triangle(msgspec.Struct, frozen=True, kw_only=True):
    """counts: float64[days, delays] reported on day + delay; NaN where that is after the last."""

    first: date
    at: date  # the last day of report that is known
    counts: Floats
    notes: tuple[str, ...] = ()

    def day(self, place: int) -> date:
        return self.first + timedelta(days=place)


def read_triangle(path: Path, at: date) -> Triangle:
    """A CSV of reference_date,report_date,count; reports after `at` are not looked at."""
    entries: dict[tuple[date, int], float] = {}
    before = late = after = 0
    for line, row in read_rows(path, ("reference_date", "report_date", "count")):
        reported = to_day(row["report_date"], path.name, line)
        if reported > at:
            after += 1
            continue
        reference = to_day(row["reference_date"], path.name, line)
        delay = (reported - reference).days
        count = to_number(row["count"], path.name, line, "count")
        if delay < 0:
            before += 1
        elif delay > MOST_DELAY_D:
            late += 1
        elif np.isfinite(count):
            entries[reference, delay] = entries.get((reference, delay), 0.0) + count
    notes = []
    if before:
        notes.append(f"{before} rows are reported before their reference date: rejected")
    if late:
        notes.append(f"{late} rows have a delay above {MOST_DELAY_D} days, the maximum: rejected")
    if not entries:
        raise InputError(
            f"{path.name} has no report up to {at}",
            "give an earlier --at or other data",
            code="no_reports",
        )
    return make_triangle(entries, at, notes)


def make_triangle(entries: dict[tuple[date, int], float], at: date, notes: list[str]) -> Triangle:
    """The triangle of these counts; cells not reported by `at` are NaN, others without a row 0."""
    days = sorted({reference for reference, _ in entries})
    first = max(days[0], days[-1] - timedelta(days=MOST_DAYS))
    delays = max(delay for _, delay in entries) + 1
    length = (days[-1] - first).days + 1
    counts = np.zeros((length, delays))
    for (reference, delay), count in entries.items():
        if reference >= first:
            counts[(reference - first).days, delay] = count
    open_from = (at - first).days - np.arange(length)
    counts[np.arange(delays)[None, :] > open_from[:, None]] = np.nan
    corrections = int((counts < 0).sum())
    if corrections:
        counts = push_back(counts)
        notes.append(f"{corrections} downward corrections are taken from the delays before them")
    return Triangle(first=first, at=at, counts=counts, notes=tuple(notes))


def push_back(counts: Floats) -> Floats:
    """Negative counts are taken from the delays before, so that each row keeps its total."""
    found = counts.copy()
    for row in found:
        for delay in range(len(row) - 1, 0, -1):
            if row[delay] < 0:
                row[delay - 1] += row[delay]
                row[delay] = 0.0
        row[0] = max(row[0], 0.0)
    return found


def delay_shares(counts: Floats) -> Floats:
    """float64[delays] share of the final count that is reported at each delay (chain ladder)."""
    grown = np.cumsum(counts, axis=1)
    shares = np.zeros(counts.shape[1])
    shares[0] = 1.0
    for delay in range(1, counts.shape[1]):
        known = np.isfinite(counts[:, delay])
        total = grown[known, delay - 1].sum()
        factor = counts[known, delay].sum() / total if total > 0 else 0.0
        shares[delay] = factor * shares[:delay].sum()
    return np.asarray(shares / shares.sum())
