"""Dates and times as people and spreadsheets write them: what can be meant, or why it cannot be
told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec

from twinward.standards.date_forms import (
    BUDDHIST,
    EAST_ASIAN,
    NUMBERS,
    THAI_YEARS,
    TIME,
    UNREADABLE,
    WEEK,
    Written,
    join_notes,
    make_day,
    noted,
    read_whole,
)
from twinward.standards.date_words import (
    ABOUT,
    DOUBT,
    MISSING,
    PARTS,
    SYMPTOMLESS,
    find_month,
    tidy,
)

WEEK_WORD = r"(?:W|KW|CW|wk|week|woche|semaine|semana|settimana|uke|vecka|sem)\.?\s*"
OTHER_WEEKS = (
    re.compile(WEEK_WORD + r"(\d{1,2})\s*[-/,.\s]\s*(\d{4})$", re.I),
    re.compile(r"(\d{1,2})\.?\s*" + WEEK_WORD + r"[-/,\s]?\s*(\d{4})$", re.I),
)
YEAR_WEEKS = (
    re.compile(r"(\d{4})\s*[-/,.\s]?\s*" + WEEK_WORD + r"(\d{1,2})$", re.I),
    re.compile(r"(\d{4})\s*年\s*第?\s*(\d{1,2})\s*[周週]$"),
)
MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](?:0{1,2}|[xX?]{1,2}))?$")
MONTH_YEAR = re.compile(r"(?:(?:0{1,2}|[xX?]{1,2})[-/.])?(\d{1,2})[-/.](\d{4})$")
NAMED_MONTH = re.compile(r"([^\W\d_]{3,})\.?[-/,\s]+(?:de[l]?\s+)?(\d{4})$", re.I)
YEAR = re.compile(r"(\d{4})$")
NO_YEAR = (
    (re.compile(r"(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日号號일]?" + TIME, re.I), 1, 2),
    (re.compile(r"(\d{1,2})\.(\d{1,2})\.?$"), 2, 1),
)
NUMBERS_NO_YEAR = re.compile(r"(\d{1,2})/(\d{1,2})$")
NAME_NO_YEAR = re.compile(r"([^\W\d_]{3,})\.?[-\s]+(\d{1,2})(?:st|nd|rd|th)?$", re.I)
DAY_NAME_NO_YEAR = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?[-\s]+(?:de\s+)?([^\W\d_]{3,})\.?$", re.I
)
NAME_YEAR = re.compile(r"([^\W\d_]{3,})\.?-(\d{2})$", re.I)
DAY_ONLY = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.|er|日|号|號)$", re.I)
RANGE = re.compile(
    r"(?<!\s)\s++(?:to|until|till|through|and|bis|à|au|al?|e|–|—|-|至|到)\s++"
    r"|(?<!\s)\s*+[–—~至到]\s*+",
    re.I,
)
SLASHED = re.compile(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})$")
DAYS_OF_ONE_MONTH = re.compile(r"(\d{1,2})\s*[-–/~至到]\s*(\d{1,2})([./\s月][^-–]+)$")


def read_written(text: str, order: str | None = None, near: date | None = None) -> Written:
    """What one cell says. `order` (dmy or mdy) is that of its file, `near` a day not far off."""
    said = tidy(text)
    if said.casefold() in MISSING or not said:
        return Written()
    if said.casefold().startswith(SYMPTOMLESS):
        return Written(note="there were no symptoms")
    for form in (ABOUT, DOUBT):
        found = form.search(said)
        rest = (said[: found.start()] + said[found.end() :]).strip() if found else ""
        if rest:
            told = read_written(rest, order, near)
            return msgspec.structs.replace(
                told, note=join_notes("the day is given as about", told.note)
            )
    for read in (read_whole, read_part, read_span, read_without_year):
        try:
            read_so = read(said, order, near)
            if read_so is not None and read_so.note != UNREADABLE:
                return read_so
        except ValueError:  # a 30th of February, an hour 25
            continue
    return Written(note=UNREADABLE)


def read_part(said: str, order: str | None, near: date | None) -> Written | None:
    """Forms without a day: a week, a month, a part of one, a year."""
    week = WEEK.match(said) or next((f for form in YEAR_WEEKS if (f := form.match(said))), None)
    number = (int(week[1]), int(week[2])) if week else None
    if other := next((f for form in OTHER_WEEKS if (f := form.match(said))), None):
        number = (int(other[2]), int(other[1]))
    if number:
        first = date.fromisocalendar(*number, 1)
        return part(first, first + timedelta(days=6), "the day is missing, only the week is known")
    if found := MONTH.match(said) or EAST_ASIAN.match(said):
        return month_of(int(found[1]), int(found[2]))
    if found := MONTH_YEAR.match(said):
        return month_of(int(found[2]), int(found[1]))
    if (found := NAMED_MONTH.match(said)) and (month := find_month(found[1])):
        return month_of(int(found[2]), month)
    for words, (low, high) in PARTS.items():
        if said.casefold().startswith(words):
            rest = read_written(said[len(words) :].strip(" -"), order, near)
            if rest.first is None or rest.last is None or "month" not in rest.note:
                return None
            last = min(rest.last, rest.first + timedelta(days=high - 1))
            note = "the day is missing, only the part of the month is known"
            return part(rest.first + timedelta(days=low - 1), last, note)
    if (found := YEAR.match(said)) and 1900 <= int(found[1]) < 2200:
        first = date(int(found[1]), 1, 1)
        note = "day and month are missing, only the year is known"
        return part(first, date(first.year, 12, 31), note)
    return None


def read_span(said: str, order: str | None, near: date | None) -> Written | None:
    """Two days between which it lies: 10-13/11/2026, 2026-11-10 to 2026-11-13."""
    ends: list[str] = []
    if found := SLASHED.match(said):
        ends = [found[1], found[2]]
    elif (found := DAYS_OF_ONE_MONTH.match(said)) and int(found[1]) < int(found[2]) <= 31:
        ends = [found[1] + found[3], found[2] + found[3]]
    else:
        plain = re.sub(r"^(?:between|zwischen|entre|von|du|de|dal)\s+", "", said, flags=re.I)
        ends = RANGE.split(plain)
    if len(ends) != 2 or not all(ends):
        return None
    order = find_order(ends) or order
    last = read_written(ends[1], order, near).day
    first = read_written(ends[0], order, last or near).day
    if first is None and last is not None and re.fullmatch(r"\d{1,2}\.?", ends[0].strip()):
        first = make_day(last.year, last.month, int(ends[0].strip(" .")))
    if first is None or last is None or first > last:
        return None
    return part(first, last, "only the days between which it lies are given")


def read_without_year(said: str, order: str | None, near: date | None) -> Written | None:
    """A day without its year, or without its month, too: the last such day before the report."""
    if near is None:
        return None
    if (found := NAME_YEAR.match(said)) and (month := find_month(found[1])):
        year = near.year // 100 * 100 + int(found[2])  # Nov-26 is what a spreadsheet makes of both
        if abs(year - near.year) <= 1:
            return month_of(year, month)
    if found := DAY_ONLY.match(said):
        day = make_day(near.year, near.month, int(found[1]))
        before = near.replace(day=1) - timedelta(days=1)
        if day is None or day > near:
            day = make_day(before.year, before.month, int(found[1]))
        note = "month and year are missing, they are taken from the report's day"
        return noted(Written(day=day), note) if day else None
    for month, number in find_month_day(said, order):
        days = [make_day(year, month, number) for year in (near.year, near.year - 1)]
        kept = [day for day in days if day is not None and day <= near]
        if kept:
            note = "the year is missing, it is taken from the report's day"
            return noted(Written(day=kept[0]), note)
    return None


def find_month_day(said: str, order: str | None) -> list[tuple[int, int]]:
    """Month and day of a form without a year, where they can be told apart."""
    for form, month, day in NO_YEAR:
        if found := form.match(said):
            return [(int(found[month]), int(found[day]))]
    for form, month, day in ((NAME_NO_YEAR, 1, 2), (DAY_NAME_NO_YEAR, 2, 1)):
        if (found := form.match(said)) and (number := find_month(found[month])):
            return [(number, int(found[day]))]
    if found := NUMBERS_NO_YEAR.match(said):
        a, b = int(found[1]), int(found[2])
        pairs = {"dmy": (b, a), "mdy": (a, b)}
        fitting = {name: pair for name, pair in pairs.items() if pair[0] <= 12}
        if len(set(fitting.values())) == 1:
            return list(fitting.values())[:1]
        return [fitting[order]] if order in fitting else []
    return []


def month_of(year: int, month: int) -> Written:
    year -= THAI_YEARS if BUDDHIST[0] < year < BUDDHIST[1] else 0
    first = date(year, month, 1)
    after = date(year + month // 12, month % 12 + 1, 1)
    return part(first, after - timedelta(days=1), "the day is missing, only the month is known")


def part(first: date, last: date, note: str) -> Written:
    return Written(first=first, last=last, note=note)


def find_order(cells: Iterable[str]) -> str | None:
    """The order of day and month that a file's dates show; None where they show none or both."""
    orders = set()
    for text in cells:
        found = NUMBERS.match(tidy(str(text)))
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
