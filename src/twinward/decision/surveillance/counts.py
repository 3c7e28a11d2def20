"""A series of counts as it was reported, set right by written rules; every correction is a note.

Rules (none changes the total): rows are sorted by date; rows of one date are added; a negative
count is taken back from the days before it; days without a row stay unknown and never become 0;
zeros at the end that the level before them makes incredible are days not yet reported.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.tables import read_rows, to_count, to_day, to_number

INCREDIBLE = 1e-4  # probability of a run of zeros below which it counts as "not yet reported"
MOST_STEPS = 20_000


class CountSeries(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of consecutive days or weeks from `first`; NaN where one is unknown."""

    first: date
    step_d: int  # 1 or 7
    new: Floats
    imported: Floats  # of `new`, infected elsewhere
    notes: tuple[str, ...] = ()

    def day(self, place: int) -> date:
        return self.first + timedelta(days=self.step_d * place)

    @property
    def unit(self) -> str:
        return "days" if self.step_d == 1 else "weeks"


def read_counts(path: Path) -> CountSeries:
    """A CSV of date,new[,imported] by day or by week."""
    new: dict[date, float] = {}
    imported: dict[date, float] = {}
    notes: list[str] = []
    twice: list[date] = []
    order: list[date] = []
    for line, fields in read_rows(path, ("date", "new"), ("imported",)):
        day = to_day(fields["date"], path.name, line)
        count = to_number(fields["new"], path.name, line, "new")
        from_abroad = to_count(fields.get("imported", "0") or "0", path.name, line, "imported")
        if not math.isnan(count) and count >= 0 and from_abroad > count:
            raise InputError(
                f"{path.name} line {line}: imported must be at most new, "
                f"got {from_abroad:g} of {count:g}",
                "new holds all cases, imported those of them infected elsewhere",
                code="bad_imported",
            )
        order.append(day)
        if day in new:
            twice.append(day)
            if not math.isnan(count):
                new[day] = count + (0.0 if math.isnan(new[day]) else new[day])
            imported[day] += np.nan_to_num(from_abroad)
        else:
            new[day], imported[day] = count, float(np.nan_to_num(from_abroad))
    if twice:
        notes.append(
            f"{len(twice)} dates come twice, the first is {twice[0]}: their counts are added"
        )
    if any(a > b for a, b in pairwise(order)):
        notes.append("rows are out of order: sorted by date")
    return make_counts(new, imported, notes, path.name)


def make_counts(
    new: dict[date, float], imported: dict[date, float], notes: list[str], name: str
) -> CountSeries:
    """The series of these days with the rules of this module applied."""
    days = sorted(new)
    apart = np.diff([day.toordinal() for day in days])
    step = 7 if len(apart) and (apart % 7 == 0).all() else 1
    length = (days[-1] - days[0]).days // step + 1
    if length > MOST_STEPS:
        raise InputError(
            f"{name} spans {length} days", f"give at most {MOST_STEPS}", code="too_many_days"
        )
    column, abroad = np.full(length, np.nan), np.zeros(length)
    for day in days:
        place = (day - days[0]).days // step
        column[place], abroad[place] = new[day], imported.get(day, 0.0)
    notes = [*notes, *_take_back(column), *_open_end(column), *_gaps(column, days[0], step)]
    return CountSeries(
        first=days[0],
        step_d=step,
        new=column,
        imported=np.minimum(abroad, np.nan_to_num(column)),
        notes=tuple(notes),
    )


def _take_back(column: Floats) -> list[str]:
    """Negative counts are corrections of earlier ones: taken from the days before, total kept."""
    places = np.flatnonzero(column < 0)
    for place in places:
        owed, column[place] = -column[place], 0.0
        for before in range(place - 1, -1, -1):
            if column[before] > 0:
                taken = min(owed, column[before])
                column[before] -= taken
                owed -= taken
            if owed <= 0:
                break
        if owed > 0:
            raise InputError(
                f"the negative counts take back {owed:g} cases more than were reported before",
                "correct the series",
                code="negative_total",
            )
    if not len(places):
        return []
    return [f"{len(places)} negative counts are taken back from the days before them, total kept"]


def _open_end(column: Floats) -> list[str]:
    """Zeros at the end become unknown where the mean before makes them incredible."""
    known = np.flatnonzero(column > 0)
    if not len(known) or known[-1] == len(column) - 1:
        return []
    last = int(known[-1])
    zeros = len(column) - 1 - last
    before = column[max(0, last - 6) : last + 1]
    level = float(np.nanmean(before))
    if level * zeros < -math.log(INCREDIBLE):
        return []
    column[last + 1 :] = np.nan
    return [f"the last {zeros} zeros follow a mean of {level:.1f}: not yet reported, left out"]


def _gaps(column: Floats, first: date, step: int) -> list[str]:
    missing = np.flatnonzero(~np.isfinite(column))
    if not len(missing):
        return []
    day = first + timedelta(days=step * int(missing[0]))
    unit = "days" if step == 1 else "weeks"
    return [f"{len(missing)} {unit} have no count, the first is {day}: unknown, not 0"]
