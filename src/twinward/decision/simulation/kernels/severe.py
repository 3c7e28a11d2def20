"""Dated outcomes of the few severe cases, and keeping residents apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.chance import GOLDEN, key2, mix, uniform
from twinward.decision.simulation.kernels.tables import QUANTILES
from twinward.decision.simulation.kernels.words import FIXED, STATE, age_of, apart_until, is_dead, kill, set_apart

_LOW12, _12, _24, _36 = np.uint64(4095), np.uint64(12), np.uint64(24), np.uint64(36)


@njit(cache=True, nogil=True)
def draw_severe(day: Any, key: Any, severe: Any, rec: Any, words: Any, delays: Any, icu_chance: Any, ages: Any,
                dates: Any, needs_icu: Any, luck: Any) -> None:  # fmt: skip
    """Age, days (to admission, in hospital, to intensive care, in it), need of intensive care, and luck for death.

    delays[4, QUANTILES] are tables of equally likely days; dates[:, 0] is the day of admission itself.
    """
    for k in range(len(severe)):
        r = severe[k]
        who = np.int64(rec.who[r])
        bits = mix(key + np.uint64(who) * GOLDEN)
        ages[k] = age_of(words[who, FIXED])
        dates[k, 0] = np.int64(rec.day[r]) + np.int64(rec.onset[r]) + delays[0, np.int64(bits & _LOW12)]
        dates[k, 1] = delays[1, np.int64((bits >> _12) & _LOW12)]
        dates[k, 2] = delays[2, np.int64((bits >> _24) & _LOW12)]
        dates[k, 3] = delays[3, np.int64((bits >> _36) & _LOW12)]
        again = key2(bits, np.uint64(day))
        needs_icu[k] = uniform(again) < icu_chance[ages[k]]
        luck[k] = uniform(mix(again))


@njit(cache=True, nogil=True)
def keep_apart(words: Any, who: Any, kind: Any, start: Any, end: Any) -> Any:
    """Keeps residents apart on start <= day < end[k]; an earlier separation gives way."""
    changed = 0
    for k in range(len(who)):
        state = words[who[k], STATE]
        if is_dead(state):
            continue
        words[who[k], STATE] = set_apart(state, kind, start, max(end[k], start))
        changed += 1
    return changed


@njit(cache=True, nogil=True)
def mark_dead(words: Any, who: Any) -> None:
    for k in range(len(who)):
        words[who[k], STATE] = kill(words[who[k], STATE])


@njit(cache=True, nogil=True)
def ends_of_separation(words: Any, who: Any, ends: Any) -> None:
    """The day on which each resident's present separation ends."""
    for k in range(len(who)):
        ends[k] = apart_until(words[who[k], STATE])


def empty_severe(count: int) -> tuple[Any, Any, Any, Any]:
    """Arrays for draw_severe: ages, dates, needs_icu, luck."""
    return np.empty(count, np.int64), np.empty((count, 4), np.int64), np.empty(count, np.bool_), np.empty(count)


TABLE_LENGTH = QUANTILES
