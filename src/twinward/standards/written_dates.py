"""Dates and times as people and spreadsheets write them: what can be meant, or why it cannot be
told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

MISSING = frozenset(
    {
        "-",
        "--",
        ".",
        "?",
        "/",
        "n/a",
        "na",
        "nan",
        "nat",
        "none",
        "null",
        "nil",
        "unknown",
        "unk",
        "missing",
        "无",
        "不详",
        "未知",
        "不明",
        "没有",
        "k.a.",
        "unbekannt",
        "keine",
        "inconnu",
        "desconocido",
        "desconhecido",
        "неизвестно",
        "불명",
        "なし",
        "not known",
        "нет данных",
    }
)
# the first letters of the months in the languages that forms come in
MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "jan ene gen янв", "feb fev fév fevr févr фев", "mar mär mrz maa мар",
            "apr abr avr апр",
            "may mai mei mag май мая", "jun juin giu июн", "jul juil lug июл",
            "aug ago aoû aou авг", "sep set сен", "oct okt out ott окт", "nov ноя",
            "dec dez dic déc дек",
        ),
        1,
    )
    for word in words.split()
}  # fmt: skip
SERIAL_ORIGIN = date(
    1899, 12, 30
)  # the day before the first of spreadsheets, less their false 29th of February
LEAST_SERIAL, MOST_SERIAL = 20_000, 80_000  # 1954 to 2119
NEAR = timedelta(days=60)
ABOUT = re.compile(
    r"^(?:about|around|approx\.?|approximately|ca\.?|circa|um den|~|约|大约|大概)\s*", re.I
)
TIME = r"(?:[T\s]+(\d{1,2})[:：](\d{2})(?:[:：](\d{2})(?:\.\d+)?)?\s*(am|pm|Z|[+-]\d{2}:?\d{2})?)?$"
ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\.?" + TIME, re.I)
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})$")
EAST_ASIAN = re.compile(
    r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(?:(\d{1,2})\s*[日号號일])?" + TIME, re.I
)
NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})\.?" + TIME, re.I)
DAY_NAME = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[-.\s]+(?:de\s+)?([^\W\d_]{3,})\.?[-,\s]+(?:de\s+)?(\d{4}|\d{2})"
    + TIME,
    re.I,
)
NAME_DAY = re.compile(r"([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})" + TIME, re.I)
SERIAL = re.compile(r"(\d{5})(?:\.(\d+))?$")
WEEK = re.compile(r"(\d{4})[-\s]?W(\d{1,2})(?:-?([1-7]))?$", re.I)
MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})$")
MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})$")
YEAR = re.compile(r"(\d{4})$")


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


def read_written(text: str, order: str | None = None, near: date | None = None) -> Written:
    """What one cell says. `order` (dmy or mdy) is that of its file, `near` a day not far off."""
    said = unicodedata.normalize("NFKC", text).strip()
    if said.casefold() in MISSING or not said:
        return Written()
    if found := ABOUT.match(said):
        told = read_written(said[found.end() :].strip(), order, near)
        return msgspec.structs.replace(
            told, note=join_notes("the day is given as about", told.note)
        )
    try:
        return read_whole(said, order, near) or read_part(said) or unreadable()
    except ValueError:  # a 30th of February, an hour 25
        return unreadable()


def unreadable() -> Written:
    return Written(note="the date cannot be read")


def read_whole(said: str, order: str | None, near: date | None) -> Written | None:
    """Forms with a day in them."""
    if found := ISO.match(said):
        return at(date(int(found[1]), int(found[2]), int(found[3])), found.groups()[3:])
    if (found := EAST_ASIAN.match(said)) and found[3]:
        return at(date(int(found[1]), int(found[2]), int(found[3])), found.groups()[3:])
    if found := COMPACT.match(said):
        return Written(day=date(int(found[1]), int(found[2]), int(found[3])))
    if (found := DAY_NAME.match(said)) and (month := find_month(found[2])):
        return at(date(full_year(found[3], near), month, int(found[1])), found.groups()[3:])
    if (found := NAME_DAY.match(said)) and (month := find_month(found[1])):
        return at(date(int(found[3]), month, int(found[2])), found.groups()[3:])
    if (found := SERIAL.match(said)) and LEAST_SERIAL <= int(found[1]) <= MOST_SERIAL:
        clock = float(f"0.{found[2] or 0}")
        moment = datetime.combine(SERIAL_ORIGIN, time()) + timedelta(
            int(found[1]), round(clock * 86_400)
        )
        note = "a spreadsheet's day number"
        return Written(day=moment.date(), clock=moment.time() if clock else None, note=note)
    if (found := WEEK.match(said)) and found[3]:
        return Written(day=date.fromisocalendar(int(found[1]), int(found[2]), int(found[3])))
    if found := NUMBERS.match(said):
        return read_numbers(found, order, near)
    return None


def read_numbers(found: re.Match[str], order: str | None, near: date | None) -> Written:
    """Two numbers and a year: in the order that is possible, or the file's, or the nearer one."""
    year = full_year(found[4], near)
    days = {
        "dmy": make_day(year, int(found[3]), int(found[1])),
        "mdy": make_day(year, int(found[1]), int(found[3])),
    }
    possible = {name: day for name, day in days.items() if day is not None}
    if found[2] == "." and "dmy" in possible:
        chosen = possible["dmy"]  # the dotted form is day first wherever it is used
    elif len(set(possible.values())) == 1:
        chosen = next(iter(possible.values()))
    elif order in possible:
        chosen = possible[order]
    elif possible and near is not None:
        fitting = [
            day for day in possible.values() if near - NEAR <= day <= near + timedelta(days=1)
        ]
        if len(fitting) != 1:
            return Written(note="day and month cannot be told apart")
        told = at(fitting[0], found.groups()[4:])
        return msgspec.structs.replace(
            told, note="the order of day and month is taken from the report's day"
        )
    else:
        note = "day and month cannot be told apart" if possible else "the date cannot be read"
        return Written(note=note)
    return at(chosen, found.groups()[4:])


