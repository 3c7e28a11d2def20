"""Whose turn it is at the one writer: what is live first, of the backlog one piece a turn."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

import msgspec

MOST_JOBS = 20_000


class Job(msgspec.Struct):
    work: Callable[[], object]
    size: int
    future: Future[object]


class Turns:
    """Jobs in two rows. A piece of the backlog never waits for ever and never goes first."""

    def __init__(self, most: int = MOST_JOBS) -> None:
        self._most = most
        self._live: deque[Job] = deque()
        self._backlog: deque[Job] = deque()
        self._ended = False
        self._changed = threading.Condition()

    def put(self, job: Job, *, backlog: bool, wait_s: float) -> bool:
        """Whether there was room within that time."""
        end = time.monotonic() + wait_s
        with self._changed:
            while len(self._live) + len(self._backlog) >= self._most:
                left = end - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return False
            (self._backlog if backlog else self._live).append(job)
            self._changed.notify_all()
        return True

    def end(self) -> None:
        """What waits is still done, and nothing after it."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def take(self, most: int, wait_s: float) -> tuple[list[Job], bool]:
        """The jobs of one turn, up to a size; whether there will be no more."""
        with self._changed:
            if not (self._live or self._backlog or self._ended):
                self._changed.wait(wait_s)
            jobs: list[Job] = []
            size = 0
            while self._live and size < most:
                jobs.append(self._live.popleft())
                size += jobs[-1].size
            if self._backlog:
                jobs.append(self._backlog.popleft())
            if jobs:
                self._changed.notify_all()
            return jobs, self._ended and not (self._live or self._backlog)
