"""The linear program of sharing one item: columns for shipments are made only where they can pay,
rows stay few.

Column generation (Gilmore, Gomory 1961, Oper Res 9:849): solve with a few shipments, price all
others by the duals, add those that pay, until none does; the duals give a bound over all shipments
at any time.
"""

from __future__ import annotations

from collections.abc import Callable

import highspy
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NEAREST = 3  # sources that each need starts with
MOST_ROUNDS = 40
ADDED = 2  # columns that one need may get in a round
TOLERANCE = 1e-7
INF = highspy.kHighsInf


class ShareProgram:
    """min worst * z + sum(unmet * u) + sum(cost * y) over needs i (an area in a block of days),
    sources s, lots l.

    Rows: each need is met or unmet; what leaves a source for a block comes from lots that serve it;
    a lot is used up once; z is at least each area's unmet share. `open_[s, b]` says whether a
    source has a lot for a block at all.
    """

    def __init__(
        self,
        need: Floats,
        unmet: Floats,
        worst: float,
        cost: Floats,
        lots: tuple[Ints, NDArray[np.bool_], Floats],
    ) -> None:
        self.need, self.cost = need, cost
        self.areas, self.blocks = need.shape
        self.lot_source, self.lot_serves, self.lot_quantity = lots
        self.sources = len(cost)
        self.open_: NDArray[np.bool_] = np.zeros((self.sources, self.blocks), bool)
        for source, serves in zip(self.lot_source, self.lot_serves, strict=True):
            self.open_[source] |= serves
        self.area, self.block = np.nonzero(need > 0)
        self.row_of_need = np.full(need.shape, -1)
        self.row_of_need[self.area, self.block] = np.arange(len(self.area))
        starts = np.cumsum(
            [len(self.area), int(self.open_.sum()), len(self.lot_quantity), self.areas]
        )
        self.row_of_source = np.full(self.open_.shape, -1)
        self.row_of_source[self.open_] = np.arange(starts[0], starts[1])
        self.row_of_lot = np.arange(starts[1], starts[2])
        self.row_of_area = np.arange(starts[2], starts[3])
        self.row_of_total = starts[3] + np.arange(self.sources)
        self.known = np.zeros((self.sources, *need.shape), bool)
        self.columns: list[
            tuple[Ints, Ints, Ints]
        ] = []  # (source, area, block) of the shipments, in order
        self.capped: dict[tuple[int, int], int] = {}
        self.model = self._build(unmet, worst)

    def _build(self, unmet: Floats, worst: float) -> highspy.Highs:
        """All rows, with the columns z, u (by need) and f (lot to block); shipments are added
        later.
        """
        n, total = len(self.area), self.need.sum(axis=1)
        lot, block = np.nonzero(self.lot_serves)
        m = len(lot)
        self.first_y = 1 + n + m
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = self.first_y, int(self.row_of_total[-1]) + 1
        lp.col_cost_ = np.concatenate([[worst], unmet[self.area], np.zeros(m)])
        lp.col_lower_ = np.zeros(self.first_y)
        lp.col_upper_ = np.concatenate([[1.0], self.need[self.area, self.block], np.full(m, INF)])
        demand = self.need[self.area, self.block]
        free = [np.full(len(part), INF) for part in (self.row_of_area, self.row_of_total)]
        at_most = np.full(int(self.open_.sum()) + len(self.lot_quantity), -INF)
        lp.row_lower_ = np.concatenate([demand, at_most, np.zeros(self.areas), -free[1]])
        lp.row_upper_ = np.concatenate(
            [demand, np.zeros(int(self.open_.sum())), self.lot_quantity, *free]
        )
        rows = [
            self.row_of_area,
            np.arange(n),
            self.row_of_area[self.area],
            self.row_of_source[self.lot_source[lot], block],
            self.row_of_lot[lot],
            self.row_of_total[self.lot_source[lot]],
        ]
        of_u, of_f = 1 + np.arange(n), 1 + n + np.arange(m)
        columns = [np.zeros(self.areas, int), of_u, of_u, of_f, of_f, of_f]
        values = [total, np.ones(n), -np.ones(n), -np.ones(m), np.ones(m), np.ones(m)]
        row, column, value = np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
        order = np.lexsort((row, column))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.concatenate(
            [[0], np.cumsum(np.bincount(column, minlength=self.first_y))]
        ).astype(np.int32)
        lp.a_matrix_.index_ = row[order].astype(np.int32)
        lp.a_matrix_.value_ = value[order]
        model = highspy.Highs()
        model.setOptionValue("output_flag", False)
        model.setOptionValue("threads", 1)
        model.passModel(lp)
        return model

    def count_packs(self, pack: float, most: float) -> None:
        """Each area gets a whole number N of packs, all together at most `most`: what that costs at
        least.

        pack * N + u >= need, and by rounding rest * N + u >= rest * (packs that meet the need),
        where the last of them serves but `rest` (Nemhauser, Wolsey 1990, Math Prog 46:379). To be
        called before shipments are added.
        """
        total = self.need.sum(axis=1)
        whole = np.ceil(total / pack - 1e-9)
        rest = np.maximum(total - pack * (whole - 1), 0.0)
        of_n = self.first_y + np.arange(self.areas)
        self.model.addCols(
            self.areas,
            np.zeros(self.areas),
            np.zeros(self.areas),
            whole,
            0,
            np.zeros(self.areas, np.int32),
            np.empty(0, np.int32),
            np.empty(0),
        )
        for area in np.flatnonzero(total > 0).tolist():
            unmet = 1 + np.flatnonzero(self.area == area)
            columns = np.append(unmet, of_n[area]).astype(np.int32)
            for by, least in ((pack, total[area]), (rest[area], rest[area] * whole[area])):
                self.model.addRow(
                    float(least), INF, len(columns), columns, np.append(np.ones(len(unmet)), by)
                )
        self.model.addRow(-INF, most, self.areas, of_n.astype(np.int32), np.ones(self.areas))
        self.first_y += self.areas

    def add(self, source: Ints, area: Ints, block: Ints) -> None:
        """New shipment columns; those that are known already are left out."""
        fresh = ~self.known[source, area, block]
        source, area, block = source[fresh], area[fresh], block[fresh]
        if not len(source):
            return
        self.known[source, area, block] = True
        self.columns.append((source, area, block))
        k = len(source)
        rows = np.column_stack(
            [self.row_of_need[area, block], self.row_of_source[source, block]]
        ).ravel()
        self.model.addCols(
            k,
            self.cost[source, area],
            np.zeros(k),
            np.full(k, INF),
            2 * k,
            (2 * np.arange(k)).astype(np.int32),
            rows.astype(np.int32),
            np.ones(2 * k),
        )

    def tighten(self, most: Floats) -> None:
        """Each source gives at most so much in all."""
        for row, quantity in zip(self.row_of_total.tolist(), most.tolist(), strict=True):
            self.model.changeRowBounds(row, -INF, quantity)

    def shipments(self) -> tuple[Ints, Ints, Ints]:
        if not self.columns:
            return np.empty(0, int), np.empty(0, int), np.empty(0, int)
        source, area, block = (np.concatenate(part) for part in zip(*self.columns, strict=True))
        return source, area, block

    def run(self, left_s: float) -> bool:
        """Whether the program over the columns there are was solved in time."""
        self.model.setOptionValue("time_limit", self.model.getRunTime() + max(left_s, 0.05))
        self.model.run()
        return bool(self.model.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    def solve(self, seconds: Callable[[], float], until_s: float) -> float:
        """The best bound over all shipments, found or not found to the end by `until_s`; -inf
        when nothing was.
        """
        holds = self.open_.sum(axis=1) > 0
        allowed = np.where(holds[:, None], self.cost, np.inf)
        near = np.argsort(allowed, axis=0, kind="stable")[:NEAREST]
        for source in near:
            chosen = source[self.area]
            fits = self.open_[chosen, self.block] & np.isfinite(allowed[chosen, self.area])
            self.add(chosen[fits], self.area[fits], self.block[fits])
        bound = -np.inf
        for _ in range(MOST_ROUNDS):
            if not self.run(until_s - seconds()):
                return bound
            value = float(self.model.getInfo().objective_function_value)
            source, area, block, lost = self._price()
            bound = max(bound, value - lost)
            if not len(source) or seconds() > until_s:
                return bound
            self.add(source, area, block)
        return bound

    def _price(self) -> tuple[Ints, Ints, Ints, float]:
        """Shipments that would pay, and what all of them together could save at most: a need is
        met but once.
        """
        dual = np.array(self.model.getSolution().row_dual)
        worth = dual[self.row_of_need[self.area, self.block]]
        charge = np.where(
            self.open_, dual[self.row_of_source], -np.inf
        )  # -inf: nothing to send in that block
        reduced = self.cost[:, self.area] - charge[:, self.block] - worth
        reduced[self.known[:, self.area, self.block]] = np.inf
        best = np.asarray(np.argsort(reduced, axis=0, kind="stable")[:ADDED])
        gains = np.take_along_axis(reduced, best, axis=0)
        rank, at = np.nonzero(gains < -TOLERANCE * (1 + np.abs(worth)))
        lost = float((np.maximum(-gains[0], 0.0) * self.need[self.area, self.block]).sum())
        return best[rank, at], self.area[at], self.block[at], lost

    def cap(self, source: Ints, area: Ints, most: Floats) -> None:
        """At most so much from a source to an area over all blocks; pairs that are not named get
        nothing.
        """
        of_source, of_area, _ = self.shipments()
        limit = np.zeros((self.sources, self.areas))
        limit[source, area] = most
        for pair in sorted(
            set(zip(of_source.tolist(), of_area.tolist(), strict=True)) - self.capped.keys()
        ):
            columns = self.first_y + np.flatnonzero((of_source == pair[0]) & (of_area == pair[1]))
            self.capped[pair] = self.model.getNumRow()
            self.model.addRow(
                0.0, INF, len(columns), columns.astype(np.int32), np.ones(len(columns))
            )
        for pair, row in self.capped.items():
            self.model.changeRowBounds(row, -INF, float(limit[pair]))

    def answer(self) -> tuple[Floats, float, Floats, Floats]:
        """(unmet [areas, blocks], worst unmet share, shipped by column, worth of one more in
        each lot).
        """
        solution = self.model.getSolution()
        value, dual = np.array(solution.col_value), np.array(solution.row_dual)
        unmet = np.zeros(self.need.shape)
        unmet[self.area, self.block] = np.maximum(value[1 : 1 + len(self.area)], 0.0)
        return (
            unmet,
            max(float(value[0]), 0.0),
            np.maximum(value[self.first_y :], 0.0),
            -dual[self.row_of_lot],
        )
