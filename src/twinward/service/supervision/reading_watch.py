"""A watch over durable readings: each batch is shown to an engine, what it asks for goes to the
twins, and nothing that came while the log was away is passed over.
"""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from twinward.core.clock import Clock, to_us
from twinward.core.errors import TwinwardError
from twinward.core.messages import Command
from twinward.core.ports import Store
from twinward.service.supervision.submissions import Ask, Submissions

if TYPE_CHECKING:
    import pyarrow as pa

LOOK_AGAIN_S = 1.0
Seen = tuple[int, int]  # number of a batch, and when it was recorded


class Engine(Protocol):
    """Judges readings; what follows from them is asked for."""

    def look(self, source: str, readings: pa.RecordBatch, now_us: int) -> list[Command]: ...

    def advance(self, now_us: int) -> list[Command]: ...


class ReadingWatch:
    """What every watch does; a watch says what its engine knows and keeps."""

    def __init__(
        self, store: Store, ask: Ask, clock: Clock, edge_of: Callable[[str], str] = str
    ) -> None:
        """`edge_of`: the edge that speaks in a namespace of ids, else that namespace."""
        self._store, self._clock, self._edge_of = store, clock, edge_of
        self._lock = threading.Lock()
        self._keeping = threading.Lock()  # taken inside `_lock`, and held on while it is written
        self._asked = Submissions(store, ask)
        self._seq = -1  # the log is read up to here; -1: not at all
        self._fresh_until = float("-inf")
        # came while the log could not be read
        self._unseen: list[tuple[str, pa.RecordBatch, Seen]] = []
        self._seen: Seen = (0, 0)  # the last that the engine knows, also from before this process
        self.trouble: TwinwardError | None = None

    @property
    @abstractmethod
    def engine(self) -> Engine: ...

    @abstractmethod
    def _read_again(self) -> None:
        """What changed since the last look; another process may have done it."""

    def _memories(self) -> Callable[[], None]:
        """What the engine remembers now, as work that puts it on the disk; `_keeping` is held until
        that is done or has failed.
        """
        return lambda: None

    def _keep(self) -> None:
        """What the engine remembers is on disk; inside `_lock`."""
        with self._keeping:
            self._memories()()

    def forget(self) -> None:
        """Something that the engine knows has changed: it is read before the next batch."""
        self._fresh_until = float("-inf")

    def look(self, source: str, readings: pa.RecordBatch, number: int, at_us: int) -> None:
        """What goes wrong is told by `settle`, not to the inbox."""
        with self._lock:
            self._unseen.append((source, readings, (number, at_us)))
            try:
                self._look_at_unseen()
            except TwinwardError as error:
                self.trouble = error

    def _look_at_unseen(self) -> None:
        if time.monotonic() >= self._fresh_until:
            self._read_again()
            self._fresh_until = time.monotonic() + LOOK_AGAIN_S
        while self._unseen:
            source, readings, shown = self._unseen[0]
            if not self._knows(shown):
                self._asked.submit(self.engine.look(self._edge_of(source), readings, shown[1]))
                self._seen = shown
            del self._unseen[0]

    def _knows(self, shown: Seen) -> bool:
        """Whether what the engine remembers has this batch in it: after a crash it comes again. In
        a workspace that came from a backup numbers begin anew, instants do not.
        """
        return shown[0] <= self._seen[0] and shown[1] <= self._seen[1]

    def settle(self) -> None:
        """Returns when all that was asked is in the log; what failed is asked for again. Batches
        that come meanwhile do not wait for the log, nor for the disk.
        """
        try:
            with ExitStack() as held:
                with self._lock:
                    self._look_at_unseen()
                    self._asked.submit(self.engine.advance(to_us(self._clock.now())))
                    asked = self._asked.list_pending()
                    held.enter_context(self._keeping)
                    keep = self._memories()
                self._asked.finish(asked)
                keep()
        except TwinwardError as error:
            self.trouble = error
            raise
        with self._lock:
            if not self._unseen:
                self.trouble = None

    def find_trouble(self) -> TwinwardError | None:
        return self.trouble
