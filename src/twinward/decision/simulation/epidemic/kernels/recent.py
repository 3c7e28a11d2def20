"""Who was infected of late, in one byte a resident: most attempts end there, without a trip to the
residents' words.

The mark of an infection is the mark of its day; marks move down by PERIOD every PERIOD days, so
that the age of a mark is always the mark of today less itself, and 0 is old.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

FIRST, PERIOD = (
    61,
    180,
)  # FIRST exceeds every age that is asked about; FIRST + PERIOD fits into a byte


def mark_of(day: int) -> int:
    """The mark of a day from day 0 on."""
    return FIRST + day % PERIOD


@njit(cache=True, nogil=True)
def move_marks(recent: Any) -> None:
    """Moves all marks down by PERIOD; to be called on every day that is a multiple of it."""
    for i in range(len(recent)):
        recent[i] = recent[i] - min(recent[i], np.uint8(PERIOD))


@njit(cache=True, inline="always")
def days_since(mark: Any, recent: Any, who: Any) -> Any:
    """Days since the last infection; at least FIRST where it is long ago or never was."""
    return np.int64(mark) - np.int64(recent[who])
