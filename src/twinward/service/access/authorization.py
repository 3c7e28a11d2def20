"""Holds every way in against the rules: routes, verbs, commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from twinward.core.errors import RefusedError
from twinward.core.messages import Command
from twinward.core.ports import R, Rows, Table, area_of
from twinward.security.authorization.rules import LOCAL, load_rules
from twinward.security.identity.people import Caller, require_outside
from twinward.security.privacy.scrubbing import scrub, scrub_json, scrubbed
from twinward.twins.city import messages as c
from twinward.twins.city.rows import RISK_PLACES, SENSOR_STATES
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.approvals.rows import CHANGES
from twinward.twins.emergency.claims.rows import CLAIMS
from twinward.twins.emergency.contacts.rows import CONTACTS
from twinward.twins.emergency.deliveries.rows import PARCELS
from twinward.twins.emergency.handovers.rows import HANDOVERS
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.journal.rows import SHIFTS
from twinward.twins.emergency.movement.rows import ARRIVAL_GROUPS, PASSAGES, passage_id
from twinward.twins.emergency.reports.rows import AFFECTED_PLACES, CASES
from twinward.twins.emergency.responders.rows import FIELD_ALARMS
from twinward.twins.emergency.signals.rows import SIGNALS
from twinward.twins.emergency.supervision.rows import DEFECTS, SUPERVISED
from twinward.twins.emergency.supplies.rows import SUPPLY_REQUESTS
from twinward.twins.emergency.tasks.rows import TASKS
from twinward.twins.emergency.transfers.rows import TRANSFERS
from twinward.twins.snapshot import find_case

if TYPE_CHECKING:
    from twinward.service.platform import Platform

__all__ = [
    "require_command",
    "require_reach",
    "require_route",
    "require_verb",
    "scrub",
    "scrub_json",
    "scrubbed",
]

# the tables in which what a field of a command names is looked up
THINGS: dict[str, tuple[Table[msgspec.Struct], ...]] = {
    "task": (TASKS,),
    "contact": (CONTACTS,),
    "case": (CASES,),
    "incident": (INCIDENTS,),
    "into": (INCIDENTS,),
    "handover": (HANDOVERS,),
    "change": (CHANGES,),
    "transfer": (TRANSFERS,),
    "request": (SUPPLY_REQUESTS,),
    "signal": (SIGNALS,),
    "group": (ARRIVAL_GROUPS,),
    "shift": (SHIFTS,),
    "claim": (CLAIMS,),
    "alarm": (FIELD_ALARMS,),
    "object": (SUPERVISED,),
    "defect": (DEFECTS,),
    "parcel": (PARCELS,),
}
OTHER_SIDE = {"transfers": "to_area", "supply_requests": "from_area"}
# a place of a case may lie anywhere; a place that is reported belongs to the area that reported it
# first
THINGS_OF_ONE: dict[tuple[str, str], tuple[Table[msgspec.Struct], ...]] = {
    ("ReportAffectedPlace", "place"): (AFFECTED_PLACES, RISK_PLACES),
}


READING = ("GET", "HEAD", "OPTIONS")
# what a rehearsal itself writes, a question too long for an address, and the end of a session
INSIDE_REHEARSAL = frozenset(
    {
        ("POST", "/v1/scene/rehearsals/{rehearsal}/orders"),
        ("POST", "/v1/scene/rehearsals/{rehearsal}/end"),
        ("POST", "/v1/map/within"),
        ("DELETE", "/v1/sessions/{session}"),
    }
)


def require_route(platform: Platform, caller: Caller, method: str, path: str) -> None:
    """RefusedError unless the caller's role may use the route; what it may see there is cut by
    the use case. Inside a rehearsal only what is read, and the rehearsal itself.
    """
    if method not in READING and (method, path) not in INSIDE_REHEARSAL:
        require_outside(caller)
    platform.policy.require(caller, load_rules().of_route(method, path))


def require_verb(platform: Platform, caller: Caller, words: str) -> None:
    """RefusedError unless the caller's role may use the verb."""
    action = load_rules().of_verb(words)
    if action != LOCAL:
        platform.policy.require(caller, action)


def require_command(platform: Platform, caller: Caller, command: Command) -> None:
    """RefusedError unless the caller may ask this of this area, for this department."""
    require_outside(caller)
    if platform.managed and needs_second_person(command):
        raise RefusedError(
            "this changes people's lives and takes two",
            "propose it with `twinward change propose`",
            code="second_person_needed",
        )
    action = load_rules().of_command(type(command).__name__)
    department = getattr(command, "department", None)
    area: str | None = getattr(command, "area", None)
    platform.policy.require(caller, action, area=area, department=department)


def needs_second_person(command: Command) -> bool:
    """Putting a plan in force for an area, or somebody into isolation."""
    return isinstance(command, m.AdoptPlan) or (
        isinstance(command, m.UpdateContact) and command.step == "isolated"
    )


def require_reach(platform: Platform, caller: Caller, command: Command, rows: Rows) -> None:
    """RefusedError unless every thing that the command names lies in the caller's areas, as of this
    transaction.

    A command with an area of one's own must not reach a case, contact, task or incident of somebody
    else's. What is not there yet reaches nobody; a command about nothing that has a place is for
    those who are everywhere.
    """
    action = load_rules().of_command(type(command).__name__)
    named = list(list_named(command))
    if isinstance(command, m.ReportCase) and command.case is None:
        # the case that the person has, wherever it is
        at = command.occurred_at or platform.clock.now()
        known = find_case(rows, command.subject, command.hazard, command.status, at)
        named += [(CASES, known.id)] if known is not None else []
    for table, key in named:
        row = rows.find(table, key)
        if row is not None:
            require_row(platform, caller, action, table, row)
    if not named and getattr(command, "area", None) is None:
        platform.policy.require(caller, action, area=platform.reference.areas.root)


def list_named(command: Command) -> Iterator[tuple[Table[msgspec.Struct], str]]:
    """(table, key) of everything that a command names."""
    kind = type(command).__name__
    for field in command.__struct_fields__:
        key = getattr(command, field)
        if isinstance(key, str):
            for table in THINGS_OF_ONE.get((kind, field), THINGS.get(field, ())):
                yield table, key
    if isinstance(command, m.ReportPassage):
        yield PASSAGES, passage_id(command.source, command.gate, command.day)
    if isinstance(command, c.NoteReading):
        yield SENSOR_STATES, f"{command.sensor}|{command.figure}"


def require_row(platform: Platform, caller: Caller, action: str, table: Table[R], row: R) -> None:
    """RefusedError unless the row is of the caller's areas: one side of what has two, any of
    what waits for a taker.
    """
    sides = (area_of(table, row), getattr(row, OTHER_SIDE.get(table.name, table.area)))
    department = getattr(row, "department", None)
    asked = [
        platform.policy.decide(caller, action, area=area, department=department)
        for area in sides
        if area
    ]
    if len(asked) == len(sides) and not any(one.allowed for one in asked):
        raise RefusedError(asked[0].message, asked[0].advice, code=asked[0].code)
