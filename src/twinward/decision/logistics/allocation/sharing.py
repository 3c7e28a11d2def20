"""Who sends how much of what to whom: need-weighted, fair, in whole packs, within expiry and lead
time, with a bound.

The rule: an area's unmet need counts by its urgency, and the worst-served area counts once more for
everybody (its unmet share times all need), so that no area is left far behind where that can be
helped; then the shortest ways are taken, for the dearest way costs less than a unit unmet. Items do
not compete for vehicles, so each is a program of its own; packs are rounded and the program solved
again with them, against the bound without packs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.logistics.allocation.linear_program import ShareProgram
from twinward.decision.logistics.allocation.packs import (
    Found,
    PackedItem,
    PackedLot,
    Packs,
    Shipment,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Seconds = Callable[[], float]
__all__ = ["ItemAnswer", "PackedItem", "PackedLot", "ShareAnswer", "Shipment", "share"]

OVERRUN = 3.0  # most items need far less than their share of the time
UNMET_OVER_WAY = 10.0  # a unit unmet costs so many times the dearest way


class ItemAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`unmet` [areas, days]; `binding` are sources whose stock is all used, with what one more unit
    there would save.

    `missing_stock` is the least that must be added anywhere to meet all need; 0 when stock suffices
    and only its day, its expiry or its packs stand in the way.
    """

    name: str
    objective: float
    bound: float
    gap: float
    worst_share: float
    unmet: Floats
    shipments: list[Shipment]
    binding: list[tuple[int, float]]
    missing_stock: float
    finished: bool


class ShareAnswer(msgspec.Struct, frozen=True, kw_only=True):
    objective: float
    bound: float
    gap: float
    items: list[ItemAnswer]


def gap_of(objective: float, bound: float) -> float:
    return max(objective - bound, 0.0) / objective if objective > 0 else 0.0


def share(items: Sequence[PackedItem], seconds: Seconds, time_limit_s: float) -> ShareAnswer:
    """Each item may take some shares of the time that is left; one that finds none is answered
    as unmet and says so.
    """
    answers = []
    for n, item in enumerate(items):
        check(item)
        now = seconds()
        left_s = time_limit_s - now
        answers.append(
            share_item(item, seconds, now + min(left_s, OVERRUN * left_s / (len(items) - n)))
        )
    objective, bound = sum(one.objective for one in answers), sum(one.bound for one in answers)
    return ShareAnswer(
        objective=objective, bound=bound, gap=gap_of(objective, bound), items=answers
    )


def check(item: PackedItem) -> None:
    """InputError for what makes no sense, with the item's name."""
    if (item.need < 0).any() or not np.isfinite(item.need).all():
        raise InputError(
            f"{item.name}: a need is negative or no number", "check the demand", code="bad_need"
        )
    if any(lot.quantity < 0 for lot in item.lots):
        raise InputError(
            f"{item.name}: a stock is negative", "count it anew", code="negative_stock"
        )
    if item.cost.shape != (len(item.lead_d), len(item.need)):
        raise InputError(
            f"{item.name}: costs do not fit sources and areas",
            "check their shapes",
            code="bad_cost",
        )
    if item.pack < 0 or (item.urgency <= 0).any():
        raise InputError(
            f"{item.name}: packs and urgencies are above 0", "check them", code="bad_need"
        )


def merge_days(item: PackedItem) -> tuple[Ints, NDArray[np.bool_]]:
    """(block of each day, which lots serve which block): days that the same lots can serve are
    one block.
    """
    days = np.arange(item.need.shape[1])
    serves = np.array(
        [(lot.first + item.lead_d[lot.source] <= days) & (days <= lot.last) for lot in item.lots],
        bool,
    ).reshape(len(item.lots), len(days))
    fresh = np.ones(len(days), bool)
    fresh[1:] = (serves[:, 1:] != serves[:, :-1]).any(axis=0)
    block = np.cumsum(fresh) - 1
    return block, serves[:, fresh]


