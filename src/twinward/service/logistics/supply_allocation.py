"""Use case: how to share what there is among the areas that need it, from the live stocks and
the demand ahead.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from time import perf_counter
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.logistics.allocation.sharing import ItemAnswer, PackedItem, PackedLot, share
from twinward.decision.logistics.routing.travel import DETOUR, straight_m
from twinward.library.supplies.catalogue import Supplies, SupplyKind, load_supplies
from twinward.service.city.population import home_of
from twinward.service.logistics.benchmark_instances import require_limit
from twinward.service.logistics.demand_forecast import forecast_needs
from twinward.service.platform import Caller, Platform

if TYPE_CHECKING:
    from twinward.twins.emergency.resources.rows import Stock

Floats = NDArray[np.float64]
HANDLING_KM = 0.5  # each unit costs so much to move at all, even inside its own area
RULE = (
    "an area's unmet need counts by its size, and the worst-served area once more for everybody: "
    "no area is left "
    "behind where that can be helped; then the shortest ways"
)


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """What one holder sends to one area, in whole packs, by the first day it is of use."""

    kind: str
    from_area: str
    from_holder: str | None
    to_area: str
    to_name: str
    quantity: float
    unit: str
    packs: int
    first_day: date


class SharedKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind: `worst_share` of its need the worst-served area goes without; `binding` holders
    that are used up.
    """

    kind: str
    unit: str
    need: float
    have: float
    unmet: float
    worst_share: float
    unmet_areas: list[dict[str, object]]
    objective: float
    bound: float
    gap: float
    binding: list[dict[str, object]]
    relaxation: str | None
    finished: bool


class ShareReport(msgspec.Struct, frozen=True, kw_only=True):
    """All kinds; `objective` in the unit costs of unmet need and ways that the rule weighs."""

    as_of: datetime
    days: int
    rule: str
    kinds: list[SharedKind]
    sendings: list[Sending]
    objective: float
    bound: float
    gap: float
    time_limit_s: float
    seconds: float
    simulated: bool = True


def choose_kinds(supplies: Supplies, kinds: tuple[str, ...]) -> list[SupplyKind]:
    """The kinds named, all that are used up where none is; InputError for one that is not."""
    used_up = [kind for kind in supplies.kind if kind.form == "used_up"]
    chosen = [kind for kind in used_up if not kinds or kind.id in kinds]
    if set(kinds) - {kind.id for kind in chosen}:
        known = ", ".join(kind.id for kind in used_up)
        raise InputError(
            f"{', '.join(kinds)} cannot all be shared", f"known: {known}", code="unknown_kind"
        )
    return chosen


def share_supplies(
    platform: Platform,
    caller: Caller,
    *,
    kinds: tuple[str, ...] = (),
    days: int = 14,
    level: str | None = None,
    time_limit_s: float = 60.0,
    at: datetime | None = None,
) -> ShareReport:
    """Who sends how much of which kind to whom, for what is used up; held things are sited, not
    shared.
    """
    platform.policy.require(caller, "plan_ahead")
    require_limit(time_limit_s)
    start = perf_counter()
    supplies = load_supplies(platform.workspace)
    chosen = choose_kinds(supplies, kinds)
    now = at or platform.clock.now()
    future = forecast_needs(platform, supplies, days, level, now, at)
    first = future.today + timedelta(days=1)
    areas = future.scene.areas
    where = np.array([point_of(platform, code) for code in areas]).reshape(-1, 2)
    stocks = {kind.id: sources_of(future.scene.stocks, kind.id, first) for kind in chosen}
    items = [
        make_item(platform, kind, future.need.ahead[kind.id], stocks[kind.id], areas, where, first)
        for kind in chosen
    ]
    answer = share(items, lambda: perf_counter() - start, time_limit_s)
    shown, sendings = [], []
    for kind, one in zip(chosen, answer.items, strict=True):
        rows = stocks[kind.id]
        shown.append(show_kind(platform, kind, one, rows, future.need.ahead[kind.id], areas, first))
        sendings += [
            Sending(
                kind=kind.id,
                from_area=rows[ship.source].area,
                from_holder=rows[ship.source].holder,
                to_area=areas[ship.area],
                to_name=platform.reference.areas.name(areas[ship.area]),
                quantity=ship.quantity,
                unit=kind.unit,
                packs=ship.packs,
                first_day=first + timedelta(days=ship.first_day),
            )
            for ship in one.shipments
        ]
    return ShareReport(
        as_of=now,
        days=days,
        rule=RULE,
        kinds=shown,
        sendings=sendings,
        objective=answer.objective,
        bound=answer.bound,
        gap=answer.gap,
        time_limit_s=time_limit_s,
        seconds=round(perf_counter() - start, 3),
    )


