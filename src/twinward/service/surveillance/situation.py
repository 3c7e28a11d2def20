"""Use case: what is happening and what comes next, by area, with one honest sentence."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
import numpy as np

from twinward.core.days import anchor_day, is_silent
from twinward.core.errors import AbsentError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.forecasting.course import Course, forecast_course
from twinward.decision.surveillance.forecasting.score import LEVELS
from twinward.decision.surveillance.rt.filter import FilteredR, filter_r
from twinward.decision.surveillance.rt.serial_interval import make_serial_interval
from twinward.service.platform import Caller, Platform
from twinward.service.surveillance.area_counts import PAST_D, AreaCounts, count_areas
from twinward.service.surveillance.indicators import (
    AreaIndicators,
    count_indicators,
    share_of,
)
from twinward.service.surveillance.sentences import Sentence, write_sentence
from twinward.service.visibility import concerns

FEWEST_DAYS, FEWEST_CASES = 14, 5
SERIAL_MEAN_D, SERIAL_SD_D = 4.7, 2.9  # an assumption: of the 2020 variant, Nishiura et al. 2020
AHEAD_D = 28
SHOWN_DAYS = 90
STRIP_D = 42
EARLIER_D = (7, 14, 21)


class RNow(msgspec.Struct, frozen=True, kw_only=True):
    """R today as known today, with its 95 % interval."""

    mean: float
    low: float
    high: float
    above_one: float


class RDay(msgspec.Struct, frozen=True, kw_only=True):
    """R of one day with its 95 % interval."""

    day: date
    mean: float
    low: float
    high: float


class AreaSituation(msgspec.Struct, frozen=True, kw_only=True):
    """One area: this week and the one before; `r` is None where there is too little to say."""

    area: str
    name: str
    level: str
    residents: int
    new_7d: int | None  # None: reports have stopped, which is not zero
    before_7d: int
    per_100k_7d: float | None
    confirmed_7d: int
    asymptomatic_7d: int
    suspected_7d: int
    dead_7d: int
    recovered_7d: int
    imported_7d: int | None  # None: nobody reports where cases were infected
    tests_7d: int | None
    positivity_7d: float | None  # of the tests of the seven days
    beds: int | None
    beds_in_use: int | None
    icu_beds: int | None
    icu_beds_in_use: int | None
    change: float | None  # of the weekly count, 0.2 is a fifth more
    r: RNow | None
    r_recent: list[RDay]  # filtered: each day as known on that day; empty where too little is known
    worth: float  # by what the rows are sorted: expected excess of next week's cases
    note: str


class CurveDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day reported; None where nobody has reported of it."""

    day: date
    new: int | None


class FanDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day ahead, simulated."""

    day: date
    quantiles: dict[str, float]


class EarlierFan(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast as it would have been made after `until`, from the counts known now; `held`: share
    of its days since, whose count lay within the 80 %.
    """

    until: date
    days: list[FanDay]
    held: float | None


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """The sentence, the areas that concern the caller, the curve and the fan of `area`."""

    as_of: datetime
    hazard: str | None
    area: str
    complete_to: date | None
    sentence: Sentence
    areas: list[AreaSituation]
    curve: list[CurveDay]
    fan: list[FanDay]
    earlier: list[EarlierFan]
    notes: list[str]
    simulated: bool = True  # the fan; the counts are reported


