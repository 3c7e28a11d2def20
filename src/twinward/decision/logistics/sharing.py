"""Who sends how much of what to whom: need-weighted, fair, in whole packs, within expiry and lead time, with a bound.

The rule: an area's unmet need counts by its urgency, and the worst-served area counts once more for everybody (its
unmet share times all need), so that no area is left far behind where that can be helped; then the shortest ways are
taken, for the dearest way costs less than a unit unmet. Items do not compete for vehicles, so each is a program of
its own; packs are rounded and the program solved again with them, against the bound without packs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.logistics.sharing_lp import ShareProgram

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Seconds = Callable[[], float]
Found = tuple[Floats, float, Floats, Floats]  # unmet, worst share, shipped by column, worth of each lot
UNMET_OVER_WAY = 10.0  # a unit unmet costs so many times the dearest way
REPAIRS = 3
GAP_WANTED = 0.005


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """Stock or production of a source: there from day `first` on (0 the first day), of use up to day `last`."""

    source: int
    quantity: float
    first: int = 0
    last: int = 10_000


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One kind to share. need [areas, days] in units; urgency [areas] (1 ordinary); cost [sources, areas] a unit, and
    infinite where no way leads; `lead_d` [sources] days from leaving to use; a way may only carry whole packs (0: any).
    """

    name: str
    need: Floats
    urgency: Floats
    cost: Floats
    lots: tuple[Lot, ...]
    lead_d: Ints
    pack: float = 0.0


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """What one source sends to one area over all days, and how much of it by its first day of use."""

    source: int
    area: int
    quantity: float
    packs: int
    first_day: int


class ItemAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`unmet` [areas, days]; `binding` are sources whose stock is all used, with what one more unit there would save.

    `missing_stock` is the least that must be added anywhere to meet all need; 0 when stock suffices and only its day,
    its expiry or its packs stand in the way.
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


def share(items: Sequence[Item], seconds: Seconds, time_limit_s: float) -> ShareAnswer:
    """Each item's share of the time that is left; one that could not be begun is answered as unmet, and says so."""
    answers = []
    for n, item in enumerate(items):
        check(item)
        now = seconds()
        answers.append(share_item(item, seconds, now + (time_limit_s - now) / (len(items) - n)))
    objective, bound = sum(one.objective for one in answers), sum(one.bound for one in answers)
    return ShareAnswer(objective=objective, bound=bound, gap=gap_of(objective, bound), items=answers)


def check(item: Item) -> None:
    """InputError for what makes no sense, with the item's name."""
    if (item.need < 0).any() or not np.isfinite(item.need).all():
        raise InputError(f"{item.name}: a need is negative or no number", "check the demand", code="bad_need")
    if any(lot.quantity < 0 for lot in item.lots):
        raise InputError(f"{item.name}: a stock is negative", "count it anew", code="negative_stock")
    if item.cost.shape != (len(item.lead_d), len(item.need)):
        raise InputError(f"{item.name}: costs do not fit sources and areas", "check their shapes", code="bad_cost")
    if item.pack < 0 or (item.urgency <= 0).any():
        raise InputError(f"{item.name}: packs and urgencies are above 0", "check them", code="bad_need")


def merge_days(item: Item) -> tuple[Ints, NDArray[np.bool_]]:
    """(block of each day, which lots serve which block): days that the same lots can serve are one block."""
    days = np.arange(item.need.shape[1])
    serves = np.array(
        [(lot.first + item.lead_d[lot.source] <= days) & (days <= lot.last) for lot in item.lots], bool
    ).reshape(len(item.lots), len(days))
    fresh = np.ones(len(days), bool)
    fresh[1:] = (serves[:, 1:] != serves[:, :-1]).any(axis=0)
    block = np.cumsum(fresh) - 1
    return block, serves[:, fresh]


def share_item(item: Item, seconds: Seconds, until_s: float) -> ItemAnswer:
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
    bound = max(program.solve(seconds, seconds() + 0.7 * (until_s - seconds())), 0.0)
    packs = _Packs(item, program)
    found = packs.fill(seconds, until_s)
    if found is None:
        return _unbegun(item, nothing, bound)
    unmet, worst, shipped, worth = found
    ways_cost = packs.ways_cost(shipped)
    objective = float(worst_cost * worst + (unmet_cost[:, None] * unmet).sum() + ways_cost)
    bound = min(bound, objective)
    return ItemAnswer(
        name=item.name, objective=objective, bound=bound, gap=gap_of(objective, bound), worst_share=float(worst),
        unmet=spread_unmet(item.need, unmet, block), shipments=packs.list_shipments(shipped, block),
        binding=_binding(item, worth), missing_stock=max(float(need.sum() - lots[2].sum()), 0.0), finished=True,
    )  # fmt: skip


def _plain(item: Item, objective: float, missing: float) -> ItemAnswer:
    return ItemAnswer(
        name=item.name, objective=objective, bound=objective, gap=0.0, worst_share=1.0 if missing else 0.0,
        unmet=item.need.copy(), shipments=[], binding=[], missing_stock=missing, finished=True,
    )  # fmt: skip


def _unbegun(item: Item, nothing: float, bound: float = 0.0) -> ItemAnswer:
    return ItemAnswer(
        name=item.name, objective=nothing, bound=bound, gap=gap_of(nothing, bound),
        worst_share=1.0, unmet=item.need.copy(), shipments=[], binding=[], missing_stock=0.0, finished=False,
    )  # fmt: skip


def _binding(item: Item, worth: Floats) -> list[tuple[int, float]]:
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


