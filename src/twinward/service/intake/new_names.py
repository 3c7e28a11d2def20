"""Names that a sender brings and everybody then sees or keeps: of sources, of sensors. Each takes
room for good, so an account brings so many an hour and no more.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from twinward.core.errors import TooManyNamesError

HOUR = timedelta(hours=1)
MOST_SOURCES = 100  # new ones of one account in an hour
MOST_SENSORS = 20_000
MOST_SENDERS = 10_000  # what is remembered stays small whoever sends


class NewNames:
    """What each account has brought within the hour, in memory: a restart forgives."""

    def __init__(self, what: str, most: int) -> None:
        self._what = what
        self._most = most
        self._brought: OrderedDict[str, list[tuple[datetime, int]]] = OrderedDict()
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def bring(self, sender: str, count: int, now: datetime) -> None:
        """Count so many new names; TooManyNamesError, and nothing is counted, where they are too
        many.
        """
        with self._lock:
            self._bring(sender, count, now)

    def _bring(self, sender: str, count: int, now: datetime) -> None:
        if not count:
            return
        recent = [
            (at, n) for at, n in self._brought.get(sender, ()) if now - HOUR < at <= now + HOUR
        ]
        if sum(n for _, n in recent) + count > self._most:
            raise TooManyNamesError(
                f"too many new {self._what} of one account: {self._most} an hour are taken",
                "use the names that are known, or send the rest later",
            )
        self._brought[sender] = [*recent, (now, count)]
        self._brought.move_to_end(sender)
        if len(self._brought) > MOST_SENDERS:
            self._brought.popitem(last=False)

    def use(self, sender: str, name: str, now: datetime, is_known: Callable[[str], bool]) -> None:
        """One name is used; it counts where it is new. `is_known` is asked once for each name."""
        with self._lock:
            if name not in self._known:
                if not is_known(name):
                    self._bring(sender, 1, now)
                self._known.add(name)
