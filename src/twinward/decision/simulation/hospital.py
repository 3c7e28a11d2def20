"""Hospital and intensive care: dated events of severe cases, and what happens when the beds are full."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.decision.simulation.course import by_year, delay_table, onset_to_hospital
from twinward.decision.simulation.kernels.severe import draw_severe, empty_severe, keep_apart, mark_dead
from twinward.decision.simulation.kernels.tables import Records
from twinward.decision.simulation.kernels.words import HOSPITAL
from twinward.library.diseases import Disease

# what happens on the day of an event, in the order in which one day's events are dealt with
LEAVE_WARD, LEAVE_ICU, END_AT_HOME, TO_ICU, ADMIT = range(5)
_COLUMNS = ("day", "kind", "who", "age", "stay", "to_icu", "icu_stay", "needs_icu", "luck", "risk")


class Hospital:
    """Patients as columns of pending events; `counts` are the flows of the day."""

    def __init__(self, disease: Disease, residents: int, apart: bool) -> None:
        """`apart` False: patients go on meeting everybody, as theory has it."""
        per_1000, self.apart = disease.capacity, apart
        self.beds = int(residents * per_1000.hospital_beds_per_1000.value / 1000)
        self.icu_beds = int(residents * per_1000.icu_beds_per_1000.value / 1000)
        course, severity = disease.course, disease.severity
        stays = (course.hospital_stay_d, course.hospital_to_icu_d, course.icu_stay_d)  # of shape 4 too
        self.delays = np.stack([onset_to_hospital(disease), *(delay_table(m.value, m.value / 2, 1) for m in stays)])
        self.icu_chance = by_year(disease, severity.icu_given_hospital)
        self.die_ward = by_year(disease, severity.death_given_hospital)
        self.die_icu = by_year(disease, severity.death_given_icu)
        self.die_no_bed = severity.death_without_bed.value
        self.die_no_icu = severity.death_without_icu.value
        self.agenda: dict[int, list[NDArray[Any]]] = {}
        self.in_ward = self.in_icu = 0

    def expect(self, day: int, key: Any, severe: NDArray[Any], rec: Records, words: NDArray[Any]) -> None:
        """Draws the course of today's severe infections and waits for their day of admission."""
        if not len(severe):
            return
        ages, dates, needs_icu, luck = empty_severe(len(severe))
        draw_severe(day, key, severe, rec, words, self.delays, self.icu_chance, ages, dates, needs_icu, luck)
        rows = np.zeros((len(severe), len(_COLUMNS)))
        rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3] = dates[:, 0], ADMIT, rec.who[severe], ages
        rows[:, 4:7], rows[:, 7], rows[:, 8] = dates[:, 1:], needs_icu, luck
        self._enter_agenda(rows)

    def _enter_agenda(self, rows: NDArray[Any]) -> None:
        """Files rows under the day of their next event."""
        if not len(rows):
            return
        order = np.argsort(rows[:, 0], kind="stable")
        days, first = np.unique(rows[order, 0], return_index=True)
        for day, part in zip(days.tolist(), np.split(rows[order], first[1:]), strict=True):
            self.agenda.setdefault(int(day), []).append(part)

    def pass_day(self, day: int, words: NDArray[Any]) -> dict[str, int]:
        """Deals with the events of `day`; returns its flows."""
        flows = dict.fromkeys(("admitted", "to_icu", "ward_left", "icu_left", "home_left", "died", "turned_away"), 0)
        today = [part for date in sorted(d for d in self.agenda if d <= day) for part in self.agenda.pop(date)]
        if not today:
            return flows
        due = np.concatenate(today)
        for kind in range(5):
            rows = due[due[:, 1] == kind]
            if len(rows):
                (self._leave if kind <= END_AT_HOME else self._enter)(kind, day, rows, words, flows)
        return flows

    def _leave(self, kind: int, day: int, rows: NDArray[Any], words: NDArray[Any], flows: dict[str, int]) -> None:
        name = {LEAVE_WARD: "ward_left", LEAVE_ICU: "icu_left", END_AT_HOME: "home_left"}[kind]
        flows[name] += len(rows)
        self.in_ward -= len(rows) * (kind == LEAVE_WARD)
        self.in_icu -= len(rows) * (kind == LEAVE_ICU)
        dead = rows[rows[:, 8] < rows[:, 9]]
        flows["died"] += len(dead)
        mark_dead(words, dead[:, 2].astype(np.int64))

    def _enter(self, kind: int, day: int, rows: NDArray[Any], words: NDArray[Any], flows: dict[str, int]) -> None:
        free = (self.icu_beds - self.in_icu) if kind == TO_ICU else (self.beds - self.in_ward)
        inside, outside = np.split(rows.copy(), [max(0, min(free, len(rows)))])
        if kind == TO_ICU:
            self._to_icu(day, inside, outside, flows)
            stays = np.concatenate([inside, outside])
        else:
            self._admit(day, inside, outside, flows)
            stays = inside
        ends = (stays[:, 0] + np.where(stays[:, 1] == TO_ICU, stays[:, 6], 0)).astype(np.int64)
        if self.apart:
            keep_apart(words, stays[:, 2].astype(np.int64), HOSPITAL, day, ends)

    def _to_icu(self, day: int, inside: NDArray[Any], outside: NDArray[Any], flows: dict[str, int]) -> None:
        flows["to_icu"] += len(inside)
        self.in_icu += len(inside)
        self.in_ward -= len(inside)
        for rows, kind in ((inside, LEAVE_ICU), (outside, LEAVE_WARD)):
            age = rows[:, 3].astype(np.int64)
            rows[:, 9] = self.die_icu[age] if kind == LEAVE_ICU else self.die_no_icu
            rows[:, 0], rows[:, 1] = day + rows[:, 6], kind
            self._enter_agenda(rows)

    def _admit(self, day: int, inside: NDArray[Any], outside: NDArray[Any], flows: dict[str, int]) -> None:
        flows["admitted"] += len(inside)
        flows["turned_away"] += len(outside)
        self.in_ward += len(inside)
        icu = inside[:, 7] > 0
        inside[:, 9] = self.die_ward[inside[:, 3].astype(np.int64)]
        inside[:, 1] = np.where(icu, TO_ICU, LEAVE_WARD)
        inside[:, 0] = day + np.where(icu, inside[:, 5], inside[:, 4])
        outside[:, 9] = np.where(outside[:, 7] > 0, self.die_no_icu, self.die_no_bed)
        outside[:, 0], outside[:, 1] = day + outside[:, 4], END_AT_HOME
        self._enter_agenda(np.concatenate([inside, outside]))
