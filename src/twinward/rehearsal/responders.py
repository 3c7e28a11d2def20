"""Seeded responders: departments that read their orders, act, and are sometimes late, wrong or
silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from twinward.core.chance import generator
from twinward.core.ids import derive_id
from twinward.rehearsal.shown import SentCommand

if TYPE_CHECKING:
    from twinward.rehearsal.shown import ShownTask

# shares of (department, area) pairs with each trait; ours, chosen so that every path of the loop is
# walked
TRAITS = (("late", 0.08), ("wrong", 0.04), ("silent", 0.02))
CONTACTS_MAX = 4
DAILY_FINDS = 0.3  # share of the daily investigations that name a person and contacts one by one
POSITIVE_SHARE = 0.05
DAY_LONG = ("beds_daily", "roster")  # work that is there all day
STEPS = {"named": "located", "located": "isolated", "isolated": "tested_negative"}


class Responders:
    """All departments of all areas. `silent` names department or department@area pairs that
    never answer.
    """

    def __init__(self, seed: int, hazard: str, silent: frozenset[str] = frozenset()) -> None:
        self.seed = seed
        self.hazard = hazard
        self.silent = silent
        self.contacts: dict[str, list[str]] = {}
        self.steps: dict[str, str] = {}
        self._traits: dict[tuple[str, str], str] = {}
        self._paces: dict[str, float] = {}

    def chance(self, *words: object) -> np.random.Generator:
        return generator(self.seed, "|".join(str(word) for word in words))

    def trait(self, department: str, area: str) -> str:
        known = self._traits.get((department, area))
        if known is None:
            known = self._traits[department, area] = self.draw_trait(department, area)
        return known

    def draw_trait(self, department: str, area: str) -> str:
        if department in self.silent or f"{department}@{area}" in self.silent:
            return "mute"
        draw = self.chance("trait", department, area).random()
        for name, share in TRAITS:
            if draw < share:
                return name
            draw -= share
        return "prompt"

    def answer(self, task: ShownTask, now: datetime) -> Iterator[SentCommand]:
        """What the department of one ordered task sends at this moment, if anything."""
        trait = self.trait(task["department"], task["area"])
        if trait == "mute" or (trait == "silent" and task["escalations"] == 0):
            return
        ordered = datetime.fromisoformat(task["ordered_at"])
        pace = self.pace(task, trait, now)
        share = (now - ordered) / timedelta(hours=task["deadline_h"])
        base = {"task": task["id"], "department": task["department"]}
        step = f"{task['status']}-{task['escalations']}"
        if task["status"] == "ordered" and share >= pace * 0.2:
            yield {
                "id": derive_id("resp", task["id"], "ack", step),
                "type": "AcknowledgeTask",
            } | base
        elif task["status"] in ("acknowledged", "confirmed") and share >= self.effort(task, pace):
            yield from self.act(task, trait, base, step, now)

    def pace(self, task: ShownTask, trait: str, now: datetime) -> float:
        """The share of its deadline that a task takes."""
        drawn = self._paces.get(task["id"])
        if drawn is None:
            drawn = float(self.chance("pace", task["id"]).lognormal(-1.2, 0.5))
            self._paces[task["id"]] = drawn
        return drawn * (4.0 if trait == "late" else 1.0)

    def effort(self, task: ShownTask, pace: float) -> float:
        """The share of its deadline after which a task is done: a roster lasts its whole day, a
        round of testing or of deliveries most of its time.
        """
        if task["key"] in DAY_LONG and task.get("turn"):
            return 0.97
        return max(pace * 0.6, 0.5) if task.get("turn") else pace * 0.6

    def act(
        self, task: ShownTask, trait: str, base: dict[str, str], step: str, now: datetime
    ) -> Iterator[SentCommand]:
        yield from self.findings(task, now)
        if task["contact"] is not None and not task.get("turn"):
            yield from self.care_for(task["contact"], now)
        if trait == "wrong" and task["escalations"] == 0:
            other = "information" if task["department"] != "information" else "commerce"
            wrong = {
                "id": derive_id("resp", task["id"], "wrong", step),
                "type": "CompleteTask",
                "task": task["id"],
            }
            yield wrong | {"department": other, "result": "sent by the wrong office (synthetic)"}
            failed = {
                "id": derive_id("resp", task["id"], "failed", step),
                "type": "CompleteTask",
            } | base
            yield failed | {
                "result": "not possible with the people at hand (synthetic)",
                "succeeded": False,
            }
            return
        done = {"id": derive_id("resp", task["id"], "done", step), "type": "CompleteTask"} | base
        yield done | {"result": "done (synthetic)"}

    def findings(self, task: ShownTask, now: datetime) -> Iterator[SentCommand]:
        """What the work brings to light."""
        daily = task["key"] == "investigate_daily"
        if task["key"] == "investigate" or (
            daily and self.chance("finds", task["id"]).random() < DAILY_FINDS
        ):
            yield from self.name_contacts(task)

    def name_contacts(self, task: ShownTask) -> Iterator[SentCommand]:
        """The investigation finds one suspected person and a few contacts: synthetic, and
        labelled so.
        """
        case = derive_id("case", task["id"])
        yield {
            "id": derive_id("resp", case, "report"),
            "type": "ReportCase",
            "case": case,
            "subject": derive_id("synthetic", case),
            "hazard": self.hazard,
            "area": task["area"],
            "status": "suspected",
            "found_in": "control",
            "source": "responders",
            "synthetic": True,
        }
        for number in range(1 + int(self.chance("contacts", case).integers(CONTACTS_MAX))):
            contact = derive_id("contact", case, number)
            yield {
                "id": derive_id("resp", contact, "name"),
                "type": "NameContact",
                "contact": contact,
                "case": case,
                "subject": derive_id("synthetic", contact),
                "area": task["area"],
                "setting": "household",
                "synthetic": True,
            }

    def is_positive(self, contact: str, now: datetime) -> bool:
        return bool(self.chance("test", contact).random() < POSITIVE_SHARE)

    def care_for(self, contact: str, now: datetime) -> Iterator[SentCommand]:
        """Locate, isolate and test one contact, in this order."""
        step = self.steps.get(contact, "named")
        while step in STEPS:
            step = STEPS[step]
            if step == "tested_negative" and self.is_positive(contact, now):
                step = "tested_positive"
            item = {
                "id": derive_id("resp", contact, step),
                "type": "UpdateContact",
                "contact": contact,
                "step": step,
            }
            self.steps[contact] = step
            yield item
