"""Reads a series of daily counts, one side of a date at a time."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.sources.names import is_total
from twinward.citybase.sources.numbers import Writing, find_writing, to_number
from twinward.core.errors import InputError
from twinward.decision.surveillance.forecasting.series_shape import (
    Every,
    Holds,
    differences,
    require_daily,
    require_new,
    spread_weeks,
)

MOST_DAYS = 5_000


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of consecutive days from `first`; NaN where a day is missing or its count cannot
    be.
    """

    first: date
    counts: NDArray[Any]

    @property
    def last(self) -> date:
        return self.first + timedelta(days=len(self.counts) - 1)


def read_until(
    path: Path,
    until: date,
    negative_missing: bool = False,
    every: Every | None = None,
    holds: Holds | None = None,
) -> Observed:
    """The counts up to and including `until`. Later rows are not looked at, their counts not even
    parsed.

    A negative count is refused, or with `negative_missing` taken as a missing day. Counts of weeks
    (`every`) are shared over their days, running totals (`holds`) become their differences; what
    looks like either and is not said to be is refused.
    """
    counts = _counts(path, lambda day: day <= until, negative_missing, _iso_weeks(every))
    usable = sorted(day for day, count in counts.items() if np.isfinite(count))
    if len(usable) < 3:
        raise InputError(
            f"{path.name} has {len(usable)} usable days up to {until}",
            "give at least 3 days of counts before --until",
            code="too_few_days",
        )
    require_daily(usable, every, path.name)
    require_new(np.array([counts[day] for day in usable]), holds, path.name, len(usable))
    if holds == "total":
        counts = differences(counts, path.name) if every != "week" else _week_steps(counts, path)
    if every == "week":
        counts = spread_weeks(counts)
    usable = sorted(day for day, count in counts.items() if np.isfinite(count))
    first = usable[0]
    days = (until - first).days + 1
    if days > MOST_DAYS:
        raise InputError(
            f"{path.name} spans {days} days", f"give at most {MOST_DAYS}", code="too_many_days"
        )
    column = np.full(days, np.nan)
    for day, count in counts.items():
        if first <= day <= until:
            column[(day - first).days] = count
    return Observed(first=first, counts=column)


def _week_steps(counts: dict[date, float], path: Path) -> dict[date, float]:
    """Sums of weeks from running totals by week; a missing week shares what came with the next."""
    by_day = differences(counts, path.name)
    weeks = sorted(day for day, count in counts.items() if np.isfinite(count))
    return {day: 7.0 * by_day[day] for day in weeks[1:]}


def _iso_weeks(every: Every | None) -> int:
    """Days by which `2025-W16`, read as its Monday, is moved: a week's count stands at its end."""
    return 6 if every == "week" else 0


def read_after(
    path: Path,
    until: date,
    days: int,
    every: Every | None = None,
    holds: Holds | None = None,
) -> NDArray[Any] | None:
    """The `days` counts after `until`, to judge a forecast that is fixed already; None when one
    of them is missing.
    """
    last = until + timedelta(days=days)
    low = until - timedelta(days=MOST_DAYS if holds == "total" else 0)
    counts = _counts(path, lambda day: low < day <= last, True, _iso_weeks(every))
    if holds == "total":
        counts = differences(counts, path.name) if every != "week" else _week_steps(counts, path)
    if every == "week":
        counts = spread_weeks(counts)
    column = np.array([counts.get(until + timedelta(days=k + 1), np.nan) for k in range(days)])
    return column if np.isfinite(column).any() else None


def _counts(
    path: Path, wanted: Any, negative_missing: bool, week_end: int = 0
) -> dict[date, float]:
    if not path.is_file():
        raise InputError(
            f"no file {path}", "give a CSV file with the columns date,new", code="observed_absent"
        )
    rows: list[tuple[int, date, str]] = []
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        head = file.readline()
        file.seek(0)
        mark = ";" if ";" in head and "," not in head else ","
        table = csv.DictReader(file, delimiter=mark)
        names = {(name or "").strip().lower(): name for name in table.fieldnames or []}
        if "date" not in names or "new" not in names:
            raise InputError(
                f"{path.name} has no columns date and new",
                "the first line must be: date,new",
                code="bad_observed",
            )
        for line, row in enumerate(table, start=2):
            text = (row[names["date"]] or "").strip()
            if not text or is_total(text):
                continue
            day = _date(text, path.name, line) + timedelta(days=week_end * ("W" in text.upper()))
            if wanted(day):
                rows.append((line, day, row[names["new"]] or ""))
    return _values(rows, path.name, mark, negative_missing)


def _values(
    rows: list[tuple[int, date, str]], name: str, mark: str, negative_missing: bool
) -> dict[date, float]:
    writing = _writing([text for _, _, text in rows], name, mark)
    found: dict[date, float] = {}
    for line, day, text in rows:
        if day in found:
            raise InputError(
                f"{name} line {line}: {day} comes twice", "one row a day", code="bad_observed"
            )
        found[day] = _count(text, name, line, writing)
        if found[day] < 0:
            if not negative_missing:
                raise InputError(
                    f"{name} line {line}: {day} has the negative count {found[day]:g}",
                    "correct or empty it, or take such days as missing with --negative-missing",
                    code="bad_observed",
                )
            found[day] = float("nan")
    return found


def _writing(texts: list[str], name: str, mark: str) -> Writing:
    """The signs for thousands and decimals of the column of counts."""
    try:
        return find_writing(
            texts, name, "new", whole=True, thousands="", decimal="", separator=mark
        )
    except InputError as error:
        raise InputError(
            error.message, "write the counts without a sign for thousands", code="which_numbers"
        ) from error


def _date(text: str, name: str, line: int) -> date:
    plain = text[:10] if "T" in text or " " in text else text
    try:
        return date.fromisoformat(plain)
    except ValueError as error:
        raise InputError(
            f"{name} line {line}: {text!r} is not a date",
            "write dates as 2022-03-31",
            code="bad_observed",
        ) from error


def _count(text: str, name: str, line: int, writing: Writing) -> float:
    """A count; an empty field or NA is a missing day."""
    if text.strip().lower() in {"", "na", "n/a", "nan", "null", "none", "-"}:
        return float("nan")
    count = to_number(text, writing)
    if not np.isfinite(count):
        raise InputError(
            f"{name} line {line}: {text!r} is not a count", "write numbers", code="bad_observed"
        )
    return count
