"""How one resident fits into two 64-bit words: what never changes, and what the outbreak and the
response changed.

The words of a resident lie beside each other, so that one trip to memory brings both.

fixed   0-23 team row | 24-26 site kind (7: none) | 27-33 age | 34 sex | 35-50 leaf area | 51-56
place in the
        household | 57-62 household size
state   0-2 strain of the last infection + 1 (0: never) | 3-13 its day | 14-15 vaccine doses |
16-26 day of the last
        dose | 27-37 apart from | 38-48 apart until (exclusive) | 49-50 how apart | 51 dead | 52
        confirmed

Days in the state word are counted from DAY_ZERO, so that immunity may be older than the first
simulated day.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

STATE, FIXED = 0, 1  # columns of the words array
NO_TEAM_KIND = 7
MAX_HOUSEHOLD = 63
DAY_ZERO = 400
MAX_DAYS = 1600  # 11 bits hold 2047 days, of which DAY_ZERO lie before the first
NOT_APART, HOME, FACILITY, HOSPITAL = range(4)

_LAST_INFECTION = np.uint64((1 << 14) - 1)
_APART = np.uint64(((1 << 24) - 1) << 27)
_DEAD, _CONFIRMED = np.uint64(1 << 51), np.uint64(1 << 52)
_7, _63, _127, _2047 = np.uint64(7), np.uint64(63), np.uint64(127), np.uint64(2047)
_3, _FFFF, _TEAM = np.uint64(3), np.uint64(0xFFFF), np.uint64((1 << 24) - 1)
_S3, _S14, _S16, _S24, _S27, _S34 = (np.uint64(s) for s in (3, 14, 16, 24, 27, 34))
_S35, _S38, _S49, _S51, _S57 = (np.uint64(s) for s in (35, 38, 49, 51, 57))
_VACCINE = np.uint64(((1 << 13) - 1) << 14)


@njit(cache=True, inline="always")
def pack_fixed(kind: Any, age: Any, sex: Any, leaf: Any, offset: Any, size: Any) -> Any:
    """The fixed word without its team row."""
    word = (np.uint64(kind) << _S24) | (np.uint64(age) << _S27) | (np.uint64(sex) << _S34)
    return (
        word | (np.uint64(leaf) << _S35) | (np.uint64(offset) << _S51) | (np.uint64(size) << _S57)
    )


@njit(cache=True, inline="always")
def team_of(fixed: Any) -> Any:
    return np.int64(fixed & _TEAM)


@njit(cache=True, inline="always")
def kind_of(fixed: Any) -> Any:
    return np.int64((fixed >> _S24) & _7)


@njit(cache=True, inline="always")
def age_of(fixed: Any) -> Any:
    return np.int64((fixed >> _S27) & _127)


@njit(cache=True, inline="always")
def leaf_of(fixed: Any) -> Any:
    return np.int64((fixed >> _S35) & _FFFF)


@njit(cache=True, inline="always")
def offset_of(fixed: Any) -> Any:
    return np.int64((fixed >> _S51) & _63)


@njit(cache=True, inline="always")
def size_of(fixed: Any) -> Any:
    return np.int64((fixed >> _S57) & _63)


@njit(cache=True, inline="always")
def strain_of(state: Any) -> Any:
    """Strain of the last infection + 1; 0 for a resident who never had one."""
    return np.int64(state & _7)


@njit(cache=True, inline="always")
def infected_day(state: Any) -> Any:
    return np.int64((state >> _S3) & _2047) - DAY_ZERO


@njit(cache=True, inline="always")
def infect(state: Any, strain: Any, day: Any) -> Any:
    """The state after an infection; confirmation of an earlier one is forgotten."""
    cleared = state & ~(_LAST_INFECTION | _CONFIRMED)
    return cleared | np.uint64(strain + 1) | (np.uint64(day + DAY_ZERO) << _S3)


@njit(cache=True, inline="always")
def doses_of(state: Any) -> Any:
    return np.int64((state >> _S14) & _3)


@njit(cache=True, inline="always")
def dose_day(state: Any) -> Any:
    return np.int64((state >> _S16) & _2047) - DAY_ZERO


@njit(cache=True, inline="always")
def vaccinate(state: Any, doses: Any, day: Any) -> Any:
    return (state & ~_VACCINE) | (np.uint64(doses) << _S14) | (np.uint64(day + DAY_ZERO) << _S16)


@njit(cache=True, inline="always")
def start_isolation(state: Any, kind: Any, start: Any, end: Any) -> Any:
    """Keeps a resident apart on the days start <= day < end."""
    word = (
        (np.uint64(start + DAY_ZERO) << _S27)
        | (np.uint64(end + DAY_ZERO) << _S38)
        | (np.uint64(kind) << _S49)
    )
    return (state & ~_APART) | word


@njit(cache=True, inline="always")
def isolated_on(state: Any, day: Any) -> Any:
    """How the resident is kept apart on `day` (NOT_APART, HOME, FACILITY, HOSPITAL)."""
    start = np.int64((state >> _S27) & _2047) - DAY_ZERO
    end = np.int64((state >> _S38) & _2047) - DAY_ZERO
    return np.int64((state >> _S49) & _3) if start <= day < end else NOT_APART


@njit(cache=True, inline="always")
def isolated_until(state: Any) -> Any:
    return np.int64((state >> _S38) & _2047) - DAY_ZERO


@njit(cache=True, inline="always")
def is_dead(state: Any) -> Any:
    return (state & _DEAD) != np.uint64(0)


@njit(cache=True, inline="always")
def is_confirmed(state: Any) -> Any:
    return (state & _CONFIRMED) != np.uint64(0)


@njit(cache=True, inline="always")
def kill(state: Any) -> Any:
    return state | _DEAD


@njit(cache=True, inline="always")
def confirm(state: Any) -> Any:
    return state | _CONFIRMED
