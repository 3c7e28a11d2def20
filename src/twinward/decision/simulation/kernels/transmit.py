"""Who infects whom today: stream the records and draw, list the hits, list the addresses, gather, thin.

Each phase is its own loop so that the first vectorises and the trips to memory of the others overlap. The result does
not depend on how the records are cut among threads: proposals come out in the order of the records.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.chance import GOLDEN, mix, uniform
from twinward.decision.simulation.kernels.contacts import (
    apart_factor,
    choose,
    pick_layer,
    slot_chance,
    slot_key,
    ward_pool,
)
from twinward.decision.simulation.kernels.tables import (
    AGE_STEPS,
    CELL,
    CHUNK,
    HOUSEHOLD,
    IN_HOSPITAL,
    LAYERS,
    RANDOM,
    REFRACTORY_DAYS,
    SITE,
    STEP_SHIFT,
    TEAM,
    TRANSPORT,
)
from twinward.decision.simulation.kernels.words import (
    FIXED,
    HOSPITAL,
    NOT_APART,
    STATE,
    age_of,
    apart_on,
    dose_day,
    doses_of,
    infected_day,
    is_dead,
    kind_of,
    leaf_of,
    offset_of,
    size_of,
    strain_of,
    team_of,
)

MAX_ATTEMPTS = 250  # of one record in one day; the attempt number has 8 bits of the key
_THIN_SALT = np.uint64(0xE7037ED1A0B428DB)


@njit(cache=True, nogil=True)
def draw(day: Any, key: Any, who: Any, since: Any, latent: Any, rate: Any, cls: Any, total: Any, profile: Any,
         mean: Any, chance: Any) -> None:  # fmt: skip
    """The mean number of attempts of each record today and its uniform."""
    last = len(profile) - 1
    for i in range(len(who)):
        step = day - np.int32(since[i]) - np.int32(latent[i])
        step = step if 0 <= step < last else last
        mean[i] = rate[i] * profile[step] * total[cls[i]]
        chance[i] = uniform(mix(key + (np.uint64(who[i]) << np.uint64(8)) * GOLDEN))


@njit(cache=True, nogil=True)
def list_hits(mean: Any, chance: Any, count: Any, hits: Any, times: Any) -> Any:
    """Records with at least one attempt and how many: the Poisson number by inversion of the same uniform.

    1 - exp(-m) <= m, so `chance < mean` holds for every hit and the exponential is taken for few records.
    """
    found, attempts = np.int64(0), np.int64(0)
    for i in range(count):
        hits[found] = i
        found += np.int64(chance[i] < mean[i])
    kept = np.int64(0)
    for h in range(found):
        i = hits[h]
        term = np.exp(-np.float64(mean[i]))
        above, number = 1.0 - term, 0
        while chance[i] < above and number < MAX_ATTEMPTS:
            number += 1
            term *= mean[i] / number
            above -= term
        hits[kept], times[kept] = i, number
        kept += np.int64(number > 0)
        attempts += number
    return kept, attempts


@njit(cache=True, nogil=True)
def draw_slots(
    key: Any, slots_key: Any, base: Any, hits: Any, times: Any, found: Any, mixing: Any, rec: Any, work: Any
) -> Any:
    """Every attempt's layer and contact slot, sorted by layer; layers[l] .. layers[l+1] are the attempts of layer l."""
    raw, layers = work.raw, work.layers
    raw_record, raw_layer, raw_key, raw_thin = raw.record, raw.setting, raw.key, raw.thin
    record, keys, thins = work.buf.record, work.buf.key, work.buf.thin
    cumulative, contacts, rec_who, rec_cls = mixing.cumulative, mixing.contacts, rec.who, rec.cls
    n = 0
    for h in range(found):
        own = np.uint64(rec_who[base + hits[h]]) << np.uint64(8)
        for a in range(np.int64(times[h])):
            raw_record[n], raw_thin[n] = h, own | np.uint64(a + 1)
            n += 1
    layers[:] = 0
    for m in range(n):
        cls = np.int64(rec_cls[base + hits[raw_record[m]]])
        x = np.float32(uniform(mix(key + raw_thin[m] * GOLDEN))) * cumulative[cls, LAYERS - 1]
        layer = pick_layer(cumulative, cls, x)
        below_it = cumulative[cls, layer - 1] * np.float32(layer > 0)
        part = (x - below_it) / (cumulative[cls, layer] - below_it)
        slot = np.int64(part * contacts[cls, layer])
        raw_layer[m], raw_key[m] = layer, slot_key(slots_key, raw_thin[m] >> np.uint64(8), layer, slot)
        layers[layer + 1] += 1
    for layer in range(LAYERS):
        layers[layer + 1] += layers[layer]
    for m in range(n):
        layer = np.int64(raw_layer[m])
        at = layers[layer]
        layers[layer] += 1
        record[at], keys[at], thins[at] = raw_record[m], raw_key[m], raw_thin[m]
    for layer in range(LAYERS, 0, -1):
        layers[layer] = layers[layer - 1]
    layers[0] = 0
    return n


