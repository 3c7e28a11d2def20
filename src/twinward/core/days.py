"""The city's days with reports: up to which one a week is counted, and which are missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

WEEK = 7
# Reports of a day come out on the next morning, and a bulletin may fail for a day: after so many
# days without any the reports have stopped, and what they said last is not this week's.
STALE_D = 3


def anchor_day(reported: Iterable[date], today: date) -> date:
    """The day up to which `the last seven days` are counted on every surface: the last one that
    anything was reported of, or today where that is more than STALE_D days ago.
    """
    last = max((day for day in reported if day <= today), default=today)
    return last if (today - last).days <= STALE_D else today


def is_silent(reported: Iterable[date], today: date) -> bool:
    """Whether reports have stopped: then there is no new number, which is not zero."""
    last = max((day for day in reported if day <= today), default=None)
    return last is not None and (today - last).days > STALE_D


def days_up_to(last: date, days: int) -> list[date]:
    """`days` days up to and with `last`, in order."""
    return [last - timedelta(days=back) for back in reversed(range(days))]
