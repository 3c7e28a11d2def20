"""When something is said to have been: dates and clocks in Chinese and English, also relative to
when the text was written.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from twinward.edge.intake.numbers import ZH, read_chinese

MONTHS = {
    name: n
    for n, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
N = rf"(?:\d{{1,2}}|[{ZH}]{{1,3}})"
ISO = re.compile(
    r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})"
    r"(?:[T ]+(?P<h>\d{1,2}):(?P<n>\d{2})(?::\d{2})?)?"
)
ZH_DAY = re.compile(rf"(?:(?P<y>\d{{4}}|[{ZH}]{{4}})年)?(?P<m>{N})月(?P<d>{N})[日号]")
ZH_RELATIVE = re.compile(r"(?P<word>今[天日晨早晚]?|昨[天日晚]?|前天|前日)(?=[^年]|$)")
ZH_CLOCK = re.compile(
    rf"(?P<half>凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|夜间|早|晚)?(?P<h>{N})[时點点](?!多|余)"
    rf"(?:(?P<n>{N})分|(?P<q>半))?"
)
EN_DAY = re.compile(
    r"\b(?:(?P<d>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<mon>[A-Z][a-z]{2})[a-z]*\.?"
    r"|(?P<mon2>[A-Z][a-z]{2})[a-z]*\.?\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)?)"
    r"(?:,?\s+(?P<y>\d{4}))?\b"
)
EN_RELATIVE = re.compile(
    r"\b(?P<word>today|tonight|this (?:morning|evening|afternoon)|yesterday)\b", re.I
)
EN_CLOCK = re.compile(
    r"\b(?P<h>\d{1,2})(?::(?P<n>\d{2}))?\s?(?P<half>a\.?m\b\.?|p\.?m\b\.?|hrs\b|h\b)", re.I
)
PLAIN_CLOCK = re.compile(r"(?<![\d:.])(?P<h>[01]?\d|2[0-3]):(?P<n>[0-5]\d)(?![\d:])")
EARLIEST = 1900  # a year before it is no year of what is reported
LATE = ("下午", "傍晚", "晚上", "夜间", "晚")


def find_time(text: str, written: datetime, zone: tzinfo) -> datetime | None:
    """The instant a sentence speaks of; None where it names neither day nor clock. A clock alone is
    of the day on which the text was written; what would lie a day ahead is of the year before.
    """
    local = written.astimezone(zone)
    day = find_day(text, local)
    clock = find_clock(text)
    if day is None and clock is None:
        return None
    hour, minute = clock or (0, 0)
    base = day or local
    try:
        found = base.replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError:
        return None
    if found > local + timedelta(days=1):
        return None
    if day is None and found > local:
        found -= timedelta(days=1)  # a clock that has not come yet is yesterday's
    return found


def find_day(text: str, local: datetime) -> datetime | None:
    for pattern in (ISO, ZH_DAY, EN_DAY):
        for one in pattern.finditer(text):
            found = day_of(one.groupdict(), local)
            if found is not None:
                return found
    for pattern in (ZH_RELATIVE, EN_RELATIVE):
        one_word = pattern.search(text)
        if one_word is not None:
            word = one_word["word"].lower()
            back = 2 if word.startswith("前") else 1 if word[0] in "昨y" else 0
            return local - timedelta(days=back)
    return None


def day_of(told: dict[str, str | None], local: datetime) -> datetime | None:
    year = number(told.get("y")) or local.year
    if year < EARLIEST:
        return None
    name = (told.get("mon") or told.get("mon2") or "").lower()
    month = MONTHS.get(name) if name else number(told.get("m"))
    day = number(told.get("d") or told.get("d2"))
    if not month or not day:
        return None
    try:
        found = local.replace(year=year, month=month, day=day)
    except (ValueError, OverflowError):
        return None
    if not told.get("y") and found > local + timedelta(days=1):
        found = found.replace(year=year - 1)
    return found


def find_clock(text: str) -> tuple[int, int] | None:
    iso = ISO.search(text)
    if iso is not None and iso["h"]:
        return int(iso["h"]), int(iso["n"])
    chinese = ZH_CLOCK.search(text)
    if chinese is not None:
        hour, minute = number(chinese["h"]) or 0, number(chinese["n"]) or 0
        if chinese["half"] in LATE and hour < 12:
            hour += 12
        return (hour, 30 if chinese["q"] else minute) if hour < 24 else None
    english = EN_CLOCK.search(text)
    if english is not None:
        hour, half = int(english["h"]), english["half"].lower()
        if half.startswith("p") and hour < 12:
            hour += 12
        if half.startswith("a") and hour == 12:
            hour = 0
        return (hour, int(english["n"] or 0)) if hour < 24 else None
    plain = PLAIN_CLOCK.search(text)
    return (int(plain["h"]), int(plain["n"])) if plain is not None else None


def number(text: str | None) -> int | None:
    if not text:
        return None
    if text.isdigit():
        return int(text)
    found = read_chinese(text)
    return int(found) if found is not None else None
