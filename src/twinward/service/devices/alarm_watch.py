"""Is shown every durable batch of readings: alarms of devices, told by their edges or found by the
rules that these edges are to run, go into the log once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from twinward.core.clock import Clock, to_us
from twinward.core.errors import TwinwardError
from twinward.core.ports import Rows, Store
from twinward.library.supervision.module import Module
from twinward.service.devices.alarm_engine import AlarmEngine
from twinward.service.devices.bundles import RULES, find_rollout
from twinward.service.supervision.submissions import Ask, Submissions
from twinward.twins.city import messages as c
from twinward.twins.city.alarms.rows import DEVICE_ALARMS
from twinward.twins.city.bundles.rows import RULE_BUNDLES
from twinward.twins.city.devices.rows import DEVICES
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.supervision.rows import SUPERVISED

if TYPE_CHECKING:
    import pyarrow as pa

LOOK_AGAIN_S = 1.0
MOST_ALARMS = 50_000
CHANGES = tuple(
    kind.__name__
    for kind in (
        *(c.DeviceRegistered, c.DeviceReplaced, c.DeviceRevoked),
        *(c.RulesRolledOut, c.RulesRolledBack),
        *(m.ObjectRegistered, m.ObjectRetired),
    )
)


class DeviceAlarmWatch:
    """One for a workspace; where no bundle was rolled out, a batch costs a look at its types."""

    def __init__(
        self,
        store: Store,
        ask: Ask,
        modules: Callable[[], Mapping[str, Module]],
        nowhere: str,
        clock: Clock,
    ) -> None:
        self._store, self._modules, self._clock = store, modules, clock
        self._asked = Submissions(store, ask)
        self._lock = threading.Lock()
        self._engine = AlarmEngine(to_us(clock.now()), nowhere)
        self._seq = -1
        self._fresh_until = float("-inf")
        self._unseen: list[tuple[str, pa.RecordBatch]] = []  # came while the log could not be read
        self.trouble: TwinwardError | None = None

    def forget(self) -> None:
        """Devices, objects or rules have changed: they are read again before the next batch."""
        self._fresh_until = float("-inf")

    def _refresh(self) -> None:
        """What changed since the last look; another process may have done it."""
        if time.monotonic() < self._fresh_until:
            return
        with self._store.read() as rows:
            last = rows.last_seq()
            new = last > self._seq >= 0 and rows.events_after(self._seq, 1, types=CHANGES)
            if self._seq < 0 or new:
                self._read_again(rows, first=self._seq < 0)
            self._seq = last
        self._fresh_until = time.monotonic() + LOOK_AGAIN_S

    def _read_again(self, rows: Rows, *, first: bool) -> None:
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
        """Returns when all alarms so far are in the log; what failed is asked for again."""
        with self._lock:
            try:
                self._look_at_unseen()
                self._asked.submit(self._engine.advance(to_us(self._clock.now())))
                self._asked.finish()
            except TwinwardError as error:
                self.trouble = error
                raise
            self.trouble = None

    def find_trouble(self) -> TwinwardError | None:
        return self.trouble
