"""The day of each case of a line list: of onset, else from the confirmation; and which dates
cannot be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.tracing.chains.dates import is_symptomless, read_dates

Ints = NDArray[np.int64]
Days = list[int | None]
# onset to confirmation where no case of the list has both; only shifts all such cases alike
DEFAULT_DELAY_D = 4.0
DEFAULT_DELAY_SD_D = 3.0
FAR_DAYS = 1_000_000  # an undated case lies beyond every window
# no disease here is passed on over so many days: dates beyond are another outbreak, or mistyped
SILENCE_D = 180
# a shorter silence cuts off what is far away for an outbreak as short as this one
SHORT_SILENCE_D, SPANS = 60, 4
# of the cases, at most: who lies beyond the silence is left out of time; more are the outbreak
# itself
STRANGERS = 0.25
# what programs write where there is no date: the first days of spreadsheets and of Unix, the last
STANDS_FOR_UNKNOWN = frozenset(
    date(*day).toordinal()
    for day in ((1899, 12, 30), (1899, 12, 31), (1900, 1, 1), (1970, 1, 1), (9999, 12, 31))
)
FIRST_DATE = date(1901, 1, 1).toordinal()  # smaller numbers are counted from somewhere else
NAMED = 8  # cases that a note names


class PlacedOnsets(msgspec.Struct, frozen=True, kw_only=True):
    """Days from the first; `blur` is 1 where the onset was imputed; FAR_DAYS where there is no
    date to be used.
    """

    day: Ints
    dated: NDArray[np.bool_]
    blur: Ints
    delay_sd_d: float


def place_in_time(
    ids: Sequence[str],
    onset_cells: Sequence[str],
    confirmed_cells: Sequence[str],
    order: str | None,
    notes: list[str],
) -> PlacedOnsets:
    """Days of all cases. What was imputed or left out is named in `notes`; InputError where no
    case has a date.
    """
    read = read_dates({"onset": onset_cells, "confirmed": confirmed_cells}, order, notes)
    onset, confirmed = read["onset"], read["confirmed"]
    quiet = sum(is_symptomless(text) for text in onset_cells)
    if quiet:
        notes.append(
            f"{quiet} cases without symptoms have no onset; they stand where their confirmation "
            f"puts them"
        )
    strange = _find_strange(onset, confirmed)
    for column, days in (("onset", onset), ("confirmed", confirmed)):
        odd = [row for row, day in enumerate(days) if day in strange]
        if odd:
            notes.append(
                f"{len(odd)} dates of column {column!r} lie {SHORT_SILENCE_D} days or more from "
                f"all others and are left out: {_name(ids, odd)}; check the year"
            )
            for row in odd:
                days[row] = None
    late = [
        r
        for r, (o, c) in enumerate(zip(onset, confirmed, strict=True))
        if o is not None and c is not None and c < o
    ]
    if late:
        notes.append(
            f"{len(late)} cases were confirmed before their onset: {_name(ids, late)}; the onset "
            f"is used"
        )
    return _impute(onset, confirmed, notes)


def _name(ids: Sequence[str], rows: Sequence[int]) -> str:
    names = [ids[row].strip() for row in rows[:NAMED]]
    return ", ".join(names) + (f" and {len(rows) - NAMED} more" if len(rows) > NAMED else "")


def _find_strange(onset: Days, confirmed: Days) -> set[int]:
    """Days cut off from the outbreak by a long silence: a mistyped year, 1900-01-01 for unknown, a
    case of last year.

    The outbreak is the largest group of dates without such a silence. One date that is years away
    would stretch the time in which somebody outside may infect, and make every pair near in time
    look sure.
    """
    held = np.sort(
        np.array([day for days in (onset, confirmed) for day in days if day is not None], np.int64)
    )
    known = held[~np.isin(held, list(STANDS_FOR_UNKNOWN))]
    if len(known) and known.min() >= FIRST_DATE and len(known) < len(held):
        return set(held.tolist()) - set(known.tolist()) | _strangers(known)
    return _strangers(held)


def _strangers(held: Ints) -> set[int]:
    """Of sorted days those beyond the silence, unless they are too many: half a year, or two months
    that are also several times as long as all of the outbreak.
    """
    far = _beyond(held, SILENCE_D)
    near = held[~np.isin(held, list(far))]
    odd = _beyond(near, SHORT_SILENCE_D)
    rest = np.array([day for day in near.tolist() if day not in odd], np.int64)
    if odd and SPANS * int(np.ptp(rest)) <= min(int(np.abs(rest - day).min()) for day in odd):
        far |= odd
    return far


def _beyond(held: Ints, silence: int) -> set[int]:
    if len(held) < 3:
        return set()
    group = np.concatenate([[0], np.cumsum(np.diff(held) >= silence)])
    sizes = np.bincount(group)
    main = int(np.argmax(sizes))
    if sizes[main] < 2 or len(held) - sizes[main] > max(1, STRANGERS * len(held)):
        return set()
    return set(held[group != main].tolist())


def _impute(onset: Days, confirmed: Days, notes: list[str]) -> PlacedOnsets:
    """Day of onset, else confirmation less the median delay."""
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
    day[dated] -= int(day[dated].min())
    return PlacedOnsets(day=day, dated=dated, blur=blur, delay_sd_d=max(spread, 0.5))
