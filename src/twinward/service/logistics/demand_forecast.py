"""What the emergency will need, from live state and forecast, against what there is: shortages
ahead of time.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.columns import MANIFEST, read_manifest
from twinward.core.errors import InputError
from twinward.decision.logistics.demand import HeldStock, Outlook, drive, look_ahead, need_of
from twinward.library.supplies.catalogue import Supplies, SupplyKind, load_supplies
from twinward.service.city.population import (
    home_of,
    level_of,
    residents_below,
    residents_of,
    spread,
)
from twinward.service.incidents.queries import concerns
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.twins.city.rows import RESTRICTIONS
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.resources.rows import STOCKS
from twinward.twins.emergency.supplies.rows import SUPPLY_REQUESTS

Floats = NDArray[np.float64]
PAST_D = 35  # days of reports behind a forecast and behind who is in care now
STALE_D = 14  # without a report for so long, nothing is forecast from older ones
LEAST_D = 7  # days of reports that a forecast takes
HIGH = 0.95
MOST_DAYS = 60
WHOLE = "*"  # the city with every stock there is, whoever holds it


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """One kind in one area. `need`, `have`, `short`: sums over the days where it is used up, levels
    where it is held.

    `short_on` by the middle forecast, `short_on_high` when it comes as bad as one time in twenty;
    None: it suffices.
    """

    kind: str
    title: str
    unit: str
    form: str
    area: str
    area_name: str
    need: float
    need_high: float
    have: float
    short: float
    short_on: date | None
    short_high: float
    short_on_high: date | None
    wasted: float


class DemandReport(msgspec.Struct, frozen=True, kw_only=True):
    """`kinds` are the city's gauges, `rows` the areas, `shortages` those rows that fall short, the
    soonest first.

    `based_on` names the reports behind it: days, last day, fingerprint. What is forecast is
    simulated, never a fact.
    """

    as_of: datetime
    days: int
    level: str
    first_day: date
    kinds: list[Demand]
    rows: list[Demand]
    shortages: list[Demand]
    new_cases: list[float]
    new_cases_high: list[float]
    under_control: int
    based_on: dict[str, Any]
    assumed: list[str]
    simulated: bool = True


class DemandInputs(msgspec.Struct, kw_only=True):
    """What the twins and the city say: areas in a fixed order, with columns beside them."""

    areas: list[str]
    residents: Floats
    controlled: Floats
    past: Floats  # new cases [areas, PAST_D], the last of them on `last_day`
    last_day: date  # the last day that somebody reported of
    stocks: list[tuple[str | None, Any]]  # each with the area of the level that it lies in
    requests: list[tuple[str | None, Any]]


def forecast_demand(
    platform: Platform,
    caller: Caller,
    *,
    days: int = 14,
    level: str | None = None,
    at: datetime | None = None,
) -> DemandReport:
    """Needs and shortages of the areas of one level (default: the first below the city) that
    concern the caller.
    """
    supplies = load_supplies(platform.workspace)
    now = at or platform.clock.now()
    future = forecast_needs(platform, supplies, days, level, now, at)
    scene, today, middle, high = future.scene, future.today, future.middle, future.high
    seen = [code for code in scene.areas if concerns(platform, caller, code)]
    outlooks = [
        outlook_of(supplies, scene, needs, today) for needs in (future.need, future.need_high)
    ]
    rows = [
        to_row(platform, kind, code, outlooks[0][kind.id, code], outlooks[1][kind.id, code], today)
        for kind in supplies.kind
        for code in [WHOLE, *seen]
    ]
    by_area = [row for row in rows if row.area != WHOLE]
    return DemandReport(
        as_of=now,
        days=days,
        level=level or "",
        first_day=today + timedelta(days=1),
        kinds=[row for row in rows if row.area == WHOLE],
        rows=by_area,
        shortages=sorted((row for row in by_area if row.short_on_high), key=urgency),
        new_cases=[round(float(x), 1) for x in middle[-days:]],
        new_cases_high=[round(float(x), 1) for x in high[-days:]],
        under_control=int(scene.controlled.sum()),
        assumed=supplies.assumed,
        based_on={
            "days_of_reports": int((scene.past.sum(axis=0) > 0).sum()),
            "last_day": scene.last_day.isoformat(),
            "reported_cases": int(scene.past.sum()),
            "fingerprint": fingerprint(scene.past),
            "method": "renewal forecast of the city's new cases, shared out by each area's part "
            "of the last 14 days",
        },
    )


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """By kind: float64[areas, days] ahead, and float64[areas] now."""

    ahead: dict[str, Floats]
    now: dict[str, Floats]


class Future(msgspec.Struct, frozen=True, kw_only=True):
    """The scene with what is forecast of it: new cases of the city, and every kind's need,
    middle and high.
    """

    scene: DemandInputs
    today: date
    middle: Floats
    high: Floats
    need: Needs
    need_high: Needs


def forecast_needs(
    platform: Platform,
    supplies: Supplies,
    days: int,
    level: str | None,
    now: datetime,
    at: datetime | None,
) -> Future:
    """What is seen now and forecast for the days ahead."""
    if not 1 <= days <= MOST_DAYS:
        raise InputError(
            f"{days} days cannot be looked ahead", f"say 1 to {MOST_DAYS}", code="bad_days"
        )
    today = now.astimezone(ZoneInfo(zone_of(platform))).date()
    scene = read_inputs(platform, supplies, level_of(platform, level), today, at)
    unreported = (today - scene.last_day).days
    ahead = forecast_cases(scene.past.sum(axis=0), unreported + days, float(scene.residents.sum()))
    middle, high = (future if unreported <= STALE_D else 0 * future for future in ahead)
    share = share_of(scene.past)
    need, need_high = (
        needs_of(
            supplies, scene, np.concatenate([scene.past, np.outer(share, future)], axis=1), days
        )
        for future in (middle, high)
    )
    return Future(
        scene=scene, today=today, middle=middle, high=high, need=need, need_high=need_high
    )


def needs_of(supplies: Supplies, scene: DemandInputs, new_cases: Floats, days: int) -> Needs:
    drivers = drive(new_cases, scene.controlled, scene.residents, supplies.course, days)
    so_far = new_cases[:, : new_cases.shape[1] - days]
    today = drive(so_far, scene.controlled, scene.residents, supplies.course, 1)
    return Needs(
        ahead={kind.id: need_of(kind, drivers) for kind in supplies.kind},
        now={kind.id: need_of(kind, today)[:, 0] for kind in supplies.kind},
    )


def urgency(row: Demand) -> tuple[date, date, float]:
    return row.short_on or date.max, row.short_on_high or date.max, -row.short


def fingerprint(past: Floats) -> str:
    return hashlib.sha256(past.tobytes()).hexdigest()[:16]


def zone_of(platform: Platform) -> str:
    folder = platform.workspace / "city"
    return (
        read_manifest(folder).timezone
        if (folder / MANIFEST).exists()
        else str(platform.settings.timezone)
    )


def read_inputs(
    platform: Platform, supplies: Supplies, areas: list[str], today: date, at: datetime | None
) -> DemandInputs:
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        incidents = snapshot.list_rows(INCIDENTS)
        restrictions = snapshot.list_rows(RESTRICTIONS, measure=supplies.control.measures)
        stocks = snapshot.list_rows(STOCKS)
        requests = snapshot.list_rows(SUPPLY_REQUESTS, status="sent")
    place = {code: n for n, code in enumerate(areas)}
    residents = residents_of(platform, place)
    scene = DemandInputs(
        areas=areas,
        residents=residents,
        controlled=np.zeros(len(areas)),
        past=np.zeros((len(areas), PAST_D)),
        last_day=today,
        stocks=[(home_of(platform, place, row.area), row) for row in stocks],
        requests=[(home_of(platform, place, row.area), row) for row in requests],
    )
    held = {row.area for row in restrictions}
    for code in {code for code in held if not held & set(platform.reference.areas.path(code)[:-1])}:
        inside = spread(platform, place, residents, code) * residents_below(platform, code)
        scene.controlled = np.minimum(scene.controlled + inside, residents)
    told = {day for incident in incidents for day in incident.days if day <= today.isoformat()}
    scene.last_day = max(map(date.fromisoformat, told), default=today)
    days = {(scene.last_day - timedelta(days=PAST_D - 1 - n)).isoformat(): n for n in range(PAST_D)}
    for incident in incidents:
        weight = spread(platform, place, residents, incident.area)
        for day, figures in incident.days.items():
            if day in days:
                scene.past[:, days[day]] += weight * figures.get("new", 0.0)
    return scene


def share_of(past: Floats) -> Floats:
    """Each area's part of the new cases of the last 14 days."""
    recent = past[:, -14:].sum(axis=1)
    total = recent.sum()
    return np.asarray(recent / total if total else np.zeros(len(recent)))


