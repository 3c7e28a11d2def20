"""CSV tables of surveillance: named columns, dates, counts, a clear error for what is neither."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from twinward.core.errors import InputError

MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "."}
MOST_ROWS = 20_000_000
Fields = dict[str, str]


def read_rows(
    path: Path, required: Sequence[str], optional: Sequence[str] = ()
) -> list[tuple[int, Fields]]:
    """(line, fields) of a CSV file with a head; names of columns are compared in lower case."""
    if not path.is_file():
        columns = ",".join(required)
        raise InputError(
            f"no file {path}", f"give a CSV file with the columns {columns}", code="file_absent"
        )
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        head = file.readline()
        file.seek(0)
        mark = next((m for m in (",", ";", "\t") if m in head), ",")
        table = csv.reader(file, delimiter=mark)
        names = [name.strip().lower() for name in next(table, [])]
        places = require_columns(names, required, optional, path.name)
        rows = []
        for line, row in enumerate(table, start=2):
            if not any(field.strip() for field in row):
                continue
            if len(row) < len(names):
                raise InputError(
                    f"{path.name} line {line} has {len(row)} fields, the head has {len(names)}",
                    "write every column in every row",
                    code="bad_table",
                )
            rows.append((line, {name: row[place].strip() for name, place in places.items()}))
    if not rows:
        raise InputError(f"{path.name} has no rows", "give at least one row", code="empty_table")
    return rows


def require_columns(
    names: Sequence[str], required: Sequence[str], optional: Sequence[str], file: str
) -> dict[str, int]:
    """The place of each column that is there; InputError where a required one is not."""
    absent = [name for name in required if name not in names]
    if absent:
        raise InputError(
            f"{file} has no column {' and no column '.join(absent)}",
            f"the first line must be: {','.join(required)}",
            code="missing_column",
        )
    return {name: names.index(name) for name in (*required, *optional) if name in names}


def to_day(text: str, file: str, line: int) -> date:
    """A date; `2013-W48` is the Monday of that ISO week."""
    plain = text[:10] if "T" in text or " " in text else text
    try:
        return date.fromisoformat(plain.replace("/", "-"))
    except ValueError as error:
        raise InputError(
            f"{file} line {line}: {text!r} is not a date",
            "write dates as 2022-03-31",
            code="bad_date",
        ) from error


def to_number(text: str, file: str, line: int, what: str) -> float:
    """A finite number, or NaN for an empty field or NA."""
    if text.lower() in MISSING:
        return math.nan
    try:
        value = float(text.replace(" ", "").replace("\u00a0", ""))
    except ValueError:
        value = math.inf
    if not math.isfinite(value):
        raise InputError(
            f"{file} line {line}: {what} {text!r} is not a number",
            "write counts as 1240",
            code="bad_number",
        )
    return value


def to_count(text: str, file: str, line: int, what: str) -> float:
    """A number of 0 or more, or NaN for an empty field."""
    value = to_number(text, file, line, what)
    if value < 0:
        raise InputError(
            f"{file} line {line}: {what} must be 0 or more, got {value:g}",
            "correct the row",
            code="negative_count",
        )
    return value
