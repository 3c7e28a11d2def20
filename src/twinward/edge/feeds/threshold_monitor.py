"""Watches the readings that come in for thresholds: what crosses one is asked of the city twin
by itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from twinward.core.clock import to_us
from twinward.core.errors import TwinwardError
from twinward.core.messages import Outcome, Request
from twinward.core.ports import Store, Transaction
from twinward.edge.feeds.notes import notes_of
from twinward.edge.rules.thresholds import Known, NotedValue, Watched
from twinward.twins.city.rows import SENSOR_STATES, THRESHOLDS

if TYPE_CHECKING:
    import pyarrow as pa

ACTOR = "watch"
Ask = Callable[[Transaction, Sequence[Request]], list[Outcome]]
Batch = tuple[str, Any]
Asked = tuple[list[Request], "Future[Any]"]
LOG = logging.getLogger("twinward.watch")
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
        self._read_once = False
        self._unseen: list[Batch] = []  # came before the thresholds could be read at all
        self._pending: list[Asked] = []
        self.trouble: str | None = None  # why the last batch could not be looked at

    def forget(self) -> None:
        """The thresholds have changed: read them again before the next batch."""
        self._fresh_until = float("-inf")

    def look(self, source: str, readings: pa.RecordBatch, number: int, at_us: int) -> None:
        """Notes what crosses a threshold in this batch, once however often it is shown; what goes
        wrong is told by `settle`, not to the inbox.
        """
        with self._lock:
            self._unseen.append((source, readings))
            try:
                self._look_at_unseen()
            except TwinwardError as error:
                self.trouble = str(error)

    def _look_at_unseen(self) -> None:
        """What came while the thresholds cannot be read is held against those read last."""
        try:
            self._refresh()
        except TwinwardError:
            if not self._read_once:
                raise
        while self._unseen:
            source, readings = self._unseen[0]
            notes = (
                notes_of(source, readings, self._watched, self._known, self._nowhere)
                if self._watched
                else []
            )
            if notes:
                asked = [Request(command=command, actor=ACTOR) for command in notes]
                self._pending.append((asked, self._submit(asked)))
            del self._unseen[0]

    def _submit(self, asked: list[Request]) -> Future[None]:
        self._pending = [
            one for one in self._pending if not one[1].done() or one[1].exception() is not None
        ]
        try:
            return self._store.submit(lambda tx: self._ask_each(tx, asked))
        except TwinwardError as error:
            return failed(error)

    def _ask_each(self, tx: Transaction, asked: list[Request]) -> None:
        """A reading that meets a fault of ours is written down and holds up no other."""
        for request in asked:
            try:
                self._ask(tx, [request])
            except (TwinwardError, OSError):
                raise
            except Exception:
                LOG.exception("a reading that crossed its threshold could not be noted")

    def _refresh(self) -> None:
        if time.monotonic() < self._fresh_until:
            return
        with self._store.read() as rows:
            self._watched = [
                Watched(figure=row.id, at_least=row.at_least, unit=row.unit, observed=row.observed)
                for row in rows.list_rows(THRESHOLDS)
            ]
            states = rows.list_rows(SENSOR_STATES) if self._watched else []
        self._fresh_until = time.monotonic() + LOOK_AGAIN_S
        for row in states:
            said = NotedValue(row.value, row.above, to_us(row.noted_at))
            before = self._known.get((row.sensor, row.figure))
            if before is None or before.time_us < said.time_us:
                self._known[row.sensor, row.figure] = said
        self._read_once = True

    def settle(self) -> None:
        """Returns when all notes so far are durable; raises what keeps one from being so.

        What failed is asked for again: a database that was away costs time and no note.
        """
        with self._lock:
            try:
                self._look_at_unseen()
            except TwinwardError as error:
                self.trouble = str(error)
                raise
            pending, self._pending = self._pending, []
        for n, (asked, future) in enumerate(pending):
            try:
                self._finish(asked, future)
            except TwinwardError as error:
                self.trouble = str(error)
                with self._lock:
                    self._pending = pending[n:] + self._pending
                raise
        self.trouble = None

    def _finish(self, asked: list[Request], future: Future[None]) -> None:
        try:
            future.result()
        except TwinwardError:
            self._store.write(lambda tx: self._ask_each(tx, asked))


def failed(error: TwinwardError) -> Future[None]:
    future: Future[None] = Future()
    future.set_exception(error)
    return future
