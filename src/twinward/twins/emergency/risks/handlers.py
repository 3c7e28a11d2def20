"""Fired links: bounded in depth, each rule once on a way, damage carried on."""

from __future__ import annotations

from twinward.core.errors import ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.handlers import get_incident
from twinward.twins.emergency.incidents.rows import Incident
from twinward.twins.emergency.risks.rows import FIRED_LINKS, TABLES, FiredLink
from twinward.twins.twin import Behaviour, Context

MOST_LINKS = 5  # from the first incident on: a chain cannot run for ever


def way_to(rows: Rows, incident: Incident) -> tuple[FiredLink, ...]:
    """The links that led to an incident, the first one first."""
    found: list[FiredLink] = []
    now = incident
    for _ in range(MOST_LINKS + 1):
        if not now.cause_link:
            break
        link: FiredLink | None = rows.find(FIRED_LINKS, now.cause_link)
        if link is None:
            break
        found.insert(0, link)
        now = get_incident(rows, link.incident)
    return tuple(found)


def fire_link(command: m.FireLink, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(FIRED_LINKS, command.link) is not None:
        raise ConflictError(f"link {command.link} has fired", "once is enough", code="exists")
    incident = get_incident(rows, command.incident)
    if incident.status != "open":
        raise ConflictError(
            f"incident {incident.id} is closed", "what is over sets off nothing", code="closed"
        )
    before = way_to(rows, incident)
    way = tuple(link.rule for link in before)
    if len(way) >= MOST_LINKS:
        raise ConflictError(
            f"{len(way)} links have led to incident {incident.id}",
            f"a chain has at most {MOST_LINKS}; open an incident of its own",
            code="chain_too_long",
        )
    if command.rule in way:
        raise ConflictError(
            f"rule {command.rule} has fired on the way to incident {incident.id}",
            "a chain does not run in a circle",
            code="rule_fired",
        )
    fact = m.LinkFired(
        link=command.link,
        rule=command.rule,
        incident=incident.id,
        effect=command.effect,
        affected=command.affected or (command.area,),
        probability=command.probability,
        because=command.because,
        figure=command.figure,
        value=command.value,
        depth=len(way) + 1,
        way=(*way, command.rule),
        carried=damage_of(incident),
    )
    return [Draft(fact=fact, area=command.area, incident=incident.id)]


def damage_of(incident: Incident) -> dict[str, float]:
    """What the next hazard takes over: the figures of this one, with those it took over itself."""
    own = {name: value for name, value in incident.figures.items() if "@" not in name}
    return {
        name if " after " in name else f"{name} after {incident.hazard}": value
        for name, value in own.items()
    }


def link_fired(fact: m.LinkFired, event: Event, tx: Transaction) -> None:
    row = FiredLink(
        id=fact.link,
        area=event.area,
        rule=fact.rule,
        incident=fact.incident,
        effect=fact.effect,
        affected=fact.affected,
        probability=fact.probability,
        because=fact.because,
        depth=fact.depth,
        way=fact.way,
        fired_by=event.actor,
        fired_at=event.recorded_at,
        carried=fact.carried,
    )
    tx.put(FIRED_LINKS, row, event.recorded_at)


BEHAVIOUR = Behaviour(
    handlers={m.FireLink: fire_link}, appliers={m.LinkFired: link_fired}, tables=TABLES
)
