"""Forms of dates that hold a day: what numbers, names and separators can mean, or that it cannot be
told.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from twinward.standards.date_words import find_month

UNREADABLE = "the date cannot be read"
SERIAL_ORIGIN = date(
    1899, 12, 30
)  # the day before the first of spreadsheets, less their false 29th of February
LEAST_SERIAL, MOST_SERIAL = 20_000, 80_000  # 1954 to 2119
NEAR = timedelta(days=60)
ZONE = r"(am|pm|a\.m\.|p\.m\.|Z|[+-]\d{2}(?::?\d{2})?)"
TIME = (
    r"(?:[T\s,]+(\d{1,2})(?:[:：](\d{2})(?:[:：](\d{2})(?:[.,]\d+)?)?)?\s*"
    + ZONE
    + r"?|T(\d{2})(\d{2})(\d{2})?"
    + ZONE
    + r"?)?$"
)
ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\.?" + TIME, re.I)
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})$")
STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})T?(\d{2})(\d{2})(\d{2})?(?:\.\d+)?" + ZONE + r"?$", re.I)
EAST_ASIAN = re.compile(
    r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(?:(\d{1,2})\s*[日号號일]?)?" + TIME, re.I
)
NUMBERS = re.compile(r"(\d{1,2})([-/.\s])(\d{1,2})[-/.\s](\d{4}|\d{2})\.?" + TIME, re.I)
SPACED = re.compile(r"(\d{4})\s(\d{1,2})\s(\d{1,2})$")
DAY_NAME = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?[-/.\s]*(?:de\s+)?([^\W\d_]{3,})\.?[-/,.\s]*(?:de[l]?\s+)?"
    r"(\d{4}|\d{2})" + TIME,
    re.I,
)
NAME_DAY = re.compile(
    r"([^\W\d_]{3,})\.?[-/.\s]+(\d{1,2})(?:st|nd|rd|th)?[-/.,\s]+(\d{4})" + TIME, re.I
)
YEAR_NAME_DAY = re.compile(r"(\d{4})[-/.,\s]+([^\W\d_]{3,})\.?[-/.\s]+(\d{1,2})\.?" + TIME, re.I)
VIETNAMESE = re.compile(r"(?:ngày\s+)?(\d{1,2})\s+tháng\s+(\d{1,2})(?:\s+năm\s+(\d{4}))$", re.I)
SERIAL = re.compile(r"(\d{5})(?:[.,](\d+))?$")
SECONDS = re.compile(r"(1\d{9}|2[0-2]\d{8})(\d{3})?$")
WEEK = re.compile(r"(\d{4})[-\s]?W(\d{1,2})(?:-?([1-7]))?$", re.I)
ORDINAL = re.compile(r"(\d{4})-?(\d{3})$")
BUDDHIST = (2_400, 2_700)  # years of the Thai calendar
THAI_YEARS = 543
NO_CLOCK: tuple[str | None, ...] = (None, None, None, None)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What a written date says: the day, and the time of day where one stands beside it.

    Without a day, `first` and `last` are the days between which it lies, where that is known;
    `note` is what had to be decided, or why there is no day.
    """

    day: date | None = None
    clock: time | None = None
    offset: tzinfo | None = None
    first: date | None = None
    last: date | None = None
    note: str = ""


def read_whole(said: str, order: str | None, near: date | None) -> Written | None:
    """Forms with a day in them."""
    for form in (ISO, SPACED):
        if found := form.match(said):
            year, month, day = int(found[1]), int(found[2]), int(found[3])
            told = found.groups()[3:] if form is ISO else NO_CLOCK
            if month > 12 >= day:
                return noted(
                    at(make_sure(year, day, month), told), "the day stands before the month"
                )
            return at(make_sure(year, month, day), told)
    if (found := EAST_ASIAN.match(said)) and found[3]:
        return at(make_sure(int(found[1]), int(found[2]), int(found[3])), found.groups()[3:])
    if (found := COMPACT.match(said)) and (compact := read_compact(found)):
        return compact
    if found := STAMP.match(said):
        hour, minute, second, mark = found.groups()[3:]
        stamped = make_sure(int(found[1]), int(found[2]), int(found[3]))
        return at(stamped, (hour, minute, second, mark))
    if named := read_named(said, near):
        return named
    if (found := SERIAL.match(said)) and LEAST_SERIAL <= int(found[1]) <= MOST_SERIAL:
        clock = float(f"0.{found[2] or 0}")
        moment = datetime.combine(SERIAL_ORIGIN, time()) + timedelta(
            int(found[1]), round(clock * 86_400)
        )
        note = "a spreadsheet's day number"
        return Written(day=moment.date(), clock=moment.time() if clock else None, note=note)
    if found := SECONDS.match(said):
        moment = datetime.fromtimestamp(int(found[1]), UTC)
        note = "seconds since 1970"
        return Written(day=moment.date(), clock=moment.time(), offset=UTC, note=note)
    if (found := WEEK.match(said)) and found[3]:
        return Written(day=date.fromisocalendar(int(found[1]), int(found[2]), int(found[3])))
    if (
        (found := ORDINAL.match(said))
        and 1 <= int(found[2]) <= 366
        and 1900 <= int(found[1]) < 2200
    ):
        return Written(day=date(int(found[1]), 1, 1) + timedelta(int(found[2]) - 1))
    if found := NUMBERS.match(said):
        return read_numbers(found, order, near)
    return None