def forecast_cases(series: Floats, days: int, population: float) -> tuple[Floats, Floats]:
    """(middle, high) new cases of the city on each coming day; nothing where too little was
    reported.
    """
    reported = np.flatnonzero(series > 0)
    if not len(reported) or len(series) - reported[0] < LEAST_D:
        level = float(series[-LEAST_D:].mean()) if len(reported) else 0.0
        return np.full(days, level), np.full(days, 2 * level)
    return _forecast(tuple(series[reported[0] :].tolist()), days, population)


@lru_cache(maxsize=16)
def _forecast(series: tuple[float, ...], days: int, population: float) -> tuple[Floats, Floats]:
    from twinward.decision.surveillance.forecasting.renewal import fit_renewal, predict

    counts = np.array(series)
    most = population if population > counts.sum() else None
    draws = predict(fit_renewal(counts, most, 0), len(counts), days, most, 0)
    return np.quantile(draws, 0.5, axis=0), np.quantile(draws, HIGH, axis=0)


def outlook_of(
    supplies: Supplies, scene: DemandInputs, needs: Needs, today: date
) -> dict[tuple[str, str], Outlook]:
    """(kind, area) -> outlook; the city as a whole under WHOLE, with every stock there is."""
    found = {}
    for kind in supplies.kind:
        need, now = needs.ahead[kind.id], needs.now[kind.id]
        stocks = [pair for pair in scene.stocks if pair[1].kind == kind.id]
        coming = [pair for pair in scene.requests if pair[1].kind == kind.id]
        for n, code in enumerate(scene.areas):
            own, due = ([row for home, row in pairs if home == code] for pairs in (stocks, coming))
            found[kind.id, code] = look_ahead(
                kind, need[n].tolist(), pool_stocks(kind, own, due, float(now[n]), today)
            )
        every, all_due = ([row for _, row in pairs] for pairs in (stocks, coming))
        whole = pool_stocks(kind, every, all_due, float(now.sum()), today)
        found[kind.id, WHOLE] = look_ahead(kind, need.sum(axis=0).tolist(), whole)
    return found


