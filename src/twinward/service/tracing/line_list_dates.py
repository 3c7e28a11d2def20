"""Dates of a line list that are written in more ways than the chain's own reader knows: brought to
ISO, or to an empty cell with a note where only a month is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from twinward.core.errors import InputError
from twinward.decision.tracing.chains.dates import read_days
from twinward.standards.date_words import MISSING, tidy
from twinward.standards.written_dates import read_written

DATE_WORDS = ("onset", "confirmed")
NARROW = timedelta(days=10)  # days between which the middle stands for the day: a week


def tidy_dates(
    columns: dict[str, list[str]], order: str | None
) -> tuple[dict[str, list[str]], list[str]]:
    """The columns with their dates as the chain reads them, and what had to be decided; a cell
    that nobody can read stays, to be refused with its row.
    """
    told: Counter[str] = Counter()
    found = dict(columns)
    for word in DATE_WORDS:
        if word in columns:
            found[word] = [tidy_cell(cell, word, order, told) for cell in columns[word]]
    return found, [f"{count} cells of column {what}" for what, count in told.items()]


def tidy_cell(cell: str, word: str, order: str | None, told: Counter[str]) -> str:
    if is_readable(word, [cell], order):
        return cell
    if tidy(cell).casefold() in MISSING:
        return ""
    read = read_written(cell, order)
    if read.day is not None:
        if read.note:
            told[f"{word!r}: {read.note}"] += 1
        return read.day.isoformat()
    if read.first is None or read.last is None:
        return cell
    if read.last - read.first <= NARROW:
        told[f"{word!r} give only the days between which it lies, the middle is taken"] += 1
        return (read.first + (read.last - read.first) / 2).isoformat()
    told[f"{word!r} are left out: {read.note}"] += 1
    return ""


def is_readable(word: str, cells: Sequence[str], order: str | None) -> bool:
    """Whether the chain's own reader can make something of it, if only with its whole column."""
    try:
        read_days(word, cells, order)
    except InputError as error:
        return error.code != "bad_date"
    return True
