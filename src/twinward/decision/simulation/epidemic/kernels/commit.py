"""Turns proposals into infections, in their order: first come, first infected; then draws each
one's course.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import GOLDEN, mix, uniform
from twinward.decision.simulation.epidemic.kernels.attempts import plan_record
from twinward.decision.simulation.epidemic.kernels.recent import days_since
from twinward.decision.simulation.epidemic.kernels.resident_bits import (
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
    offset_of,
    size_of,
    strain_of,
)
from twinward.decision.simulation.epidemic.kernels.tables import (
    F_AGAIN,
    F_ASYM,
    F_ASYM_RECOVERED,
    F_FIRST,
    F_MILD,
    F_MILD_RECOVERED,
    F_PRE,
    IN_HOUSEHOLD,
    NEVER,
    NOBODY,
    REFRACTORY_DAYS,
)

_SEVERE_SALT = np.uint64(0x8EBC6AF09C88C6E3)
ALONE = np.uint16(0xFFFE)  # clears the lowest bit of a contact class: no contacts in the household
# whoever was infected so few days ago cannot be infected again while an infection of today
# transmits: REFRACTORY_DAYS less 37, the longest span from infection to the last infectious day
# among the bundled diseases
SPENT_DAYS = 8
_12, _24, _36, _LOW12 = np.uint64(12), np.uint64(24), np.uint64(36), np.uint64(4095)


@njit(cache=True, inline="always")
def contact_class(fixed: Any) -> Any:
    """Row of the mixing tables: age, kind of site, whether the resident lives with others."""
    return (age_of(fixed) * (NO_TEAM_KIND + 1) + kind_of(fixed)) * 2 + np.int64(size_of(fixed) > 1)


@njit(cache=True, inline="always")
def household_spent(recent: Any, mark: Any, who: Any, fixed: Any) -> Any:
    """True when nobody else of the household can be infected before an infection of today has
    run its course.
    """
    home = who - offset_of(fixed)
    spent = True
    for other in range(home, home + size_of(fixed)):
        spent &= (other == who) | (days_since(mark, recent, other) < SPENT_DAYS)
    return spent


@njit(cache=True, nogil=True)
def accept(
    day: Any,
    mark: Any,
    key: Any,
    out: Any,
    count: Any,
    rec: Any,
    n: Any,
    city: Any,
    before: Any,
    total: Any,
    cumulative: Any,
    weight: Any,
    offspring: Any,
) -> Any:
    """Marks the residents infected and opens their records; `before` keeps each one's state until
    now.

    By the infector's day of infection: `offspring` sums those infected and their generation times.
    """
    target, sources, settings, states, fixed_words = (
        out.target,
        out.source,
        out.setting,
        out.state,
        out.fixed,
    )
    rec_who, rec_day, strains, rec_setting, latent = (
        rec.who,
        rec.day,
        rec.strain,
        rec.setting,
        rec.latent,
    )
    parents, classes, severe, fixeds, planned, rate = (
        rec.parent,
        rec.cls,
        rec.severe,
        rec.fixed,
        rec.next,
        rec.rate,
    )
    words, recent, first = city.words, city.recent, n
    for p in range(count):
        who = np.int64(target[p])
        if recent[who] == mark:
            continue
        source, setting, fixed = np.int64(sources[p]), settings[p], fixed_words[p]
        strain = strains[source]
        before[n - first] = states[p]
        words[who, STATE] = infect(states[p], np.int64(strain), day)
        recent[who] = mark
        rec_who[n], rec_day[n], strains[n], fixeds[n] = who, day, strain, fixed
        rec_setting[n], parents[n] = setting, rec_who[source]
        n += 1
        at_home = setting == IN_HOUSEHOLD and not severe[source]
        if at_home and household_spent(recent, mark, who, fixed):
            # attempts on those who cannot be infected change nothing: leave them out (a patient
            # meets staff instead)
            classes[source] &= ALONE
            planned[source] = plan_record(
                source, day, key, rec_who, rec_day, latent, rate, classes, total, cumulative
            )
        born = max(np.int64(rec_day[source]), 0)
        offspring[born, 0] += weight
        offspring[born, 1] += weight * (day - np.int64(rec_day[source]))
    return n


@njit(cache=True, nogil=True)
def import_cases(
    today: Any,
    mark: Any,
    days: Any,
    chosen: Any,
    strains: Any,
    setting: Any,
    rec: Any,
    n: Any,
    city: Any,
    before: Any,
) -> Any:
    """Infects the residents listed who can be infected, on the days given (ascending); their
    infector is NOBODY.
    """
    words, recent, first = city.words, city.recent, n
    for k in range(len(chosen)):
        who = chosen[k]
        state = words[who, STATE]
        if is_dead(state) or (
            strain_of(state) > 0 and today - infected_day(state) < REFRACTORY_DAYS
        ):
            continue
        before[n - first] = state
        words[who, STATE] = infect(state, strains[k], days[k])
        recent[who] = max(mark - (today - days[k]), 0)
        rec.who[n], rec.day[n], rec.strain[n], rec.fixed[n] = (
            who,
            days[k],
            strains[k],
            words[who, FIXED],
        )
        rec.setting[n], rec.parent[n] = setting, NOBODY
        n += 1
    return n


@njit(cache=True, nogil=True)
def run_course(
    day: Any,
    mark: Any,
    key: Any,
    rec: Any,
    lo: Any,
    hi: Any,
    city: Any,
    history: Any,
    tally: Any,
    before: Any,
    severe: Any,
) -> Any:
    """Latency, symptoms, infectiousness and severity of the records lo..hi-1; returns the number of
    severe ones.

    A course that began before the first day enters its present compartment today.
    """
    recent, leaf_group, rec_who, rec_day = city.recent, city.leaf_group, rec.who, rec.day
    latents, classes, fixeds, severes, onsets = (
        rec.latent,
        rec.cls,
        rec.fixed,
        rec.severe,
        rec.onset,
    )
    rates, strains, settings = rec.rate, rec.strain, rec.setting
    flows, by_area, by_age, by_setting, by_strain = (
        tally.flows,
        tally.area,
        tally.age,
        tally.setting,
        tally.strain,
    )
    latent_table, onset_table, sick_table, uneven = (
        history.latent,
        history.onset,
        history.sick,
        history.heterogeneity,
    )
    quiet, loud, symptomatic, hospital = (
        history.quiet_rate,
        history.loud_rate,
        history.symptomatic,
        history.hospital,
    )
    spared = history.spared
    found = 0
    for r in range(lo, hi):
        who = np.int64(rec_who[r])
        fixed, state = fixeds[r], before[r - lo]
        age, strain = age_of(fixed), np.int64(strains[r])
        first = strain_of(state) == 0
        again = np.uint64(0) if first else np.uint64(1 + infected_day(state)) << np.uint64(32)
        named = (
            np.uint64(who) | again
        )  # the course belongs to the resident and, of a reinfection, to the day before it
        bits = mix(key + named * GOLDEN)
        latent = np.int64(latent_table[np.int64(bits & _LOW12)])
        wait = np.int64(onset_table[np.int64((bits >> _12) & _LOW12)])
        end = np.int64(sick_table[np.int64((bits >> _24) & _LOW12)])
        spread = uneven[np.int64((bits >> _36) & _LOW12)]
        luck = mix(key ^ mix(named + _SEVERE_SALT))
        ill = np.float64(luck >> np.uint64(40)) < symptomatic[age] * 16777216.0
        latents[r], severes[r], classes[r] = latent, False, contact_class(fixed)
        if household_spent(recent, mark, who, fixed):
            classes[r] &= ALONE
        flows[day, F_FIRST if first else F_AGAIN] += 1
        by_area[day, leaf_group[leaf_of(fixed)]] += 1
        by_age[day, age // 10] += 1
        by_setting[day, settings[r]] += 1
        by_strain[day, strain] += 1
        start = np.int64(rec_day[r]) + latent
        if not ill:
            onsets[r], rates[r] = NEVER, spread * quiet[strain]
            flows[max(start, day), F_ASYM] += 1
            flows[max(start + wait + end, day), F_ASYM_RECOVERED] += 1
            continue
        onsets[r], rates[r] = latent + wait, spread * loud[strain]
        flows[max(start, day), F_PRE] += 1
        flows[max(start + wait, day), F_MILD] += 1
        chance = np.float64(hospital[strain, age]) * (1.0 - spared[doses_of(state)])
        if not first:
            chance *= 1.0 - history.spared_again
        if uniform(mix(luck)) < chance:
            severe[found], severes[r] = r, True
            classes[r] = contact_class(fixed)
            found += 1
        else:
            flows[max(start + wait + end, day), F_MILD_RECOVERED] += 1
    return found
