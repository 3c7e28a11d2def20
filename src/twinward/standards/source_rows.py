"""What every reader of a document gives: numbered rows, and how they are to be read."""

from __future__ import annotations

from datetime import UTC, tzinfo

import msgspec


class Row(msgspec.Struct, frozen=True):
    """One row: its number in the file (from 1, headings not counted), its values, or what is
    wrong with it.
    """

    number: int
    values: dict[str, object]
    wrong: str | None = None


class FileReading(msgspec.Struct, frozen=True, kw_only=True):
    """How to read files: which column each field is in, constants for fields, encoding and
    separator of CSV.

    `exercises`: a drill reads them, so that test data and messages of exercises are welcome.
    """

    fields: tuple[str, ...]
    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    numbers: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    encoding: str = "utf-8-sig"
    separator: str = ","
    exercises: bool = False
    zone: tzinfo = UTC  # by which the city's days are counted and its clocks go
