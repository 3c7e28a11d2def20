"""Sends what waits to the centre: alarms by themselves and first, everything else behind them;
nothing is given up but what the centre says it will not have.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

import httpx

from twinward.core.clock import Clock, to_us
from twinward.edge.agent.centre import TIMEOUT, CentreLine, said_by
from twinward.edge.agent.keeper import Keeper
from twinward.edge.agent.outbox import Waiting
from twinward.edge.agent.store import EdgeStore
from twinward.edge.agent.tokens import TokenKeeper
from twinward.edge.profiles import Lane

BATCH = 2000
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 60.0
IDLE_S = 0.1


class Forwarder:
    """One thread for some lanes, with a connection of its own."""

    def __init__(
        self, keeper: Keeper, lanes: Sequence[Lane], clock: Clock, tokens: TokenKeeper
    ) -> None:
        self.keeper, self.lanes, self.clock = keeper, tuple(lanes), clock
        self.line = CentreLine(keeper.config.edge.id, tokens)
        self.says = ""  # why nothing is sent, for `edge status`
        self._most = BATCH
        self._wait_s = 0.0
        self._stop = threading.Event()
        # an alarm is sent at once; the rest is looked for now and then
        self._called = keeper.alarmed if "alarm" in self.lanes else threading.Event()
        # each edge waits differently, so that a thousand do not come back in one second
        self._jitter = random.Random(f"{keeper.config.edge.id}/{self.lanes}")
        self._thread = threading.Thread(target=self._run, name=f"forward-{lanes[0]}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._called.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        """No error ends it: a full disk, a torn token, an answer that is none pass by."""
        while not self._stop.is_set():
            try:
                self._follow()
            except Exception as error:
                self._back_off(error)

    def _follow(self) -> None:
        """Sends until it is told to stop, or the first error."""
        reader = EdgeStore(self.keeper.store.path, read_only=True)
        try:
            with httpx.Client(base_url=self.keeper.config.edge.core, timeout=TIMEOUT) as client:
                while not self._stop.is_set():
                    self._called.clear()
                    waiting = reader.list_waiting(self.lanes, self._most)
                    if not waiting:
                        self._called.wait(IDLE_S)
                        continue
                    self.send(client, waiting)
                    self._wait_s, self._most, self.says = 0.0, BATCH, ""
        finally:
            reader.close()

    def send(self, client: httpx.Client, waiting: Sequence[Waiting]) -> None:
        """One batch, accounted for item by item; raises where it must be sent again."""
        outcome = self.line.exchange(client, [one.body for one in waiting])
        if outcome.whole:
            self._divide(client, waiting, outcome.whole)
        else:
            self._acknowledge(waiting, outcome.rejected, outcome.duplicate)

    def _acknowledge(
        self, waiting: Sequence[Waiting], rejected: dict[int, str], duplicate: int
    ) -> None:
        now_us = to_us(self.clock.now())
        store = self.keeper.store

        def work() -> None:
            store.acknowledge([one for k, one in enumerate(waiting) if k not in rejected])
            for index, code in rejected.items():
                store.refuse(waiting[index], code, now_us)
            store.count("acknowledged", len(waiting) - len(rejected))
            store.count("known_at_centre", duplicate)

        urgent = "alarm" in self.lanes
        self.keeper.submit(work, backlog=not urgent).result(timeout=60)

    def _divide(self, client: httpx.Client, waiting: Sequence[Waiting], code: str) -> None:
        """The centre will not have the body as a whole: halves are tried, down to the one item."""
        if len(waiting) == 1:
            self._acknowledge(waiting, {0: code}, 0)
            return
        middle = len(waiting) // 2
        self.send(client, waiting[:middle])
        self.send(client, waiting[middle:])

    def _back_off(self, error: Exception) -> None:
        self.says = said_by(error)
        self._wait_s = min(LONGEST_WAIT_S, max(FIRST_WAIT_S, self._wait_s * 2))
        self._most = max(1, self._most // 2) if isinstance(error, httpx.TimeoutException) else BATCH
        self._stop.wait(self._wait_s * self._jitter.uniform(0.5, 1.0))
