"""Writes an initial state and vaccine doses into the residents' words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import GOLDEN, mix
from twinward.decision.simulation.epidemic.kernels.resident_bits import (
    FIXED,
    STATE,
    age_of,
    doses_of,
    infect,
    is_dead,
    leaf_of,
    strain_of,
    vaccinate,
)

_GROUPS = 11  # ages by ten years
_FINE = 4096


@njit(cache=True, nogil=True)
def set_immune(words: Any, who: Any, days_ago: Any, least: Any) -> Any:
    """Marks recovered residents; returns how many were not marked before."""
    marked = 0
    for k in range(len(who)):
        state = words[who[k], STATE]
        if strain_of(state) == 0:
            words[who[k], STATE] = infect(state, 0, -max(days_ago[k], least))
            marked += 1
    return marked


@njit(cache=True, nogil=True)
def set_doses(words: Any, who: Any, doses: Any, days_ago: Any) -> None:
    for k in range(len(who)):
        words[who[k], STATE] = vaccinate(words[who[k], STATE], doses[k], -days_ago[k])


@njit(cache=True, inline="always")
def _place(fixed: Any, luck: Any, oldest_first: Any) -> Any:
    fine = np.int64(luck & np.uint64(_FINE - 1))
    group = _GROUPS - 1 - age_of(fixed) // 10 if oldest_first else 0
    return group * _FINE + fine


@njit(cache=True, nogil=True)
def queue_for_vaccine(
    words: Any, zone_of_leaf: Any, band: Any, member: Any, reach: Any, key: Any, oldest_first: Any
) -> Any:
    """Residents in the order in which they are called: by age group, then by chance. member[Z,
    B] says who may.
    """
    count = np.zeros(_GROUPS * _FINE + 1, np.int64)
    for turn in range(2):
        if turn == 1:
            for k in range(len(count) - 1):
                count[k + 1] += count[k]
            order = np.empty(count[-1], np.uint32)
        for who in range(len(words)):
            fixed = words[who, FIXED]
            if not member[np.int64(zone_of_leaf[leaf_of(fixed)]), np.int64(band[age_of(fixed)])]:
                continue
            luck = mix(key + np.uint64(who) * GOLDEN)
            if np.float64(luck >> np.uint64(32)) >= reach * 4294967296.0:  # the low bits say when
                continue
            place = _place(fixed, luck, oldest_first)
            if turn == 0:
                count[place + 1] += 1
            else:
                order[count[place]] = who
                count[place] += 1
    return order


@njit(cache=True, nogil=True)
def give_doses(words: Any, who: Any, dose: Any, day: Any) -> Any:
    """Gives dose number `dose`; the dead get none. Returns how many were given."""
    given = 0
    for k in range(len(who)):
        state = words[who[k], STATE]
        if is_dead(state) or doses_of(state) >= dose:
            continue
        words[who[k], STATE] = vaccinate(state, dose, day)
        given += 1
    return given
