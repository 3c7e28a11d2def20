"""A limit on refused logins by where they come from: one address may not try its luck on account
after account.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from twinward.core.errors import TooManyTriesError

MOST_FAILURES = 30  # a whole office behind one address mistypes less than that
WINDOW = timedelta(minutes=5)
MOST_ADDRESSES = 10_000  # what is remembered stays small whoever asks


class Throttle:
    """Refused logins of each address within the window, in memory: a restart forgives, the
    accounts' locks stay.
    """

    def __init__(self, most: int = MOST_FAILURES, window: timedelta = WINDOW) -> None:
        self._most = most
        self._window = window
        self._failures: OrderedDict[str, list[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def require(self, address: str, now: datetime) -> None:
        """RefusedError `too_many_tries` while the address has used up its failures."""
        with self._lock:
            recent = self._recent(address, now)
        if len(recent) >= self._most:
            wait_s = int((recent[0] + self._window - now).total_seconds()) + 1
            raise TooManyTriesError(
                "too many refused logins from this address",
                f"try again in {wait_s} s",
            )

    def fail(self, address: str, now: datetime) -> None:
        """Count one refused login."""
        with self._lock:
            self._failures[address] = [*self._recent(address, now), now][-self._most :]
            self._failures.move_to_end(address)
            if len(self._failures) > MOST_ADDRESSES:
                self._failures.popitem(last=False)

    def _recent(self, address: str, now: datetime) -> list[datetime]:
        return [at for at in self._failures.get(address, []) if now - self._window < at <= now]
