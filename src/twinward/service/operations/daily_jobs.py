"""What a server does by itself every day: retention, and the check for misuse."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from twinward.core.errors import TwinwardError
from twinward.loop.follower import as_trouble
from twinward.security.identity.people import Caller
from twinward.service.platform import Platform

CALLER = Caller(name="housekeeper", role="administrator")
EVERY = timedelta(days=1)
LOOK_S = 60.0
LOG = logging.getLogger("twinward.housekeeping")
Chore = Callable[[Platform, Caller], object]


class Housekeeping:
    """A thread that does every chore once a day; one that fails is logged and tried again at the
    next look.
    """

    def __init__(self, platform: Platform, chores: Sequence[Chore]) -> None:
        self._platform = platform
        self._chores = chores
        self._done: dict[int, datetime] = {}
        self.failure: TwinwardError | None = None  # why the last look left a chore undone
        platform.alarms.append(lambda: self.failure)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                self.look()
            except Exception as error:
                LOG.exception("housekeeping could not look at what is due; it is tried again")
                self.failure = as_trouble("housekeeping", error)

    def look(self) -> int:
        """Do what is due; how many chores were done."""
        now, done, failed = self._platform.clock.now(), 0, False
        for n, chore in enumerate(self._chores):
            if n in self._done and now - self._done[n] < EVERY:
                continue
            try:
                chore(self._platform, CALLER)
            except Exception as error:  # whatever it is: the other chores, and this one later
                LOG.exception("a daily chore failed; it is tried again")
                self.failure = as_trouble("housekeeping", error)
                failed = True
                continue
            self._done[n] = now
            done += 1
        if not failed:
            self.failure = None
        return done

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
