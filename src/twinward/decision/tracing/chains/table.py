"""A line list and what is stated about it, turned from text columns into arrays in order of day."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.tracing.chains.dates import is_missing
from twinward.decision.tracing.chains.days import place_in_time
from twinward.decision.tracing.chains.stated import (
    Pairs,
    index_ids,
    read_contacts,
    read_genetic,
    read_infectors,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FIELDS = ("id", "onset", "confirmed", "age", "household", "place", "x", "y", "imported", "infector")
_TRUE = frozenset(
    {
        "1",
        "true",
        "t",
        "yes",
        "y",
        "abroad",
        "overseas",
        "travel",
        "travel-related",
        "境外输入",
        "输入",
    }
)
_FALSE = frozenset({"0", "false", "f", "no", "n", "本土", "本地"})
_LOCAL = ("local", "linked", "autochthon", "indigenous", "domestic", "community", "secondary")
_ABOVE = re.compile(
    r"(?:>=?|≥|over |above )\s*(\d+(?:\.\d+)?)$|(\d+(?:\.\d+)?)\s*(?:\+|and (?:over|above|older))$"
)
_BELOW = re.compile(r"(?:<=?|≤|under |below )\s*(\d+(?:\.\d+)?)$")
_BAND = re.compile(r"(\d+)\s*(?:-|–|to|~)\s*(\d+)$")
_UNITS = re.compile(
    r"(\d+(?:\.\d+)?)\s*(y|yrs?|years?|m|mo|months?|w|weeks?|d|days?|岁|个?月|周|天)\.?$"
)
_YEARS = {
    "y": 1.0,
    "岁": 1.0,
    "m": 1 / 12,
    "月": 1 / 12,
    "个": 1 / 12,
    "w": 7 / 365.25,
    "周": 7 / 365.25,
    "d": 1 / 365.25,
    "天": 1 / 365.25,
}


class LineList(msgspec.Struct, frozen=True, kw_only=True):
    """Cases in order of day; every array has one row a case. `blur` is 1 where the onset was
    imputed.
    """

    ids: list[str]
    day: Ints
    dated: NDArray[np.bool_]
    blur: Ints
    delay_sd_d: float
    household: Ints
    places: Ints  # (cases, columns), codes into place_names, -1 missing
    place_names: list[str]
    place_columns: list[str]
    x_m: Floats
    y_m: Floats
    age: Floats
    imported: NDArray[np.bool_]
    infector: Ints  # stated in the list itself, -1 where it is not
    contacts: Pairs
    genetic: Pairs
    notes: list[str]


def _numbers(column: str, cells: Sequence[str]) -> Floats:
    out = np.full(len(cells), np.nan)
    for row, text in enumerate(cells):
        if is_missing(text):
            continue
        try:
            out[row] = float(text)
        except ValueError as error:
            raise InputError(
                f"column {column!r}, row {row + 2}: {text!r} is not a number",
                "write a plain number with a point, or leave the cell empty",
                code="bad_number",
            ) from error
        if not math.isfinite(out[row]) or abs(out[row]) > 1e12:
            raise InputError(
                f"column {column!r}, row {row + 2}: {text!r} is out of range",
                "check the unit",
                code="bad_number",
            )
    return out


def _is_imported(word: str) -> bool | None:
    """What a flag or a class of cases says; `linked to an imported case` is local. None for what
    cannot be read.
    """
    if word in _TRUE:
        return True
    if word in _FALSE or any(local in word for local in _LOCAL):
        return False
    return True if word.startswith("import") else None


def _flags(column: str, cells: Sequence[str]) -> NDArray[np.bool_]:
    out = np.zeros(len(cells), bool)
    for row, text in enumerate(cells):
        said = None if is_missing(text) else _is_imported(text.strip().lower())
        if said is None and not is_missing(text):
            raise InputError(
                f"column {column!r}, row {row + 2}: {text!r} is neither yes nor no",
                "write yes/no, imported/local, true/false or 1/0, or leave the cell empty",
                code="bad_flag",
            )
        out[row] = bool(said)
    return out


def _as_years(text: str) -> str:
    """An age as a number of years: `80+`, `<1`, `30-39` (its middle), `6 months`; anything else
    as it is.
    """
    word = text.strip().lower()
    if found := _ABOVE.match(word):
        return str(found[1] or found[2])
    if found := _BELOW.match(word):
        return str(float(found[1]) / 2)
    if found := _BAND.match(word):
        return str((int(found[1]) + int(found[2]) + 1) / 2)
    if found := _UNITS.match(word):
        return str(float(found[1]) * _YEARS[found[2][0]])
    return text


def _codes(cells: Sequence[str], names: dict[str, int], prefix: str = "") -> Ints:
    """Codes of a text column, shared through `names`; -1 where missing."""
    return np.array(
        [
            -1 if is_missing(text) else names.setdefault(prefix + text.strip(), len(names))
            for text in cells
        ],
        np.int64,
    )


def _place_codes(columns: Mapping[str, Sequence[str]]) -> tuple[Ints, list[str], list[str]]:
    """One vocabulary for all place columns (a hospital named in two of them is one place); bare
    numbers stay apart.
    """
    names: dict[str, int] = {}
    coded = []
    for name, cells in columns.items():
        numeric = all(text.strip().lstrip("-").isdigit() for text in cells if not is_missing(text))
        coded.append(_codes(cells, names, f"{name} " if numeric else ""))
    owner = [""] * len(names)
    for name, codes in zip(columns, coded, strict=True):
        for code in np.unique(codes[codes >= 0]):
            owner[code] = owner[code] or name
    rows = len(next(iter(columns.values()))) if columns else 0
    table = np.column_stack(coded) if coded else np.full((rows, 0), -1, np.int64)
    return np.ascontiguousarray(table), list(names), owner


def build_line_list(
    columns: Mapping[str, Sequence[str]],
    place_columns: Mapping[str, Sequence[str]],
    contacts: Sequence[tuple[str, str]] = (),
    genetic: Sequence[tuple[str, str, str]] = (),
    *,
    date_order: str | None = None,
    skip_unknown: bool = False,
) -> LineList:
    """Arrays from text columns keyed by the words of FIELDS. Raises InputError that names the
    column and the row.
    """
    notes: list[str] = []
    index = index_ids(columns["id"])
    n = len(index)
    empty = [""] * n
    when = place_in_time(
        columns["id"],
        columns.get("onset", empty),
        columns.get("confirmed", empty),
        date_order,
        notes,
    )
    day = when.day
    order = np.argsort(day, kind="stable")
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    infector = read_infectors(columns.get("infector", empty), index, skip_unknown, notes)
    infector = np.where(infector >= 0, rank[infector], -1)
    imported = _flags("imported", columns.get("imported", empty))[order]
    if np.any(imported & (infector[order] >= 0)):
        notes.append(
            "some cases are both imported and have a stated infector; they are taken as imported"
        )
    places, names, owner = _place_codes(place_columns or {"place": empty})
    return LineList(
        ids=_reorder(list(index), order),
        day=day[order],
        dated=when.dated[order],
        blur=when.blur[order],
        delay_sd_d=when.delay_sd_d,
        household=_codes(columns.get("household", empty), {})[order],
        places=places[order],
        place_names=names,
        place_columns=owner,
        x_m=_numbers("x", columns.get("x", empty))[order],
        y_m=_numbers("y", columns.get("y", empty))[order],
        age=_numbers("age", [_as_years(text) for text in columns.get("age", empty)])[order],
        imported=imported,
        infector=infector[order],
        contacts=read_contacts(contacts, index, rank, infector[order], notes),
        genetic=read_genetic(genetic, index, rank, notes),
        notes=notes,
    )


def _reorder(names: list[str], order: Ints) -> list[str]:
    return [names[row] for row in order]
