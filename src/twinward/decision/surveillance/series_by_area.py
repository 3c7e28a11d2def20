"""Reads area,date,new: one series an area, all from the same first step to the last known one."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.counts import make_counts
from twinward.decision.surveillance.tables import read_rows, to_day, to_number

MOST_AREAS = 20_000


class AreaSeries(msgspec.Struct, frozen=True, kw_only=True):
    """counts: of each area float64[steps], the last of them the step of `until`; NaN unknown."""

    first: date
    until: date
    step_d: int
    counts: dict[str, Floats]
    notes: tuple[str, ...]

    def day(self, place: int) -> date:
        return self.first + timedelta(days=self.step_d * place)

    def total(self) -> Floats:
        """The sum; a step is unknown where every area is, else what is known is scaled up."""
        table = np.array(list(self.counts.values()))
        known = np.isfinite(table)
        share = np.nanmean(np.where(known, table, np.nan), axis=1) if len(table) else table
        size = np.where(np.isfinite(share), share, 0.0)
        seen = (known * size[:, None]).sum(axis=0) / max(float(size.sum()), 1e-9)
        sums = np.where(known, table, 0.0).sum(axis=0)
        return np.where(known.any(axis=0), sums / np.maximum(seen, 1e-9), np.nan)


def read_areas(path: Path, until: date) -> AreaSeries:
    """The series up to `until`; the counts of later rows are not even parsed."""
    days: dict[str, dict[date, float]] = defaultdict(dict)
    twice = 0
    for line, row in read_rows(path, ("area", "date", "new")):
        day = to_day(row["date"], path.name, line)
        if day > until:
            continue
        count = to_number(row["new"], path.name, line, "new")
        before = days[row["area"]].get(day)
        if before is not None:
            twice += 1
            count = before if math.isnan(count) else count + np.nan_to_num(before)
        days[row["area"]][day] = count
    if not days:
        raise InputError(
            f"{path.name} has no row up to {until}",
            "give an earlier series or a later --until",
            code="too_few_days",
        )
    if len(days) > MOST_AREAS:
        raise InputError(
            f"{len(days):,} areas are too many",
            f"give at most {MOST_AREAS:,}",
            code="too_many_areas",
        )
    notes = [f"{twice} dates come twice in an area: their counts are added"] if twice else []
    return _align(days, until, notes, path.name)


def _align(
    days: dict[str, dict[date, float]], until: date, notes: list[str], name: str
) -> AreaSeries:
    made = {area: make_counts(row, {}, [], f"{name}: {area}") for area, row in days.items()}
    notes += [f"{area}: {note}" for area, one in made.items() for note in one.notes]
    weekly = [area for area, one in made.items() if one.step_d == 7]
    step = 7 if len(weekly) == len(made) else 1
    first = min(one.first for one in made.values())
    if step == 1 and weekly:
        first -= timedelta(days=6)
        notes.append(
            f"{len(weekly)} areas report weekly, the others daily: the weeks are shared over "
            "their days"
        )
    last = max(one.day(len(one.new) - 1) for one in made.values())
    end = last if step == 7 else until
    steps = (end - first).days // step + 1
    counts = {}
    for area, one in made.items():
        column = np.full(steps, np.nan)
        for place, count in enumerate(one.new):
            at = (one.day(place) - first).days // step
            if step == 1 and one.step_d == 7:
                column[max(0, at - 6) : at + 1] = count / 7
            else:
                column[at] = count
        counts[area] = column
    return AreaSeries(first=first, until=end, step_d=step, counts=counts, notes=tuple(notes))


def read_later(path: Path, areas: AreaSeries, steps: int) -> dict[str, Floats]:
    """float64[steps] of each area after the last known step, to judge a fixed forecast."""
    found = {area: np.full(steps, np.nan) for area in areas.counts}
    for line, row in read_rows(path, ("area", "date", "new")):
        day = to_day(row["date"], path.name, line)
        place, odd = divmod((day - areas.until).days, areas.step_d)
        if row["area"] in found and odd == 0 and 1 <= place <= steps:
            count = to_number(row["new"], path.name, line, "new")
            if math.isfinite(count) and count >= 0:
                found[row["area"]][place - 1] = count
    return found
