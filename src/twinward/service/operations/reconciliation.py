"""Reconciliation: each source balances, and what was acknowledged is there; a difference of one
is an alarm.
"""

from __future__ import annotations

import threading
import time

from twinward.core.errors import TwinwardError
from twinward.core.messages import OWN_ACTORS, Counts, Difference
from twinward.core.ports import IntakeDoor, Reader, Store

EVERY_S = 10.0
FRESH_S = 1.0  # a health check that is asked more often gets the last answer


class Reconciler:
    """Compares accounts with what is in the log and in the observation store, by itself every
    few seconds.
    """

    def __init__(self, store: Store, intake: IntakeDoor) -> None:
        self._store = store
        self._intake = intake
        self._lock = threading.Lock()
        self._seq = 0
        self._commands = 0
        self._found: list[Difference] = []
        self._checked_at = float("-inf")
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="reconcile", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self.list_differences()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=EVERY_S)

    def list_differences(self, *, fresh: bool = False) -> list[Difference]:
        """What does not agree; empty when all is well. An account that cannot be read is itself
        a difference.
        """
        with self._lock:
            if fresh or time.monotonic() - self._checked_at > FRESH_S:
                try:
                    with self._store.read() as reader:
                        self._found = self._compare_log(reader) + self._intake.list_differences()
                except Exception as error:  # an account that cannot be read is one that differs
                    self._found = [
                        Difference(
                            what=f"the accounts cannot be read: {say(error)}", told=0, found=0
                        )
                    ]
                self._checked_at = time.monotonic()
            return list(self._found)

    def _compare_log(self, reader: Reader) -> list[Difference]:
        """One picture of the log and its accounts, so that both stand at the same place."""
        counts, last = reader.counts(), reader.last_seq()
        self._commands += reader.count_asked(self._seq, OWN_ACTORS)
        self._seq = last
        found = [
            Difference(what=f"the account of {source}", told=one.received, found=one.accounted)
            for source, one in counts.items()
            if not one.balanced
        ]
        stored = sum(counts.values(), Counts()).stored
        if stored != self._commands:
            found.append(Difference(what="commands in the log", told=stored, found=self._commands))
        return found


def say(error: Exception) -> str:
    return error.message if isinstance(error, TwinwardError) else type(error).__name__
