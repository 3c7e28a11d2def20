"""Incidents: one point triggers, many parties are linked, evidence closes."""

from __future__ import annotations

from datetime import date

from twinward.core.messages import Command, Fact
from twinward.core.reasons import Reason
from twinward.twins.emergency.vocabulary import AreaCode, Level, PersonsReason, Text, Word


class OpenIncident(Command, frozen=True, kw_only=True):
    incident: Word
    hazard: Word
    area: AreaCode
    affected: tuple[AreaCode, ...]
    title: Text
    title_reasons: tuple[Reason, ...] = ()
    cause_link: Text = ""  # the fired link of a risk chain that opens it


class IncidentOpened(Fact, frozen=True, kw_only=True):
    incident: str
    hazard: str
    area: str
    affected: tuple[str, ...]
    title: str
    title_reasons: tuple[Reason, ...] = ()
    cause_link: str = ""


class DevelopIncident(Command, frozen=True, kw_only=True):
    """Take a report into an open incident. `add` is added to the day's figures, `set_to` replaces
    the latest value.

    `part` is the report's own account of the day (area, source and what it counts) and `told` what
    that account now says: what several accounts say of one area and day is one number and not their
    sum.
    """

    incident: Word
    affected: AreaCode
    day: date
    add: dict[str, float] = {}
    set_to: dict[str, float] = {}
    part: Text = ""
    told: dict[str, float] = {}
    untold: bool = False  # nobody says anything of this day any more


class IncidentDeveloped(Fact, frozen=True, kw_only=True):
    """`grown` names an area that was not affected before; `figures` are the incident's, counted
    anew.
    """

    incident: str
    grown: str | None
    day: date
    add: dict[str, float]
    figures: dict[str, float]
    part: str = ""
    told: dict[str, float] = {}
    untold: bool = False  # nobody says anything of this day any more


class JoinCase(Command, frozen=True, kw_only=True):
    """A case belongs to this incident."""

    incident: Word
    case: Word


class CaseJoined(Fact, frozen=True, kw_only=True):
    incident: str
    case: str


class SetResponseLevel(Command, frozen=True, kw_only=True):
    """Figures set the level by written rules; a person sets it (`by`, with the reason) up or
    down.
    """

    incident: Word
    level: Level
    because: PersonsReason
    by: Text = ""
    reasons: tuple[Reason, ...] = ()


class ResponseLevelSet(Fact, frozen=True, kw_only=True):
    """`by` names the person who decided; nobody where figures did."""

    incident: str
    before: Level | None
    level: Level
    because: str
    by: str = ""
    reasons: tuple[Reason, ...] = ()


class CallLevel(Command, frozen=True, kw_only=True):
    """The figures call for a level that a person decides."""

    incident: Word
    level: Level
    because: Text
    reasons: tuple[Reason, ...] = ()


class LevelCalled(Fact, frozen=True, kw_only=True):
    incident: str
    level: Level
    because: str
    reasons: tuple[Reason, ...] = ()


class HoldReports(Command, frozen=True, kw_only=True):
    """What one source suddenly says is held: no plan that restricts is adopted by itself before
    somebody confirms it.
    """

    incident: Word
    source: Word
    level: Level
    because: Text
    reasons: tuple[Reason, ...] = ()


class ReportsHeld(Fact, frozen=True, kw_only=True):
    incident: str
    source: str
    level: Level
    because: str
    reasons: tuple[Reason, ...] = ()


class ConfirmReports(Command, frozen=True, kw_only=True):
    """A person has asked the source and stands for what it said."""

    incident: Word
    reason: PersonsReason
    by: Text = ""


class ReportsConfirmed(Fact, frozen=True, kw_only=True):
    incident: str
    reason: str
    by: str


class LinkParties(Command, frozen=True, kw_only=True):
    """Many parties are linked: departments at administrative levels, each with its duty."""

    incident: Word
    parties: tuple[tuple[str, str], ...]  # (department, area)


class PartiesLinked(Fact, frozen=True, kw_only=True):
    incident: str
    parties: tuple[tuple[str, str], ...]


class CloseIncident(Command, frozen=True, kw_only=True):
    """Close on evidence: refused, with what is unmet, unless every objective of the plan in
    force holds.
    """

    incident: Word


class WaiveObjective(Command, frozen=True, kw_only=True):
    """A person states why an objective that nothing can show is met all the same: no contact was
    there to be named.
    """

    incident: Word
    objective: Word
    reason: PersonsReason
    by: Text = ""


class ObjectiveWaived(Fact, frozen=True, kw_only=True):
    incident: str
    objective: str
    reason: str
    by: str


class CloseFalseAlarm(Command, frozen=True, kw_only=True):
    """A person closes what was reported by mistake: its orders are taken back, nothing stays
    restricted.
    """

    incident: Word
    reason: PersonsReason
    by: Text = ""


class MergeIncident(Command, frozen=True, kw_only=True):
    """Two incidents are one: its cases and figures go over `into` another, which goes on."""

    incident: Word
    into: Word
    reason: PersonsReason
    by: Text = ""


class TransferIncident(Command, frozen=True, kw_only=True):
    """Another area is accountable from now on."""

    incident: Word
    area: AreaCode
    reason: PersonsReason
    by: Text = ""


class IncidentTransferred(Fact, frozen=True, kw_only=True):
    incident: str
    before: str
    area: str
    reason: str
    by: str


class IncidentClosed(Fact, frozen=True, kw_only=True):
    """`outcome`: evidence, false_alarm or merged (`into` another)."""

    incident: str
    evidence: dict[str, str]
    outcome: str = "evidence"
    into: str = ""
    by: str = ""
    evidence_reasons: dict[str, tuple[Reason, ...]] = {}


class ReopenIncident(Command, frozen=True, kw_only=True):
    incident: Word
    because: Text
    reasons: tuple[Reason, ...] = ()


class IncidentReopened(Fact, frozen=True, kw_only=True):
    incident: str
    because: str
    reasons: tuple[Reason, ...] = ()
