"""Finding repeats, grouping by day, and exact narrow columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

E7 = 1e7


@njit(cache=True, nogil=True)
def mark_same(words: Any, chosen: Any) -> Any:
    """1 on rows equal to one of the `chosen` (sorted by first word), each of which marks one
    row.
    """
    out, left = np.zeros(len(words), np.uint8), np.ones(len(chosen), np.bool_)
    start = np.full(np.max(chosen[:, 0]) + 2, -1, np.int32)
    for j in range(len(chosen) - 1, -1, -1):
        start[chosen[j, 0]] = j
    for i in range(len(words)):
        who = words[i, 0]
        j = start[who] if who < len(start) else -1
        while 0 <= j < len(chosen) and chosen[j, 0] == who:
            if left[j] and np.all(chosen[j] == words[i]):
                out[i], left[j] = 1, False
                break
            j += 1
    return out


@njit(cache=True, nogil=True)
def interleave(columns: Any, out: Any) -> None:
    """Columns of the same type (a tuple) as rows."""
    for i in range(len(out)):
        for k in range(len(columns)):
            out[i, k] = columns[k][i]


@njit(cache=True, nogil=True)
def widen(
    words: Any, unit_us: Any, day_us: Any, subject: Any, time_us: Any, lon: Any, lat: Any
) -> None:
    """Rows of narrow words (one word each for time, lon, lat) as columns."""
    for i in range(len(words)):
        subject[i], time_us[i] = words[i, 0], words[i, 1] * unit_us + day_us
        lon[i], lat[i] = words[i, 2] / E7, words[i, 3] / E7


@njit(cache=True, nogil=True)
def ascends(values: Any) -> Any:
    """True when no value is smaller than the one before it."""
    fits = True
    for i in range(1, len(values)):
        fits &= values[i - 1] <= values[i]
    return fits


@njit(cache=True, nogil=True)
def has_ties(subject: Any, time: Any, lon: Any, lat: Any) -> Any:
    """True when rows of equal (subject, time) are not in the order of lon, then lat."""
    for i in range(1, len(subject)):
        same = time[i] == time[i - 1] and subject[i] == subject[i - 1]
        if same and (lon[i] < lon[i - 1] or (lon[i] == lon[i - 1] and lat[i] < lat[i - 1])):
            return True
    return False


@njit(cache=True, nogil=True)
def order_ties(subject: Any, time: Any, lon: Any, lat: Any) -> Any:
    """The order that sorts runs of equal (subject, time), sorted already, by lon, then lat."""
    n, i = len(subject), 0
    order = np.arange(n).astype(np.int32)
    while i < n:
        j = i + 1
        while j < n and subject[j] == subject[i] and time[j] == time[i]:
            j += 1
        if j - i > 1:
            run = order[i:j][np.argsort(lat[i:j], kind="mergesort")]
            order[i:j] = run[np.argsort(lon[run], kind="mergesort")]
        i = j
    return order


@njit(cache=True, nogil=True)
def mark_repeats(subject: Any, time: Any, lon: Any, lat: Any, keep: Any) -> int:
    """Clear `keep` on rows equal to the kept row before them (rows sorted by all four); how many
    were cleared.
    """
    repeats, last = 0, -1
    for i in range(len(subject)):
        if not keep[i]:
            continue
        if (
            last >= 0
            and subject[i] == subject[last]
            and time[i] == time[last]
            and lon[i] == lon[last]
            and lat[i] == lat[last]
        ):
            keep[i] = False
            repeats += 1
        else:
            last = i
    return repeats


@njit(cache=True, inline="always")
def _less(sa: Any, ta: Any, xa: Any, ya: Any, sb: Any, tb: Any, xb: Any, yb: Any) -> Any:
    if sa != sb:
        return sa < sb
    if ta != tb:
        return ta < tb
    if xa != xb:
        return xa < xb
    return ya < yb


@njit(cache=True, nogil=True)
def mark_known(
    subject: Any,
    time: Any,
    lon: Any,
    lat: Any,
    keep: Any,
    subject2: Any,
    time2: Any,
    lon2: Any,
    lat2: Any,
) -> int:
    """Clear `keep` on rows that the second set holds; both sorted by (subject, time, lon, lat)."""
    known, j, m = 0, 0, len(subject2)
    for i in range(len(subject)):
        while j < m and _less(
            subject2[j], time2[j], lon2[j], lat2[j], subject[i], time[i], lon[i], lat[i]
        ):
            j += 1
        if j == m:
            break
        same = (
            subject2[j] == subject[i]
            and time2[j] == time[i]
            and lon2[j] == lon[i]
            and lat2[j] == lat[i]
        )
        if same and keep[i]:
            keep[i] = False
            known += 1
    return known


@njit(cache=True, nogil=True)
def exact_e7(values: Any) -> tuple[Any, Any]:
    """Whole 1e-7 degrees (int32), and whether they give every value back exactly."""
    out, exact = np.empty(len(values), np.int32), True
    for i in range(len(values)):
        near = np.rint(values[i] * E7)
        out[i] = np.int32(near)
        exact &= near / E7 == values[i]
    return out, exact


@njit(cache=True, nogil=True)
def exact_time(time_us: Any, day_us: Any, unit_us: Any) -> tuple[Any, Any]:
    """Time since midnight in seconds or milliseconds (int32), and whether nothing was lost."""
    out, exact = np.empty(len(time_us), np.int32), True
    if unit_us == 1_000_000:  # a constant divisor is several times faster
        for i in range(len(time_us)):
            whole = (time_us[i] - day_us) // 1_000_000
            out[i] = whole
            exact &= whole * 1_000_000 == time_us[i] - day_us
    else:
        for i in range(len(time_us)):
            whole = (time_us[i] - day_us) // 1_000
            out[i] = whole
            exact &= whole * 1_000 == time_us[i] - day_us
    return out, exact


@njit(cache=True, nogil=True)
def is_f32(values: Any) -> Any:
    """True when every value is a float32 in float64's clothes."""
    fits = True
    for i in range(len(values)):
        fits &= np.float64(np.float32(values[i])) == values[i]
    return fits


@njit(cache=True, nogil=True)
def to_e7(values: Any) -> Any:
    out = np.empty(len(values), np.int32)
    for i in range(len(values)):
        out[i] = np.int32(np.rint(values[i] * E7))
    return out


def from_e7(values: Any) -> Any:
    """Degrees; by NumPy, whose large arrays lie on large pages."""
    return np.divide(values, E7, dtype=np.float64)


@njit(cache=True, nogil=True)
def split_days(time_us: Any, keep: Any, first_day: Any, days: Any) -> tuple[Any, Any]:
    """Rows to keep, grouped by UTC day in their order: (permutation, start of each day)."""
    starts = np.zeros(days + 1, np.int64)
    for i in range(len(time_us)):
        if keep[i]:
            starts[time_us[i] // 86_400_000_000 - first_day + 1] += 1
    for d in range(days):
        starts[d + 1] += starts[d]
    fill, order = starts.copy(), np.empty(starts[days], np.int32)
    for i in range(len(time_us)):
        if keep[i]:
            d = time_us[i] // 86_400_000_000 - first_day
            order[fill[d]] = i
            fill[d] += 1
    return order, starts
