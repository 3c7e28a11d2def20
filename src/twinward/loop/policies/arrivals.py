"""ARRIVED = IN QUARANTINE + RELEASED + HANDED ON: whoever is missing from the sum is an alarm, told
once and again when more are missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.loop.context import ReferenceData, command_id
from twinward.loop.policies.notices import tell_duty_officer
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.movement.rows import ARRIVAL_GROUPS, ArrivalGroup


def quarantine_is_held_to_account(
    fact: m.QuarantineReported, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    yield from _raise(fact.group, event, rows)


def arrivals_are_held_to_account(
    fact: m.ArrivalsReported, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """A corrected number may leave people over. Of a new group nothing is known yet: it has a day
    (`raise_unaccounted` of the daily jobs).
    """
    group: ArrivalGroup | None = rows.find(ARRIVAL_GROUPS, fact.group)
    if group is not None and group.quarantined_day is not None:
        yield from _raise(fact.group, event, rows)


def _raise(name: str, event: Event, rows: Rows) -> Iterator[Command]:
    group: ArrivalGroup | None = rows.find(ARRIVAL_GROUPS, name)
    if group is not None and group.unaccounted > group.alarmed:
        yield m.RaiseUnaccounted(
            id=command_id(event, "unaccounted"), group=name, unaccounted=group.unaccounted
        )


def tell_of_unaccounted(
    fact: m.ArrivalsUnaccounted, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    said = because_of(
        "notice.unaccounted",
        area=reference.areas.name(event.area),
        unaccounted=fact.unaccounted,
        arrived=fact.arrived,
        group=fact.group,
        origin=fact.origin,
        day=fact.day.isoformat(),
    )
    yield tell_duty_officer(event, "arrivals", said)
