"""What readings have shown is asked of the twins, in order, and asked again where that failed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from twinward.core.errors import TwinwardError
from twinward.core.messages import Command, Outcome, Request
from twinward.core.ports import Store, Transaction

ACTOR = "watch"
LOG = logging.getLogger("twinward.supervision")
Ask = Callable[[Transaction, Sequence[Request]], list[Outcome]]
Submitted = tuple[list[Request], Future[None]]


class Submissions:
    """Commands on their way into the log. One thread may submit while another waits."""

    def __init__(self, store: Store, ask: Ask) -> None:
        self._store, self._ask = store, ask
        self._pending: list[Submitted] = []
        self._changing = threading.Lock()

    def submit(self, asked: Sequence[Command]) -> None:
        """What goes wrong is told by `finish`."""
        if not asked:
            return
        requests = [Request(command=command, actor=ACTOR) for command in asked]
        try:
            future = self._store.submit(lambda tx: self._ask_each(tx, requests))
        except TwinwardError as error:
            future = Future()
            future.set_exception(error)
        with self._changing:
            self._pending = [
                one for one in self._pending if not one[1].done() or one[1].exception() is not None
            ]
            self._pending.append((requests, future))

    def is_done(self) -> bool:
        """Whether all of it is in the log, without waiting for it."""
        return all(done.done() and done.exception() is None for _, done in self.list_pending())

    def list_pending(self) -> list[Submitted]:
        """What is on its way, or failed, in the order of asking."""
        with self._changing:
            return list(self._pending)

    def finish(self, asked: Sequence[Submitted]) -> None:
        """Returns when all of these are in the log; what failed is asked for again."""
        for one in asked:
            requests, future = one
            try:
                future.result()
            except TwinwardError:
                again = requests
                self._store.write(lambda tx, again=again: self._ask_each(tx, again))  # type: ignore[misc]
            with self._changing:
                self._pending = [other for other in self._pending if other is not one]

    def _ask_each(self, tx: Transaction, requests: Sequence[Request]) -> None:
        for request in requests:
            try:
                self._ask(tx, [request])
            except (TwinwardError, OSError):
                raise
            except Exception:
                LOG.exception("what a reading showed could not be noted")
