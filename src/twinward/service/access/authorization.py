"""Holds every way in against the rules: routes, verbs, commands."""

from __future__ import annotations

from typing import Any

from twinward.core.errors import RefusedError
from twinward.core.messages import Command
from twinward.core.ports import Rows, Table
from twinward.security.authorization.rules import LOCAL, load_rules
from twinward.security.identity.people import Caller
from twinward.security.privacy.masking import scrub
from twinward.service.platform import Platform
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.contacts.rows import CONTACTS
from twinward.twins.emergency.handovers.rows import HANDOVERS
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.reports.rows import CASES
from twinward.twins.emergency.tasks.rows import TASKS
from twinward.twins.snapshot import find_case

__all__ = ["require_command", "require_reach", "require_route", "require_verb", "scrub"]

THINGS: tuple[tuple[str, Table[Any]], ...] = (
    ("task", TASKS),
    ("contact", CONTACTS),
    ("case", CASES),
    ("incident", INCIDENTS),
    ("handover", HANDOVERS),
)


def require_route(platform: Platform, caller: Caller, method: str, path: str) -> None:
    """RefusedError unless the caller's role may use the route; what it may see there is cut by
    the use case.
    """
    platform.policy.require(caller, load_rules().of_route(method, path))


def require_verb(platform: Platform, caller: Caller, words: str) -> None:
    """RefusedError unless the caller's role may use the verb."""
    action = load_rules().of_verb(words)
    if action != LOCAL:
        platform.policy.require(caller, action)


def require_command(platform: Platform, caller: Caller, command: Command) -> None:
    """RefusedError unless the caller may ask this of this area, for this department."""
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
    named = [
        (table, getattr(command, field))
        for field, table in THINGS
        if getattr(command, field, None) is not None
    ]
    if (
        isinstance(command, m.ReportCase) and command.case is None
    ):  # the case that the person has, wherever it is
        at = command.occurred_at or platform.clock.now()
        known = find_case(rows, command.subject, command.hazard, command.status, at)
        named += [(CASES, known.id)] if known is not None else []
    for table, key in named:
        row = rows.find(table, key)
        if row is not None:
            platform.policy.require(caller, action, area=row.area)
    if not named and getattr(command, "area", None) is None:
        platform.policy.require(caller, action, area=platform.reference.areas.root)