@njit(cache=True, nogil=True)
def list_ranges(n: Any, city: Any, work: Any) -> None:
    """Attempts whose pool is a range of residents: the household, the community cell, the city."""
    source_fixed, layers, record, keys = work.source_fixed, work.layers, work.buf.record, work.buf.key
    address, lasts, leaf_start, residents = work.buf.address, work.buf.last, city.leaf_start, len(city.words)
    thins = work.buf.thin
    for m in range(layers[HOUSEHOLD], layers[HOUSEHOLD + 1]):
        fixed = source_fixed[record[m]]
        first = np.int64(thins[m] >> np.uint64(8)) - offset_of(fixed)
        address[m], lasts[m] = choose(keys[m], first, size_of(fixed), True), first + size_of(fixed) - 1
    for m in range(layers[CELL], layers[CELL + 1]):
        leaf = leaf_of(source_fixed[record[m]])
        first, end = np.int64(leaf_start[leaf]), np.int64(leaf_start[leaf + 1])
        address[m], lasts[m] = choose(keys[m], first, end - first, True), end - 1
    for m in range(layers[RANDOM], layers[RANDOM + 1]):
        address[m], lasts[m] = choose(keys[m], 0, residents, True), residents - 1


@njit(cache=True, nogil=True)
def list_members(city: Any, work: Any) -> None:
    """Attempts at a site: in the team (the site where the team is one person), in the site, on the way there."""
    source_fixed, layers, record, keys = work.source_fixed, work.layers, work.buf.record, work.buf.key
    address, lasts, member = work.buf.address, work.buf.last, city.member
    team_start, team_site, site_start = city.team_start, city.team_site, city.site_start
    site_leaf, leaf_start = city.site_leaf, city.leaf_start
    for m in range(layers[TEAM], layers[TEAM + 1]):
        team = team_of(source_fixed[record[m]])
        first, end = np.int64(team_start[team]), np.int64(team_start[team + 1])
        if end - first < 2:
            site = np.int64(team_site[team])
            first, end = np.int64(site_start[site]), np.int64(site_start[site + 1])
        address[m], lasts[m] = choose(keys[m], first, end - first, True), end - 1
    for m in range(layers[SITE], layers[SITE + 1]):
        site = np.int64(team_site[team_of(source_fixed[record[m]])])
        first, end = np.int64(site_start[site]), np.int64(site_start[site + 1])
        address[m], lasts[m] = choose(keys[m], first, end - first, True), end - 1
    for m in range(layers[TEAM], layers[SITE + 1]):
        address[m], lasts[m] = member[address[m]], member[lasts[m]]
    for m in range(layers[TRANSPORT], layers[TRANSPORT + 1]):
        leaf = np.int64(site_leaf[team_site[team_of(source_fixed[record[m]])]])
        first, end = np.int64(leaf_start[leaf]), np.int64(leaf_start[leaf + 1])
        address[m], lasts[m] = choose(keys[m], first, end - first, False), end - 1


