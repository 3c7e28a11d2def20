"""Use case: imports, tests and positivity, beds, by area, by day and week, as known at an instant.

Two dates are kept apart: the day that a report is of, and the instant from which it is known. The
same question about the past gives the same answer after later corrections.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec
import numpy as np

from twinward.core.errors import AbsentError
from twinward.decision.surveillance.arrays import Floats
from twinward.decision.surveillance.roll_up import roll_up
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.surveillance.area_counts import KINDS, PAST_D, AreaCounts, count_areas
from twinward.service.visibility import concerns
from twinward.twins.emergency.reports.rows import CASES, INDICATORS, Case, IndicatorRow
from twinward.twins.emergency.resources.rows import STOCKS, Stock
from twinward.twins.snapshot import Snapshot

Every = Literal["day", "week"]
FLOWS = ("imported", "tests", "positive_tests")
LEVELS = ("beds", "beds_in_use", "icu_beds", "icu_beds_in_use")
WITHDRAWN = "discarded"


class AreaIndicators(msgspec.Struct, frozen=True, kw_only=True):
    """days: float64[PAST_D] of each indicator and area, NaN where nobody has said anything."""

    days: dict[str, dict[str, Floats]]

    def of(self, area: str, kind: str) -> Floats:
        found = self.days.get(kind, {}).get(area)
        return np.full(PAST_D, np.nan) if found is None else found

    def week(self, area: str, kind: str, end: int = PAST_D) -> float | None:
        """The seven days before `end` together, or of a level its latest value in them."""
        known = self.of(area, kind)[max(0, end - 7) : end]
        known = known[np.isfinite(known)]
        if not len(known):
            return None
        return float(known[-1] if kind in LEVELS else known.sum())


class IndicatorPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """One day, or the week that ends on `to`; None is unknown, which is not zero."""

    area: str
    since: date
    to: date
    new: int | None
    confirmed: int | None
    asymptomatic: int | None
    suspected: int | None
    dead: int | None
    recovered: int | None
    imported: int | None
    tests: int | None
    positive_tests: int | None
    positivity: float | None
    beds: int | None
    beds_in_use: int | None
    beds_share: float | None
    icu_beds: int | None
    icu_beds_in_use: int | None
    icu_share: float | None


def list_indicators(
    platform: Platform,
    caller: Caller,
    *,
    area: str | None = None,
    hazard: str | None = None,
    every: Every = "day",
    periods: int = 28,
    at: datetime | None = None,
) -> list[IndicatorPeriod]:
    """The last days or weeks of an area, the newest first, as known at `at`."""
    tree = platform.reference.areas
    code = area or tree.root
    if (code not in tree.by_code and code != tree.root) or not concerns(platform, caller, code):
        raise AbsentError(
            f"there is no area {code}", "name an area of the city", code="unknown_area"
        )
    counts = count_areas(platform, hazard, at)
    beside = count_indicators(platform, counts, at)
    step = 1 if every == "day" else 7
    ends = [PAST_D - step * n for n in range(min(periods, PAST_D // step))]
    return [_period(counts, beside, code, end, step) for end in ends]


def count_indicators(platform: Platform, counts: AreaCounts, at: datetime | None) -> AreaIndicators:
    """Every indicator of every area that somebody speaks of, and of all areas above."""
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        rows: list[IndicatorRow] = snapshot.list_rows(INDICATORS)
        cases: list[Case] = snapshot.list_rows(CASES)
        told = _beds_today(snapshot)
    for row in rows:
        place = PAST_D - 1 - (counts.today - date.fromisoformat(row.day)).days
        of_this = row.hazard == counts.hazard or row.indicator in LEVELS
        if of_this and 0 <= place < PAST_D:
            _tell(told, row.indicator, row.area, row.source)[place] = row.count
    for case in cases:
        place = PAST_D - 1 - (counts.today - platform.reference.day_of(case.reported_at)).days
        fits = case.hazard == counts.hazard and case.status not in (WITHDRAWN, "suspected")
        if case.imported is not None and fits and 0 <= place < PAST_D:
            column = _tell(told, "imported", case.area, "")
            column[place] = np.nan_to_num(column[place]) + case.imported
    path = platform.reference.areas.path
    return AreaIndicators(
        days={
            kind: roll_up({area: list(of.values()) for area, of in by_area.items()}, path)
            for kind, by_area in told.items()
        }
    )


Told = dict[str, dict[str, dict[str, Floats]]]  # indicator -> area -> source -> days


def _tell(told: Told, kind: str, area: str, source: str) -> Floats:
    by_source = told.setdefault(kind, {}).setdefault(area, {})
    return by_source.setdefault(source, np.full(PAST_D, np.nan))


def _beds_today(snapshot: Snapshot) -> Told:
    """The stocks of beds as they are known: of today alone, for a stock replaces the one before."""
    told: Told = {}
    for kind in ("beds", "icu_beds"):
        stocks: list[Stock] = snapshot.list_rows(STOCKS, kind=kind)
        for one in stocks:
            for name, value in ((kind, one.quantity), (f"{kind}_in_use", one.in_use)):
                column = _tell(told, name, one.area, "stock")
                column[-1] = np.nan_to_num(column[-1]) + value
    return told


def _period(
    counts: AreaCounts, beside: AreaIndicators, code: str, end: int, step: int
) -> IndicatorPeriod:
    window = slice(max(0, end - step), end)
    known = bool(counts.known[window].any()) and bool(counts.days)
    cases = {kind: int(counts.of(code, kind)[window].sum()) if known else None for kind in KINDS}
    levels = {
        kind: _whole(beside.week(code, kind, end) if step == 7 else beside.of(code, kind)[end - 1])
        for kind in LEVELS
    }
    flows = {kind: _flow(beside.of(code, kind)[window]) for kind in FLOWS}
    return IndicatorPeriod(
        area=code,
        since=counts.day(max(0, end - step)),
        to=counts.day(end - 1),
        positivity=share_of(flows["positive_tests"], flows["tests"]),
        beds_share=share_of(levels["beds_in_use"], levels["beds"]),
        icu_share=share_of(levels["icu_beds_in_use"], levels["icu_beds"]),
        **cases,
        **flows,
        **levels,
    )


def _flow(days: Floats) -> int | None:
    known = days[np.isfinite(days)]
    return int(known.sum()) if len(known) else None


def _whole(value: float | None) -> int | None:
    return int(value) if value is not None and np.isfinite(value) else None


def share_of(part: float | None, whole: float | None) -> float | None:
    """None where either is unknown or there is none."""
    return part / whole if part is not None and whole else None
