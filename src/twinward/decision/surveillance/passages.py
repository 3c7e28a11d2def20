"""What is usual at a gate: the same day of the week in the weeks before."""

from __future__ import annotations

import numpy as np

from twinward.decision.surveillance.arrays import Floats

WEEKS, FEWEST = 4, 2


def usual_of(counts: Floats, place: int) -> float | None:
    """The median of the same weekday in the four weeks before `place`; None where fewer than two
    of them are known. NaN is not reported, which is not zero.
    """
    before = [place - 7 * week for week in range(1, WEEKS + 1)]
    known = [counts[n] for n in before if n >= 0 and np.isfinite(counts[n])]
    return float(np.median(known)) if len(known) >= FEWEST else None


def change_of(count: float | None, usual: float | None) -> float | None:
    """0.2 is a fifth more than usual; None where either is not known or nothing is usual."""
    return None if count is None or not usual else count / usual - 1
