"""Plans in force: adopted, started clause by clause, ended with what shows it; each fact names
the clause.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from twinward.core.messages import Command, Fact
from twinward.core.reasons import Reason
from twinward.library.plans.plan import Objective
from twinward.twins.emergency.vocabulary import PersonsReason, Text, Word

Starts = Literal["now", "triggered"]


class AdoptPlan(Command, frozen=True, kw_only=True):
    """A plan becomes the plan in force: by a named person, or inside bounds one authorised
    beforehand.

    instead_of: the plan that the adopter saw in force, "" for none; refused when another came
    meanwhile. Absent: any. forecast: the sheet of compared plans that was read before starts: at
    once, or when one of its triggers is reached renews: the same plan for another term: what it had
    ordered, restricted and started goes on by: the person who decides, where another hand sends it
    """

    incident: Word
    plan: Word
    version: str = ""
    authority: Text = ""
    objectives: tuple[Objective, ...] = ()
    instead_of: Annotated[str, msgspec.Meta(max_length=120)] | None = None
    forecast: Annotated[str, msgspec.Meta(max_length=120)] = ""
    starts: Starts = "now"
    renews: bool = False
    takes_over: Annotated[str, msgspec.Meta(max_length=120)] = (
        ""  # the plan that has just ended and hands over to this
    )
    by: Text = ""
    authority_reasons: tuple[Reason, ...] = ()


class PlanAdopted(Fact, frozen=True, kw_only=True):
    incident: str
    plan: str
    version: str
    adopted_by: str
    authority: str
    objectives: tuple[Objective, ...]
    forecast: str = ""
    starts: Starts = "now"
    before: str = ""  # the plan that was in force until then
    renews: bool = False
    authority_reasons: tuple[Reason, ...] = ()


class StartClause(Command, frozen=True, kw_only=True):
    """A figure is reached that the plan in force waits for: the plan itself starts (`start`), a
    task or a message.
    """

    incident: Word
    clause: Word
    because: Text
    reasons: tuple[Reason, ...] = ()


class ClauseStarted(Fact, frozen=True, kw_only=True):
    incident: str
    plan: str
    clause: str
    because: str
    reasons: tuple[Reason, ...] = ()


class StopClause(Command, frozen=True, kw_only=True):
    """The figure has fallen below where the plan stops what it had started."""

    incident: Word
    clause: Word
    because: Text
    reasons: tuple[Reason, ...] = ()


class ClauseStopped(Fact, frozen=True, kw_only=True):
    incident: str
    plan: str
    clause: str
    because: str
    reasons: tuple[Reason, ...] = ()


class BeginRound(Command, frozen=True, kw_only=True):
    """Recurring work of the plan in force begins anew: round `turn` of a task."""

    incident: Word
    key: Word
    turn: int


class RoundBegun(Fact, frozen=True, kw_only=True):
    incident: str
    plan: str
    key: str
    turn: int


class WithdrawPlan(Command, frozen=True, kw_only=True):
    """A person takes back a plan that was adopted by mistake: its orders are dropped, what it
    restricted is free.
    """

    incident: Word
    reason: PersonsReason
    by: Text = ""


class EndPlan(Command, frozen=True, kw_only=True):
    """One of the plan's own ends has come; the incident goes on until its objectives hold."""

    incident: Word
    clause: Word
    because: Text
    reasons: tuple[Reason, ...] = ()


class PlanEnded(Fact, frozen=True, kw_only=True):
    incident: str
    plan: str
    version: str
    clause: str
    because: str
    reasons: tuple[Reason, ...] = ()