def read_named(said: str, near: date | None) -> Written | None:
    """Forms in which the month is a word."""
    if found := VIETNAMESE.match(said):
        return at(make_sure(int(found[3]), int(found[2]), int(found[1])), NO_CLOCK)
    for form, year, month, day in (
        (DAY_NAME, 3, 2, 1),
        (NAME_DAY, 3, 1, 2),
        (YEAR_NAME_DAY, 1, 2, 3),
    ):
        if (found := form.match(said)) and (number := find_month(found[month])):
            whole = full_year(found[year], near)
            return at(make_sure(whole, number, int(found[day])), found.groups()[3:])
    return None


def read_compact(found: re.Match[str]) -> Written | None:
    """Eight digits: year first, or where that is no year, the year last in the only order."""
    if 1900 <= int(found[1]) < 2200 or BUDDHIST[0] < int(found[1]) < BUDDHIST[1]:
        return at(make_sure(int(found[1]), int(found[2]), int(found[3])), NO_CLOCK)
    text = found[0]
    year, a, b = int(text[4:]), int(text[:2]), int(text[2:4])
    days = {day for day in (make_day(year, b, a), make_day(year, a, b)) if day}
    return Written(day=days.pop()) if len(days) == 1 and 1900 <= year < 2200 else None


def noted(told: Written, note: str) -> Written:
    return msgspec.structs.replace(told, note=join_notes(note, told.note))


def make_sure(year: int, month: int, day: int) -> date:
    """A day; a year of the Thai calendar is 543 ahead. ValueError where there is none."""
    return date(year - THAI_YEARS if BUDDHIST[0] < year < BUDDHIST[1] else year, month, day)


def read_numbers(found: re.Match[str], order: str | None, near: date | None) -> Written:
    """Two numbers and a year: in the order that is possible, or the file's, or the nearer one."""
    year = full_year(found[4], near)
    days = {
        "dmy": make_day(year, int(found[3]), int(found[1])),
        "mdy": make_day(year, int(found[1]), int(found[3])),
    }
    possible = {name: day for name, day in days.items() if day is not None}
    if len(found[4]) == 2 and near is not None and order is None:
        first = make_day(full_year(found[1].zfill(2), near), int(found[3]), int(found[4]))
        if (
            first
            and is_near(first, near)
            and not any(is_near(one, near) for one in possible.values())
        ):
            return noted(at(first, found.groups()[4:]), "the year stands first")
    if found[2] == "." and "dmy" in possible:
        chosen = possible["dmy"]  # the dotted form is day first wherever it is used
    elif len(set(possible.values())) == 1:
        chosen = next(iter(possible.values()))
    elif order in possible:
        chosen = possible[order]
    elif possible and near is not None:
        fitting = [day for day in possible.values() if is_near(day, near)]
        if len(fitting) != 1:
            return Written(note="day and month cannot be told apart")
        told = at(fitting[0], found.groups()[4:])
        return msgspec.structs.replace(
            told, note="the order of day and month is taken from the report's day"
        )
    else:
        note = "day and month cannot be told apart" if possible else UNREADABLE
        return Written(note=note)
    return at(chosen, found.groups()[4:])


def is_near(day: date, near: date) -> bool:
    return near - NEAR <= day <= near + timedelta(days=1)


def at(day: date, told: tuple[str | None, ...]) -> Written:
    """The day with what stands behind it: hours, minutes, seconds, am or pm or a zone."""
    if len(told) > len(NO_CLOCK) and told[0] is None:
        told = told[len(NO_CLOCK) :]  # written without colons
    hour, minute, second, mark = told[: len(NO_CLOCK)]
    if hour is None or (minute is None and mark is None):
        return Written(day=day)
    hours, offset = int(hour), None
    if hours == 24 and not int(minute or 0) and not int(second or 0):  # ISO 8601: the day's end
        day, hours = day + timedelta(days=1), 0
    mark = mark.lower().replace(".", "") if mark else ""
    if mark in ("am", "pm"):
        hours = hours % 12 + (12 if mark == "pm" else 0)
    elif mark:
        offset = datetime.fromisoformat(f"2000-01-01T00:00:00{mark.upper()}").tzinfo or UTC
    return Written(day=day, clock=time(hours, int(minute or 0), int(second or 0)), offset=offset)


def make_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def full_year(text: str, near: date | None) -> int:
    """Two digits are of this century, unless that lies ahead of the report."""
    if len(text) == 4:
        year = int(text)
        return year - THAI_YEARS if BUDDHIST[0] < year < BUDDHIST[1] else year
    year = 2000 + int(text)
    return year if near is None or year <= near.year + 1 else year - 100


def join_notes(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
