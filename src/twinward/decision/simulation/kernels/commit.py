"""Turns proposals into infections, in their order: first come, first infected; then draws each one's course."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.chance import GOLDEN, mix, uniform
from twinward.decision.simulation.kernels.tables import (
    F_AGAIN,
    F_ASYM,
    F_ASYM_RECOVERED,
    F_FIRST,
    F_MILD,
    F_MILD_RECOVERED,
    F_PRE,
    NEVER,
    NOBODY,
    REFRACTORY_DAYS,
)
from twinward.decision.simulation.kernels.words import (
    FIXED,
    NO_TEAM_KIND,
    STATE,
    age_of,
    doses_of,
    infect,
    infected_day,
    is_dead,
    kind_of,
    leaf_of,
    size_of,
    strain_of,
)

_SEVERE_SALT = np.uint64(0x8EBC6AF09C88C6E3)
_12, _LOW12 = np.uint64(12), np.uint64(4095)


@njit(cache=True, inline="always")
def contact_class(fixed: Any) -> Any:
    """Row of the mixing tables: age, kind of site, whether the resident lives with others."""
    return (age_of(fixed) * (NO_TEAM_KIND + 1) + kind_of(fixed)) * 2 + np.int64(size_of(fixed) > 1)


@njit(cache=True, nogil=True)
def accept(day: Any, out: Any, count: Any, rec: Any, n: Any, words: Any, before: Any, cohort: Any, weight: Any,
           sums: Any) -> Any:  # fmt: skip
    """Marks the residents infected and opens their records; `before` keeps each one's state until now.

    The infections caused by the records before `cohort` are summed: their number and their generation times.
    """
    first = n
    for p in range(count):
        who = np.int64(out.target[p])
        state = words[who, STATE]
        if is_dead(state) or (strain_of(state) > 0 and infected_day(state) == day):
            continue
        source = np.int64(out.source[p])
        strain = rec.strain[source]
        before[n - first] = state
        words[who, STATE] = infect(state, np.int64(strain), day)
        rec.who[n], rec.day[n], rec.strain[n] = who, day, strain
        rec.setting[n], rec.parent[n] = out.setting[p], rec.who[source]
        n += 1
        if source < cohort:
            sums[0] += weight
            sums[1] += weight * (day - np.int64(rec.day[source]))
    return n


@njit(cache=True, nogil=True)
def import_cases(today: Any, days: Any, chosen: Any, strains: Any, setting: Any, rec: Any, n: Any, words: Any,
                 before: Any) -> Any:  # fmt: skip
    """Infects the residents listed who can be infected, on the days given (ascending); their infector is NOBODY."""
    first = n
    for k in range(len(chosen)):
        who = chosen[k]
        state = words[who, STATE]
        if is_dead(state) or (strain_of(state) > 0 and today - infected_day(state) < REFRACTORY_DAYS):
            continue
        before[n - first] = state
        words[who, STATE] = infect(state, strains[k], days[k])
        rec.who[n], rec.day[n], rec.strain[n] = who, days[k], strains[k]
        rec.setting[n], rec.parent[n] = setting, NOBODY
        n += 1
    return n


@njit(cache=True, nogil=True)
def run_course(day: Any, key: Any, rec: Any, lo: Any, hi: Any, city: Any, history: Any, tally: Any, before: Any,
               severe: Any) -> Any:  # fmt: skip
    """Latency, symptoms, infectiousness and severity of the records lo..hi-1; returns the number of severe ones.

    A course that began before the first day enters its present compartment today.
    """
    found = 0
    for r in range(lo, hi):
        who = np.int64(rec.who[r])
        fixed, state = city.words[who, FIXED], before[r - lo]
        age, strain = age_of(fixed), np.int64(rec.strain[r])
        bits = mix(key + np.uint64(who) * GOLDEN)
        latent = np.int64(history.latent[np.int64(bits & _LOW12)])
        bits = bits >> _12
        wait = np.int64(history.onset[np.int64(bits & _LOW12)])
        bits = bits >> _12
        end = np.int64(history.sick[np.int64(bits & _LOW12)])
        bits = bits >> _12
        spread = history.heterogeneity[np.int64(bits & _LOW12)]
        luck = mix(key ^ mix(np.uint64(who) + _SEVERE_SALT))
        ill = np.float64(luck >> np.uint64(40)) < history.symptomatic[age] * 16777216.0
        rec.latent[r] = latent
        rec.fixed[r], rec.severe[r] = fixed, False
        rec.cls[r] = contact_class(fixed)
        first = strain_of(state) == 0
        tally.flows[day, F_FIRST if first else F_AGAIN] += 1
        tally.area[day, city.leaf_group[leaf_of(fixed)]] += 1
        tally.age[day, age // 10] += 1
        tally.setting[day, rec.setting[r]] += 1
        tally.strain[day, strain] += 1
        start = np.int64(rec.day[r]) + latent
        if not ill:
            rec.onset[r] = NEVER
            rec.rate[r] = spread * history.quiet_rate[strain]
            tally.flows[max(start, day), F_ASYM] += 1
            tally.flows[max(start + wait + end, day), F_ASYM_RECOVERED] += 1
            continue
        rec.onset[r] = latent + wait
        rec.rate[r] = spread * history.loud_rate[strain]
        tally.flows[max(start, day), F_PRE] += 1
        tally.flows[max(start + wait, day), F_MILD] += 1
        chance = np.float64(history.hospital[strain, age]) * (1.0 - history.spared[doses_of(state)])
        if not first:
            chance *= 1.0 - history.spared_again
        if uniform(mix(luck)) < chance:
            severe[found], rec.severe[r] = r, True
            found += 1
        else:
            tally.flows[max(start + wait + end, day), F_MILD_RECOVERED] += 1
    return found
