"""Is shown every durable batch of readings: alarms of devices, told by their edges or found by the
rules that these edges are to run, go into the log once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from twinward.core.clock import Clock, to_us
from twinward.core.ports import Rows, Store
from twinward.library.supervision.module import Module
from twinward.service.devices.alarm_engine import AlarmEngine
from twinward.service.devices.alarm_memory import AlarmMemory
from twinward.service.devices.bundles import RULES, find_rollout
from twinward.service.supervision.reading_watch import ReadingWatch
from twinward.service.supervision.submissions import Ask
from twinward.twins.city import messages as c
from twinward.twins.city.alarms.rows import DEVICE_ALARMS
from twinward.twins.city.bundles.rows import RULE_BUNDLES
from twinward.twins.city.devices.rows import DEVICES
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.supervision.rows import SUPERVISED

MOST_ALARMS = 50_000
CHANGES = tuple(
    kind.__name__
    for kind in (
        *(c.DeviceRegistered, c.DeviceReplaced, c.DeviceRevoked),
        *(c.RulesRolledOut, c.RulesRolledBack),
        *(m.ObjectRegistered, m.ObjectRetired),
    )
)


class DeviceAlarmWatch(ReadingWatch):
    """One for a workspace; where no bundle was rolled out, a batch costs a look at its types."""

    def __init__(
        self,
        store: Store,
        ask: Ask,
        modules: Callable[[], Mapping[str, Module]],
        nowhere: str,
        memory: Path,
        clock: Clock,
        edge_of: Callable[[str], str] = str,
    ) -> None:
        """`memory`: the file that keeps what the rules remember."""
        super().__init__(store, ask, clock, edge_of)
        self._modules, self._nowhere = modules, nowhere
        self._from_us = to_us(clock.now())
        self._file = AlarmMemory(memory)
        self._engine = AlarmEngine(self._from_us, nowhere)
        self._unkept = False  # what was to be kept is not on the disk

    @property
    def engine(self) -> AlarmEngine:
        return self._engine

    def _read_again(self) -> None:
        with self._store.read() as rows:
            last = rows.last_seq()
            new = last > self._seq >= 0 and rows.events_after(self._seq, 1, types=CHANGES)
            if self._seq < 0:
                self._seen, kept = self._file.load(rows)
                self._engine = AlarmEngine(self._from_us, self._nowhere, kept)
            read = self._seq < 0 or bool(new)
            if read:
                self._read_rules(rows, first=self._seq < 0)
            self._seq = last
        if read and self._asked.is_done():  # since when rules listen is known from the start
            self._keep()

    def _memories(self) -> Callable[[], None]:
        if self._unkept:
            self._engine.note_unkept()
        changes, seen = list(self._engine.take_changed()), self._seen
        self._unkept = bool(changes)

        def keep() -> None:
            if changes:
                with self._store.read() as log:
                    self._file.keep(seen, log, changes)
                self._unkept = False

        return keep

    def _read_rules(self, rows: Rows, *, first: bool) -> None:
        modules = {name: one.about_persons for name, one in self._modules().items()}
        devices = rows.list_rows(DEVICES)
        things = rows.list_rows(SUPERVISED, status="supervised")
        self._engine.know(
            devices,
            shut={d for one in things if modules.get(one.module, True) for d in one.devices},
            supervised={d for one in things for d in one.devices},
            modules=modules,
        )
        rollout = find_rollout(rows)
        if rollout is None:
            return
        bundles = {
            name: RULES.decode(row.body)
            for name in {rollout.stable, rollout.staged} - {""}
            if (row := rows.find(RULE_BUNDLES, name)) is not None
        }
        now_us = to_us(self._clock.now())
        for edge in sorted({one.edge for one in devices} | set(rollout.edges)):
            rules = bundles.get(rollout.wanted_of(edge), ())
            self._asked.submit(self._engine.run(edge, rules, now_us))
        if first:
            for one in rows.list_rows(DEVICE_ALARMS, stands=True, limit=MOST_ALARMS):
                self._engine.restore(one)
