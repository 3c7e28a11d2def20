"""What every policy of the loop is given beside the event: the areas and the library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.library.hazards.chains import ChainRule, load_chains
from twinward.library.loading import Library
from twinward.library.plans.plan import Plan
from twinward.library.supervision.module import Module
from twinward.library.supervision.module_files import bundled_modules
from twinward.twins.city.areas import AreaTree
from twinward.twins.emergency.incidents.rows import Incident
from twinward.twins.emergency.plans.handlers import WITHDRAWN
from twinward.twins.emergency.plans.rows import ENDED_PLANS, PLANS_IN_FORCE

ACTOR = "loop"  # who the loop's own commands are asked by


def no_population_data(area: str) -> int:
    """How many live in an area, where nobody has counted them."""
    return 0


class ReferenceData(msgspec.Struct, frozen=True, kw_only=True):
    """The city's areas, how many live in each, its zone, and the library of hazards, plans and
    departments, which is read when somebody asks for it.
    """

    areas: AreaTree
    read_library: Callable[[], Library]
    residents: Callable[[str], int] = no_population_data
    zone: tzinfo = UTC
    chains: Callable[[], tuple[ChainRule, ...]] = load_chains
    modules: Callable[[], Mapping[str, Module]] = bundled_modules

    @property
    def library(self) -> Library:
        return self.read_library()

    def local(self, at: datetime) -> datetime:
        """The same instant by the city's clock."""
        return at.astimezone(self.zone)

    def day_of(self, at: datetime) -> date:
        """The civil day of an instant in the city: reports, curves and quiet days are counted by
        it.
        """
        return at.astimezone(self.zone).date()


# a policy reads an event and the rows, and yields the commands that follow; it never writes
Policy = Callable[[Any, Event, Rows, ReferenceData], Iterable[Command]]


def command_id(event: Event, *words: str) -> str:
    """The id of a command that follows from an event: doing it again names it again, so it is
    done once.
    """
    return derive_id("cmd", event.id, *words)


def find_plan_in_force(rows: Rows, incident: Incident, reference: ReferenceData) -> Plan | None:
    """The library's plan that the incident follows, if one is in force."""
    in_force = rows.find(PLANS_IN_FORCE, incident.id)
    return reference.library.find(in_force.plan) if in_force else None


def find_plan_for_persons(rows: Rows, incident: Incident, reference: ReferenceData) -> Plan | None:
    """The plan that says who is interviewed and cared for: the one in force, or in an open
    incident the one that has ended, whose objectives still ask for every contact; none where a
    person has withdrawn it.
    """
    in_force = find_plan_in_force(rows, incident, reference)
    if in_force is not None or incident.status != "open":
        return in_force
    ended = rows.find(ENDED_PLANS, incident.id)
    if ended is None or ended.clause == WITHDRAWN:
        return None
    return reference.library.find(ended.plan)


def clause_reference(plan: Plan, clause: str) -> str:
    """A clause with its plan, as tasks and notices name what they follow from."""
    return f"{plan.id} {plan.version}: {clause}"


def area_at_level(code: str, level: str | None, reference: ReferenceData) -> str:
    """The area of an administrative level in which `code` lies; `code` itself where it stands
    higher or none is.
    """
    if level is None:
        return code
    if level == "city":
        return reference.areas.root
    known = reference.areas.by_code
    return next(
        (
            area
            for area in reference.areas.path(code)
            if area in known and known[area].level == level
        ),
        code,
    )


def affected_areas(incident: Incident) -> tuple[str, ...]:
    """The areas inside the incident's own that are affected, or its own when none is known more
    closely.
    """
    return tuple(area for area in incident.affected if area != incident.area) or (incident.area,)
