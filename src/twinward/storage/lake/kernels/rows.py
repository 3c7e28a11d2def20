"""Sorting rows, finding repeats, grouping by day, and exact narrow coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

DIGIT_BITS = 9  # 512 streams of writing stay within the translation buffer of pages
E7 = 1e7


@njit(cache=True)
def sort_order(keys: Any) -> Any:
    """The stable permutation that sorts non-negative int64 keys: radix, least digit first, only the bits in use."""
    n = len(keys)
    order = np.arange(n).astype(np.int32)
    if n < 2:
        return order
    low, high = keys[0], keys[0]
    for i in range(n):
        low, high = min(low, keys[i]), max(high, keys[i])
    size = 1 << DIGIT_BITS
    a = np.empty(n, np.int64)
    for i in range(n):
        a[i] = keys[i] - low
    b, other = np.empty_like(a), np.empty_like(order)
    shift = 0
    while shift < 63 and ((high - low) >> shift) > 0:
        starts = np.zeros(size + 1, np.int64)
        for i in range(n):
            starts[((a[i] >> shift) & (size - 1)) + 1] += 1
        for d in range(size):
            starts[d + 1] += starts[d]
        for i in range(n):
            d = (a[i] >> shift) & (size - 1)
            b[starts[d]], other[starts[d]] = a[i], order[i]
            starts[d] += 1
        a, b, order, other = b, a, other, order
        shift += DIGIT_BITS
    return order


@njit(cache=True)
def take(column: Any, order: Any) -> Any:
    """`column[order]`, a little faster than fancy indexing with 32-bit positions."""
    out = np.empty(len(order), column.dtype)
    for i in range(len(order)):
        out[i] = column[order[i]]
    return out


@njit(cache=True)
def order_ties(subject: Any, time: Any, lon: Any, lat: Any, order: Any) -> None:
    """Inside runs of equal (subject, time), sorted already, sort `order` by lon, then lat, in place."""
    n, i = len(order), 0
    while i < n:
        j = i + 1
        while j < n and subject[j] == subject[i] and time[j] == time[i]:
            j += 1
        if j - i > 1:
            run = order[i:j].copy()
            run = run[np.argsort(lat[run], kind="mergesort")]
            order[i:j] = run[np.argsort(lon[run], kind="mergesort")]
        i = j


@njit(cache=True)
def mark_repeats(subject: Any, time: Any, lon: Any, lat: Any, keep: Any) -> int:
    """Clear `keep` on rows equal to the kept row before them (rows sorted by all four); how many were cleared."""
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


@njit(cache=True)
def mark_known(
    subject: Any, time: Any, lon: Any, lat: Any, keep: Any, subject2: Any, time2: Any, lon2: Any, lat2: Any
) -> int:
    """Clear `keep` on rows that the second set holds; both sorted by (subject, time, lon, lat)."""
    known, j, m = 0, 0, len(subject2)
    for i in range(len(subject)):
        while j < m and _less(subject2[j], time2[j], lon2[j], lat2[j], subject[i], time[i], lon[i], lat[i]):
            j += 1
        if j == m:
            break
        same = subject2[j] == subject[i] and time2[j] == time[i] and lon2[j] == lon[i] and lat2[j] == lat[i]
        if same and keep[i]:
            keep[i] = False
            known += 1
    return known


@njit(cache=True)
def is_e7(values: Any) -> Any:
    """True when every value is a decimal of at most seven places, so that an int32 gives it back exactly."""
    fits = True
    for i in range(len(values)):
        fits &= np.rint(values[i] * E7) / E7 == values[i]
    return fits


@njit(cache=True)
def is_f32(values: Any) -> Any:
    """True when every value is a float32 in float64's clothes."""
    fits = True
    for i in range(len(values)):
        fits &= np.float64(np.float32(values[i])) == values[i]
    return fits


@njit(cache=True)
def to_e7(values: Any) -> Any:
    out = np.empty(len(values), np.int32)
    for i in range(len(values)):
        out[i] = np.int32(np.rint(values[i] * E7))
    return out


@njit(cache=True)
def from_e7(values: Any) -> Any:
    out = np.empty(len(values), np.float64)
    for i in range(len(values)):
        out[i] = values[i] / E7
    return out


@njit(cache=True)
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


@njit(cache=True)
def is_constant(column: Any) -> Any:
    """True when all values are the same (or all NaN): such a column need not be moved."""
    first = column[0] if len(column) else 0
    i = 0
    while i < len(column) and (column[i] == first or (np.isnan(column[i]) and np.isnan(first))):
        i += 1
    return i == len(column)
