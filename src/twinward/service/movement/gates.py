"""Use case: what passes the gates of the city by day, hubs (stations, airports, ports) or roads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec
import numpy as np

from twinward.decision.surveillance.passages import change_of, usual_of
from twinward.service.movement.peacetime import make_veil, total_of
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.emergency.movement.rows import PASSAGES, Passage

HUBS, ROADS = ("rail", "air", "sea", "coach"), ("road",)
Screen = Literal["hubs", "roads"]
PAST_D = 35  # four weeks to compare with, and a week shown
SHOWN_D = 14
COUNTED = (
    "arrived",
    "departed",
    "vehicles",
    "checked",
    "from_risk_areas",
    "positive",
    "turned_back",
)


class GateView(msgspec.Struct, frozen=True, kw_only=True):
    """One gate on its latest day; None is not counted or, where `hidden`, too small to be shown."""

    gate: str
    name: str
    kind: str
    area: str
    area_name: str
    day: date
    days_late: int
    arrived: int | None
    departed: int | None
    vehicles: int | None
    checked: int | None
    from_risk_areas: int | None
    positive: int | None
    turned_back: int | None
    checked_share: float | None = None
    usual: float | None = None  # arrivals on such a weekday
    change: float | None = None
    lon: float | None = None
    lat: float | None = None
    recent: list[int | None] = []  # arrivals of the last days, the oldest first
    hidden: bool = False


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """Gates, those with the most from risk areas and the largest change first; totals of the gates
    that reported of `day` and are shown.
    """

    as_of: datetime
    day: date | None
    items: list[GateView]
    arrived: int
    departed: int
    vehicles: int
    from_risk_areas: int
    positive: int
    turned_back: int
    late: int  # gates that have not reported of `day`
    hidden: int
    notes: list[str]


def list_gates(
    platform: Platform,
    caller: Caller,
    screen: Screen,
    *,
    area: str | None = None,
    at: datetime | None = None,
) -> GateReport:
    """The gates of the caller's areas, as known at `at`."""
    now = platform.clock.now() if at is None else at
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        veil = make_veil(platform, snapshot, now)
        kinds = HUBS if screen == "hubs" else ROADS
        rows = snapshot.list_rows(PASSAGES, kind=kinds)
    today = platform.reference.day_of(now)
    is_under = platform.reference.areas.is_under
    mine = [
        row
        for row in rows
        if concerns(platform, caller, row.area) and (area is None or is_under(row.area, area))
    ]
    by_gate: dict[str, list[Passage]] = {}
    for row in mine:
        by_gate.setdefault(row.gate, []).append(row)
    views = [_view(platform, found, today) for _, found in sorted(by_gate.items())]
    shown, hidden = veil.hide([one for one in views if one is not None], COUNTED)
    shown = [_without_detail(one) if one.hidden else one for one in shown]
    shown.sort(key=_worth)
    return _report(shown, hidden, now)


def _view(platform: Platform, rows: Sequence[Passage], today: date) -> GateView | None:
    """The gate on its latest day; what several sources say of one day is one number, the
    greatest.
    """
    by_day: dict[date, Passage] = {}
    for row in rows:
        day = date.fromisoformat(row.day)
        known = by_day.get(day)
        if known is None or (row.arrived, row.source) > (known.arrived, known.source):
            by_day[day] = row
    first = today - timedelta(days=PAST_D - 1)
    series = np.full(PAST_D, np.nan)
    for day, row in by_day.items():
        if first <= day <= today:
            series[(day - first).days] = row.arrived
    reported = np.flatnonzero(np.isfinite(series))
    if not len(reported):
        return None
    place = int(reported[-1])
    day = first + timedelta(days=place)
    row = by_day[day]
    usual = usual_of(series, place)
    counts = {name: getattr(row, name) for name in COUNTED}
    return GateView(
        gate=row.gate,
        name=row.name,
        kind=row.kind,
        area=row.area,
        area_name=platform.reference.areas.name(row.area),
        day=day,
        days_late=max((today - day).days - 1, 0),
        checked_share=row.checked / row.arrived if row.arrived and row.checked else None,
        usual=usual,
        change=change_of(row.arrived, usual),
        lon=row.lon,
        lat=row.lat,
        recent=[int(n) if np.isfinite(n) else None for n in series[-SHOWN_D:]],
        **counts,
    )


def _without_detail(view: GateView) -> GateView:
    return msgspec.structs.replace(
        view, checked_share=None, usual=None, change=None, recent=[None] * SHOWN_D
    )


def _worth(view: GateView) -> tuple[float, ...] | tuple[float | str, ...]:
    return (
        -(view.positive or 0),
        -(view.from_risk_areas or 0),
        -abs(view.change or 0.0),
        view.gate,
    )


def _report(views: list[GateView], hidden: int, now: datetime) -> GateReport:
    day = max((view.day for view in views), default=None)

    def total(name: str) -> int:
        return total_of(views, name, lambda view: view.day == day)

    late = sum(view.day != day for view in views)
    notes = [] if views else ["no gate has reported"]
    if hidden:
        notes.append(
            f"{hidden} gates have counts too small to be shown in peacetime; the totals are "
            "without them"
        )
    if late:
        notes.append(f"{late} gates have not reported of {day}")
    return GateReport(
        as_of=now,
        day=day,
        items=views,
        arrived=total("arrived"),
        departed=total("departed"),
        vehicles=total("vehicles"),
        from_risk_areas=total("from_risk_areas"),
        positive=total("positive"),
        turned_back=total("turned_back"),
        late=late,
        hidden=hidden,
        notes=notes,
    )
