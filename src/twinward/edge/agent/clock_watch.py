"""Sees when this machine's clock is set: what was held as coming from the future because the clock
was behind is judged again by when it truly came.
"""

from __future__ import annotations

import time
from collections.abc import Callable

LEAST_US = 60_000_000  # smaller steps are a clock being slewed


class ClockWatch:
    """Compares the clock with one that cannot be set."""

    def __init__(self, now_us: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ahead_us = now_us - self._elapsed_us()

    def _elapsed_us(self) -> int:
        return round(self._monotonic() * 1e6)

    def look(self, now_us: int) -> int:
        """By how many microseconds the clock was put forward (or back) since the last look."""
        ahead_us = now_us - self._elapsed_us()
        jump = ahead_us - self._ahead_us
        self._ahead_us = ahead_us
        return jump if abs(jump) >= LEAST_US else 0
