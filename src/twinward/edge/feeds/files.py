"""Files as feeds: rows of CSV, JSON Lines and Parquet with their numbers; a broken row is a row
that says why.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from twinward.core.errors import UNREADABLE, InputError
from twinward.standards.source_rows import FileReading, Row

PAGE = 10_000
UTF_8 = "utf-8-sig"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
MOST_LOOKED_AT, ASCII = 65_536, 0x7F
OTHER_SEPARATORS = (";", "\t", "|")


def read_rows(path: Path, reading: FileReading) -> Iterator[Row]:
    """The rows of a file by its ending, only the fields asked for; InputError when the file
    cannot be read at all.
    """
    readers = {
        ".csv": read_csv,
        ".jsonl": read_json_lines,
        ".ndjson": read_json_lines,
        ".parquet": read_parquet,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path.name}: no such format",
            f"it may end in {', '.join(readers)}",
            code="unknown_format",
        )
    try:
        yield from reader(path, reading)
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror or error}", "check the name and its rights", code="unreadable"
        ) from error
    except (UnicodeError, LookupError) as error:
        raise InputError(
            f"{path.name}: {error}",
            f"name its encoding, for example --encoding {guess_encoding(path)}",
            code="wrong_encoding",
        ) from error
    except pa.ArrowException as error:
        raise InputError(f"{path.name}: {error}", "is it whole?", code="unreadable") from error


def read_csv(path: Path, reading: FileReading) -> Iterator[Row]:
    with path.open(encoding=encoding_of(path, reading), newline="") as file:
        separator, first = find_separator(file.readline(), reading)
        if first is not None:
            file.seek(0)
        rows = csv.reader(file, delimiter=separator)
        heading = name_columns([name.strip() for name in next(rows, [])], reading)
        require_columns(path, heading, reading)
        number = 0
        try:
            for row in rows:
                if not row:
                    continue
                number += 1
                wrong = (
                    None
                    if len(row) == len(heading)
                    else f"{len(row)} fields under {len(heading)} headings"
                )
                yield Row(number, take(dict(zip(heading, row, strict=False)), reading), wrong)
        except csv.Error as error:
            raise InputError(
                f"{path.name}, after row {number}: {error}",
                "mend the file there",
                code="unreadable",
            ) from error


def read_json_lines(path: Path, reading: FileReading) -> Iterator[Row]:
    number = 0
    with path.open(encoding=reading.encoding) as file:
        for line in file:
            if not line.strip():
                continue
            number += 1
            try:
                yield Row(number, take(msgspec.json.decode(line, type=dict[str, Any]), reading))
            except UNREADABLE as error:
                yield Row(number, {}, f"not a JSON object: {error}")


def read_parquet(path: Path, reading: FileReading) -> Iterator[Row]:
    number = 0
    with pq.ParquetFile(path) as file:
        own = file.schema_arrow.names
        named = dict(zip(name_columns(own, reading), own, strict=True))
        require_columns(path, list(named), reading)
        wanted = {
            name: named[name]
            for name in dict.fromkeys(reading.columns.get(f, f) for f in reading.fields)
            if name in named
        }
        for batch in file.iter_batches(PAGE, columns=list(wanted.values())):
            for values in batch.to_pylist():
                number += 1
                kept = {name: values[column] for name, column in wanted.items()}
                yield Row(number, take(kept, reading))


def encoding_of(path: Path, reading: FileReading) -> str:
    """The encoding that was named; a byte order mark of UTF-16 is the file's own word."""
    if reading.encoding != UTF_8:
        return reading.encoding
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in UTF_16_MARKS else UTF_8


def guess_encoding(path: Path) -> str:
    """An encoding in which a file can be read: of characters where high bytes stand in pairs."""
    with path.open("rb") as file:
        head = file.read(MOST_LOOKED_AT)
    high = [n for n, byte in enumerate(head) if byte > ASCII]
    places = set(high)
    alone = sum(n - 1 not in places and n + 1 not in places for n in high)
    return "cp1252" if high and alone > len(high) / 2 else "gb18030"


def find_separator(line: str, reading: FileReading) -> tuple[str, str | None]:
    """What separates the columns, and the first line where that is the heading.

    Spreadsheets may say it themselves (`sep=;`); a heading of one column that holds other
    separators is read by the most frequent of them.
    """
    said = line.strip().strip('"').lower()
    if said.startswith("sep=") and len(said) == len("sep=;"):
        return said[-1], None
    if said == "sep=":
        return "\t", None
    found = max(OTHER_SEPARATORS, key=line.count)
    if reading.separator == "," and "," not in line and found in line:
        return found, line
    return reading.separator, line


def name_columns(have: list[str], reading: FileReading) -> list[str]:
    """The columns by the names that are asked for, where they differ in capitals, blanks or
    hyphens alone.
    """
    wanted = {reading.columns.get(field, field) for field in reading.fields}
    folded = {fold_heading(name): name for name in wanted if name not in have}
    names = [folded.get(fold_heading(name), name) for name in have]
    return [new if names.count(new) == 1 else old for new, old in zip(names, have, strict=True)]


def fold_heading(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold().strip(" '\"*\ufeff\u200b")
    return re.sub(r"[\s_-]+", "_", plain)


def require_columns(path: Path, have: list[str], reading: FileReading) -> None:
    needed = (*reading.required, *reading.columns)
    for field in needed:
        column = reading.columns.get(field, field)
        if column not in have and field not in reading.constants:
            raise InputError(
                f"{path.name}: no column {column!r}",
                f"it has {', '.join(have) or 'none'}; name the right one with --map {field}=COLUMN "
                f"or give --set {field}=VALUE",
                code="missing_column",
            )


def take(values: dict[str, object], reading: FileReading) -> dict[str, object]:
    """The fields asked for, empty ones left out; nothing else of the row goes any further."""
    found: dict[str, object] = dict(reading.constants)
    for field in reading.fields:
        value = values.get(reading.columns.get(field, field))
        if value is not None and value != "":
            found[field] = plain(value, number=field in reading.numbers)
    return found


def plain(value: object, *, number: bool) -> object:
    """A value as JSON has it; a text that should be a number and is none stays, to be rejected
    with its reason.
    """
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if number and isinstance(value, str):
        try:
            told = float(value)
        except ValueError:
            return value
        return told if math.isfinite(told) else value
    if isinstance(value, str):
        return value.strip()
    return value
