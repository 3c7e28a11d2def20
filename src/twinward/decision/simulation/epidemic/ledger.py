"""The records of recent infections and the threads that work through them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.epidemic.kernels.tables import (
    CHUNK,
    LAYERS,
    Attempts,
    CityTables,
    Mixing,
    Proposals,
    Records,
    Response,
    SpreadTables,
    Work,
)
from twinward.decision.simulation.epidemic.kernels.transmit import transmit

_TYPES = Records(
    who=np.uint32,
    day=np.int16,
    latent=np.uint8,
    onset=np.uint8,
    rate=np.float32,
    cls=np.uint16,
    strain=np.uint8,
    setting=np.uint8,
    parent=np.uint32,
    fixed=np.uint64,
    severe=np.bool_,
    next=np.int16,
)


def make_records(capacity: int) -> Records:
    return Records(*(np.empty(capacity, dtype) for dtype in _TYPES))


def make_attempts(capacity: int) -> Attempts:
    kinds = (np.int32, np.uint8, np.uint64, np.uint64, np.int64, np.int64, np.uint64, np.uint64)
    return Attempts(*(np.empty(capacity, kind) for kind in kinds))


def make_work(attempts: int = 8 * CHUNK) -> Work:
    return Work(
        hits=np.empty(CHUNK + 1, np.int32),
        times=np.empty(CHUNK + 1, np.int32),
        source_state=np.empty(CHUNK, np.uint64),
        source_fixed=np.empty(CHUNK, np.uint64),
        rows=np.empty(CHUNK, np.int32),
        stays=np.empty(CHUNK, np.uint8),
        layers=np.zeros(LAYERS + 1, np.int64),
        raw=make_attempts(attempts),
        buf=make_attempts(attempts),
    )


def make_proposals(capacity: int) -> Proposals:
    kinds = (np.uint32, np.uint32, np.uint8, np.uint64, np.uint64)
    return Proposals(*(np.empty(capacity, kind) for kind in kinds))


EARLIEST_D = -10_000


class InfectionLedger:
    """Records live in rows 0..n-1; the oldest are dropped when nothing can come of them any
    more.
    """

    def __init__(self, capacity: int) -> None:
        self.rec = make_records(capacity)
        self.n = 0
        self.dropped = 0  # records before row 0, so that dropped + row counts all infections

    def make_room(self, more: int, oldest_day: int) -> None:
        """Room for `more` rows; rows infected before `oldest_day` go first."""
        if self.n + more <= len(self.rec.who):
            return
        first = self.first_since(oldest_day)
        kept = self.n - first
        capacity = len(self.rec.who)
        while kept + more > 0.8 * capacity:
            capacity *= 2
        target = self.rec if capacity == len(self.rec.who) else make_records(capacity)
        for old, new in zip(self.rec, target, strict=True):
            new[:kept] = old[first : self.n].copy()
        self.rec, self.n, self.dropped = target, kept, self.dropped + first

    def first_since(self, day: int) -> int:
        """The first row infected on `day` or later."""
        # of the column's own type, else the whole column would be converted
        return int(np.searchsorted(self.rec.day[: self.n], np.int16(max(day, EARLIEST_D))))


# day, mark of the day, key of the attempts, key of the slots
Call = tuple[int, int, np.uint64, np.uint64]
# what the kernel reads: the last is the response of each day in force
Tables = tuple[Records, CityTables, Mixing, NDArray[Any], SpreadTables, Response]


class Crew:
    """Cuts the records among threads on chunk borders; the order of the proposals does not
    depend on the cut.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.work = [make_work() for _ in range(threads)]
        self.out = [make_proposals(1 << 14) for _ in range(threads)]
        self.pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def close(self) -> None:
        if self.pool:
            self.pool.shutdown()

    def transmit(self, lo: int, hi: int, call: Call, tables: Tables) -> list[tuple[Proposals, int]]:
        """Proposals of rows lo..hi-1, in order. `call` is (day, mark, key, slots_key), `tables`
        the kernel's tables.
        """
        if self.pool is None:
            return [self._part((0, lo, hi), call, tables)]
        # equal work is equal numbers of records whose day it is: the oldest have spent themselves
        starts = np.arange(lo, hi, CHUNK)
        work = np.cumsum(
            np.add.reduceat(tables[0].next[lo:hi] == call[0], starts - lo, dtype=np.int64)
        )
        ends = np.searchsorted(work, work[-1] * np.arange(1, self.threads) / self.threads) + 1
        cuts = [lo, *(min(hi, lo + CHUNK * int(end)) for end in ends), hi]
        jobs = [(k, cuts[k], cuts[k + 1]) for k in range(self.threads)]
        return list(self.pool.map(lambda job: self._part(job, call, tables), jobs))

    def each(
        self, part: Callable[[int, int, int], NDArray[Any]], lo: int, hi: int
    ) -> list[NDArray[Any]]:
        """What `part(thread, first, end)` gives for equal shares of the rows lo..hi-1, in their
        order.
        """
        if self.pool is None or hi - lo < CHUNK:
            return [part(0, lo, hi)]
        cuts = [lo + (hi - lo) * k // self.threads for k in range(self.threads + 1)]
        return list(self.pool.map(part, range(self.threads), cuts, cuts[1:]))

    def _part(self, job: tuple[int, int, int], call: Call, tables: Tables) -> tuple[Proposals, int]:
        """One thread's share. The kernel stops where a buffer could overflow; it is enlarged and
        the kernel goes on.
        """
        filled: list[Proposals] = []
        k, at, hi = job
        while at < hi:
            at, done, attempts = transmit(*call, at, hi, *tables, self.work[k], self.out[k])
            if at == hi and not filled:
                return self.out[k], int(done)
            filled.append(Proposals(*(column[:done].copy() for column in self.out[k])))
            if attempts > len(self.work[k].buf.key):
                self.work[k] = make_work(2 * int(attempts))
            if attempts > len(self.out[k].target):
                self.out[k] = make_proposals(2 * int(attempts))
            elif at < hi:
                self.out[k] = make_proposals(2 * len(self.out[k].target))
        if not filled:
            return self.out[k], 0
        joined = Proposals(*(np.concatenate(columns) for columns in zip(*filled, strict=True)))
        return joined, len(joined.target)
