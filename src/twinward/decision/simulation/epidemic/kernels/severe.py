"""Dated outcomes of the few severe cases, and keeping residents apart.

Each patient has one event to come. The patients of a day are chained, so that a day costs what
happens on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import GOLDEN, key2, mix, uniform
from twinward.decision.simulation.epidemic.kernels.contacts import attempt_name, own_day
from twinward.decision.simulation.epidemic.kernels.resident_bits import (
    HOSPITAL,
    STATE,
    age_of,
    is_dead,
    kill,
    start_isolation,
)
from twinward.decision.simulation.epidemic.kernels.tables import (
    AGENDA_D,
    H_ADMITTED,
    H_DIED,
    H_TO_ICU,
    H_TURNED_AWAY,
)

# what happens on the day of an event, in the order in which one day's events are dealt with; the
# first three are leaving, and counted at their place among the flows
LEAVE_WARD, LEAVE_ICU, END_AT_HOME, TO_ICU, ADMIT = range(5)
NOBODY_MORE = -1
_LOW12, _12, _24, _36 = np.uint64(4095), np.uint64(12), np.uint64(24), np.uint64(36)


@njit(cache=True, inline="always")
def file_event(patients: Any, row: Any, kind: Any, day: Any) -> None:
    """Puts a patient's next event at the end of its day."""
    slot = day % AGENDA_D
    patients.kind[row], patients.next[row] = kind, NOBODY_MORE
    if patients.first[slot] == NOBODY_MORE:
        patients.first[slot] = row
    else:
        patients.next[patients.last[slot]] = row
    patients.last[slot] = row


@njit(cache=True, nogil=True)
def expect_patients(
    day: Any, key: Any, severe: Any, rec: Any, care: Any, patients: Any, used: Any
) -> None:
    """Draws the course of the infections `severe` and files their admission; used is (rows in use,
    head of the free).

    An admission that should have been before today is today's.
    """
    delays = care.delays
    for k in range(len(severe)):
        r, row = severe[k], used[1]
        if row == NOBODY_MORE:
            row = used[0]
            used[0] += 1
        else:
            used[1] = patients.next[row]
        who = rec.who[r]
        bits = mix(
            key + attempt_name(who, own_day(0, np.int64(rec.day[r])) >> np.uint64(8), 0) * GOLDEN
        )
        again = key2(bits, np.uint64(1))
        age = age_of(rec.fixed[r])
        patients.who[row], patients.age[row], patients.risk[row] = who, age, 0.0
        patients.stay[row] = delays[1, np.int64((bits >> _12) & _LOW12)]
        patients.to_icu[row] = delays[2, np.int64((bits >> _24) & _LOW12)]
        patients.icu_stay[row] = delays[3, np.int64((bits >> _36) & _LOW12)]
        patients.needs_icu[row] = uniform(again) < care.icu_chance[age]
        patients.luck[row] = uniform(mix(again))
        admitted = (
            np.int64(rec.day[r])
            + np.int64(rec.onset[r])
            + np.int64(delays[0, np.int64(bits & _LOW12)])
        )
        file_event(patients, row, ADMIT, max(admitted, day))


@njit(cache=True, nogil=True)
def pass_day(
    day: Any, patients: Any, used: Any, care: Any, inside: Any, flows: Any, words: Any
) -> None:
    """Deals with the events of `day`, kind by kind; inside[:] is (in wards, in intensive care),
    flows are counted.
    """
    slot = day % AGENDA_D
    count, row = 0, patients.first[slot]
    while row != NOBODY_MORE:
        count += 1
        row = patients.next[row]
    due, row = np.empty(count, np.int64), patients.first[slot]
    for k in range(count):
        due[k] = row
        row = patients.next[row]
    patients.first[slot] = NOBODY_MORE
    for kind in range(ADMIT + 1):
        for k in range(count):
            row = due[k]
            if row == NOBODY_MORE or patients.kind[row] != kind:
                continue
            due[k] = NOBODY_MORE
            if kind == ADMIT:
                _admit(day, row, patients, care, inside, flows, words)
            elif kind == TO_ICU:
                _to_icu(day, row, patients, care, inside, flows, words)
            else:
                flows[kind] += 1
                inside[0] -= np.int64(kind == LEAVE_WARD)
                inside[1] -= np.int64(kind == LEAVE_ICU)
                if patients.luck[row] < patients.risk[row]:
                    flows[H_DIED] += 1
                    who = patients.who[row]
                    words[who, STATE] = kill(words[who, STATE])
                patients.next[row] = used[1]
                used[1] = row


@njit(cache=True, inline="always")
def _admit(
    day: Any, row: Any, patients: Any, care: Any, inside: Any, flows: Any, words: Any
) -> None:
    """To a ward while there are beds; whoever is turned away fares worse."""
    icu, home = patients.needs_icu[row], day + np.int64(patients.stay[row])
    if inside[0] >= care.beds:
        flows[H_TURNED_AWAY] += 1
        patients.risk[row] = care.die_no_icu if icu else care.die_no_bed
        file_event(patients, row, END_AT_HOME, home)
        return
    flows[H_ADMITTED] += 1
    inside[0] += 1
    patients.risk[row] = care.die_ward[patients.age[row]]
    moves = day + np.int64(patients.to_icu[row])
    end = moves + np.int64(patients.icu_stay[row]) if icu else home
    if care.apart:
        _keep(words, np.int64(patients.who[row]), HOSPITAL, day, end)
    file_event(patients, row, TO_ICU if icu else LEAVE_WARD, moves if icu else home)


@njit(cache=True, inline="always")
def _to_icu(
    day: Any, row: Any, patients: Any, care: Any, inside: Any, flows: Any, words: Any
) -> None:
    """To intensive care while it has beds, else the ward without it."""
    end = day + np.int64(patients.icu_stay[row])
    if care.apart:
        _keep(words, np.int64(patients.who[row]), HOSPITAL, day, end)
    if inside[1] >= care.icu_beds:
        patients.risk[row] = care.die_no_icu
        file_event(patients, row, LEAVE_WARD, end)
        return
    flows[H_TO_ICU] += 1
    inside[1] += 1
    inside[0] -= 1
    patients.risk[row] = care.die_icu[patients.age[row]]
    file_event(patients, row, LEAVE_ICU, end)


@njit(cache=True, inline="always")
def _keep(words: Any, who: Any, kind: Any, start: Any, end: Any) -> None:
    state = words[who, STATE]
    if not is_dead(state):
        words[who, STATE] = start_isolation(state, kind, start, max(end, start))


@njit(cache=True, nogil=True)
def keep_apart(words: Any, who: Any, kind: Any, start: Any, end: Any) -> None:
    """Keeps residents apart on start <= day < end[k]; an earlier separation gives way."""
    for k in range(len(who)):
        _keep(words, who[k], kind, start, end[k])
