"""Dates of a line list, a column at a time: ISO first, other common forms where they can mean
one thing only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime

from twinward.core.errors import InputError

MISSING = frozenset(
    {"", "na", "nan", "n/a", "none", "null", "nat", "unknown", "unk", ".", "?", "-"}
)
MONTHS = {
    name: number + 1
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    )
}
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})$")
_NUMBERS = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4})(?:[T ].*)?$")
_DAY_NAME = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})[A-Za-z]*[-, ]+(\d{4})$")
_NAME_DAY = re.compile(r"([A-Za-z]{3})[A-Za-z]* (\d{1,2}),? +(\d{4})$")
_PLAIN = re.compile(r"[-+]?\d{1,6}(\.\d+)?$")
ORDERS = ("dmy", "mdy")


def is_missing(text: str) -> bool:
    return text.strip().lower() in MISSING


def _bad(column: str, row: int, text: str) -> InputError:
    return InputError(
        f"column {column!r}, row {row}: {text!r} is not a date",
        "write dates as 2020-03-01 (or leave the cell empty where the date is unknown)",
        code="bad_date",
    )


def _ordinal(column: str, row: int, text: str, year: str, month: int, day: str) -> int:
    try:
        return date(int(year), month, int(day)).toordinal()
    except ValueError as error:
        raise _bad(column, row, text) from error


def _read_plain(column: str, row: int, text: str) -> int | None:
    """The forms that can be read only one way; None for the numeric ones that need an order of
    day and month.
    """
    if found := _ISO.match(text) or _COMPACT.match(text):
        if ("T" in text or " " in text) and not _is_datetime(text):
            raise _bad(column, row, text)
        return _ordinal(column, row, text, found[1], int(found[2]), found[3])
    if (found := _DAY_NAME.match(text)) and found[2].lower() in MONTHS:
        return _ordinal(column, row, text, found[3], MONTHS[found[2].lower()], found[1])
    if (found := _NAME_DAY.match(text)) and found[1].lower() in MONTHS:
        return _ordinal(column, row, text, found[3], MONTHS[found[1].lower()], found[2])
    if _NUMBERS.match(text):
        return None
    raise _bad(column, row, text)


def _is_datetime(text: str) -> bool:
    try:
        datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return False
    return True


def _find_order(column: str, cells: dict[int, str], order: str | None) -> str:
    """dmy or mdy, from the separator or from the numbers above twelve; InputError when both are
    possible.
    """
    if order is not None:
        return order
    parts = [found for text in cells.values() if (found := _NUMBERS.match(text))]
    if all(found[2] == "." for found in parts):
        return "dmy"  # the dotted form is day first wherever it is used
    day_first = any(int(found[1]) > 12 for found in parts)
    month_first = any(int(found[3]) > 12 for found in parts)
    if day_first != month_first:
        return "dmy" if day_first else "mdy"
    row, text = next(iter(cells.items()))
    why = "both orders occur" if day_first else "day and month cannot be told apart"
    raise InputError(
        f"column {column!r} has dates like {text!r} (row {row}): {why}",
        "write them as 2020-03-01, or say --date-order dmy or --date-order mdy",
        code="ambiguous_date",
    )


def read_days(column: str, cells: Sequence[str], order: str | None = None) -> list[int | None]:
    """Day numbers of a column, None where missing; row numbers in errors count the header as row 1.

    A column of plain numbers is taken as day numbers (simulated outbreaks, spreadsheet serials) and
    floored.
    """
    given = {row: text.strip() for row, text in enumerate(cells, start=2) if not is_missing(text)}
    days: dict[int, int] = {}
    if given and all(_PLAIN.match(text) for text in given.values()):
        days = {row: int(float(text) // 1) for row, text in given.items()}
    else:
        unsure = {}
        for row, text in given.items():
            day = _read_plain(column, row, text)
            if day is None:
                unsure[row] = text
            else:
                days[row] = day
        if unsure:
            first, second = (1, 3) if _find_order(column, unsure, order) == "dmy" else (3, 1)
            for row, text in unsure.items():
                found = _NUMBERS.match(text)
                assert found is not None
                days[row] = _ordinal(column, row, text, found[4], int(found[second]), found[first])
    return [days.get(row) for row in range(2, len(cells) + 2)]
