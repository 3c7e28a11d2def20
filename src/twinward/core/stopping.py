"""Stops a question between two steps of its work: nobody waits for it, or it takes too long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from twinward.core.errors import InputError, TwinwardError


class StopReason:
    """Why a question is to stop, once it is; and what else must be told then."""

    def __init__(self) -> None:
        self.reason: TwinwardError | None = None
        self._told: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def stop(self, reason: TwinwardError) -> None:
        """The first reason counts."""
        with self._lock:
            if self.reason is not None:
                return
            self.reason = reason
            told = list(self._told)
        for tell in told:
            tell()

    def tell(self, what: Callable[[], None]) -> None:
        """Calls `what` when the question is stopped; now, when it is already."""
        with self._lock:
            if self.reason is None:
                self._told.append(what)
                return
        what()


_CURRENT: ContextVar[StopReason | None] = ContextVar("twinward_stop", default=None)


@contextmanager
def stoppable(stop: StopReason) -> Iterator[None]:
    """What is done inside looks at `stop`."""
    token = _CURRENT.set(stop)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def check_stopped() -> None:
    """Raises why the question at hand was stopped, if it was; nothing where none can be."""
    stop = _CURRENT.get()
    if stop is not None and stop.reason is not None:
        raise stop.reason


def on_stop(what: Callable[[], None]) -> None:
    """Calls `what` when the question at hand is stopped."""
    stop = _CURRENT.get()
    if stop is not None:
        stop.tell(what)


def too_much_work(what: str, amount: float, limit: float, advice: str) -> InputError:
    """The refusal of a question whose work is known to be beyond its limit."""
    return InputError(
        f"this question takes {amount:,.0f} {what}, the limit is {limit:,.0f}",
        advice,
        code="too_much_work",
        params={"work": float(amount), "limit": float(limit)},
    )