def read_part(said: str) -> Written | None:
    """Forms without a day: a week, a month, a year."""
    if found := WEEK.match(said):
        first = date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return part(first, first + timedelta(days=6), "the day is missing, only the week is known")
    if found := MONTH.match(said) or EAST_ASIAN.match(said):
        return month_of(int(found[1]), int(found[2]))
    if found := MONTH_YEAR.match(said):
        return month_of(int(found[2]), int(found[1]))
    if (found := YEAR.match(said)) and 1900 <= int(found[1]) < 2200:
        first = date(int(found[1]), 1, 1)
        note = "day and month are missing, only the year is known"
        return part(first, date(first.year, 12, 31), note)
    return None


def month_of(year: int, month: int) -> Written:
    first = date(year, month, 1)
    after = date(year + month // 12, month % 12 + 1, 1)
    return part(first, after - timedelta(days=1), "the day is missing, only the month is known")


def part(first: date, last: date, note: str) -> Written:
    return Written(first=first, last=last, note=note)


def at(day: date, told: tuple[str | None, ...]) -> Written:
    """The day with what stands behind it: hours, minutes, seconds, am or pm or a zone."""
    hour, minute, second, mark = told
    if hour is None:
        return Written(day=day)
    hours, offset = int(hour), None
    if hours == 24 and not int(minute or 0) and not int(second or 0):  # ISO 8601: the day's end
        day, hours = day + timedelta(days=1), 0
    if mark and mark.lower() in ("am", "pm"):
        hours = hours % 12 + (12 if mark.lower() == "pm" else 0)
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
        return int(text)
    year = 2000 + int(text)
    return year if near is None or year <= near.year + 1 else year - 100


def find_month(word: str) -> int | None:
    said = word.casefold()
    return next((MONTHS[said[:n]] for n in (4, 3) if said[:n] in MONTHS), None)


def find_order(cells: Iterable[str]) -> str | None:
    """The order of day and month that a file's dates show; None where they show none or both."""
    orders = set()
    for text in cells:
        found = NUMBERS.match(unicodedata.normalize("NFKC", str(text)).strip())
        if found and found[2] != ".":
            orders |= {"dmy"} if int(found[1]) > 12 else set()
            orders |= {"mdy"} if int(found[3]) > 12 else set()
    return orders.pop() if len(orders) == 1 else None


def read_instant(
    text: str, zone: tzinfo, order: str | None = None, now: datetime | None = None
) -> tuple[datetime | None, str]:
    """The instant that a cell says, by the city's clock where it names no zone; with a note.

    Of a day alone it is noon, or now where noon has not come yet.
    """
    try:
        exact = datetime.fromisoformat(text.strip())
    except ValueError:
        exact = None
    if exact is not None and exact.tzinfo is not None:
        return exact, ""
    told = read_written(text, order, now.astimezone(zone).date() if now else None)
    if told.day is None:
        return None, told.note
    if told.clock is None:
        noon = datetime.combine(told.day, time(12), zone)
        today = now is not None and now.astimezone(zone).date() == told.day
        return (min(noon, now) if today and now is not None else noon), told.note
    if told.offset is not None:
        return datetime.combine(told.day, told.clock, told.offset), told.note
    local = datetime.combine(told.day, told.clock, zone)
    there = local.astimezone(UTC).astimezone(zone)
    if there.replace(tzinfo=None) != local.replace(tzinfo=None):
        return there, join_notes(told.note, "the clocks were put forward over this time")
    if local.replace(fold=1).utcoffset() != local.utcoffset():
        note = "the clocks were put back over this time: the first of the two is taken"
        return local, join_notes(told.note, note)
    return local, told.note


def join_notes(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
