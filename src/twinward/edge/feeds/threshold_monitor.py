"""Watches the readings that come in for thresholds: what crosses one is asked of the city twin
by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from twinward.core.clock import to_us
from twinward.core.errors import TwinwardError
from twinward.core.messages import Outcome, Request
from twinward.core.ports import Store, Transaction
from twinward.edge.feeds.notes import notes_of
from twinward.edge.rules.thresholds import Known, Said, Watched
from twinward.twins.city.rows import SENSOR_STATES, THRESHOLDS

ACTOR = "watch"
Ask = Callable[[Transaction, Sequence[Request]], list[Outcome]]
LOOK_AGAIN_S = 1.0  # another process may have set a threshold


class ThresholdMonitor:
    """Keeps the thresholds and the sensors that crossed one in memory; without a threshold a
    batch costs nothing.
    """

    def __init__(self, store: Store, ask: Ask, nowhere: str) -> None:
        """`ask` is how the twins are asked; `nowhere` is the area of sensors that give none: the
        city as a whole.
        """
        self._store = store
        self._ask = ask
        self._nowhere = nowhere
        self._lock = threading.Lock()
        self._watched: list[Watched] = []
        self._known: Known = {}
        self._fresh_until = float("-inf")
        self._pending: list[Future[Any]] = []
        self.trouble: str | None = None  # why the last batch could not be looked at

    def forget(self) -> None:
        """The thresholds have changed: read them again before the next batch."""
        self._fresh_until = float("-inf")

    def look(self, source: str, readings: Any) -> None:
        """Notes what crosses a threshold in this batch; what goes wrong is told by `settle`, not
        to the inbox.
        """
        try:
            with self._lock:
                self._refresh()
                notes = (
                    notes_of(source, readings, self._watched, self._known, self._nowhere)
                    if self._watched
                    else []
                )
                if notes:
                    self._pending.append(self._submit(notes))
        except TwinwardError as error:
            self.trouble = str(error)
            self._pending.append(failed(error))

    def _submit(self, notes: list[Any]) -> Future[Any]:
        requests = [Request(command=command, actor=ACTOR) for command in notes]
        self._pending = [
            future for future in self._pending if not future.done() or future.exception()
        ]
        return self._store.submit(lambda tx: self._ask(tx, requests))

    def _refresh(self) -> None:
        if time.monotonic() < self._fresh_until:
            return
        self._fresh_until = time.monotonic() + LOOK_AGAIN_S
        with self._store.read() as rows:
            self._watched = [
                Watched(figure=row.id, at_least=row.at_least, unit=row.unit, observed=row.observed)
                for row in rows.list_rows(THRESHOLDS)
            ]
            states = rows.list_rows(SENSOR_STATES) if self._watched else []
        for row in states:
            said = Said(row.value, row.above, to_us(row.noted_at))
            before = self._known.get((row.sensor, row.figure))
            if before is None or before.time_us < said.time_us:
                self._known[row.sensor, row.figure] = said

    def settle(self) -> None:
        """Returns when all notes so far are durable; raises what kept one from being so."""
        with self._lock:
            pending, self._pending = self._pending, []
        for future in pending:
            try:
                future.result()
            except TwinwardError as error:
                self.trouble = str(error)
                with self._lock:
                    self._pending.insert(
                        0, failed(error)
                    )  # the batch stays in the inbox until the next start
                raise
        self.trouble = None


def failed(error: TwinwardError) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_exception(error)
    return future
