"""Files as feeds: rows of CSV, JSON Lines and Parquet with their numbers; a broken row is a row
that says why.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from twinward.core.errors import InputError
from twinward.standards.source_rows import FileReading, Row

PAGE = 10_000


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
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(
            f"{path.name}: {error}",
            "name its encoding, for example --encoding gb18030",
            code="wrong_encoding",
        ) from error
    except pa.ArrowException as error:
        raise InputError(f"{path.name}: {error}", "is it whole?", code="unreadable") from error


def read_csv(path: Path, reading: FileReading) -> Iterator[Row]:
    with path.open(encoding=reading.encoding, newline="") as file:
        rows = csv.reader(file, delimiter=reading.separator)
        heading = [name.strip() for name in next(rows, [])]
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
            except (msgspec.DecodeError, RecursionError) as error:
                yield Row(number, {}, f"not a JSON object: {error}")


def read_parquet(path: Path, reading: FileReading) -> Iterator[Row]:
    number = 0
    with pq.ParquetFile(path) as file:
        have = file.schema_arrow.names
        require_columns(path, have, reading)
        wanted = [
            name
            for name in dict.fromkeys(reading.columns.get(f, f) for f in reading.fields)
            if name in have
        ]
        for batch in file.iter_batches(PAGE, columns=wanted):
            for values in batch.to_pylist():
                number += 1
                yield Row(number, take(values, reading))


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
