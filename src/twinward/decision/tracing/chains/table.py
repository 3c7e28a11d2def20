"""A line list and what is stated about it, turned from text columns into arrays in order of day."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.tracing.chains.dates import is_missing, read_days
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
# onset to confirmation where no case of the list has both; only shifts all such cases alike
DEFAULT_DELAY_D = 4.0
DEFAULT_DELAY_SD_D = 3.0
FAR_DAYS = 1_000_000  # an undated case lies beyond every window
_TRUE = frozenset({"1", "true", "t", "yes", "y", "imported"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "local", "autochthonous"})


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


def _flags(column: str, cells: Sequence[str]) -> NDArray[np.bool_]:
    out = np.zeros(len(cells), bool)
    for row, text in enumerate(cells):
        word = text.strip().lower()
        if word in _TRUE:
            out[row] = True
        elif word not in _FALSE and not is_missing(text):
            raise InputError(
                f"column {column!r}, row {row + 2}: {text!r} is neither yes nor no",
                "write yes/no, true/false or 1/0, or leave the cell empty",
                code="bad_flag",
            )
    return out


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


def _impute_days(
    onset: list[int | None], confirmed: list[int | None], notes: list[str]
) -> tuple[Ints, NDArray[np.bool_], Ints, float]:
    """Day of onset, else confirmation less the median delay; (day, dated, blur, sd of the delay
    in days).
    """
    delays = [
        c - o
        for o, c in zip(onset, confirmed, strict=True)
        if o is not None and c is not None and c >= o
    ]
    middle = float(np.median(delays)) if delays else DEFAULT_DELAY_D
    spread = float(np.std(delays)) if len(delays) > 4 else DEFAULT_DELAY_SD_D
    day = np.full(len(onset), FAR_DAYS, np.int64)
    blur = np.zeros(len(onset), np.int64)
    for row, (o, c) in enumerate(zip(onset, confirmed, strict=True)):
        if o is not None:
            day[row] = o
        elif c is not None:
            day[row], blur[row] = c - round(middle), 1
    dated = day != FAR_DAYS
    if not dated.any():
        raise InputError(
            "no case has a date",
            "map onset= (or confirmed=) to a column with dates",
            code="no_dates",
        )
    if blur.any():
        notes.append(
            f"{int(blur.sum())} cases without onset: placed {round(middle)} days before their "
            f"confirmation"
        )
    if not dated.all():
        notes.append(
            f"{int((~dated).sum())} cases without any date: linked only where a link is stated"
        )
    return day - int(day[dated].min()), dated, blur, max(spread, 0.5)


def _span_note(day: Ints, dated: NDArray[np.bool_], notes: list[str]) -> None:
    days = day[dated]
    far = int(np.sum(np.abs(days - np.median(days)) > 1096))
    if far:
        notes.append(
            f"{far} dates lie more than three years from the middle one; check them for typing "
            f"errors"
        )


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
    onset = read_days("onset", columns.get("onset", empty), date_order)
    confirmed = read_days("confirmed", columns.get("confirmed", empty), date_order)
    day, dated, blur, delay_sd = _impute_days(onset, confirmed, notes)
    _span_note(day, dated, notes)
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
        dated=dated[order],
        blur=blur[order],
        delay_sd_d=delay_sd,
        household=_codes(columns.get("household", empty), {})[order],
        places=places[order],
        place_names=names,
        place_columns=owner,
        x_m=_numbers("x", columns.get("x", empty))[order],
        y_m=_numbers("y", columns.get("y", empty))[order],
        age=_numbers("age", columns.get("age", empty))[order],
        imported=imported,
        infector=infector[order],
        contacts=read_contacts(contacts, index, rank, infector[order], notes),
        genetic=read_genetic(genetic, index, rank, notes),
        notes=notes,
    )


def _reorder(names: list[str], order: Ints) -> list[str]:
    return [names[row] for row in order]