@njit(cache=True, nogil=True)
def restrict_sources(day: Any, city: Any, mixing: Any, response: Any, work: Any) -> None:
    """Attempts that a measure forbids on the infector's side get the infector as their target, who is not susceptible.

    A patient in hospital meets staff there in place of the household.
    """
    source_fixed, source_state, layers = work.source_fixed, work.source_state, work.layers
    record, keys, address, lasts = work.buf.record, work.buf.key, work.buf.address, work.buf.last
    member, thins, leaf_hospital, site_start = city.member, work.buf.thin, city.leaf_hospital, city.site_start
    setting_of, leaf_zone, factor, band_of = mixing.setting, city.leaf_zone, response.factor, response.band
    active, ward_factor = response.active, response.ward_factor
    for layer in range(LAYERS):
        for m in range(layers[layer], layers[layer + 1]):
            h = record[m]
            apart = apart_on(source_state[h], day)
            if apart == NOT_APART and not active:
                continue
            fixed = source_fixed[h]
            setting = setting_met(setting_of, layer, fixed, apart)
            own = np.int64(thins[m] >> np.uint64(8))
            if setting == IN_HOSPITAL and layer == HOUSEHOLD:
                first, count = ward_pool(fixed, leaf_hospital, site_start)
                address[m] = member[choose(keys[m], first, count, False)] if count > 0 else own
                lasts[m] = address[m]
            zone, band = np.int64(leaf_zone[leaf_of(fixed)]), np.int64(band_of[age_of(fixed)])
            allowed = factor[zone, band, setting] * apart_factor(ward_factor, apart, setting)
            if slot_chance(keys[m]) >= allowed:
                address[m] = lasts[m] = own


@njit(cache=True, inline="always")
def setting_met(setting_of: Any, layer: Any, fixed: Any, apart: Any) -> Any:
    """The setting in which a contact counts; the household contacts of a patient are with hospital staff."""
    return IN_HOSPITAL if apart == HOSPITAL and layer == HOUSEHOLD else np.int64(setting_of[layer, kind_of(fixed)])


@njit(cache=True, nogil=True)
def gather(n: Any, city: Any, buf: Any) -> None:
    """The contact of each attempt and its two words; one who drew themselves meets the last of the pool instead."""
    words, target, address, lasts, thins = city.words, buf.target, buf.address, buf.last, buf.thin
    states, fixeds = buf.state, buf.fixed
    for m in range(n):
        own = np.int64(thins[m] >> np.uint64(8))
        target[m] = lasts[m] if address[m] == own else address[m]
    for m in range(n):
        states[m] = words[target[m], STATE]
        fixeds[m] = words[target[m], FIXED]


@njit(cache=True, inline="always")
def protection(state: Any, strain: Any, day: Any, immunity: Any, vaccine: Any) -> Any:
    """What earlier infection and vaccine leave of the chance that an attempt takes; 0 for the dead."""
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
def drop_immune(n: Any, day: Any, work: Any) -> Any:
    """Lists the attempts on residents who were not infected of late; no branch, since half of them were."""
    states, open_ones = work.buf.state, work.raw.record
    kept = np.int64(0)
    for m in range(n):
        open_ones[kept] = m
        state = states[m]
        kept += np.int64((strain_of(state) == 0) | (day - infected_day(state) >= REFRACTORY_DAYS))
    return kept