def get_situation(
    platform: Platform,
    caller: Caller,
    *,
    area: str | None = None,
    hazard: str | None = None,
    at: datetime | None = None,
) -> Situation:
    """The area and those right below it, as known at `at`."""
    tree = platform.reference.areas
    code = area or tree.root
    if (code not in tree.by_code and code != tree.root) or not concerns(platform, caller, code):
        raise AbsentError(
            f"there is no area {code}", "name an area of the city", code="unknown_area"
        )
    counts = count_areas(platform, hazard, at)
    below = [child for child in tree.children.get(code, []) if concerns(platform, caller, child)]
    serial = make_serial_interval(SERIAL_MEAN_D, SERIAL_SD_D)
    beside = count_indicators(platform, counts, at)
    whole = _filter(counts, beside, [code], serial, None)
    parts = _filter(counts, beside, below, serial, whole)
    rows = [_row(platform, counts, beside, code, whole, 0)]
    rows += sorted(
        (_row(platform, counts, beside, child, parts, n) for n, child in enumerate(below)),
        key=lambda row: (-row.worth, -(row.new_7d or 0), row.area),
    )
    seen = _until_known(counts, code)
    residents = float(platform.reference.residents(code))
    course = _course(seen, residents)
    complete = counts.day(len(seen) - 1) if len(seen) and counts.days else None
    return Situation(
        as_of=platform.clock.now() if at is None else at,
        hazard=counts.hazard,
        area=code,
        complete_to=complete,
        sentence=write_sentence(
            rows[0].new_7d, rows[0].r, complete, course.week if course else None
        ),
        areas=rows,
        curve=_curve(counts, code),
        fan=_fan(course, counts.day(len(seen) - 1)),
        earlier=[
            one
            for back in EARLIER_D
            if (one := _earlier(counts, seen, back, residents)) is not None
        ],
        notes=_notes(counts, seen, rows[0].imported_7d is not None),
    )


def _filter(
    counts: AreaCounts,
    beside: AreaIndicators,
    codes: list[str],
    serial: Floats,
    parent: FilteredR | None,
) -> FilteredR | None:
    if not codes:
        return None
    table = np.array([counts.seen(code) for code in codes])
    above = None
    if parent is not None:
        shape = table.shape
        above = (np.broadcast_to(parent.log_mean, shape), np.broadcast_to(parent.log_sd, shape))
    # imported cases infect here, but nobody here infected them; of what is not told none are
    imported = np.nan_to_num(np.array([beside.of(code, "imported") for code in codes]))
    return filter_r(table, np.minimum(imported, np.nan_to_num(table)), serial, None, above)


def _row(
    platform: Platform,
    counts: AreaCounts,
    beside: AreaIndicators,
    code: str,
    found: FilteredR | None,
    place: int,
) -> AreaSituation:
    end = _week_end(counts)
    week = {
        kind: int(counts.of(code, kind)[end - 7 : end].sum()) for kind in counts.days.get(code, {})
    }
    silent = _is_silent(counts)
    new = None if silent else week.get("new", 0)
    before = int(counts.of(code, "new")[end - 14 : end - 7].sum())
    residents = platform.reference.residents(code)
    node = platform.reference.areas.by_code.get(code)
    r, note = _r_now(counts, code, found, place)
    growth = max(0.0, r.mean**1.5 - 1.0) * r.above_one if r is not None else 0.0
    return AreaSituation(
        area=code,
        name=platform.reference.areas.name(code),
        level=node.level if node is not None else "city",
        residents=residents,
        new_7d=new,
        before_7d=before,
        per_100k_7d=1e5 * new / residents if residents and new is not None else None,
        confirmed_7d=week.get("confirmed", 0),
        asymptomatic_7d=week.get("asymptomatic", 0),
        suspected_7d=week.get("suspected", 0),
        dead_7d=week.get("dead", 0),
        recovered_7d=week.get("recovered", 0),
        imported_7d=_whole(beside.week(code, "imported")),
        tests_7d=_whole(beside.week(code, "tests")),
        positivity_7d=share_of(beside.week(code, "positive_tests"), beside.week(code, "tests")),
        beds=_whole(beside.week(code, "beds")),
        beds_in_use=_whole(beside.week(code, "beds_in_use")),
        icu_beds=_whole(beside.week(code, "icu_beds")),
        icu_beds_in_use=_whole(beside.week(code, "icu_beds_in_use")),
        change=new / before - 1 if before and new is not None else None,
        r=r,
        r_recent=_strip(counts, found, place) if r is not None else [],
        worth=(new or 0) * growth,
        note=note,
    )


def _reported(counts: AreaCounts) -> list[date]:
    return [counts.day(int(place)) for place in np.flatnonzero(counts.known)]


def _is_silent(counts: AreaCounts) -> bool:
    return is_silent(_reported(counts), counts.today)


