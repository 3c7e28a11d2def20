"""What readings have shown is asked of the twins, in order, and asked again where that failed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from twinward.core.errors import TwinwardError
from twinward.core.messages import Command, Outcome, Request
from twinward.core.ports import Store, Transaction

ACTOR = "watch"
LOG = logging.getLogger("twinward.supervision")
Ask = Callable[[Transaction, Sequence[Request]], list[Outcome]]


class Submissions:
    """Commands on their way into the log."""

    def __init__(self, store: Store, ask: Ask) -> None:
        self._store, self._ask = store, ask
        self._pending: list[tuple[list[Request], Future[None]]] = []

    def submit(self, asked: Sequence[Command]) -> None:
        """What goes wrong is told by `finish`."""
        if not asked:
            return
        requests = [Request(command=command, actor=ACTOR) for command in asked]
        self._pending = [
            one for one in self._pending if not one[1].done() or one[1].exception() is not None
        ]
        try:
            future = self._store.submit(lambda tx: self._ask_each(tx, requests))
        except TwinwardError as error:
            future = Future()
            future.set_exception(error)
        self._pending.append((requests, future))

    def is_done(self) -> bool:
        """Whether all of it is in the log, without waiting for it."""
        return all(done.done() and done.exception() is None for _, done in self._pending)

    def finish(self) -> None:
        """Returns when all of it is in the log; what failed is asked for again."""
        while self._pending:
            requests, future = self._pending[0]
            try:
                future.result()
            except TwinwardError:
                again = requests
                self._store.write(lambda tx, again=again: self._ask_each(tx, again))  # type: ignore[misc]
            del self._pending[0]

    def _ask_each(self, tx: Transaction, requests: Sequence[Request]) -> None:
        for request in requests:
            try:
                self._ask(tx, [request])
            except (TwinwardError, OSError):
                raise
            except Exception:
                LOG.exception("what a reading showed could not be noted")