def share_item(item: PackedItem, seconds: Seconds, until_s: float) -> ItemAnswer:
    """One item within its time; the bound holds whether or not the time sufficed."""
    block, serves = merge_days(item)
    need = np.add.reduceat(item.need, np.flatnonzero(np.diff(block, prepend=-1)), axis=1)
    ways = item.cost[np.isfinite(item.cost)]
    unit = UNMET_OVER_WAY * max(float(ways.max(initial=0.0)), 1e-6)
    unmet_cost, worst_cost = unit * item.urgency, unit * float(need.sum())
    lots = (
        np.array([lot.source for lot in item.lots], int),
        serves,
        np.array([lot.quantity for lot in item.lots], float),
    )
    nothing = float(worst_cost + (unmet_cost * need.sum(axis=1)).sum())
    if not need.sum() or not serves.any():  # nothing asked, or nothing to give: the answer is plain
        return _plain(item, nothing if need.sum() else 0.0, float(need.sum()))
    if seconds() >= until_s:
        return _unbegun(item, nothing)
    program = ShareProgram(need, unmet_cost, worst_cost, item.cost, lots)
    packs = Packs(item, program)
    if item.pack:
        program.count_packs(item.pack, float(packs.most.sum()))
    bound = max(program.solve(seconds, seconds() + 0.7 * (until_s - seconds())), 0.0)

    def price(found: Found, packs: Packs) -> float:
        return float(
            worst_cost * found[1]
            + (unmet_cost[:, None] * found[0]).sum()
            + packs.ways_cost(found[2])
        )

    found = packs.fill(seconds, until_s, price)
    if found is None:
        return _unbegun(item, nothing, bound)
    unmet, worst, shipped, worth = found
    objective = price(found, packs)
    bound = min(bound, objective)
    return ItemAnswer(
        name=item.name,
        objective=objective,
        bound=bound,
        gap=gap_of(objective, bound),
        worst_share=float(worst),
        unmet=spread_unmet(item.need, unmet, block),
        shipments=packs.list_shipments(shipped, block),
        binding=_binding(item, worth),
        missing_stock=max(float(need.sum() - lots[2].sum()), 0.0),
        finished=True,
    )


def _plain(item: PackedItem, objective: float, missing: float) -> ItemAnswer:
    return ItemAnswer(
        name=item.name,
        objective=objective,
        bound=objective,
        gap=0.0,
        worst_share=1.0 if missing else 0.0,
        unmet=item.need.copy(),
        shipments=[],
        binding=[],
        missing_stock=missing,
        finished=True,
    )


def _unbegun(item: PackedItem, nothing: float, bound: float = 0.0) -> ItemAnswer:
    return ItemAnswer(
        name=item.name,
        objective=nothing,
        bound=bound,
        gap=gap_of(nothing, bound),
        worst_share=1.0,
        unmet=item.need.copy(),
        shipments=[],
        binding=[],
        missing_stock=0.0,
        finished=False,
    )


def _binding(item: PackedItem, worth: Floats) -> list[tuple[int, float]]:
    """Sources of which one more unit would save something, the most worth first."""
    by_source: dict[int, float] = {}
    for lot, value in zip(item.lots, worth.tolist(), strict=True):
        if value > 1e-9:
            by_source[lot.source] = max(value, by_source.get(lot.source, 0.0))
    return sorted(by_source.items(), key=lambda pair: (-pair[1], pair[0]))


def spread_unmet(need: Floats, unmet: Floats, block: Ints) -> Floats:
    """Unmet need by day: inside a block the earliest days are met first."""
    found = np.zeros(need.shape)
    left = unmet.copy()
    for day in range(need.shape[1] - 1, -1, -1):
        part = np.minimum(need[:, day], left[:, block[day]])
        found[:, day] = part
        left[:, block[day]] -= part
    return found
