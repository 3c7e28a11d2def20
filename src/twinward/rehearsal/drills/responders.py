"""Seeded departments of a drill: they find true contacts and false ones, and are slowed or
silenced by the script.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from twinward.core.ids import derive_id
from twinward.library.drills.drill import (
    DrillScript,
    DrillTruth,
    HospitalLost,
    NetworkCut,
    StaffAbsence,
    SupplyShortage,
)
from twinward.library.supplies.resources import list_resources
from twinward.rehearsal.drills.truth import TruthPlaces
from twinward.rehearsal.responders import Responders
from twinward.rehearsal.shown import SentCommand

if TYPE_CHECKING:
    from twinward.rehearsal.shown import ShownTask

# ours: what an interview brings to light, and what it brings besides
FOUND_OF_TRUE = 0.8
FALSE_PER_CASE = 0.6
REACTION_H = 3.0  # median from a loss to the request for help, log-normal


class DrillResponders(Responders):
    """All departments of all areas, on a script and its truth. `busy` names departments that
    people play.
    """

    def __init__(
        self,
        script: DrillScript,
        truth: DrillTruth,
        places: TruthPlaces,
        seed: int,
        busy: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(seed, script.hazard, busy)
        self.script, self.truth, self.places = script, truth, places
        self.resources = list_resources()
        self._by_task = {derive_id("task", "case", one.case): one for one in truth.persons}
        self._infected = {one.subject: one.infected_h for one in truth.persons}
        self._subjects: dict[str, str] = {}
        self._asked: set[str] = set()

    def hour(self, now: datetime) -> float:
        return (now - self.truth.start) / timedelta(hours=1)

    def answer(self, task: ShownTask, now: datetime) -> Iterator[SentCommand]:
        if not self.is_cut(task["department"], self.hour(now)):
            yield from super().answer(task, now)

    def is_cut(self, department: str, hour: float) -> bool:
        return any(
            one.department == department and 0 <= hour - self.script.hour_of(one) < one.for_h
            for one in self.script.of_kind(NetworkCut)
        )

    def pace(self, task: ShownTask, trait: str, now: datetime) -> float:
        """Slower in proportion when a department's people are away."""
        hour, slower = self.hour(now), 1.0
        for one in self.script.of_kind(StaffAbsence):
            if (
                one.department == task["department"]
                and 0 <= hour - self.script.hour_of(one) < one.for_h
            ):
                slower /= one.present
        return super().pace(task, trait, now) * slower

    def findings(self, task: ShownTask, now: datetime) -> Iterator[SentCommand]:
        """An interview names contacts: most of the true ones, and some who were never met."""
        person = self._by_task.get(task["id"])
        if person is None:
            return
        wrong = int(self.chance("false", person.case).poisson(FALSE_PER_CASE))
        others = [derive_id("drill", self.seed, "stranger", person.case, n) for n in range(wrong)]
        true = [
            one
            for one in person.contacts
            if self.chance("found", person.case, one).random() < FOUND_OF_TRUE
        ]
        for subject in (*true, *others):
            contact = derive_id("contact", person.case, subject)
            self._subjects[contact] = subject
            yield {
                "id": derive_id("resp", contact, "name"),
                "type": "NameContact",
                "contact": contact,
                "case": person.case,
                "subject": subject,
                "area": self.truth.areas.get(subject, person.area),
                "setting": "household",
                "synthetic": True,
            }

    def is_positive(self, contact: str, now: datetime) -> bool:
        """A test finds those who were infected a day ago or earlier."""
        return (
            self._infected.get(self._subjects.get(contact, ""), float("inf")) <= self.hour(now) - 24
        )

    def requests(self, now: datetime) -> Iterator[SentCommand]:
        """Whoever has lost beds or supplies asks for others, after a while."""
        for one in (*self.script.of_kind(HospitalLost), *self.script.of_kind(SupplyShortage)):
            kind = "beds" if isinstance(one, HospitalLost) else one.resource
            wait = REACTION_H * float(self.chance("asks", one.name).lognormal(0.0, 0.5))
            if one.name in self._asked or self.hour(now) < self.script.hour_of(one) + wait:
                continue
            self._asked.add(one.name)
            lost = one.beds if isinstance(one, HospitalLost) else one.stock * (1 - one.left)
            yield {
                "id": derive_id("resp", self.script.name, one.name, "ask"),
                "type": "RequestSupply",
                "request": derive_id("request", self.seed, one.name),
                "kind": kind,
                "quantity": max(1.0, lost),
                "unit": self.resources[kind].unit,
                "area": self.places.resolve(one.area),
                "purpose": "drill",
            }
