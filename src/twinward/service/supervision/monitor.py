"""Is shown every durable batch of readings: what they show of supervised objects becomes a defect,
asked for once; what the rules remember is kept over a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from twinward.core.clock import Clock, to_us
from twinward.core.errors import InputError
from twinward.core.ports import Store
from twinward.library.supervision.module import Module
from twinward.service.supervision.hearing import Refusals
from twinward.service.supervision.memory_file import KeptModules, MemoryFile, ModuleChange
from twinward.service.supervision.module_engine import ModuleEngine
from twinward.service.supervision.reading_watch import ReadingWatch
from twinward.service.supervision.submissions import Ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.supervision.rows import SUPERVISED

BATCH = 10_000


class SupervisionMonitor(ReadingWatch):
    """One for a workspace; a workspace without supervised objects costs a batch nothing."""

    def __init__(
        self,
        store: Store,
        ask: Ask,
        modules: Callable[[], Mapping[str, Module]],
        memory: Path,
        clock: Clock,
        edge_of: Callable[[str], str] = str,
    ) -> None:
        super().__init__(store, ask, clock, edge_of)
        self._modules = modules
        self._file = MemoryFile(memory)
        self._from_us = to_us(clock.now())
        self._known: dict[str, Module] = {}
        self._engine = ModuleEngine({}, KeptModules(), self._from_us)
        self._unkept: ModuleChange | None = None  # what was to be kept is not on the disk

    @property
    def engine(self) -> ModuleEngine:
        return self._engine

    @property
    def refused(self) -> dict[str, Refusals]:
        """By module: readings of its objects that say nothing of them."""
        return self._engine.refused

    def _read_again(self) -> None:
        """Modules, and objects registered and retired since the last look."""
        try:
            modules = dict(self._modules())
        except InputError:
            if self._seq < 0:
                raise
            modules = self._known  # a file was written that is none: those of before hold
        if modules != self._known or self._seq < 0:
            self._begin(modules)
        with self._store.read() as rows:
            last = rows.last_seq()
            if self._seq < 0:
                for thing in rows.list_rows(SUPERVISED, status="supervised"):
                    self._engine.take(thing)
                self._engine.forget_others()
                self._seq = last
            kinds = (m.ObjectRegistered.__name__, m.ObjectRetired.__name__)
            while self._seq < last:
                events = rows.events_after(self._seq, BATCH, types=kinds)
                for event in events:
                    if isinstance(event.fact, m.ObjectRegistered | m.ObjectRetired):
                        name = event.fact.object
                        self._engine.change(name, rows.find(SUPERVISED, name))
                self._seq = events[-1].seq if len(events) == BATCH else last

    def _begin(self, modules: dict[str, Module]) -> None:
        """From now on by these modules, with what is remembered."""
        self._asked.finish(self._asked.list_pending())
        self._keep()
        with self._store.read() as log:
            kept = self._file.load(log)
        self._engine = ModuleEngine(modules, kept, self._from_us)
        if self._seen == (0, 0):
            self._seen = kept.seen
        self._known, self._seq = modules, -1

    def _memories(self) -> Callable[[], None]:
        if self._unkept is not None:
            self._engine.note_unkept(self._unkept)
        change, seen = self._engine.take_changed(), self._seen
        self._unkept = change

        def keep() -> None:
            if change is not None:
                with self._store.read() as log:
                    self._file.keep(seen, log, change)
                self._unkept = None

        return keep
