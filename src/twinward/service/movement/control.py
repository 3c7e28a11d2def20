"""Use case: the city under control: which measures hold where, over how many, with which gates."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.service.movement.gates import GateView, list_gates
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.visibility import concerns
from twinward.twins.city.rows import RESTRICTIONS, Restriction
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident


class MeasureInForce(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of an area and the incident it is for."""

    measure: str
    incident: str
    hazard: str
    level: str | None
    since: datetime


class AreaControl(msgspec.Struct, frozen=True, kw_only=True):
    """One area with the measures that hold in it and the gates inside it."""

    area: str
    name: str
    level: str
    residents: int
    measures: list[MeasureInForce]
    gates: int
    arrived: int | None  # at its gates on their latest day; None where nothing is shown
    turned_back: int | None


class MeasureTotal(msgspec.Struct, frozen=True, kw_only=True):
    """A measure over the city: areas that lie in no other area with the same measure."""

    measure: str
    areas: int
    residents: int


class CityControl(msgspec.Struct, frozen=True, kw_only=True):
    """Areas under measures, those with the most residents first."""

    as_of: datetime
    items: list[AreaControl]
    measures: list[MeasureTotal]
    residents: int  # of areas under any measure, each counted once
    notes: list[str]


def get_control(
    platform: Platform, caller: Caller, *, area: str | None = None, at: datetime | None = None
) -> CityControl:
    """The measures in force in the caller's areas, as known at `at`."""
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, at)
        rows: list[Restriction] = snapshot.list_rows(RESTRICTIONS)
        incidents = {one.id: one for one in snapshot.list_rows(INCIDENTS)}
    tree = platform.reference.areas
    by_area: dict[str, list[Restriction]] = {}
    for row in rows:
        inside = area is None or tree.is_under(row.area, area)
        if inside and concerns(platform, caller, row.area):
            by_area.setdefault(row.area, []).append(row)
    gates = [
        gate
        for screen in ("hubs", "roads")
        for gate in list_gates(platform, caller, screen, area=area, at=at).items
    ]
    items = [_area(platform, code, found, incidents, gates) for code, found in by_area.items()]
    items.sort(key=lambda one: (-one.residents, one.area))
    measures = sorted({row.measure for row in rows if row.area in by_area})
    return CityControl(
        as_of=platform.clock.now() if at is None else at,
        items=items,
        measures=[
            _total(platform, name, [row.area for row in rows if row.measure == name], set(by_area))
            for name in measures
        ],
        residents=_residents(platform, set(by_area)),
        notes=[] if items else ["no area is under a measure"],
    )


def _area(
    platform: Platform,
    code: str,
    rows: list[Restriction],
    incidents: dict[str, Incident],
    gates: list[GateView],
) -> AreaControl:
    tree = platform.reference.areas
    node = tree.by_code.get(code)
    inside = [gate for gate in gates if tree.is_under(gate.area, code)]
    shown = [gate for gate in inside if not gate.hidden]
    return AreaControl(
        area=code,
        name=tree.name(code),
        level=node.level if node is not None else "city",
        residents=platform.reference.residents(code),
        measures=[_measure(row, incidents) for row in sorted(rows, key=lambda r: r.measure)],
        gates=len(inside),
        arrived=sum(gate.arrived or 0 for gate in shown) if shown else None,
        turned_back=sum(gate.turned_back or 0 for gate in shown) if shown else None,
    )


def _measure(row: Restriction, incidents: dict[str, Incident]) -> MeasureInForce:
    incident = incidents.get(row.incident)
    return MeasureInForce(
        measure=row.measure,
        incident=row.incident,
        hazard=incident.hazard if incident is not None else "",
        level=incident.level if incident is not None else None,
        since=row.since,
    )


def _total(platform: Platform, measure: str, areas: list[str], mine: set[str]) -> MeasureTotal:
    of = set(areas) & mine
    outer = _outermost(platform, of)
    return MeasureTotal(measure=measure, areas=len(of), residents=_residents(platform, outer))


def _residents(platform: Platform, areas: set[str]) -> int:
    return sum(platform.reference.residents(code) for code in _outermost(platform, areas))


def _outermost(platform: Platform, areas: set[str]) -> set[str]:
    """Without those that lie in another one of them: nobody is counted twice."""
    path = platform.reference.areas.path
    return {code for code in areas if not any(one in areas for one in path(code)[:-1])}
