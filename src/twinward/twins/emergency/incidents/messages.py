"""Incidents: one point triggers, many parties are linked, evidence closes."""

from __future__ import annotations

from datetime import date

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import AreaCode, Level, Text, Word


class OpenIncident(Command, frozen=True, kw_only=True):
    incident: Word
    hazard: Word
    area: AreaCode
    affected: tuple[AreaCode, ...]
    title: Text


class IncidentOpened(Fact, frozen=True, kw_only=True):
    incident: str
    hazard: str
    area: str
    affected: tuple[str, ...]
    title: str


class DevelopIncident(Command, frozen=True, kw_only=True):
    """Take a report into an open incident. `add` is added to the day's figures, `set_to`
    replaces the latest value.
    """

    incident: Word
    affected: AreaCode
    day: date
    add: dict[str, float] = {}
    set_to: dict[str, float] = {}


class IncidentDeveloped(Fact, frozen=True, kw_only=True):
    """`grown` names an area that was not affected before; `figures` are the incident's, counted
    anew.
    """

    incident: str
    grown: str | None
    day: date
    add: dict[str, float]
    figures: dict[str, float]


class JoinCase(Command, frozen=True, kw_only=True):
    """A case belongs to this incident."""

    incident: Word
    case: Word


class CaseJoined(Fact, frozen=True, kw_only=True):
    incident: str
    case: str


class SetResponseLevel(Command, frozen=True, kw_only=True):
    incident: Word
    level: Level
    because: Text


class ResponseLevelSet(Fact, frozen=True, kw_only=True):
    incident: str
    before: Level | None
    level: Level
    because: str


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


class IncidentClosed(Fact, frozen=True, kw_only=True):
    incident: str
    evidence: dict[str, str]


class ReopenIncident(Command, frozen=True, kw_only=True):
    incident: Word
    because: Text


class IncidentReopened(Fact, frozen=True, kw_only=True):
    incident: str
    because: str
