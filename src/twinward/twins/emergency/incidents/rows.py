"""The rows of an incident: its state, the plan in force, and which incident is the open one of
an area.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table
from twinward.core.reasons import Reason
from twinward.library.plans.plan import Objective

START = "start"  # the clause by which a plan as a whole starts


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A level that a person set: who, why, and what the figures called for then."""

    level: str
    by: str
    because: str
    at: datetime
    figures: dict[str, float] = {}
    reasons: tuple[Reason, ...] = ()


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One source's sudden reports, with the level they would bring."""

    source: str
    level: str
    because: str
    since: datetime
    reasons: tuple[Reason, ...] = ()


class DayParts(msgspec.Struct, frozen=True, kw_only=True):
    """What each account says of one incident's day: `parts` by area, source and what is counted."""

    id: str
    area: str
    incident: str
    day: str
    parts: dict[str, dict[str, float]] = {}


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One emergency in one area. `days` holds the figures of each day, `figures` what levels are
    judged by.
    """

    id: str
    hazard: str
    area: str
    title: str
    status: str  # open | closed
    level: str | None
    level_since: datetime | None
    affected: tuple[str, ...]
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None
    round: int = 1
    days: dict[str, dict[str, float]] = {}
    figures: dict[str, float] = {}
    last_day: str | None = None
    last_linked_day: str | None = None
    parties: tuple[tuple[str, str], ...] = ()
    evidence: dict[str, str] = {}
    evidence_reasons: dict[str, tuple[Reason, ...]] = {}
    below_since: dict[
        str, datetime
    ] = {}  # objective -> since when its figure has been below what it asks
    counted: bool = False  # by area and day: then a day without a count is missing and not zero
    called: str | None = None  # the level that the figures call for and a person decides
    called_because: str = ""
    called_because_reasons: tuple[Reason, ...] = ()
    called_at: datetime | None = None
    decided: Decision | None = None  # the level that a person set last
    held: Held | None = None  # what one source suddenly said and nobody has confirmed
    trusted_day: str | None = None  # a person stands for the reports up to this day
    adoptions: int = 0  # how often a plan was adopted
    waived: dict[str, str] = {}  # objective -> why it is met though nothing can show it
    outcome: str = ""  # how it was closed: evidence, false_alarm, merged
    into: str = ""  # the incident that it was merged into
    title_reasons: tuple[Reason, ...] = ()
    cause_link: str = ""  # the fired link of a risk chain that opened it

    def reported_days(self) -> set[str]:
        """Days of which somebody told how many are new: suspected persons alone are none."""
        return {day for day, figures in self.days.items() if "new" in figures}


class PlanInForce(msgspec.Struct, frozen=True, kw_only=True):
    """The plan that one incident follows now; its id is the incident's."""

    id: str
    area: str
    plan: str
    version: str
    adopted_by: str
    authority: str
    adopted_at: datetime
    objectives: tuple[Objective, ...]
    forecast: str = ""  # the sheet of compared plans that was read before it was adopted
    started: tuple[str, ...] = (
        START,
    )  # the plan itself, and those of its clauses that wait for a figure
    turns: int = 0  # how often a clause has started or stopped
    adoption: int = 0  # which adoption of its incident this is, counted from 1; a renewal is none
    before: str = ""  # the plan that gave way to it
    since: datetime | None = None  # in force since, renewals left out
    rounds: dict[str, int] = {}  # recurring task -> its round
    authority_reasons: tuple[Reason, ...] = ()


class EndedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The last plan of an incident that one of its own ends has ended; its objectives still
    close the incident.
    """

    id: str
    area: str
    plan: str
    version: str
    objectives: tuple[Objective, ...]
    adopted_at: datetime
    ended_at: datetime
    clause: str
    because: str
    reasons: tuple[Reason, ...] = ()


class LatestIncident(msgspec.Struct, frozen=True, kw_only=True):
    """Points from a hazard and an area to its latest incident, open or closed."""

    id: str
    area: str
    incident: str
    openings: int


class CaseIncident(msgspec.Struct, frozen=True, kw_only=True):
    """Which incident a case belongs to; its id is the case's."""

    id: str
    area: str
    incident: str


class CriterionResult(msgspec.Struct, frozen=True, kw_only=True):
    """One objective with its verdict and the words that show it."""

    objective: str
    holds: bool
    because: str
    vacuous: bool = False  # nothing is there that could show it: only a person's reason can
    reasons: tuple[Reason, ...] = ()


def day_id(incident: str, day: str) -> str:
    return f"{incident}|{day}"


def front_id(hazard: str, area: str) -> str:
    return f"{hazard}|{area}"


CASE_INCIDENTS: Table[CaseIncident] = Table(
    name="case_incidents", row=CaseIncident, columns=("incident",), indexes=(("incident",),)
)
INCIDENTS: Table[Incident] = Table(
    name="incidents",
    row=Incident,
    columns=("hazard", "status", "level", "opened_at", "changed_at"),
    indexes=(("status", "hazard", "area"),),
)
LATEST_INCIDENTS: Table[LatestIncident] = Table(
    name="fronts", row=LatestIncident, columns=("incident",)
)

DAY_PARTS: Table[DayParts] = Table(
    name="day_parts", row=DayParts, columns=("incident", "day"), indexes=(("incident", "day"),)
)

TABLES = (
    CASE_INCIDENTS,
    INCIDENTS,
    LATEST_INCIDENTS,
    DAY_PARTS,
)
