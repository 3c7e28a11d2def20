"""Holds every way in against the rules: routes, verbs, commands."""

from __future__ import annotations

from twinward.core.messages import Command
from twinward.security.identity import Caller
from twinward.security.masking import scrub
from twinward.security.rules import LOCAL, load_rules
from twinward.service.platform import Platform

__all__ = ["require_command", "require_route", "require_verb", "scrub"]


def require_route(platform: Platform, caller: Caller, method: str, path: str) -> None:
    """RefusedError unless the caller's role may use the route; what it may see there is cut by the use case."""
    platform.policy.require(caller, load_rules().of_route(method, path))


def require_verb(platform: Platform, caller: Caller, words: str) -> None:
    """RefusedError unless the caller's role may use the verb."""
    action = load_rules().of_verb(words)
    if action != LOCAL:
        platform.policy.require(caller, action)


def require_command(platform: Platform, caller: Caller, command: Command) -> None:
    """RefusedError unless the caller may ask this of this area, for this department."""
    action = load_rules().of_command(type(command).__name__)
    department = getattr(command, "department", None)
    platform.policy.require(caller, action, area=area_of(platform, caller, command), department=department)


def area_of(platform: Platform, caller: Caller, command: Command) -> str | None:
    """Where a command would act: its own area, or that of the thing it names; None where the caller is everywhere."""
    area: str | None = getattr(command, "area", None)
    if caller.areas == ("all",) or area is not None:
        return area
    for field, table in (("task", "tasks"), ("contact", "contacts"), ("incident", "incidents")):
        key = getattr(command, field, None)
        if key is not None:
            with platform.store.read() as rows:
                row = rows.find(table, key)
            return row.area if row is not None else platform.around.areas.root
    return platform.around.areas.root
