"""Reading RFC 3339 times from text columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

GOOD, BAD_TIME, NO_ZONE = 0, 1, 2


@njit(cache=True, inline="always")
def _two(data: Any, i: Any) -> Any:
    a, b = np.int64(data[i]) - 48, np.int64(data[i + 1]) - 48
    return a * 10 + b if 0 <= a <= 9 and 0 <= b <= 9 else np.int64(-1)


@njit(cache=True, inline="always")
def _days(year: Any, month: Any, day: Any) -> Any:
    """Days since 1970-01-01 of a Gregorian date (Howard Hinnant, days_from_civil)."""
    y = year - 1 if month <= 2 else year
    era = y // 400
    yoe = y - era * 400
    doy = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy - 719468


@njit(cache=True, inline="always")
def _month_days(year: Any, month: Any) -> Any:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@njit(cache=True, nogil=True)
def _one_time(data: Any, i: Any, end: Any) -> tuple[Any, Any]:
    """(microseconds since 1970 UTC, verdict) of the text in data[i:end]."""
    none = np.int64(0)
    if end - i < 10:
        return none, BAD_TIME
    high, low, month, day = _two(data, i), _two(data, i + 2), _two(data, i + 5), _two(data, i + 8)
    if min(high, low, month, day) < 0 or data[i + 4] != 45 or data[i + 7] != 45:
        return none, BAD_TIME
    year = high * 100 + low
    if month < 1 or month > 12 or day < 1 or day > _month_days(year, month):
        return none, BAD_TIME
    i += 10
    if i == end:
        return none, NO_ZONE
    if (data[i] != 84 and data[i] != 116 and data[i] != 32) or end - i < 6 or data[i + 3] != 58:
        return none, BAD_TIME
    hour, minute, second, micro = _two(data, i + 1), _two(data, i + 4), np.int64(0), np.int64(0)
    i += 6
    if i < end and data[i] == 58:
        if end - i < 3:
            return none, BAD_TIME
        second = _two(data, i + 1)
        i += 3
        if i < end and (data[i] == 46 or data[i] == 44):
            i += 1
            unit, digits = np.int64(100_000), 0
            while i < end and 48 <= data[i] <= 57:
                micro += (np.int64(data[i]) - 48) * unit
                unit //= 10
                i += 1
                digits += 1
            if digits == 0:
                return none, BAD_TIME
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return none, BAD_TIME
    if i == end:
        return none, NO_ZONE
    offset = np.int64(0)
    if data[i] == 90 or data[i] == 122:
        i += 1
    elif data[i] == 43 or data[i] == 45:
        sign = 1 if data[i] == 43 else -1
        if end - i < 3:
            return none, BAD_TIME
        hours, minutes = _two(data, i + 1), np.int64(0)
        i += 3
        if i < end and data[i] == 58:
            i += 1
        if i < end:
            if end - i < 2:
                return none, BAD_TIME
            minutes = _two(data, i)
            i += 2
        if hours < 0 or hours > 23 or minutes < 0 or minutes > 59:
            return none, BAD_TIME
        offset = sign * (hours * 60 + minutes)
    else:
        return none, BAD_TIME
    if i != end:
        return none, BAD_TIME
    minutes_utc = (_days(year, month, day) * 24 + hour) * 60 + minute - offset
    return (minutes_utc * 60 + second) * 1_000_000 + micro, GOOD


@njit(cache=True, nogil=True)
def parse_times(data: Any, offsets: Any) -> tuple[Any, Any]:
    """Microseconds since 1970 UTC and a verdict for every text of an Arrow string column (its
    bytes and offsets).
    """
    n = len(offsets) - 1
    out, verdict = np.zeros(n, np.int64), np.zeros(n, np.uint8)
    for k in range(n):
        i, end = offsets[k], offsets[k + 1]
        while i < end and data[i] == 32:
            i += 1
        while end > i and data[end - 1] == 32:
            end -= 1
        out[k], verdict[k] = _one_time(data, i, end)
    return out, verdict


@njit(cache=True, nogil=True)
def number_subjects(values: Any, base: Any, table: Any, met: Any, count: Any) -> tuple[Any, Any]:
    """The code of every value, counted in the order of first meeting; `table` and `met` grow in
    place.
    """
    out = np.empty(len(values), np.int32)
    for i in range(len(values)):
        code = table[values[i] - base]
        if code < 0:
            code = np.int32(count)
            table[values[i] - base], met[count] = code, values[i]
            count += 1
        out[i] = code
    return out, count