def point_of(platform: Platform, code: str) -> tuple[float, float]:
    """The middle of an area; of the whole city, the mean of its areas."""
    found: Any = platform.reference.areas.by_code.get(code)
    if found is not None:
        return found.lon, found.lat
    every: list[Any] = list(platform.reference.areas.by_code.values())
    return (
        (float(np.mean([one.lon for one in every])), float(np.mean([one.lat for one in every])))
        if every
        else (0, 0)
    )


def sources_of(stocks: list[tuple[str | None, Stock]], kind: str, first: date) -> list[Stock]:
    """Stocks of a kind that can give something or make it."""
    rows = [row for _, row in stocks if row.kind == kind]
    return [row for row in rows if row.free(first) > 0 or row.production_per_day > 0]


def make_item(
    platform: Platform,
    kind: SupplyKind,
    need: Floats,
    rows: list[Stock],
    areas: list[str],
    where: Floats,
    first: date,
) -> PackedItem:
    place = {code: n for n, code in enumerate(areas)}
    points = [(r.lon, r.lat) if r.lon is not None else point_of(platform, r.area) for r in rows]
    km = DETOUR * straight_m(np.array(points, float).reshape(-1, 2), where) / 1000 + HANDLING_KM
    for n, row in enumerate(rows):
        home = home_of(platform, place, row.area)
        if home is not None:
            km[n, place[home]] = HANDLING_KM
    return PackedItem(
        name=kind.id,
        need=need,
        urgency=np.ones(len(areas)),
        cost=km,
        lots=lots_of(rows, first, need.shape[1]),
        lead_d=np.array([int(row.lead_time_h // 24) for row in rows], np.int64),
        pack=kind.pack,
    )


def lots_of(rows: list[Stock], first: date, days: int) -> tuple[PackedLot, ...]:
    """Dated and undated parts of each stock, less what is promised (of the undated first), and
    what will be made.
    """
    found: list[PackedLot] = []
    for n, row in enumerate(rows):
        free = max(row.free(first), 0.0)
        dated = [(lot.expires, lot.quantity) for lot in row.lots if lot.expires >= first]
        undated = max(free - sum(quantity for _, quantity in dated), 0.0)
        left = free - undated
        for expires, quantity in sorted(dated, reverse=True):
            part = min(quantity, left)
            left -= part
            found.append(PackedLot(source=n, quantity=part, last=(expires - first).days))
        found.append(PackedLot(source=n, quantity=undated))
        if row.production_per_day > 0:
            found += [
                PackedLot(source=n, quantity=row.production_per_day, first=day)
                for day in range(days)
            ]
    return tuple(lot for lot in found if lot.quantity > 0)


def show_kind(
    platform: Platform,
    kind: SupplyKind,
    one: ItemAnswer,
    rows: list[Stock],
    need: Floats,
    areas: list[str],
    first: date,
) -> SharedKind:
    unmet = one.unmet.sum(axis=1)
    lacking = [
        n
        for n in np.argsort(-unmet, kind="stable").tolist()
        if unmet[n] > max(0.5, 1e-6 * need.sum())
    ]
    return SharedKind(
        kind=kind.id,
        unit=kind.unit,
        need=round(float(need.sum()), 2),
        unmet=round(float(unmet.sum()), 2),
        have=round(
            sum(row.free(first) + row.production_per_day * need.shape[1] for row in rows), 2
        ),
        worst_share=round(one.worst_share, 4),
        objective=one.objective,
        bound=one.bound,
        gap=one.gap,
        unmet_areas=[
            {
                "area": areas[n],
                "area_name": platform.reference.areas.name(areas[n]),
                "unmet": round(float(unmet[n]), 2),
                "share": round(float(unmet[n] / need[n].sum()), 4),
                "first_day": first + timedelta(days=int(np.flatnonzero(one.unmet[n] > 1e-6)[0])),
            }
            for n in lacking
        ],
        binding=[
            {
                "area": rows[source].area,
                "holder": rows[source].holder,
                "worth_of_one_more": round(worth, 4),
            }
            for source, worth in one.binding
        ],
        relaxation=relax(kind, one, float(unmet.sum())),
        finished=one.finished,
    )


def relax(kind: SupplyKind, one: ItemAnswer, unmet: float) -> str | None:
    """The cheapest way out where not all need is met."""
    if unmet <= 0.5:
        return None
    if not one.finished:
        return "the time limit was too short to share it at all: allow more"
    if one.missing_stock >= unmet - 0.5:
        return f"{one.missing_stock:,.0f} more {kind.unit} anywhere, the sooner the better"
    return (
        f"{one.missing_stock:,.0f} more {kind.unit} anywhere, and "
        f"{unmet - one.missing_stock:,.0f} earlier: they are "
        "made, arrive or expire on the wrong days, or fill no whole pack"
    )
