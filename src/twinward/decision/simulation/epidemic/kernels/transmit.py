"""Who infects whom today: list the records whose day it is, their attempts, whom these meet, then
thin.

Each phase is its own loop so that the trips to memory of the others overlap. The result does not
depend on how the records are cut among threads: proposals come out in the order of the records.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.decision.simulation.epidemic.kernels.attempts import (
    count_attempts,
    draw_slots,
    list_hits,
    plan_hits,
    sort_slots,
)
from twinward.decision.simulation.epidemic.kernels.contacts import apart_factor, slot_chance
from twinward.decision.simulation.epidemic.kernels.places import (
    drop_restricted,
    list_members,
    list_ranges,
    luck_of,
    meet_staff,
    setting_met,
)
from twinward.decision.simulation.epidemic.kernels.recent import days_since
from twinward.decision.simulation.epidemic.kernels.resident_bits import (
    FIXED,
    NOT_APART,
    STATE,
    age_of,
    dose_day,
    doses_of,
    infected_day,
    is_dead,
    isolated_on,
    leaf_of,
    strain_of,
)
from twinward.decision.simulation.epidemic.kernels.tables import (
    AGE_STEPS,
    CHUNK,
    IN_HOSPITAL,
    LAYERS,
    REFRACTORY_DAYS,
    STEP_SHIFT,
)


@njit(cache=True, inline="always")
def protection(state: Any, strain: Any, day: Any, immunity: Any, vaccine: Any) -> Any:
    """What earlier infection and vaccine leave of the chance that an attempt takes; 0 for the
    dead.
    """
    left = 1.0
    last = strain_of(state)
    if last > 0:
        since = day - infected_day(state)
        left = 1.0 - immunity[last, strain, min(max(since, 0) >> STEP_SHIFT, AGE_STEPS - 1)]
    doses = doses_of(state)
    if doses > 0:
        step = min(max(day - dose_day(state), 0) >> STEP_SHIFT, AGE_STEPS - 1)
        left *= 1.0 - vaccine[doses, strain, step]
    return 0.0 if is_dead(state) else left


@njit(cache=True, nogil=True)
def gather_open(n: Any, mark: Any, city: Any, work: Any) -> Any:
    """Lists the attempts on residents not infected of late, and fetches their words. No branch:
    half of them were.
    """
    words, recent, target, open_ones = city.words, city.recent, work.buf.target, work.raw.record
    states, fixeds = work.buf.state, work.buf.fixed
    kept = np.int64(0)
    for m in range(n):
        open_ones[kept] = m
        kept += np.int64(days_since(mark, recent, target[m]) >= REFRACTORY_DAYS)
    for k in range(kept):
        who = target[open_ones[k]]
        states[k] = words[who, STATE]
        fixeds[k] = words[who, FIXED]
    return kept


@njit(cache=True, nogil=True)
def thin(
    n: Any,
    day: Any,
    key: Any,
    base: Any,
    hits: Any,
    city: Any,
    mixing: Any,
    response: Any,
    spread: Any,
    rec: Any,
    work: Any,
    out: Any,
    done: Any,
) -> Any:
    """Exact thinning by the contact's side: kept apart, in another zone or district, immune."""
    source_state, source_fixed, buf, layers = (
        work.source_state,
        work.source_fixed,
        work.buf,
        work.layers,
    )
    record, keys, thins, open_ones = buf.record, buf.key, buf.thin, work.raw.record
    states, fixeds, target, setting_of = buf.state, buf.fixed, buf.target, mixing.setting
    susceptibility, immunity, vaccine, strains = (
        spread.susceptibility,
        spread.immunity,
        spread.vaccine,
        rec.strain,
    )
    leaf_zone, leaf_group, factor, shield = (
        city.leaf_zone,
        city.leaf_group,
        response.factor,
        response.shield,
    )
    band_of, active, ward_factor, crossing = (
        response.band,
        response.active,
        response.ward_factor,
        response.crossing,
    )
    to, source, settings_out, state_out, fixed_out = (
        out.target,
        out.source,
        out.setting,
        out.state,
        out.fixed,
    )
    for k in range(n):
        m = np.int64(open_ones[k])
        state, fixed, h = states[k], fixeds[k], np.int64(record[m])
        r = base + hits[h]
        chance = np.float64(susceptibility[age_of(fixed)])
        if state != np.uint64(0):
            chance *= protection(state, np.int64(strains[r]), day, immunity, vaccine)
        layer = np.int64(0)
        for border in range(1, LAYERS):
            layer += np.int64(m >= layers[border])
        mine = source_fixed[h]
        apart, my_apart = isolated_on(state, day), isolated_on(source_state[h], day)
        setting = setting_met(setting_of, layer, mine, my_apart)
        if active or apart != NOT_APART or my_apart != NOT_APART:
            my_leaf, leaf = leaf_of(mine), leaf_of(fixed)
            my_zone, my_band = np.int64(leaf_zone[my_leaf]), np.int64(band_of[age_of(mine)])
            zone, band = np.int64(leaf_zone[leaf]), np.int64(band_of[age_of(fixed)])
            chance *= min(shield[my_zone, my_band, setting], shield[zone, band, setting])
            allowed = factor[my_zone, my_band, setting] * apart_factor(
                ward_factor, my_apart, setting
            )
            allowed = min(allowed, factor[zone, band, setting]) * apart_factor(
                ward_factor, apart, setting
            )
            if setting != IN_HOSPITAL and leaf_group[leaf] != leaf_group[my_leaf]:
                allowed *= crossing
            if slot_chance(keys[m]) >= allowed:
                chance *= 0.0
        luck = luck_of(key, thins[m])
        to[done], source[done], settings_out[done] = target[m], r, setting
        state_out[done], fixed_out[done] = state, fixed
        done += np.int64(luck < chance)
    return done


