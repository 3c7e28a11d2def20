"""A thread that does its turn again and again: what goes wrong is told, and tried again later."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from twinward.core.errors import BusyError, StorageError, TwinwardError

LOG = logging.getLogger("twinward.threads")
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
# what passes by itself or by a person's hand, and has nothing to do with what was being worked on
PASSING = (StorageError, BusyError, OSError, MemoryError)


class Follower:
    """Does `turn` until it is stopped; it ends for no error. `failure` is why the last turn failed.

    A turn waits by itself when there is nothing to do. After an error the pause doubles from a
    tenth of a second to two.
    """

    def __init__(self, name: str, turn: Callable[[], object]) -> None:
        self.name = name
        self.failure: TwinwardError | None = None
        self._turn = turn
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stop.is_set():
            try:
                self._turn()
            except Exception as error:
                self._fail(error)
                self._stop.wait(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                self._recover()
                pause_s = FIRST_PAUSE_S

    def _fail(self, error: Exception) -> None:
        told = as_trouble(self.name, error)
        if self.failure is None or self.failure.code != told.code:
            LOG.error("%s cannot go on: %s", self.name, told, exc_info=error)
        self.failure = told

    def _recover(self) -> None:
        if self.failure is not None:
            LOG.warning("%s goes on", self.name)
            self.failure = None

    def wait(self, seconds: float) -> bool:
        """Waits that long; True when it is to stop."""
        return self._stop.wait(seconds)

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)


def as_trouble(what: str, error: Exception) -> TwinwardError:
    """Any error as one of ours; of a fault of ours nothing is told but its kind."""
    if isinstance(error, TwinwardError):
        return error
    if isinstance(error, OSError):
        return StorageError(
            f"{what}: {error.strerror or error}", "see the disk; it is tried again", code="disk"
        )
    return TwinwardError(
        f"{what} met a fault of ours ({type(error).__name__})",
        "see the server's log; it is tried again",
        code="fault",
    )
