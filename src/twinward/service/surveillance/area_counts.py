"""Counts by area and day from the live twin, as known at an instant; parents are sums of parts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec
import numpy as np

from twinward.decision.surveillance.arrays import Floats
from twinward.service.platform import Platform, snapshot_of
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident
from twinward.twins.emergency.reports.rows import CASES, Case

PAST_D = 180
KINDS = ("new", "confirmed", "asymptomatic", "suspected", "dead", "recovered")
WITHDRAWN = "discarded"


class AreaCounts(msgspec.Struct, frozen=True, kw_only=True):
    """days: float64[PAST_D] of each area and kind, the last of them `today`.

    known: days of which somebody has reported; the others are unknown where areas are counted
    """

    today: date
    hazard: str | None
    days: dict[str, dict[str, Floats]]
    known: Floats
    counted: bool

    def day(self, place: int) -> date:
        return self.today - timedelta(days=PAST_D - 1 - place)

    def of(self, area: str, kind: str) -> Floats:
        return self.days.get(area, {}).get(kind, np.zeros(PAST_D))

    def seen(self, area: str, kind: str = "new") -> Floats:
        """The counts with NaN for days of which nobody has reported yet."""
        return np.where(self.known, self.of(area, kind), np.nan)


def count_areas(platform: Platform, hazard: str | None, at: datetime | None) -> AreaCounts:
    """Every area that has counts, and all areas above it.

    Where an incident counts by area and day its figures stand; where cases are reported one by
    one each counts in the area it lies in now, so that a moved or withdrawn case moves every sum.
    """
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        incidents = snapshot.list_rows(INCIDENTS)
        cases = snapshot.list_rows(CASES)
    hazard = hazard or _largest(incidents)
    incidents = [one for one in incidents if one.hazard == hazard and one.into == ""]
    now = platform.clock.now() if at is None else at
    today = platform.reference.day_of(now)
    found = AreaCounts(
        today=today, hazard=hazard, days={}, known=np.ones(PAST_D, bool), counted=False
    )
    counted = [one for one in incidents if one.counted]
    for incident in counted:
        _add_incident(platform, found, incident)
    for case in cases:
        if case.hazard == hazard and not _is_counted(platform, counted, case.area):
            _add_case(platform, found, case)
    if not counted:
        return found
    told = {day for incident in counted for day in incident.reported_days()}
    known = np.array([found.day(place).isoformat() in told for place in range(PAST_D)])
    return msgspec.structs.replace(found, known=known, counted=True)


def _largest(incidents: list[Incident]) -> str | None:
    sizes: dict[str, float] = {}
    for one in incidents:
        new = sum(figures.get("new", 0.0) for figures in one.days.values())
        sizes[one.hazard] = sizes.get(one.hazard, 0.0) + new + (one.status == "open") * 0.5
    return max(sizes, key=lambda name: sizes[name]) if sizes else None


def _is_counted(platform: Platform, counted: list[Incident], area: str) -> bool:
    return any(platform.reference.areas.is_under(area, one.area) for one in counted)


def _add_incident(platform: Platform, found: AreaCounts, incident: Incident) -> None:
    for day, figures in incident.days.items():
        for kind in KINDS:
            if count := figures.get(kind, 0.0):
                _add(platform, found, incident.area, kind, date.fromisoformat(day), count)


def _add_case(platform: Platform, found: AreaCounts, case: Case) -> None:
    if case.status == WITHDRAWN:
        return
    day = platform.reference.day_of(case.reported_at)
    if case.status in KINDS:
        _add(platform, found, case.area, case.status, day, 1.0)
    if case.status != "suspected":
        _add(platform, found, case.area, "new", day, 1.0)


def _add(
    platform: Platform, found: AreaCounts, area: str, kind: str, day: date, count: float
) -> None:
    place = PAST_D - 1 - (found.today - day).days
    if not 0 <= place < PAST_D:
        return
    for code in platform.reference.areas.path(area) or (area,):
        column = found.days.setdefault(code, {}).setdefault(kind, np.zeros(PAST_D))
        column[place] += count
