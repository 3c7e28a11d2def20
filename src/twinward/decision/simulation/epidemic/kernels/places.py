"""Whom the attempts of a chunk meet: the pool of each layer, and what measures leave of the
infector's side.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import mix, uniform
from twinward.decision.simulation.epidemic.kernels.contacts import (
    apart_factor,
    choose,
    infector_of,
    slot_chance,
    ward_pool,
)
from twinward.decision.simulation.epidemic.kernels.resident_bits import (
    HOSPITAL,
    age_of,
    kind_of,
    leaf_of,
    offset_of,
    size_of,
    team_of,
)
from twinward.decision.simulation.epidemic.kernels.tables import (
    CELL,
    HOUSEHOLD,
    IN_HOSPITAL,
    RANDOM,
    SITE,
    TEAM,
    TRANSPORT,
)

_THIN_SALT = np.uint64(0xE7037ED1A0B428DB)


@njit(cache=True, nogil=True)
def list_ranges(city: Any, work: Any) -> None:
    """Attempts whose pool is a range of residents: the household, the community cell, the city.

    One who drew themselves meets the last of the pool instead.
    """
    source_fixed, layers, record, keys = (
        work.source_fixed,
        work.layers,
        work.buf.record,
        work.buf.key,
    )
    target, leaf_start, residents, thins = (
        work.buf.target,
        city.leaf_start,
        len(city.words),
        work.buf.thin,
    )
    for m in range(layers[HOUSEHOLD], layers[HOUSEHOLD + 1]):
        fixed = source_fixed[record[m]]
        own = infector_of(thins[m])
        first = own - offset_of(fixed)
        drawn = choose(keys[m], first, size_of(fixed), True)
        target[m] = first + size_of(fixed) - 1 if drawn == own else drawn
    for m in range(layers[CELL], layers[CELL + 1]):
        leaf = leaf_of(source_fixed[record[m]])
        first, end = np.int64(leaf_start[leaf]), np.int64(leaf_start[leaf + 1])
        drawn = choose(keys[m], first, end - first, True)
        target[m] = end - 1 if drawn == infector_of(thins[m]) else drawn
    for m in range(layers[RANDOM], layers[RANDOM + 1]):
        drawn = choose(keys[m], 0, residents, True)
        target[m] = residents - 1 if drawn == infector_of(thins[m]) else drawn


@njit(cache=True, nogil=True)
def list_members(city: Any, work: Any) -> None:
    """Attempts at a site: in the team (the site where the team is one person), in the site, on
    the way there.
    """
    source_fixed, layers, record, keys = (
        work.source_fixed,
        work.layers,
        work.buf.record,
        work.buf.key,
    )
    target, lasts, member, thins = work.buf.target, work.buf.last, city.member, work.buf.thin
    team_start, team_site, site_start = city.team_start, city.team_site, city.site_start
    site_leaf, leaf_start = city.site_leaf, city.leaf_start
    for m in range(layers[TEAM], layers[TEAM + 1]):
        team = team_of(source_fixed[record[m]])
        first, end = np.int64(team_start[team]), np.int64(team_start[team + 1])
        if end - first < 2:
            site = np.int64(team_site[team])
            first, end = np.int64(site_start[site]), np.int64(site_start[site + 1])
        target[m], lasts[m] = choose(keys[m], first, end - first, True), end - 1
    for m in range(layers[SITE], layers[SITE + 1]):
        site = np.int64(team_site[team_of(source_fixed[record[m]])])
        first, end = np.int64(site_start[site]), np.int64(site_start[site + 1])
        target[m], lasts[m] = choose(keys[m], first, end - first, True), end - 1
    for m in range(layers[TEAM], layers[SITE + 1]):
        drawn = np.int64(member[target[m]])
        if drawn == infector_of(thins[m]):  # rare, so that the last is seldom fetched
            drawn = np.int64(member[lasts[m]])
        target[m] = drawn
    for m in range(layers[TRANSPORT], layers[TRANSPORT + 1]):
        leaf = np.int64(site_leaf[team_site[team_of(source_fixed[record[m]])]])
        first, end = np.int64(leaf_start[leaf]), np.int64(leaf_start[leaf + 1])
        drawn = choose(keys[m], first, end - first, False)
        target[m] = end - 1 if drawn == infector_of(thins[m]) else drawn


@njit(cache=True, inline="always")
def luck_of(key: Any, thin: Any) -> Any:
    """The uniform by which an attempt is thinned; `thin` names infector, own day and attempt."""
    return uniform(mix(key ^ mix(thin + _THIN_SALT)))


@njit(cache=True, nogil=True)
def drop_restricted(
    n: Any, key: Any, found: Any, highest: Any, city: Any, mixing: Any, response: Any, work: Any
) -> Any:
    """Leaves out attempts that measures stop on the infector's side, before it is asked whom they
    would meet.

    No attempt takes with a chance above the infector's mask times `highest`, the highest
    susceptibility of an age. Returns how many are left.
    """
    raw, source_fixed, rows, stays = work.raw, work.source_fixed, work.rows, work.stays
    record, layers, keys, thins = raw.record, raw.setting, raw.key, raw.thin
    setting_of, leaf_zone, factor, shield = (
        mixing.setting,
        city.leaf_zone,
        response.factor,
        response.shield,
    )
    band_of, bands, settings = response.band, response.factor.shape[1], response.factor.shape[2]
    flat, veil = factor.reshape(-1), shield.reshape(-1)
    left = np.empty((4, settings), np.float32)
    for how in range(4):
        for setting in range(settings):
            left[how, setting] = apart_factor(response.ward_factor, how, setting)
    for h in range(found):
        fixed = source_fixed[h]
        zone, band = np.int64(leaf_zone[leaf_of(fixed)]), np.int64(band_of[age_of(fixed)])
        rows[h] = (zone * bands + band) * settings
    kept = np.int64(0)
    for m in range(n):
        h, layer, slot, thin = record[m], layers[m], keys[m], thins[m]
        apart = np.int64(stays[h])
        setting = setting_met(setting_of, np.int64(layer), source_fixed[h], apart)
        at = np.int64(rows[h]) + setting
        takes = slot_chance(slot) < flat[at] * left[apart, setting]
        record[kept], layers[kept], keys[kept], thins[kept] = h, layer, slot, thin
        kept += np.int64(takes & (luck_of(key, thin) < veil[at] * highest))
    return kept


@njit(cache=True, nogil=True)
def meet_staff(city: Any, work: Any) -> None:
    """A patient in hospital meets staff there in place of the household."""
    source_fixed, stays, record, keys = work.source_fixed, work.stays, work.buf.record, work.buf.key
    target, thins, member = work.buf.target, work.buf.thin, city.member
    leaf_hospital, site_start = city.leaf_hospital, city.site_start
    for m in range(work.layers[HOUSEHOLD], work.layers[HOUSEHOLD + 1]):
        if stays[record[m]] == HOSPITAL:
            first, count = ward_pool(source_fixed[record[m]], leaf_hospital, site_start)
            own = infector_of(thins[m])  # the infector is not susceptible
            target[m] = member[choose(keys[m], first, count, False)] if count > 0 else own


@njit(cache=True, inline="always")
def setting_met(setting_of: Any, layer: Any, fixed: Any, apart: Any) -> Any:
    """The setting in which a contact counts; the household contacts of a patient are with
    hospital staff.
    """
    return (
        IN_HOSPITAL
        if apart == HOSPITAL and layer == HOUSEHOLD
        else np.int64(setting_of[layer, kind_of(fixed)])
    )
