"""Whoever is left in a city where most are infected meets the infectious at random."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import mix, uniform
from twinward.decision.simulation.epidemic.kernels.recent import days_since
from twinward.decision.simulation.epidemic.kernels.resident_bits import FIXED, STATE, age_of
from twinward.decision.simulation.epidemic.kernels.tables import IN_RANDOM, REFRACTORY_DAYS
from twinward.decision.simulation.epidemic.kernels.transmit import protection

_LEFT_SALT = np.uint64(0x9FB21C651E98DF25)


@njit(cache=True, inline="always")
def intensity_of(r: Any, day: Any, rec: Any, total: Any, profile: Any) -> Any:
    """Expected attempts of record r today."""
    step = day - np.int64(rec.day[r]) - np.int64(rec.latent[r])
    inside = (step >= 0) and (step < len(profile))
    return np.float64(rec.rate[r] * profile[step] * total[rec.cls[r]]) if inside else 0.0


@njit(cache=True, nogil=True)
def sum_intensity(day: Any, lo: Any, hi: Any, rec: Any, total: Any, profile: Any) -> Any:
    """Expected attempts today of the records lo..hi-1."""
    whole = 0.0
    for r in range(lo, hi):
        whole += intensity_of(r, day, rec, total, profile)
    return whole


@njit(cache=True, inline="always")
def chance_of(state: Any, fixed: Any, day: Any, spread: Any) -> Any:
    """The chance that one attempt on the resident takes."""
    chance = np.float64(spread.susceptibility[age_of(fixed)])
    if state != np.uint64(0):
        chance *= protection(state, 0, day, spread.immunity, spread.vaccine)
    return chance


@njit(cache=True, nogil=True)
def count_open(day: Any, mark: Any, city: Any, spread: Any) -> Any:
    """(residents not infected of late, the sum of their chances)."""
    words, recent = city.words, city.recent
    count, chances = np.int64(0), 0.0
    for who in range(len(recent)):
        if days_since(mark, recent, who) >= REFRACTORY_DAYS:
            count += 1
            chances += chance_of(words[who, STATE], words[who, FIXED], day, spread)
    return count, chances


@njit(cache=True, nogil=True)
def meet_at_random(
    day: Any, mark: Any, key: Any, level: Any, city: Any, spread: Any, out: Any
) -> Any:
    """Proposals of the day for residents not infected of late, each met `level` times in the mean.

    Sources are left open. Returns their number; `out` has room for all who are open.
    """
    words, recent, done = city.words, city.recent, np.int64(0)
    for who in range(len(recent)):
        if days_since(mark, recent, who) < REFRACTORY_DAYS:
            continue
        state, fixed = words[who, STATE], words[who, FIXED]
        luck = uniform(mix(key ^ mix(np.uint64(who) + _LEFT_SALT)))
        if luck < 1.0 - np.exp(-level * chance_of(state, fixed, day, spread)):
            out.target[done], out.setting[done] = who, IN_RANDOM
            out.state[done], out.fixed[done] = state, fixed
            done += 1
    return done


@njit(cache=True, nogil=True)
def name_sources(
    day: Any,
    lo: Any,
    hi: Any,
    rec: Any,
    total: Any,
    profile: Any,
    whole: Any,
    luck: Any,
    out: Any,
    done: Any,
) -> None:
    """Infectors in proportion to their attempts: every `whole / done`-th attempt, from a place by
    chance.
    """
    apart = whole / max(done, 1)
    goal, reached, k = luck * apart, 0.0, np.int64(0)
    for r in range(lo, hi):
        reached += intensity_of(r, day, rec, total, profile)
        while k < done and reached > goal:
            out.source[k] = r
            goal += apart
            k += 1
    while k < done:  # what rounding left over
        out.source[k] = hi - 1
        k += 1
