"""Is shown every durable batch of readings: what they show of supervised objects becomes a defect,
asked for once; what the rules remember is kept over a restart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.core.clock import Clock, to_us
from twinward.core.errors import InputError, TwinwardError
from twinward.core.ports import Store
from twinward.edge.rules.rule import Memory
from twinward.library.supervision.module import Module
from twinward.service.supervision.hearing import Refusals
from twinward.service.supervision.memory_file import MemoryFile
from twinward.service.supervision.module_engine import Key, ModuleEngine
from twinward.service.supervision.submissions import Ask, Submissions
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.supervision.rows import SUPERVISED

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 10_000
LOOK_AGAIN_S = 1.0


class SupervisionMonitor:
    """One for a workspace; a workspace without supervised objects costs a batch nothing."""

    def __init__(
        self,
        store: Store,
        ask: Ask,
        modules: Callable[[], Mapping[str, Module]],
        memory: Path,
        clock: Clock,
    ) -> None:
        self._store, self._modules, self._clock = store, modules, clock
        self._file = MemoryFile(memory)
        self._lock = threading.Lock()
        self._from_us = to_us(clock.now())
        self._known: dict[str, Module] = {}
        self._engine = ModuleEngine({}, {}, self._from_us)
        self._seq = -1
        self._fresh_until = float("-inf")
        self._unseen: list[tuple[str, pa.RecordBatch]] = []  # came while the log could not be read
        self._unkept: list[tuple[Key, Memory]] = []
        self._asked = Submissions(store, ask)
        self.trouble: TwinwardError | None = None

    @property
    def refused(self) -> dict[str, Refusals]:
        """By module: readings of its objects that say nothing of them."""
        return self._engine.refused

    def forget(self) -> None:
        """An object or module has changed: they are read again before the next batch."""
        self._fresh_until = float("-inf")

    def _refresh(self) -> None:
        """Objects registered and retired since the last look; another process may have done it."""
        if time.monotonic() < self._fresh_until:
            return
        self._read_again()
        self._fresh_until = time.monotonic() + LOOK_AGAIN_S

    def _read_again(self) -> None:
        try:
            modules = dict(self._modules())
        except InputError:
            if self._seq < 0:
                raise
            modules = self._known  # a file was written that is none: those of before hold
        if modules != self._known or self._seq < 0:
            self._unkept += self._engine.take_changed()
            self._file.keep(self._unkept)
            self._unkept = []
            self._engine = ModuleEngine(modules, self._file.load(), self._from_us)
            self._known, self._seq = modules, -1
        with self._store.read() as rows:
            last = rows.last_seq()
            if self._seq < 0:
                for thing in rows.list_rows(SUPERVISED, status="supervised"):
                    self._engine.take(thing)
                self._seq = last
            kinds = (m.ObjectRegistered.__name__, m.ObjectRetired.__name__)
            while self._seq < last:
                events = rows.events_after(self._seq, BATCH, types=kinds)
                for event in events:
                    if isinstance(event.fact, m.ObjectRegistered | m.ObjectRetired):
                        name = event.fact.object
                        self._engine.change(name, rows.find(SUPERVISED, name))
                self._seq = events[-1].seq if len(events) == BATCH else last

    def look(self, source: str, readings: pa.RecordBatch) -> None:
        """What goes wrong is told by `settle`, not to the inbox."""
        with self._lock:
            self._unseen.append((source, readings))
            try:
                self._look_at_unseen()
            except TwinwardError as error:
                self.trouble = error

    def _look_at_unseen(self) -> None:
        self._refresh()
        while self._unseen:
            source, readings = self._unseen[0]
            now_us = to_us(self._clock.now())
            self._asked.submit(self._engine.look(source, readings, now_us))
            del self._unseen[0]

    def settle(self) -> None:
        """Returns when all defects so far are in the log and what the rules remember is on disk;
        what failed is asked for again.
        """
        with self._lock:
            try:
                self._look_at_unseen()
                self._asked.submit(self._engine.advance(to_us(self._clock.now())))
                self._asked.finish()
                self._unkept += self._engine.take_changed()
                self._file.keep(self._unkept)
                self._unkept = []
            except TwinwardError as error:
                self.trouble = error
                raise
            self.trouble = None

    def find_trouble(self) -> TwinwardError | None:
        return self.trouble
