"""Whole packs on every way: what the program without packs says is rounded, tried, and evened
out.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.logistics.allocation.linear_program import ShareProgram

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Seconds = Callable[[], float]
Found = tuple[
    Floats, float, Floats, Floats
]  # unmet, worst share, shipped by column, worth of each lot
REPAIRS = 8


class PackedLot(msgspec.Struct, frozen=True, kw_only=True):
    """Stock or production of a source: there from day `first` on (0 the first day), of use up to
    day `last`.
    """

    source: int
    quantity: float
    first: int = 0
    last: int = 10_000


class PackedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One kind to share. need [areas, days] in units; urgency [areas] (1 ordinary); cost [sources,
    areas] a unit, and infinite where no way leads; `lead_d` [sources] days from leaving to use;
    a way may only carry whole packs (0: any).
    """

    name: str
    need: Floats
    urgency: Floats
    cost: Floats
    lots: tuple[PackedLot, ...]
    lead_d: Ints
    pack: float = 0.0


class Shipment(msgspec.Struct, frozen=True, kw_only=True):
    """What one source sends to one area over all days, and how much of it by its first day of
    use.
    """

    source: int
    area: int
    quantity: float
    packs: int
    first_day: int


class Packs:
    """Whole packs on every way: rounded up where a source has enough of them, else where the
    need feels it most.
    """

    def __init__(self, item: PackedItem, program: ShareProgram) -> None:
        self.item, self.program = item, program
        self.packs = np.zeros(item.cost.shape, np.int64)
        stock = np.bincount(
            [lot.source for lot in item.lots], [lot.quantity for lot in item.lots], len(item.lead_d)
        )
        self.most = (
            np.floor(stock / item.pack + 1e-9).astype(np.int64)
            if item.pack
            else np.zeros(len(stock), int)
        )

    def fill(
        self, seconds: Seconds, until_s: float, worth: Callable[[Found, Packs], float]
    ) -> Found | None:
        """Round, solve with the packs, and give what is left of them to who still lacks; None
        without any answer.
        """
        program, item = self.program, self.item
        if not program.run(until_s - seconds()):
            return None
        if not item.pack:
            return program.answer()
        plain = program.answer()
        found = self._cut_to_packs(self._leave_room(seconds, until_s))
        best, kept = worth(found, self), self.packs.copy()
        program.tighten(np.full(len(self.most), np.inf))
        for tries in range(REPAIRS):
            used_source, used_area = np.nonzero(self.packs)
            program.cap(
                used_source,
                used_area,
                item.pack * self.packs[used_source, used_area].astype(np.float64),
            )
            if not program.run(until_s - seconds()):
                break
            now = program.answer()
            price = worth(now, self)
            if price < best:
                found, best, kept = now, price, self.packs.copy()
            elif tries > 1:
                break
            lacking = now[0].sum(axis=1)
            if not (self._add_where_missing(lacking) | self._even_out(lacking, plain[1])):
                break
        self.packs = kept
        return found

    def _cut_to_packs(self, found: Found) -> Found:
        """Round the ways, and cut what goes on each to what its packs hold: an answer without
        solving again.
        """
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
        """Let sources give so much less that all their ways can be rounded up; what they lack
        others give.
        """
        most, found = np.full(len(self.most), np.inf), self.program.answer()
        if (
            found[0].sum() > 1e-6 * self.item.need.sum()
        ):  # all is scarce: room for one would be taken from another
            return found
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
        """One more pack for each area that lacks something, from the nearest source that has one
        and a way there.
        """
        spare = self.most - self.packs.sum(axis=1)
        source, area, _ = self.program.shipments()
        way = np.full(self.item.cost.shape, np.inf)
        way[source, area] = self.item.cost[source, area]
        added = False
        share_unmet = unmet / np.maximum(self.item.need.sum(axis=1), 1e-9)
        for lacking in np.argsort(-share_unmet, kind="stable")[
            : int((unmet > 1e-6 * self.item.pack).sum())
        ]:
            choice = int(np.argmin(np.where(spare > 0, way[:, lacking], np.inf)))
            if spare[choice] > 0 and np.isfinite(way[choice, lacking]):
                self.packs[choice, lacking] += 1
                spare[choice] -= 1
                added = True
        return added

    def _even_out(self, unmet: Floats, aim: float) -> bool:
        """Move packs of one source from who lacks least to who lacks more than `aim` of its
        need; whether any moved.
        """
        total = np.maximum(self.item.need.sum(axis=1), 1e-9)
        lacks, step = unmet / total, self.item.pack / total
        source, area, _ = self.program.shipments()
        ways = np.zeros(self.packs.shape, bool)
        ways[source, area] = True
        moved = False
        for low in np.argsort(-lacks, kind="stable")[: int((lacks > aim + 1e-3).sum())].tolist():
            after = np.where((self.packs > 0) & ways[:, low][:, None], lacks + step, np.inf)
            after[:, low] = np.inf
            giver, high = np.unravel_index(int(np.argmin(after)), after.shape)
            if after[giver, high] >= lacks[low] - 1e-6:
                continue
            self.packs[giver, high] -= 1
            self.packs[giver, low] += 1
            lacks[high] += step[high]
            lacks[low] = max(lacks[low] - step[low], 0.0)
            moved = True
        return moved

    def ways_cost(self, shipped: Floats) -> float:
        """What the ways cost: by whole packs, or by the unit where there are none."""
        if not self.item.pack:
            source, area, _ = self.program.shipments()
            return float((self.item.cost[source, area] * shipped).sum())
        source, area = np.nonzero(self.packs)
        return float(
            (self.item.cost[source, area] * self.item.pack * self.packs[source, area]).sum()
        )

    def list_shipments(self, shipped: Floats, block: Ints) -> list[Shipment]:
        source, area, of_block = self.program.shipments()
        found: dict[tuple[int, int], list[float]] = {}
        for n in np.flatnonzero(shipped > 1e-6).tolist():
            entry = found.setdefault((int(source[n]), int(area[n])), [0.0, np.inf])
            entry[0] += float(shipped[n])
            entry[1] = min(entry[1], float(np.flatnonzero(block == of_block[n])[0]))
        return [
            Shipment(
                source=s,
                area=a,
                packs=int(self.packs[s, a]),
                first_day=int(day),
                quantity=self.item.pack * int(self.packs[s, a])
                if self.item.pack
                else round(quantity, 6),
            )
            for (s, a), (quantity, day) in sorted(found.items())
        ]
