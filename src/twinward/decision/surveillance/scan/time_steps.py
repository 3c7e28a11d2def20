"""The steps of time that a scan uses: years, months, weeks or days as the dates are written."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from twinward.core.errors import InputError

MOST_STEPS = 92  # more are put together, so that a year is scanned in steps of four days


class TimeSteps(msgspec.Struct, frozen=True, kw_only=True):
    """First day of each step, and the first day after the last."""

    starts: list[date]
    end: date

    def place(self, day: date) -> int:
        """The step of a day."""
        low, high = 0, len(self.starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.starts[middle] <= day else (low, middle)
        return low

    def last_day(self, stop: int) -> date:
        """The last day of the step before `stop`."""
        after = self.starts[stop] if stop < len(self.starts) else self.end
        return after - timedelta(days=1)


def read_moment(text: str, file: str, line: int) -> date:
    """A date, a month as 2022-03 or a year."""
    plain = {4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text[:10])
    try:
        return date.fromisoformat(plain)
    except ValueError as error:
        raise InputError(
            f"{file} line {line}: {text!r} is not a date",
            "write dates as 2022-03-31, months as 2022-03 or years as 2022",
            code="bad_date",
        ) from error


def make_time_steps(days: list[date], until: date | None = None) -> TimeSteps:
    """Steps from the first date to the last, or to `until`."""
    distinct = sorted(set(days))
    first, last = distinct[0], max(distinct[-1], until or distinct[-1])
    if all((day.month, day.day) == (1, 1) for day in distinct) and len(distinct) > 1:
        starts = [date(year, 1, 1) for year in range(first.year, last.year + 1)]
        return TimeSteps(starts=starts, end=date(last.year + 1, 1, 1))
    if all(day.day == 1 for day in distinct) and len(distinct) > 2:
        count = 12 * (last.year - first.year) + last.month - first.month
        months = [first.month - 1 + k for k in range(count + 2)]
        starts = [date(first.year + m // 12, m % 12 + 1, 1) for m in months]
        return TimeSteps(starts=starts[:-1], end=starts[-1])
    weekly = len(distinct) > 2 and all((day - first).days % 7 == 0 for day in distinct)
    step = 7 if weekly else 1
    count = (last - first).days // step + 1
    step *= -(-count // MOST_STEPS)
    count = (last - first).days // step + 1
    starts = [first + timedelta(days=step * k) for k in range(count)]
    return TimeSteps(starts=starts, end=starts[-1] + timedelta(days=step))
