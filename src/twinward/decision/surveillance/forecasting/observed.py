"""Reads a series of daily counts, one side of a date at a time."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError

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


def read_until(path: Path, until: date, negative_missing: bool = False) -> Observed:
    """The counts up to and including `until`. Later rows are not looked at, their counts not even
    parsed.

    A negative count is refused, or with `negative_missing` taken as a missing day.
    """
    counts = _counts(path, lambda day: day <= until, negative_missing)
    usable = sorted(day for day, count in counts.items() if np.isfinite(count))
    if len(usable) < 3:
        raise InputError(
            f"{path.name} has {len(usable)} usable days up to {until}",
            "give at least 3 days of counts before --until",
            code="too_few_days",
        )
    first = usable[0]
    days = (until - first).days + 1
    if days > MOST_DAYS:
        raise InputError(
            f"{path.name} spans {days} days", f"give at most {MOST_DAYS}", code="too_many_days"
        )
    column = np.full(days, np.nan)
    for day, count in counts.items():
        if day >= first:
            column[(day - first).days] = count
    return Observed(first=first, counts=column)


def read_after(path: Path, until: date, days: int) -> NDArray[Any] | None:
    """The `days` counts after `until`, to judge a forecast that is fixed already; None when one
    of them is missing.
    """
    last = until + timedelta(days=days)
    counts = _counts(path, lambda day: until < day <= last, negative_missing=True)
    column = np.array([counts.get(until + timedelta(days=k + 1), np.nan) for k in range(days)])
    return column if np.isfinite(column).any() else None


def _counts(path: Path, wanted: Any, negative_missing: bool) -> dict[date, float]:
    if not path.is_file():
        raise InputError(
            f"no file {path}", "give a CSV file with the columns date,new", code="observed_absent"
        )
    found: dict[date, float] = {}
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.DictReader(file)
        names = {(name or "").strip().lower(): name for name in rows.fieldnames or []}
        if "date" not in names or "new" not in names:
            raise InputError(
                f"{path.name} has no columns date and new",
                "the first line must be: date,new",
                code="bad_observed",
            )
        for line, row in enumerate(rows, start=2):
            text = (row[names["date"]] or "").strip()
            if not text:
                continue
            day = _date(text, path.name, line)
            if wanted(day):
                if day in found:
                    raise InputError(
                        f"{path.name} line {line}: {day} comes twice",
                        "one row a day",
                        code="bad_observed",
                    )
                found[day] = _count(row[names["new"]], path.name, line)
                if found[day] < 0:
                    if not negative_missing:
                        raise InputError(
                            f"{path.name} line {line}: {day} has the negative count {found[day]:g}",
                            "correct or empty it, or take such days as missing with "
                            "--negative-missing",
                            code="bad_observed",
                        )
                    found[day] = float("nan")
    return found


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


def _count(text: str | None, name: str, line: int) -> float:
    """A count; an empty field or NA is a missing day."""
    plain = (text or "").strip().replace(",", "")
    if plain.lower() in {"", "na", "nan", "null", "none"}:
        return float("nan")
    try:
        count = float(plain)
        if np.isinf(count):
            raise ValueError(plain)
    except ValueError as error:
        raise InputError(
            f"{name} line {line}: {text!r} is not a count", "write numbers", code="bad_observed"
        ) from error
    return count
