"""Finding cases and acting on them: tests, isolation, household quarantine, tracing over the
very contact slots.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import GOLDEN, key2, mix, uniform
from twinward.decision.simulation.epidemic.kernels.commit import contact_class
from twinward.decision.simulation.epidemic.kernels.contacts import (
    apart_factor,
    choose,
    own_day,
    pool_of,
    slot_chance,
    slot_key,
)
from twinward.decision.simulation.epidemic.kernels.resident_bits import (
    FACILITY,
    FIXED,
    HOME,
    HOSPITAL,
    STATE,
    age_of,
    confirm,
    infected_day,
    is_confirmed,
    is_dead,
    isolated_on,
    isolated_until,
    kind_of,
    leaf_of,
    offset_of,
    size_of,
    start_isolation,
    strain_of,
)
from twinward.decision.simulation.epidemic.kernels.tables import LAYERS, NOBODY, TRANSPORT

_SEEK_SALT = np.uint64(0x589965CC75374CC3)
_FIND_SALT = np.uint64(0x1D8E4E27C47D124F)
NO_LIMIT = 1 << 62  # of places
LONGEST_CARRIAGE_D = 30  # nobody tests positive later than this after infection


@njit(cache=True, inline="always")
def reached(fixed: Any, zone_of_leaf: Any, band: Any, member: Any) -> Any:
    """True where a measure concerns a resident; member[Z, B]."""
    return member[np.int64(zone_of_leaf[leaf_of(fixed)]), np.int64(band[age_of(fixed)])]


@njit(cache=True, nogil=True)
def with_symptoms_since(days: Any, onsets: Any, onset_day: Any, found: Any) -> Any:
    """Positions whose symptoms began on `onset_day`; NEVER is farther off than any row that is
    asked about.
    """
    n = np.int32(0)
    for k in range(len(days)):
        found[n] = k
        n += np.int32(np.int32(days[k]) + np.int32(onsets[k]) == onset_day)
    return n


@njit(cache=True, nogil=True)
def test_records(
    day: Any,
    key: Any,
    rows: Any,
    rec: Any,
    zone_of_leaf: Any,
    band: Any,
    member: Any,
    reach: Any,
    sensitivity: Any,
    positive: Any,
) -> Any:
    """Tests the infected of these rows who are concerned and come. Enters (resident, infector) of
    the positive.

    Returns (positive, tests).
    """
    n, tests = 0, 0
    rec_who, days, fixeds, parents = rec.who, rec.day, rec.fixed, rec.parent
    for k in range(len(rows)):
        r = rows[k]
        if not reached(fixeds[r], zone_of_leaf, band, member):
            continue
        luck = mix(key + np.uint64(rec_who[r]) * GOLDEN)
        if uniform(luck) >= reach:
            continue
        tests += 1
        since = min(day - np.int64(days[r]), len(sensitivity) - 1)
        if uniform(mix(luck ^ _SEEK_SALT)) < sensitivity[since]:
            positive[n, 0], positive[n, 1] = rec_who[r], parents[r]
            n += 1
    return n, tests


@njit(cache=True, nogil=True)
def confirm_cases(words: Any, cases: Any) -> Any:
    """Marks cases as confirmed and moves those who were not before to the front (the dead are
    not); their number.
    """
    n = 0
    for k in range(len(cases)):
        who = cases[k, 0]
        state = words[who, STATE]
        if not is_confirmed(state) and not is_dead(state):
            words[who, STATE] = confirm(state)
            cases[n, 0], cases[n, 1] = who, cases[k, 1]
            n += 1
    return n


@njit(cache=True, inline="always")
def extend_apart(state: Any, kind: Any, day: Any, end: Any) -> Any:
    """Keeps apart at least until `end`; a stay in hospital or facility is left as it is."""
    now = isolated_on(state, day)
    if now in (HOSPITAL, FACILITY):
        return state
    if now == HOME:
        # the older beginning is kept: tracing asks where somebody was on earlier days
        return (
            state
            if kind == HOME and isolated_until(state) >= end
            else start_isolation(state, kind, day, end)
        )
    return start_isolation(state, kind, day, end)


@njit(cache=True, nogil=True)
def isolate(
    day: Any, key: Any, words: Any, cases: Any, kind: Any, end: Any, reach: Any, places: Any
) -> Any:
    """Cases who comply are kept apart, as long as there are places; returns how many."""
    taken = 0
    for k in range(len(cases)):
        who = cases[k, 0]
        if taken < places and uniform(mix(key + np.uint64(who) * GOLDEN)) < reach:
            words[who, STATE] = extend_apart(words[who, STATE], kind, day, end)
            taken += 1
    return taken


@njit(cache=True, nogil=True)
def quarantine_households(
    day: Any,
    key: Any,
    words: Any,
    cases: Any,
    end: Any,
    reach: Any,
    zone_of_leaf: Any,
    band: Any,
    member: Any,
) -> Any:
    """Everybody else in the households of `cases`; the household complies or not as one. Returns
    persons.
    """
    persons = 0
    for k in range(len(cases)):
        case = np.int64(cases[k, 0])
        fixed = words[case, FIXED]
        home = case - offset_of(fixed)
        if uniform(mix(key + np.uint64(home) * GOLDEN)) >= reach:
            continue
        for other in range(home, home + size_of(fixed)):
            state = words[other, STATE]
            if (
                other != case
                and not is_dead(state)
                and reached(words[other, FIXED], zone_of_leaf, band, member)
            ):
                words[other, STATE] = extend_apart(state, HOME, day, end)
                persons += 1
    return persons


@njit(cache=True, inline="always")
def quarantine_contact(
    day: Any, key: Any, words: Any, other: Any, state: Any, end: Any, sensitivity: Any
) -> Any:
    """Quarantines one contact and tests; True for a positive test of one not yet confirmed."""
    words[other, STATE] = extend_apart(state, HOME, day, end)
    since = day - infected_day(state)
    if strain_of(state) == 0 or is_confirmed(state) or since < 0 or since > LONGEST_CARRIAGE_D:
        return False
    return uniform(mix(key2(key, np.uint64(other)))) < sensitivity[min(since, len(sensitivity) - 1)]


@njit(cache=True, nogil=True)
def trace_day(
    day: Any,
    past: Any,
    key: Any,
    slots_key: Any,
    cases: Any,
    city: Any,
    mixing: Any,
    response: Any,
    found: Any,
    end: Any,
    sensitivity: Any,
    positive: Any,
    n: Any,
) -> Any:
    """Contacts that `cases` had on the day `past`: quarantined and tested. Returns (positives so
    far, contacts).

    Whether a contact took place is asked of the same chance and the same bound as in transmission.
    """
    traced = 0
    words, member, leaf_start, team_start = (
        city.words,
        city.member,
        city.leaf_start,
        city.team_start,
    )
    team_site, site_start, site_leaf = city.team_site, city.site_start, city.site_leaf
    leaf_zone, leaf_group, contacts, setting_of = (
        city.leaf_zone,
        city.leaf_group,
        mixing.contacts,
        mixing.setting,
    )
    factor, band_of, ward, crossing = (
        response.factor,
        response.band,
        response.ward_factor,
        response.crossing,
    )
    for k in range(len(cases)):
        who = np.int64(cases[k, 0])
        fixed, apart = words[who, FIXED], isolated_on(words[who, STATE], past)
        own = own_day(past, infected_day(words[who, STATE]))
        cls, kind, leaf = contact_class(fixed), kind_of(fixed), leaf_of(fixed)
        zone, band = np.int64(leaf_zone[leaf]), np.int64(band_of[age_of(fixed)])
        for layer in range(LAYERS):
            number, setting = np.float64(contacts[cls, layer]), np.int64(setting_of[layer, kind])
            if found[setting] <= 0.0:
                continue
            mine = factor[zone, band, setting] * apart_factor(ward, apart, setting)
            for slot in range(np.int64(np.ceil(number))):
                draw = slot_key(slots_key, own, who, layer, slot)
                whole = min(
                    number - slot, 1.0
                )  # the last slot of a layer may be a part of a contact
                if uniform(mix(draw ^ _FIND_SALT)) >= found[setting] * whole:
                    continue
                happened = slot_chance(draw)
                if happened >= mine:
                    continue
                through, first, count = pool_of(
                    who,
                    fixed,
                    layer,
                    len(words),
                    leaf_start,
                    team_start,
                    team_site,
                    site_start,
                    site_leaf,
                )
                if count < 2:
                    continue
                at = choose(draw, first, count, layer != TRANSPORT)
                other = np.int64(member[at]) if through else at
                if other == who:
                    other = np.int64(member[first + count - 1]) if through else first + count - 1
                state, theirs = words[other, STATE], words[other, FIXED]
                if is_dead(state) or n >= len(positive):
                    continue
                there = leaf_of(theirs)
                bound = factor[
                    np.int64(leaf_zone[there]), np.int64(band_of[age_of(theirs)]), setting
                ]
                bound = min(mine, bound) * apart_factor(ward, isolated_on(state, past), setting)
                if leaf_group[there] != leaf_group[leaf]:
                    bound *= crossing
                if happened < bound:
                    traced += 1
                    if quarantine_contact(day, key, words, other, state, end, sensitivity):
                        positive[n, 0], positive[n, 1] = other, NOBODY
                        n += 1
    return n, traced


@njit(cache=True, nogil=True)
def trace_back(
    day: Any,
    key: Any,
    cases: Any,
    chance: Any,
    words: Any,
    end: Any,
    sensitivity: Any,
    positive: Any,
    n: Any,
) -> Any:
    """Infectors of `cases` who are found are quarantined and tested. Returns (positives so far,
    contacts).
    """
    traced = 0
    for k in range(len(cases)):
        who = np.int64(cases[k, 1])
        if who == NOBODY:
            continue
        state = words[who, STATE]
        if (
            uniform(mix(key2(key, np.uint64(who)) ^ _FIND_SALT)) >= chance
            or is_dead(state)
            or n >= len(positive)
        ):
            continue
        traced += 1
        if quarantine_contact(day, key, words, who, state, end, sensitivity):
            positive[n, 0], positive[n, 1] = who, NOBODY
            n += 1
    return n, traced