@njit(cache=True, nogil=True)
def thin(n: Any, day: Any, key: Any, base: Any, hits: Any, city: Any, mixing: Any, response: Any, spread: Any, rec: Any,
         work: Any, out: Any, done: Any) -> Any:  # fmt: skip
    """Exact thinning by the contact's side: kept apart, in another zone or district, immune."""
    source_state, source_fixed, buf, layers = work.source_state, work.source_fixed, work.buf, work.layers
    record, keys, thins, open_ones = buf.record, buf.key, buf.thin, work.raw.record
    states, fixeds, target, setting_of = buf.state, buf.fixed, buf.target, mixing.setting
    susceptibility, immunity, vaccine, strains = spread.susceptibility, spread.immunity, spread.vaccine, rec.strain
    leaf_zone, leaf_group, factor, shield = city.leaf_zone, city.leaf_group, response.factor, response.shield
    band_of, active, ward_factor, crossing = response.band, response.active, response.ward_factor, response.crossing
    to, source, settings_out = out.target, out.source, out.setting
    for k in range(n):
        m = np.int64(open_ones[k])
        state, fixed, h = states[m], fixeds[m], np.int64(record[m])
        r = base + hits[h]
        chance = np.float64(susceptibility[age_of(fixed)])
        if state != np.uint64(0):
            chance *= protection(state, np.int64(strains[r]), day, immunity, vaccine)
        layer = np.int64(0)
        for border in range(1, LAYERS):
            layer += np.int64(m >= layers[border])
        mine = source_fixed[h]
        apart, my_apart = apart_on(state, day), apart_on(source_state[h], day)
        setting = setting_met(setting_of, layer, mine, my_apart)
        if active or apart != NOT_APART or my_apart != NOT_APART:
            my_leaf, leaf = leaf_of(mine), leaf_of(fixed)
            my_zone, my_band = np.int64(leaf_zone[my_leaf]), np.int64(band_of[age_of(mine)])
            zone, band = np.int64(leaf_zone[leaf]), np.int64(band_of[age_of(fixed)])
            chance *= min(shield[my_zone, my_band, setting], shield[zone, band, setting])
            allowed = factor[my_zone, my_band, setting] * apart_factor(ward_factor, my_apart, setting)
            allowed = min(allowed, factor[zone, band, setting]) * apart_factor(ward_factor, apart, setting)
            if setting != IN_HOSPITAL and leaf_group[leaf] != leaf_group[my_leaf]:
                allowed *= crossing
            if slot_chance(keys[m]) >= allowed:
                chance *= 0.0
        luck = uniform(mix(key ^ mix(thins[m] + _THIN_SALT)))
        to[done], source[done], settings_out[done] = target[m], r, setting
        done += np.int64(luck < chance)
    return done


@njit(cache=True, nogil=True)
def transmit(day: Any, key: Any, slots_key: Any, lo: Any, hi: Any, rec: Any, city: Any, mixing: Any, total: Any,
             spread: Any, response: Any, work: Any, out: Any) -> Any:  # fmt: skip
    """Records lo..hi-1 in chunks; returns (where it stopped, proposals, attempts that did not fit)."""
    done, base = 0, lo
    words, who, fixed, severe, look = city.words, rec.who, rec.fixed, rec.severe, response.isolates
    source_state, source_fixed, hits = work.source_state, work.source_fixed, work.hits
    while base < hi:
        count = min(CHUNK, hi - base)
        end = base + count
        draw(day, key, who[base:end], rec.day[base:end], rec.latent[base:end], rec.rate[base:end],
             rec.cls[base:end], total, spread.profile, work.mean, work.chance)  # fmt: skip
        found, attempts = list_hits(work.mean, work.chance, count, hits, work.times)
        if done + attempts + 1 > len(out.target) or attempts + 1 > len(work.buf.key):
            return base, done, attempts + 1
        restricted = look or response.active
        for h in range(found):
            source_fixed[h] = fixed[base + hits[h]]
            source_state[h] = np.uint64(0)
            if look or severe[base + hits[h]]:  # only those can be kept apart
                source_state[h] = words[who[base + hits[h]], STATE]
                restricted = True
        n = draw_slots(key, slots_key, base, hits, work.times, found, mixing, rec, work)
        list_ranges(n, city, work)
        list_members(city, work)
        if restricted:
            restrict_sources(day, city, mixing, response, work)
        gather(n, city, work.buf)
        n = drop_immune(n, day, work)
        done = thin(n, day, key, base, hits, city, mixing, response, spread, rec, work, out, done)
        base = end
    return hi, done, 0
