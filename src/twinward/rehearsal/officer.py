"""A seeded duty officer: decides what only a named person may, for reasons, and late as people
are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from twinward.core.chance import generator
from twinward.core.ids import derive_id

if TYPE_CHECKING:
    from twinward.rehearsal.shown import ListedIncident

# Hours until a decision: our assumptions of how people decide, meant to be edited. The level that
# needs a person waits for a meeting of the committee; a doubtful report for a telephone call.
LATE_H = {"ask": (3.0, 0.6), "level": (40.0, 0.5), "renew": (30.0, 0.4), "reason": (36.0, 0.5)}
NAME = "Zhou Min, duty officer (synthetic)"
RENEW_WITHIN = timedelta(days=3)


class Officer:
    """Looks at every open incident and answers what waits for a person. `prompt`: without delay."""

    def __init__(self, seed: int, *, name: str = NAME, prompt: bool = False) -> None:
        self.seed = seed
        self.name = name
        self.prompt = prompt

    def delay(self, kind: str, *words: object) -> timedelta:
        """How long this decision takes: log-normal about the usual hours of its kind."""
        if self.prompt:
            return timedelta()
        middle_h, spread = LATE_H[kind]
        chance = generator(self.seed, "|".join(map(str, ("officer", kind, *words))))
        return timedelta(hours=middle_h * float(chance.lognormal(0.0, spread)))

    def decide(self, shown: ListedIncident, now: datetime) -> Iterator[dict[str, object]]:
        """What is sent about one incident at this moment, if anything."""
        yield from self.confirm(shown, now)
        yield from self.adopt(shown, now)
        yield from self.renew(shown, now)
        yield from self.give_reasons(shown, now)

    def confirm(self, shown: ListedIncident, now: datetime) -> Iterator[dict[str, object]]:
        held = shown["held"]
        if held and now >= when(held["since"]) + self.delay("ask", shown["id"], held["since"]):
            yield self.item("ConfirmReports", shown, held["since"]) | {
                "reason": f"asked {held['source']} by telephone: the numbers stand"
            }

    def adopt(self, shown: ListedIncident, now: datetime) -> Iterator[dict[str, object]]:
        """The plan that waits for a person: of a level that is called for, or of one that stands.

        A plan held because its reports are doubtful is not adopted before they are confirmed.
        """
        plan = shown["proposed_plan"]
        if not plan or (shown["held"] and not shown["called"]):
            return
        ended = shown["ended_plan"]["ended_at"] if shown["ended_plan"] else None
        since = shown["called_at"] or ended or shown["level_since"]
        if now >= when(since) + self.delay("level", shown["id"], plan, since):
            yield self.item("AdoptPlan", shown, plan, since) | {"plan": plan}

    def renew(self, shown: ListedIncident, now: datetime) -> Iterator[dict[str, object]]:
        """A plan whose time is nearly over is renewed while the level calls for it."""
        plan, ends = shown["plan"], shown["plan_ends"]
        if not plan or not ends or shown["proposed_plan"] or not shown["plan_stands"]:
            return
        first = min(when(at) for at in ends.values())
        asked = first - RENEW_WITHIN
        if now >= asked + self.delay("renew", shown["id"], plan["plan"], first):
            yield self.item("AdoptPlan", shown, "renew", plan["plan"], first) | {
                "plan": plan["plan"],
                "renews": True,
            }

    def give_reasons(self, shown: ListedIncident, now: datetime) -> Iterator[dict[str, object]]:
        """Where everything else is shown and only what nothing can show is left, a reason."""
        unmet = [one for one in shown["evidence"] if not one["holds"]]
        if not unmet or not all(one["vacuous"] for one in unmet):
            return
        if now < when(shown["changed_at"]) + self.delay("reason", shown["id"], shown["round"]):
            return
        for one in unmet:
            yield self.item("WaiveObjective", shown, one["objective"]) | {
                "objective": one["objective"],
                "reason": "this feed counts infections and names no contacts; the districts kept "
                "them in their own lists and report none open (synthetic)",
            }

    def item(self, kind: str, shown: ListedIncident, *words: object) -> dict[str, object]:
        name = derive_id("officer", kind, shown["id"], shown["round"], *map(str, words))
        return {"id": name, "type": kind, "incident": shown["id"], "by": self.name}


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)
