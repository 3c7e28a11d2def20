"""Days whose count jumps as no epidemic does: a correction in one heap, a new case definition."""

from __future__ import annotations

import numpy as np

from twinward.decision.surveillance.arrays import Floats, Ints

JUMP = 5.0  # times the level of the week before, from one day to the next
FEWEST = 20.0  # cases a day below which chance alone makes such jumps


def mask_jumps(counts: Floats) -> tuple[Floats, Ints]:
    """The counts with such days unknown, and their places.

    A heap is a day at least JUMP times the mean of the week before and of the days after; a new
    level that stays is no heap, only its first day is masked.
    """
    masked = []
    for day in range(7, len(counts)):
        before = counts[day - 7 : day]
        level = max(float(np.nanmean(before)) if np.isfinite(before).any() else 0.0, 1.0)
        if np.isfinite(counts[day]) and counts[day] >= max(JUMP * level, FEWEST):
            masked.append(day)
    if not masked:
        return counts, np.array([], dtype=np.int64)
    found = counts.copy()
    heaps = [day for day in masked if _is_heap(counts, day)]
    steps = [day for day in masked if day not in heaps and not _follows(day, heaps)]
    places = np.array(sorted({*heaps, *steps}), dtype=np.int64)
    found[places] = np.nan
    return found, places


def _is_heap(counts: Floats, day: int) -> bool:
    after = counts[day + 1 : day + 4]
    if not np.isfinite(after).any():
        return True  # the last day: unknown until others follow
    return bool(counts[day] >= JUMP * max(float(np.nanmean(after)), 1.0))


def _follows(day: int, heaps: list[int]) -> bool:
    return any(0 < day - heap <= 3 for heap in heaps)