class _Packs:
    """Whole packs on every way: rounded up where a source has enough of them, else where the need feels it most."""

    def __init__(self, item: Item, program: ShareProgram) -> None:
        self.item, self.program = item, program
        self.packs = np.zeros(item.cost.shape, np.int64)
        stock = np.bincount([lot.source for lot in item.lots], [lot.quantity for lot in item.lots], len(item.lead_d))
        self.most = np.floor(stock / item.pack + 1e-9).astype(np.int64) if item.pack else np.zeros(len(stock), int)

    def fill(self, seconds: Seconds, until_s: float) -> Found | None:
        """Round, solve with the packs, and give what is left of them to who still lacks; None without any answer."""
        program, item = self.program, self.item
        if not program.run(until_s - seconds()):
            return None
        if not item.pack:
            return program.answer()
        found = self._cut_to_packs(self._leave_room(seconds, until_s))
        program.tighten(np.full(len(self.most), np.inf))
        for left in range(REPAIRS, 0, -1):
            used_source, used_area = np.nonzero(self.packs)
            most = item.pack * self.packs[used_source, used_area].astype(np.float64)
            program.cap(used_source, used_area, most)
            if not program.run(until_s - seconds()):
                break
            found = program.answer()
            if left == 1 or not self._add_where_missing(found[0].sum(axis=1)):
                break
        return found

    def _cut_to_packs(self, found: Found) -> Found:
        """Round the ways, and cut what goes on each to what its packs hold: an answer without solving again."""
        _, _, shipped, worth = found
        source, area, block = self.program.shipments()
        flow = self._flow(shipped)
        self._round(flow)
        part = np.minimum(1.0, self.item.pack * self.packs / np.maximum(flow, 1e-12))
        shipped = shipped * part[source, area]
        unmet = self.program.need.copy()
        np.add.at(unmet, (area, block), -shipped)
        unmet = np.maximum(unmet, 0.0)
        total = self.program.need.sum(axis=1)
        worst = float((unmet.sum(axis=1) / np.maximum(total, 1e-12)).max(initial=0.0))
        return unmet, worst, shipped, worth

    def _flow(self, shipped: Floats) -> Floats:
        source, area, _ = self.program.shipments()
        flow = np.zeros(self.item.cost.shape)
        np.add.at(flow, (source, area), shipped)
        return flow

    def _leave_room(self, seconds: Seconds, until_s: float) -> Found:
        """Let sources give so much less that all their ways can be rounded up; what they lack others give."""
        most, found = np.full(len(self.most), np.inf), self.program.answer()
        for _ in range(REPAIRS):
            flow = self._flow(found[2])
            over = np.ceil(flow / self.item.pack - 1e-7).sum(axis=1) - self.most
            if (over <= 0).all() or seconds() > until_s:
                break
            given = np.minimum(flow.sum(axis=1), most)
            most = np.where(over > 0, np.maximum(given - over * self.item.pack, 0.0), most)
            self.program.tighten(most)
            if not self.program.run(until_s - seconds()):
                break
            found = self.program.answer()
        return found

    def _round(self, flow: Floats) -> None:
        pack, total = self.item.pack, np.maximum(self.item.need.sum(axis=1), 1e-9)
        self.packs = np.floor(flow / pack + 1e-7).astype(np.int64)
        rest = flow - pack * self.packs
        felt = np.where(rest > 1e-6 * pack, rest / total, 0.0)
        for source in range(len(flow)):
            spare = self.most[source] - int(self.packs[source].sum())
            order = np.argsort(-felt[source], kind="stable")[: max(spare, 0)]
            self.packs[source, order[felt[source, order] > 0]] += 1

    def _add_where_missing(self, unmet: Floats) -> bool:
        """One more pack for each area that lacks something, from the nearest source that has one and a way there."""
        spare = self.most - self.packs.sum(axis=1)
        source, area, _ = self.program.shipments()
        way = np.full(self.item.cost.shape, np.inf)
        way[source, area] = self.item.cost[source, area]
        added = False
        share_unmet = unmet / np.maximum(self.item.need.sum(axis=1), 1e-9)
        for lacking in np.argsort(-share_unmet, kind="stable")[: int((unmet > 1e-6 * self.item.pack).sum())]:
            choice = int(np.argmin(np.where(spare > 0, way[:, lacking], np.inf)))
            if spare[choice] > 0 and np.isfinite(way[choice, lacking]):
                self.packs[choice, lacking] += 1
                spare[choice] -= 1
                added = True
        return added

    def ways_cost(self, shipped: Floats) -> float:
        """What the ways cost: by whole packs, or by the unit where there are none."""
        if not self.item.pack:
            source, area, _ = self.program.shipments()
            return float((self.item.cost[source, area] * shipped).sum())
        source, area = np.nonzero(self.packs)
        return float((self.item.cost[source, area] * self.item.pack * self.packs[source, area]).sum())

    def list_shipments(self, shipped: Floats, block: Ints) -> list[Shipment]:
        source, area, of_block = self.program.shipments()
        found: dict[tuple[int, int], list[float]] = {}
        for n in np.flatnonzero(shipped > 1e-6).tolist():
            entry = found.setdefault((int(source[n]), int(area[n])), [0.0, np.inf])
            entry[0] += float(shipped[n])
            entry[1] = min(entry[1], float(np.flatnonzero(block == of_block[n])[0]))
        return [
            Shipment(
                source=s, area=a, packs=int(self.packs[s, a]), first_day=int(day),
                quantity=self.item.pack * int(self.packs[s, a]) if self.item.pack else round(quantity, 6),
            )
            for (s, a), (quantity, day) in sorted(found.items())
        ]  # fmt: skip