def _week_end(counts: AreaCounts) -> int:
    """The place after the last day of the week that is summed: as on every other surface, the last
    day that was reported of, so that no week is short of the day that is not over.
    """
    anchor = anchor_day(_reported(counts), counts.today)
    return PAST_D - (counts.today - anchor).days


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _r_now(
    counts: AreaCounts, code: str, found: FilteredR | None, place: int
) -> tuple[RNow | None, str]:
    new = counts.seen(code)
    cases = np.flatnonzero(np.nan_to_num(new) > 0)
    days = len(new) - int(cases[0]) if len(cases) else 0
    total = int(np.nansum(new))
    if found is None or days < FEWEST_DAYS:
        return None, f"too few days: {days} of {FEWEST_DAYS}"
    if total < FEWEST_CASES:
        return None, f"too few cases: {total} of {FEWEST_CASES}"
    values = found.quantiles[place, -1]
    now = RNow(
        mean=float(found.mean[place, -1]),
        low=float(values[0]),
        high=float(values[-1]),
        above_one=float(found.above_one[place, -1]),
    )
    return now, ""


def _until_known(counts: AreaCounts, code: str) -> Floats:
    """The series up to the last day of which somebody has reported."""
    new = counts.seen(code)
    known = np.flatnonzero(np.isfinite(new))
    return new[: known[-1] + 1] if len(known) else new[:0]


def _strip(counts: AreaCounts, found: FilteredR | None, place: int) -> list[RDay]:
    if found is None:
        return []
    days = found.mean.shape[1]
    return [
        RDay(
            day=counts.day(n),
            mean=float(found.mean[place, n]),
            low=float(found.quantiles[place, n, 0]),
            high=float(found.quantiles[place, n, -1]),
        )
        for n in range(days - STRIP_D, days)
    ]


def _course(seen: Floats, residents: float) -> Course | None:
    """What comes after the last known day; None where too little has been seen."""
    started = np.flatnonzero(np.nan_to_num(seen) > 0)
    if not len(started) or len(seen) - started[0] < FEWEST_DAYS:
        return None
    return forecast_course(seen[started[0] :], AHEAD_D, residents)


def _fan(course: Course | None, last: date, ahead: int = AHEAD_D) -> list[FanDay]:
    if course is None:
        return []
    return [
        FanDay(
            day=last + timedelta(days=n + 1),
            quantiles={
                f"{level:g}": float(value) for level, value in zip(LEVELS, row, strict=True)
            },
        )
        for n, row in enumerate(course.days[:ahead])
    ]


def _earlier(counts: AreaCounts, seen: Floats, back: int, residents: float) -> EarlierFan | None:
    course = _course(seen[:-back], residents) if len(seen) > back else None
    days = _fan(course, counts.day(len(seen) - back - 1), max(EARLIER_D))
    if not days:
        return None
    came = seen[len(seen) - back :]
    inside = [
        day.quantiles["0.1"] <= count <= day.quantiles["0.9"]
        for day, count in zip(days, came, strict=False)
        if np.isfinite(count)
    ]
    return EarlierFan(
        until=counts.day(len(seen) - back - 1),
        days=days,
        held=float(np.mean(inside)) if inside else None,
    )


def _curve(counts: AreaCounts, code: str) -> list[CurveDay]:
    new = counts.seen(code)
    started = np.flatnonzero(np.nan_to_num(new) > 0)
    if not len(started):
        return []
    first = max(int(started[0]), len(new) - SHOWN_DAYS)
    return [
        CurveDay(day=counts.day(n), new=int(new[n]) if np.isfinite(new[n]) else None)
        for n in range(first, len(new))
    ]


def _notes(counts: AreaCounts, seen: Floats, apart: bool) -> list[str]:
    notes = [
        f"serial interval {SERIAL_MEAN_D:g} days (deviation {SERIAL_SD_D:g}), an assumption",
        "R is of local infections: imported cases infect, but nobody here infected them"
        if apart
        else "nobody reports where cases were infected: imports are not told from local cases",
    ]
    late = len(counts.known) - len(seen)
    if counts.counted and late:
        notes.append(f"nobody has reported of the last {late} days")
    return notes
