"""What the emergency will need, from live state and forecast, against what there is: shortages
ahead of time.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.coding.ids import digest_id
from twinward.core.errors import InputError
from twinward.decision.logistics.demand import HeldStock, Outlook, drive, look_ahead, need_of
from twinward.library.supplies.catalogue import Supplies, SupplyKind, load_supplies
from twinward.service.city.context import zone_of
from twinward.service.city.population import (
    level_of,
)
from twinward.service.logistics.need_course import ages_of, of_disease
from twinward.service.logistics.need_inputs import DemandInputs, read_inputs
from twinward.service.platform import Caller, Platform
from twinward.service.visibility import concerns

if TYPE_CHECKING:
    from twinward.twins.emergency.resources.rows import Stock

Floats = NDArray[np.float64]
STALE_D = 14  # without a report for so long, nothing is forecast from older ones
LEAST_D = 5  # days of reports that a forecast takes
DOUBLING = 4.0  # times a week, as bad as a few days without a trend leave possible
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
    stated: bool  # whether anybody has said what there is; what nobody has said is not nought
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
    new_cases_low: list[float]
    new_cases_high: list[float]
    new_cases_unreported: float  # of the days between the last report and the first day, middle
    under_control: int
    based_on: dict[str, object]
    assumed: list[str]
    simulated: bool = True


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
    told = stated_of(scene)
    rows = [
        to_row(
            platform,
            kind,
            code,
            (outlooks[0][kind.id, code], outlooks[1][kind.id, code]),
            today,
            stated=(kind.id, code) in told,
        )
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
        new_cases_low=[round(float(x), 1) for x in future.low[-days:]],
        new_cases_high=[round(float(x), 1) for x in high[-days:]],
        new_cases_unreported=round(float(middle[:-days].sum()), 1),
        under_control=int(scene.controlled.sum()),
        assumed=future.supplies.assumed,
        based_on={
            "days_of_reports": int((scene.past[:, scene.known].sum(axis=0) > 0).sum()),
            "last_day": scene.last_day.isoformat(),
            "reported_cases": int(scene.past[:, scene.known].sum()),
            "fingerprint": fingerprint(scene.past),
            "method": "forecast of the city's new cases, as surveillance shows it, shared out by "
            "each area's part of the last 14 days",
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

    supplies: Supplies  # with the course of the disease
    scene: DemandInputs
    today: date
    low: Floats
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
    if now > platform.clock.now():
        raise InputError(
            f"needs as of {now.isoformat()} cannot be told: that lies ahead",
            "say how many days ahead to look with `days`",
            code="at_in_future",
        )
    today = now.astimezone(ZoneInfo(zone_of(platform))).date()
    scene = read_inputs(platform, supplies, level_of(platform, level), today, at)
    unreported = (today - scene.last_day).days
    seen = np.where(scene.known, scene.past.sum(axis=0), np.nan)
    ahead = forecast_cases(seen, unreported + days, float(scene.residents.sum()))
    low, middle, high = (future if unreported <= STALE_D else 0 * future for future in ahead)
    supplies = of_disease(supplies, platform.workspace, scene.hazard, ages_of(platform.workspace))
    share = share_of(scene.past)
    need, need_high = (
        needs_of(
            supplies, scene, np.concatenate([scene.past, np.outer(share, future)], axis=1), days
        )
        for future in (middle, high)
    )
    return Future(
        supplies=supplies,
        scene=scene,
        today=today,
        low=low,
        middle=middle,
        high=high,
        need=need,
        need_high=need_high,
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
    return digest_id(past.tobytes(), 16)


def share_of(past: Floats) -> Floats:
    """Each area's part of the new cases of the last 14 days."""
    recent = past[:, -14:].sum(axis=1)
    total = recent.sum()
    return np.asarray(recent / total if total else np.zeros(len(recent)))


def forecast_cases(series: Floats, days: int, population: float) -> tuple[Floats, Floats, Floats]:
    """(low, middle, high) new cases of the city on each coming day; nothing where too little was
    reported. The same course as surveillance shows.
    """
    reported = np.flatnonzero(series > 0)
    known = series[reported[0] :] if len(reported) else series[:0]
    if np.isfinite(known).sum() < LEAST_D:
        level = (
            float(np.nanmean(known)) if len(known) else 0.0
        )  # days before the first are no zeros
        rise = DOUBLING ** (np.arange(1, days + 1) / 7.0)
        return level / rise, np.full(days, level), level * rise
    from twinward.decision.surveillance.forecasting.course import forecast_course

    course = forecast_course(known, days, population)
    return course.low, course.middle, course.high


def outlook_of(
    supplies: Supplies, scene: DemandInputs, needs: Needs, today: date
) -> dict[tuple[str, str], Outlook]:
    """(kind, area) -> outlook; the city as a whole under WHOLE, with every stock there is."""
    found = {}
    for kind in supplies.kind:
        need, now = needs.ahead[kind.id], needs.now[kind.id]
        stocks = [pair for pair in scene.stocks if pair[1].kind == kind.id]
        coming = [pair for pair in scene.requests if pair[1].kind == kind.id]
        beds = scene.beds if kind.id == "beds" else {}
        for n, code in enumerate(scene.areas):
            own, due = ([row for home, row in pairs if home == code] for pairs in (stocks, coming))
            held = pool_stocks(kind, own, due, float(now[n]), today, beds.get(code, 0.0))
            found[kind.id, code] = look_ahead(kind, need[n].tolist(), held)
        every, all_due = ([row for _, row in pairs] for pairs in (stocks, coming))
        city = sum(beds.values())
        whole = pool_stocks(kind, every, all_due, float(now.sum()), today, city)
        found[kind.id, WHOLE] = look_ahead(kind, need.sum(axis=0).tolist(), whole)
    return found


def pool_stocks(
    kind: SupplyKind,
    stocks: list[Stock],
    coming: list[Any],
    need_now: float,
    today: date,
    built_in: float = 0.0,
) -> HeldStock:
    """What several stocks hold together on the first day ahead; whoever is in a bed now is taken
    to be of the need.
    """
    first = today + timedelta(days=1)
    usable = built_in + sum(row.free(first) for row in stocks)
    taken = sum(row.in_use for row in stocks)
    lots: defaultdict[int, float] = defaultdict(float)
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


def stated_of(scene: DemandInputs) -> set[tuple[str, str]]:
    """(kind, area) of which somebody has stated a stock, or the city's places say the beds."""
    own = {(row.kind, home) for home, row in scene.stocks if home is not None}
    own |= {("beds", area) for area in scene.beds}
    return own | {(kind, WHOLE) for kind, _ in own} | {(row.kind, WHOLE) for _, row in scene.stocks}


def to_row(
    platform: Platform,
    kind: SupplyKind,
    code: str,
    outlooks: tuple[Outlook, Outlook],
    today: date,
    *,
    stated: bool,
) -> Demand:
    middle, high = outlooks

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
        stated=stated,
        short=round(middle.short, 2),
        short_on=day(middle.short_on),
        short_high=round(high.short, 2),
        short_on_high=day(high.short_on),
        wasted=round(middle.wasted, 2),
    )
