"""Whom a resident meets: every contact slot can be derived again from (seed, resident, day, layer,
slot).

Days are counted from the resident's own infection, so that an infection which a measure delays has
the same contacts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import GOLDEN, below, mix, uniform
from twinward.decision.simulation.epidemic.kernels.resident_bits import (
    FACILITY,
    HOME,
    HOSPITAL,
    leaf_of,
    offset_of,
    size_of,
    team_of,
)
from twinward.decision.simulation.epidemic.kernels.tables import (
    CELL,
    HOUSEHOLD,
    IN_HOSPITAL,
    IN_HOUSEHOLD,
    LAYERS,
    RANDOM,
    TEAM,
    TRANSPORT,
)

_SPAN_SHIFT = 38  # infections up to day 89 and those carried into day 0 are of one span
_WHO = np.uint64(0xFFFFFFFF)
_SLOT_SALT = np.uint64(0xA0761D6478BD642F)


@njit(cache=True, inline="always")
def own_day(day: Any, born: Any) -> Any:
    """12 bits: days since the infection of day `born`, and in which span of 128 days that lay,
    for reinfections.
    """
    return np.uint64(((day - born) & 255) | ((((born + _SPAN_SHIFT) >> 7) & 15) << 8))


@njit(cache=True, inline="always")
def attempt_name(who: Any, own: Any, number: Any) -> Any:
    """own day << 40 | infector << 8 | attempt number."""
    return (own << np.uint64(40)) | (np.uint64(who) << np.uint64(8)) | np.uint64(number)


@njit(cache=True, inline="always")
def infector_of(name: Any) -> Any:
    return np.int64((name >> np.uint64(8)) & _WHO)


@njit(cache=True, inline="always")
def slot_key(key: Any, own: Any, who: Any, layer: Any, slot: Any) -> Any:
    """The key of one contact slot: SplitMix64 at the position named by (own day, resident,
    layer, slot).
    """
    place = (
        (own << np.uint64(52)) | (np.uint64(who) << np.uint64(20)) | np.uint64((layer << 16) | slot)
    )
    return mix(key + place * GOLDEN)


@njit(cache=True, inline="always")
def slot_chance(key: Any) -> Any:
    """The uniform by which measures thin this slot, the same for transmission and tracing."""
    return uniform(mix(key ^ _SLOT_SALT))


@njit(cache=True, inline="always")
def pick_layer(cumulative: Any, cls: Any, x: Any) -> Any:
    """The layer whose share of the transmission weight holds x (no branch, so that nothing is
    mispredicted).
    """
    layer = np.int64(0)
    for k in range(LAYERS - 1):
        layer += np.int64(x >= cumulative[cls, k])
    return layer


@njit(cache=True, inline="always")
def pool_of(
    who: Any,
    fixed: Any,
    layer: Any,
    residents: Any,
    leaf_start: Any,
    team_start: Any,
    team_site: Any,
    site_start: Any,
    site_leaf: Any,
) -> Any:
    """(through members?, first, count) of the residents among whom a contact of this layer is
    drawn.

    Arrays come one by one: taking them out of a tuple inside a loop costs a count of references
    each time.
    """
    through, first, count = False, np.int64(0), np.int64(residents)
    if layer == HOUSEHOLD:
        first, count = np.int64(who) - offset_of(fixed), size_of(fixed)
    elif layer == CELL:
        leaf = leaf_of(fixed)
        first = np.int64(leaf_start[leaf])
        count = np.int64(leaf_start[leaf + 1]) - first
    elif layer != RANDOM:
        team = team_of(fixed)
        through = layer != TRANSPORT
        first = np.int64(team_start[team])
        count = np.int64(team_start[team + 1]) - first
        if layer != TEAM or count < 2:
            site = np.int64(team_site[team])
            if through:
                first = np.int64(site_start[site])
                count = np.int64(site_start[site + 1]) - first
            else:
                leaf = np.int64(site_leaf[site])
                first = np.int64(leaf_start[leaf])
                count = np.int64(leaf_start[leaf + 1]) - first
    return through, first, count


@njit(cache=True, inline="always")
def ward_pool(fixed: Any, leaf_hospital: Any, site_start: Any) -> Any:
    """(first, count) of the staff of the hospital that serves the resident's leaf area; count 0
    where there is none.
    """
    site = np.int64(leaf_hospital[leaf_of(fixed)])
    first, count = np.int64(0), np.int64(0)
    if site >= 0:
        first = np.int64(site_start[site])
        count = np.int64(site_start[site + 1]) - first
    return first, count


@njit(cache=True, inline="always")
def choose(key: Any, first: Any, count: Any, inside: Any) -> Any:
    """A position in the pool. One who belongs to it draws among all but the last, and takes the
    last for itself.
    """
    return first + below(key, max(count - 1, 1) if inside else count)


@njit(cache=True, inline="always")
def apart_factor(ward_factor: Any, apart: Any, setting: Any) -> Any:
    """Share of a person's contacts in `setting` that remain when the person is kept apart in
    this way.
    """
    factor = np.float32(1.0)
    if apart == HOME:
        factor = np.float32(setting == IN_HOUSEHOLD)
    elif apart == HOSPITAL:
        factor = ward_factor if setting == IN_HOSPITAL else np.float32(0.0)
    elif apart == FACILITY:
        factor = np.float32(0.0)
    return factor