@njit(cache=True, nogil=True)
def transmit(
    day: Any,
    mark: Any,
    key: Any,
    slots_key: Any,
    lo: Any,
    hi: Any,
    rec: Any,
    city: Any,
    mixing: Any,
    total: Any,
    spread: Any,
    response: Any,
    work: Any,
    out: Any,
) -> Any:
    """Records lo..hi-1 in chunks; returns (where it stopped, proposals, attempts that did not
    fit).
    """
    done, base = 0, lo
    words, who, fixed, severe, look = city.words, rec.who, rec.fixed, rec.severe, response.isolates
    source_state, source_fixed, hits, times = (
        work.source_state,
        work.source_fixed,
        work.hits,
        work.times,
    )
    stays = work.stays
    highest = max(np.float64(1.0), np.float64(spread.susceptibility.max()))
    while base < hi:
        end = base + min(CHUNK, hi - base)
        found = list_hits(day, rec.next[base:end], hits)
        attempts = count_attempts(day, key, base, hits, found, rec, total, spread.profile, times)
        if done + attempts + 1 > len(out.target) or attempts + 1 > len(work.buf.key):
            return base, done, attempts + 1
        plan_hits(day, key, base, hits, found, rec, total, spread.cumulative)
        patients = look
        for h in range(found):
            source_fixed[h] = fixed[base + hits[h]]
            source_state[h], stays[h] = np.uint64(0), NOT_APART
            if look or severe[base + hits[h]]:  # only those can be kept apart
                source_state[h] = words[who[base + hits[h]], STATE]
                stays[h] = isolated_on(source_state[h], day)
                patients = True
        n = draw_slots(day, key, slots_key, base, hits, times, found, mixing, rec, work)
        if look or response.active:  # what is left is thinned together with the contact's side
            n = drop_restricted(n, key, found, highest, city, mixing, response, work)
        sort_slots(n, work)
        list_ranges(city, work)
        list_members(city, work)
        if patients:
            meet_staff(city, work)
        n = gather_open(n, mark, city, work)
        done = thin(n, day, key, base, hits, city, mixing, response, spread, rec, work, out, done)
        base = end
    return hi, done, 0
