"""Which infectious records attempt to infect today, how often, and over which contact slots.

Every record carries the day of its next attempts, drawn in one step from the exponential
distribution over what is left of its infectiousness. So a day reads two bytes of each record and
draws for those alone whose day it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import GOLDEN, mix, uniform
from twinward.decision.simulation.epidemic.kernels.contacts import (
    attempt_name,
    infector_of,
    own_day,
    pick_layer,
    slot_key,
)
from twinward.decision.simulation.epidemic.kernels.tables import LAYERS

MAX_ATTEMPTS = 250  # of one record in one day; the attempt number has 8 bits of the key
NO_DAY = 32767  # of the next attempts of a record that makes no more
_NEXT_SALT = np.uint64(0xC2B2AE3D27D4EB4F)
_LEAST = 1e-30


@njit(cache=True, inline="always")
def next_attempts(luck: Any, strength: Any, step: Any, cumulative: Any, first_day: Any) -> Any:
    """Day of the first attempt at `step` days of infectiousness or later; `first_day` is the day of
    step 0.

    Attempts are a Poisson process of intensity strength * profile; cumulative[s] is the profile's
    sum before step s.
    """
    last = len(cumulative) - 1
    if step >= last:
        return np.int64(NO_DAY)
    goal = cumulative[max(step, 0)] - np.log(1.0 - luck) / max(strength, _LEAST)
    found = np.int64(0)
    for k in range(1, last + 1):
        found += np.int64(cumulative[k] < goal)
    return first_day + found if found < last else np.int64(NO_DAY)


@njit(cache=True, inline="always")
def plan_record(
    r: Any,
    day: Any,
    key: Any,
    rec_who: Any,
    rec_day: Any,
    latent: Any,
    rate: Any,
    cls: Any,
    total: Any,
    cumulative: Any,
) -> Any:
    """The day after `day` on which record r makes its next attempts; `key` is of the purpose."""
    first = np.int64(rec_day[r]) + np.int64(latent[r])
    name = attempt_name(rec_who[r], own_day(day, np.int64(rec_day[r])), 0)
    luck = uniform(mix(key ^ mix(name + _NEXT_SALT)))
    return next_attempts(luck, rate[r] * total[cls[r]], day + 1 - first, cumulative, first)


@njit(cache=True, nogil=True)
def plan_records(
    day: Any, key: Any, lo: Any, hi: Any, rec: Any, total: Any, cumulative: Any
) -> None:
    """Enters the day of the first attempts of the new records lo..hi-1."""
    who, days, latent, rate, cls, planned = (
        rec.who,
        rec.day,
        rec.latent,
        rec.rate,
        rec.cls,
        rec.next,
    )
    for r in range(lo, hi):
        planned[r] = plan_record(r, day, key, who, days, latent, rate, cls, total, cumulative)


@njit(cache=True, nogil=True)
def list_hits(day: Any, planned: Any, hits: Any) -> Any:
    """Records whose next attempts are today."""
    found = np.int64(0)
    for i in range(len(planned)):
        hits[found] = i
        found += np.int64(planned[i] == day)
    return found


@njit(cache=True, nogil=True)
def count_attempts(
    day: Any,
    key: Any,
    base: Any,
    hits: Any,
    found: Any,
    rec: Any,
    total: Any,
    profile: Any,
    times: Any,
) -> Any:
    """How many attempts each of them makes: a Poisson number of at least one, by inversion.
    Returns their sum.
    """
    who, days, latent, rate, cls = rec.who, rec.day, rec.latent, rec.rate, rec.cls
    attempts = np.int64(0)
    for h in range(found):
        r = base + np.int64(hits[h])
        mean = np.float64(
            rate[r] * profile[day - np.int64(days[r]) - np.int64(latent[r])] * total[cls[r]]
        )
        term = np.exp(-mean)
        chance = uniform(
            mix(key + attempt_name(who[r], own_day(day, np.int64(days[r])), 0) * GOLDEN)
        ) * (1.0 - term)
        number = np.int64(1)
        term *= mean
        while chance >= term and number < MAX_ATTEMPTS:
            chance -= term
            number += 1
            term *= mean / number
        times[h] = number
        attempts += number
    return attempts


@njit(cache=True, nogil=True)
def plan_hits(
    day: Any, key: Any, base: Any, hits: Any, found: Any, rec: Any, total: Any, cumulative: Any
) -> None:
    """Enters the day of the attempts after today's."""
    who, days, latent, rate, cls, planned = (
        rec.who,
        rec.day,
        rec.latent,
        rec.rate,
        rec.cls,
        rec.next,
    )
    for h in range(found):
        r = base + np.int64(hits[h])
        planned[r] = plan_record(r, day, key, who, days, latent, rate, cls, total, cumulative)


@njit(cache=True, nogil=True)
def draw_slots(
    day: Any,
    key: Any,
    slots_key: Any,
    base: Any,
    hits: Any,
    times: Any,
    found: Any,
    mixing: Any,
    rec: Any,
    work: Any,
) -> Any:
    """Every attempt's layer and contact slot, in the order of the records. Returns their number."""
    raw = work.raw
    raw_record, raw_layer, raw_key, raw_thin = raw.record, raw.setting, raw.key, raw.thin
    cumulative, contacts, rec_who, rec_cls, rec_day = (
        mixing.cumulative,
        mixing.contacts,
        rec.who,
        rec.cls,
        rec.day,
    )
    n = np.int64(0)
    for h in range(found):
        r = base + hits[h]
        name = attempt_name(rec_who[r], own_day(day, np.int64(rec_day[r])), 0)
        for a in range(np.int64(times[h])):
            raw_record[n], raw_thin[n] = h, name | np.uint64(a + 1)
            n += 1
    for m in range(n):
        cls = np.int64(rec_cls[base + hits[raw_record[m]]])
        x = np.float32(uniform(mix(key + raw_thin[m] * GOLDEN))) * cumulative[cls, LAYERS - 1]
        layer = pick_layer(cumulative, cls, x)
        below_it = cumulative[cls, layer - 1] * np.float32(layer > 0)
        part = (x - below_it) / (cumulative[cls, layer] - below_it)
        slot = np.int64(part * contacts[cls, layer])
        own = raw_thin[m] >> np.uint64(40)
        raw_layer[m], raw_key[m] = (
            layer,
            slot_key(slots_key, own, infector_of(raw_thin[m]), layer, slot),
        )
    return n


@njit(cache=True, nogil=True)
def sort_slots(n: Any, work: Any) -> None:
    """Sorts the attempts by layer; layers[l] .. layers[l+1] are the attempts of layer l."""
    raw, layers = work.raw, work.layers
    raw_record, raw_layer, raw_key, raw_thin = raw.record, raw.setting, raw.key, raw.thin
    record, keys, thins = work.buf.record, work.buf.key, work.buf.thin
    layers[:] = 0
    for m in range(n):
        layers[np.int64(raw_layer[m]) + 1] += 1
    for layer in range(LAYERS):
        layers[layer + 1] += layers[layer]
    for m in range(n):
        of = np.int64(raw_layer[m])
        at = layers[of]
        layers[of] += 1
        record[at], keys[at], thins[at] = raw_record[m], raw_key[m], raw_thin[m]
    for layer in range(LAYERS, 0, -1):
        layers[layer] = layers[layer - 1]
    layers[0] = 0
