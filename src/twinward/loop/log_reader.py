"""A reader of the log with a place of its own, which thinks outside any transaction: the commands
that follow and its place are then written together, so that a crash asks again and does once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial

from twinward.core.errors import TwinwardError
from twinward.core.messages import Command, Event
from twinward.core.ports import Store, Transaction
from twinward.loop.follower import PASSING, Follower
from twinward.loop.setting_aside import answer, set_aside
from twinward.twins.twin import Twins


class LogReader(ABC):
    """Follows the events of `kinds`; an event that cannot be answered is set aside."""

    offset: str
    kinds: tuple[str, ...]
    batch: int

    def __init__(self, name: str, store: Store, twins: Twins) -> None:
        self.store = store
        self.twins = twins
        self._follower = Follower(name, self._turn)
        self._wait_s = 1.0

    @abstractmethod
    def commands_of(self, event: Event) -> Sequence[Command]:
        """What follows from one event."""

    def step(self) -> int:
        """Answer the next events; how far the place in the log has moved."""
        with self.store.read() as rows:
            place, last = rows.get_offset(self.offset), rows.last_seq()
            events = rows.events_after(place, self.batch, types=self.kinds) if place < last else []
        if place >= last:
            return 0
        found = [(event, *self._asked(event)) for event in events]
        reached = events[-1].seq if len(events) == self.batch else last

        def work(tx: Transaction) -> None:
            if tx.get_offset(self.offset) == place:  # another process may have done it meanwhile
                for event, commands, fault in found:
                    if fault is not None:
                        set_aside(self.twins, tx, self.offset, event.id, event.area, fault)
                    answer(self.twins, tx, self.offset, event, partial(iter, commands))
                tx.set_offset(self.offset, reached)

        self.store.write(work)
        return reached - place

    def _asked(self, event: Event) -> tuple[Sequence[Command], Exception | None]:
        """What follows from one event, or why nothing can; what passes is tried again."""
        try:
            return self.commands_of(event), None
        except PASSING:
            raise
        except Exception as error:
            return (), error

    @property
    def failure(self) -> TwinwardError | None:
        """Why the log is not followed just now, or None."""
        return self._follower.failure

    def start(self, wait_s: float = 1.0) -> None:
        """Follow the log in a thread of its own until `stop`."""
        self._wait_s = wait_s
        self._follower.start()

    def _turn(self) -> None:
        if not self.step():
            with self.store.read() as rows:
                place = rows.get_offset(self.offset)
            self.store.wait_for(place, self._wait_s)

    def stop(self) -> None:
        self._follower.stop()
