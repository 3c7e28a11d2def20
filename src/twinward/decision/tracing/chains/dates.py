"""Dates of a line list, its columns together: ISO first, other common forms where they can mean
one thing only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from twinward.core.errors import InputError

MISSING = frozenset(
    {
        "",
        "na",
        "nan",
        "n/a",
        "n.a.",
        "none",
        "null",
        "nat",
        "unknown",
        "unk",
        "not known",
        "not available",
        "not applicable",
        "not stated",
        "missing",
        "pending",
        ".",
        "..",
        "?",
        "-",
        "--",
        "/",
        "无",
        "不详",
        "未知",
    }
)
SYMPTOMLESS = (
    "asympt",
    "no symptom",
    "without symptom",
    "symptom free",
    "symptom-free",
    "symptomless",
    "无症状",
)
MONTHS = {
    name: number + 1
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    )
}
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})$")
_CHINESE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?$")
_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})(?:[T ].*)?$")
_DAY_NAME = re.compile(r"(\d{1,2})[-/. ]+([A-Za-z]{3})[A-Za-z]*[-/., ]+(\d{4}|\d{2})$")
_NAME_DAY = re.compile(r"([A-Za-z]{3})[A-Za-z]*\.? (\d{1,2}),? +(\d{4}|\d{2})$")
_PLAIN = re.compile(r"[-+]?\d{1,6}(\.\d+)?$")
ORDERS = ("dmy", "mdy", "ymd")
SPREADSHEET_DAYS = (20_000, 60_000)  # 1954 to 2064 as a spreadsheet counts them
SPREADSHEET_ZERO = date(1899, 12, 30).toordinal()
SAME_OUTBREAK_DAYS = (
    1_500  # an order of the numbers that spreads a column over more is not the order meant
)
FIRST_OLD_YEAR = (
    69  # two digits from here on are of the last century where no date shows its century (POSIX)
)


class _Cell(msgspec.Struct, frozen=True):
    """A date whose year may have two digits: (year, month, day) with month and day still to be
    told apart.
    """

    text: str
    numbers: tuple[int, int, int]  # as written
    digits: int  # of the last number
    separator: str = ""
    named: bool = False  # the month is a word: numbers are day, month, year


def is_missing(text: str) -> bool:
    return text.strip().lower() in MISSING


def is_symptomless(text: str) -> bool:
    """Whether the cell says that there was no onset, in words."""
    return text.strip().lower().startswith(SYMPTOMLESS)


def _bad(column: str, row: int, text: str) -> InputError:
    return InputError(
        f"column {column!r}, row {row}: {text!r} is not a date",
        "write dates as 2020-03-01 (or leave the cell empty where the date is unknown)",
        code="bad_date",
    )


def _ordinal(column: str, row: int, text: str, year: int, month: int, day: int) -> int:
    try:
        return date(year, month, day).toordinal()
    except ValueError as error:
        raise _bad(column, row, text) from error


def _read_cell(column: str, row: int, text: str) -> int | _Cell:
    """The day of a form that can be read in one way only, else the numbers of it."""
    if found := _ISO.match(text) or _COMPACT.match(text) or _CHINESE.match(text):
        if ("T" in text or " " in text) and not _CHINESE.match(text) and not _is_datetime(text):
            raise _bad(column, row, text)
        return _ordinal(column, row, text, int(found[1]), int(found[2]), int(found[3]))
    for form, day, month in ((_DAY_NAME, 1, 2), (_NAME_DAY, 2, 1)):
        if (found := form.match(text)) and found[month].lower() in MONTHS:
            numbers = (int(found[day]), MONTHS[found[month].lower()], int(found[3]))
            if len(found[3]) == 4:
                return _ordinal(column, row, text, numbers[2], numbers[1], numbers[0])
            return _Cell(text, numbers, 2, named=True)
    if found := _NUMBERS.match(text):
        return _Cell(text, (int(found[1]), int(found[3]), int(found[4])), len(found[4]), found[2])
    raise _bad(column, row, text)


def _is_datetime(text: str) -> bool:
    try:
        datetime.fromisoformat(text[:10].replace("/", "-").replace(".", "-") + text[10:])
    except ValueError:
        return False
    return True


def _split(cell: _Cell, order: str) -> tuple[int, int, int]:
    """(year, month, day) of a cell, the year with as many digits as were written."""
    a, b, c = cell.numbers
    if cell.named or order == "dmy":
        return c, b, a
    return (c, a, b) if order == "mdy" else (a, b, c)


def _full_year(year: int, digits: int, near: int | None) -> int:
    """A year of two digits in the century that brings it next to the years written in full."""
    if digits == 4:
        return year
    if near is None:
        return year + (1900 if year >= FIRST_OLD_YEAR else 2000)
    return min(
        (
            century + year
            for century in range(near // 100 * 100 - 100, near // 100 * 100 + 200, 100)
        ),
        key=lambda one: abs(one - near),
    )


def _days_in(cells: Sequence[_Cell], order: str, near: int | None) -> list[int] | None:
    """Days of the cells in one order; None where one of them is no date in it."""
    out = []
    for cell in cells:
        if order == "ymd" and cell.digits == 4:
            return None
        year, month, day = _split(cell, order)
        try:
            out.append(date(_full_year(year, cell.digits, near), month, day).toordinal())
        except ValueError:
            return None
    return out


def _possible_orders(cells: Sequence[_Cell], near: int | None) -> list[str]:
    """The orders in which all cells are dates, and dates of one outbreak."""
    if all(cell.separator == "." for cell in cells):
        return ["dmy"]  # the dotted form is day first wherever it is used
    read = {order: days for order in ORDERS if (days := _days_in(cells, order, near)) is not None}
    close = [order for order, days in read.items() if max(days) - min(days) <= SAME_OUTBREAK_DAYS]
    if near is not None:
        close = [
            o
            for o in close
            if abs(date.fromordinal(min(read[o])).year - near) <= SAME_OUTBREAK_DAYS // 365
        ]
    possible = close or list(read)
    return (
        [order for order in possible if order != "ymd"] or possible if len(cells) < 2 else possible
    )


def _order_of(
    column: str, cells: Mapping[int, _Cell], near: int | None, order: str | None, others: set[str]
) -> str:
    """The order of a column's numbers: said, or the only possible one, or that of the list's
    other columns.
    """
    unsure = {row: cell for row, cell in cells.items() if not cell.named}
    if order is not None or not unsure:
        return order or "dmy"
    possible = _possible_orders(list(unsure.values()), near)
    meanings = {tuple(_days_in(list(unsure.values()), one, near) or ()) for one in possible}
    if len(meanings) == 1 and possible:
        return possible[0]
    if len(others & set(possible)) == 1:
        return (others & set(possible)).pop()
    row, cell = next(iter(unsure.items()))
    why = "day and month cannot be told apart" if possible else "both orders occur"
    raise InputError(
        f"column {column!r} has dates like {cell.text!r} (row {row}): {why}",
        "write them as 2020-03-01, or say --date-order dmy, mdy or ymd",
        code="ambiguous_date",
    )


def read_dates(
    columns: Mapping[str, Sequence[str]], order: str | None = None, notes: list[str] | None = None
) -> dict[str, list[int | None]]:
    """Day numbers of each column, None where missing; rows in errors count the header as row 1.

    What one column shows (the order of day and month, the century, that plain numbers are a
    spreadsheet's days) holds for the others, too: they are dates of one outbreak. Where every
    column is plain numbers these are taken as they are, floored (simulated outbreaks).
    """
    notes = [] if notes is None else notes
    given = {
        name: {
            r: t.strip()
            for r, t in enumerate(cells, 2)
            if not is_missing(t) and not is_symptomless(t)
        }
        for name, cells in columns.items()
    }
    plain = {
        name: {r: t for r, t in cells.items() if _PLAIN.match(t)} for name, cells in given.items()
    }
    only_numbers = all(len(plain[name]) == len(given[name]) for name in columns)
    days: dict[str, dict[int, int]] = {name: {} for name in columns}
    for name in columns:
        numbers = {row: int(float(text) // 1) for row, text in plain[name].items()}
        if numbers and not only_numbers:
            numbers = _from_spreadsheet(
                name, numbers, plain[name], len(numbers) == len(given[name]), notes
            )
        days[name] |= numbers
    if only_numbers:
        _refuse_two_origins(days)
    else:
        _read_written(given, plain, days, order)
    return {
        name: [days[name].get(row) for row in range(2, len(cells) + 2)]
        for name, cells in columns.items()
    }


def _read_written(
    given: Mapping[str, Mapping[int, str]],
    plain: Mapping[str, Mapping[int, str]],
    days: dict[str, dict[int, int]],
    order: str | None,
) -> None:
    """Puts the days of all written dates into `days`, column by column, the unequivocal ones
    first.
    """
    unsure: dict[str, dict[int, _Cell]] = {name: {} for name in given}
    for name, cells in given.items():
        for row, text in cells.items():
            if row in plain[name]:
                continue
            read = _read_cell(name, row, text)
            if isinstance(read, int):
                days[name][row] = read
            else:
                unsure[name][row] = read
    years = sorted(date.fromordinal(day).year for found in days.values() for day in found.values())
    years += [
        cell.numbers[2] for cells in unsure.values() for cell in cells.values() if cell.digits == 4
    ]
    near = sorted(years)[len(years) // 2] if years else None
    sure: set[str] = set()
    for doubtful in unsure.values():
        free = [cell for cell in doubtful.values() if not cell.named]
        if free and len(possible := _possible_orders(free, near)) == 1:
            sure |= set(possible)
    for name, doubtful in unsure.items():
        found = _order_of(name, doubtful, near, order, sure)
        for row, cell in doubtful.items():
            year, month, day = _split(cell, found)
            full = _full_year(year, 4 if found == "ymd" and cell.digits == 4 else cell.digits, near)
            days[name][row] = _ordinal(name, row, cell.text, full, month, day)


def _from_spreadsheet(
    column: str, numbers: dict[int, int], texts: Mapping[int, str], whole: bool, notes: list[str]
) -> dict[int, int]:
    """Plain numbers beside dates as a spreadsheet's days; InputError for numbers that cannot be."""
    low, high = SPREADSHEET_DAYS
    for row, number in numbers.items():
        if low <= number < high:
            continue
        if whole:
            raise InputError(
                f"column {column!r} holds day numbers like {texts[row]!r} (row {row}), another "
                f"column dates",
                "write both as dates, or both as day numbers that count from the same day",
                code="mixed_dates",
            )
        raise _bad(column, row, texts[row])
    notes.append(
        f"{len(numbers)} cells of column {column!r} are read as day numbers of a spreadsheet"
    )
    return {row: SPREADSHEET_ZERO + number for row, number in numbers.items()}


def _refuse_two_origins(days: Mapping[str, Mapping[int, int]]) -> None:
    """Two columns of day numbers must count from the same day."""
    low, high = SPREADSHEET_DAYS
    kinds = {
        all(low <= day < high for day in found.values()): name
        for name, found in days.items()
        if found
    }
    if len(kinds) == 2:
        raise InputError(
            f"columns {kinds[True]!r} and {kinds[False]!r} hold day numbers that count from "
            f"different days",
            "write both as dates",
            code="mixed_dates",
        )


def read_days(column: str, cells: Sequence[str], order: str | None = None) -> list[int | None]:
    """Day numbers of one column by itself."""
    return read_dates({column: cells}, order)[column]