def pool_stocks(
    kind: SupplyKind, stocks: list[Any], coming: list[Any], need_now: float, today: date
) -> HeldStock:
    """What several stocks hold together on the first day ahead; whoever is in a bed now is taken
    to be of the need.
    """
    first = today + timedelta(days=1)
    usable = sum(row.free(first) for row in stocks)
    taken = sum(row.in_use for row in stocks)
    lots: Counter[int] = Counter()
    for row in stocks:
        for lot in row.lots:
            if lot.expires >= first:
                lots[(lot.expires - first).days] += lot.quantity
    made = [row for row in stocks if row.production_per_day > 0]
    return HeldStock(
        usable=max(usable + (min(taken, need_now) if kind.form == "held" else 0.0), 0.0),
        lots=tuple(sorted(lots.items())),
        arrivals=tuple(
            ((row.due_at.date() - first).days if row.due_at else 0, row.sent) for row in coming
        ),
        made_per_day=sum(row.production_per_day for row in made),
        lead_d=max((math.ceil(row.lead_time_h / 24) for row in made), default=0),
    )


def to_row(
    platform: Platform, kind: SupplyKind, code: str, middle: Outlook, high: Outlook, today: date
) -> Demand:
    def day(number: int | None) -> date | None:
        return None if number is None else today + timedelta(days=1 + number)

    return Demand(
        kind=kind.id,
        title=kind.title,
        unit=kind.unit,
        form=kind.form,
        area=code,
        area_name="the whole city" if code == WHOLE else platform.reference.areas.name(code),
        need=round(middle.need, 2),
        need_high=round(high.need, 2),
        have=round(middle.have, 2),
        short=round(middle.short, 2),
        short_on=day(middle.short_on),
        short_high=round(high.short, 2),
        short_on_high=day(high.short_on),
        wasted=round(middle.wasted, 2),
    )
