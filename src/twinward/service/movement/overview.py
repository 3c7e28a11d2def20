"""Use case: the pandemic overview: the epidemic, the gates, and who is in quarantine."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from twinward.service.movement.control import get_control
from twinward.service.movement.gates import GateReport, list_gates
from twinward.service.movement.transferred import AreaGroups, list_transferred
from twinward.service.platform import Caller, Platform
from twinward.service.surveillance.sentences import Sentence
from twinward.service.surveillance.situation import AreaSituation, get_situation


class GateTotals(msgspec.Struct, frozen=True, kw_only=True):
    """All gates of one kind on their latest day."""

    day: date | None
    gates: int
    late: int
    arrived: int
    departed: int
    from_risk_areas: int
    positive: int


class MovementOverview(msgspec.Struct, frozen=True, kw_only=True):
    """The first of the five screens: one sentence, the areas, the gates, the quarantine."""

    as_of: datetime
    hazard: str | None
    area: str
    sentence: Sentence
    areas: list[AreaSituation]
    hubs: GateTotals
    roads: GateTotals
    transferred: AreaGroups
    alarms: int
    controlled_areas: int
    controlled_residents: int
    notes: list[str]


def get_overview(
    platform: Platform,
    caller: Caller,
    *,
    area: str | None = None,
    hazard: str | None = None,
    at: datetime | None = None,
) -> MovementOverview:
    """Everything that the other four screens show in detail, in a few numbers."""
    situation = get_situation(platform, caller, area=area, hazard=hazard, at=at)
    where = None if area is None else situation.area
    hubs = list_gates(platform, caller, "hubs", area=where, at=at)
    roads = list_gates(platform, caller, "roads", area=where, at=at)
    groups = list_transferred(platform, caller, area=where, at=at)
    control = get_control(platform, caller, area=where, at=at)
    notes = [*situation.notes, *hubs.notes, *roads.notes, *groups.notes, *control.notes]
    return MovementOverview(
        as_of=situation.as_of,
        hazard=situation.hazard,
        area=situation.area,
        sentence=situation.sentence,
        areas=situation.areas,
        hubs=_totals(hubs),
        roads=_totals(roads),
        transferred=groups.sums,
        alarms=groups.alarms,
        controlled_areas=len(control.items),
        controlled_residents=control.residents,
        notes=list(dict.fromkeys(notes)),
    )


def _totals(report: GateReport) -> GateTotals:
    return GateTotals(
        day=report.day,
        gates=len(report.items),
        late=report.late,
        arrived=report.arrived,
        departed=report.departed,
        from_risk_areas=report.from_risk_areas,
        positive=report.positive,
    )
