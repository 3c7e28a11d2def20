"""What a change names belongs together and to each person who acts: thing, person and area, in
one transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from twinward.core.errors import AbsentError, ConflictError
from twinward.core.ports import Rows, Table, area_of
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.approvals.messages import ProposeChange
from twinward.twins.emergency.approvals.rows import CHANGES
from twinward.twins.emergency.contacts.rows import CONTACTS, Contact
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident
from twinward.twins.emergency.reports.rows import CASES, Case
from twinward.twins.emergency.transfers.rows import TRANSFER_PATIENTS

if TYPE_CHECKING:
    from twinward.twins.emergency.approvals.rows import Change

# what a change of each kind changes; a change of a status or a bulk opening changes no row
Thing = Contact | Case | Incident  # what a change may name
TABLE_OF: dict[str, Table[Thing]] = {
    "mass_action": INCIDENTS,
    "quarantine_order": CONTACTS,
}
PERSONS: tuple[Table[msgspec.Struct], ...] = (CASES, CONTACTS, TRANSFER_PATIENTS)


def require_together(
    platform: Platform, caller: Caller, action: str, change: Change | ProposeChange, rows: Rows
) -> None:
    """Raises unless the thing and the persons of `change` are of its area, and that area is the
    caller's.

    `change` is a proposal or the row of one. What is not there and what is elsewhere answer alike.
    """
    platform.policy.require(caller, action, area=change.area)
    covers = platform.policy.subtree((change.area,)).covers
    thing = find_thing(rows, change)
    if change.thing is not None and (thing is None or not covers(thing.area)):
        advice = "name the area that it lies in, and a thing of one's own"
        raise AbsentError(f"there is no {change.thing} in {change.area}", advice)
    if thing is not None:
        platform.policy.require(caller, action, area=thing.area)
        require_same_person(change, thing)
    if change.subject is not None:
        known = areas_of_person(rows, change.subject)
        if known and not any(covers(area) for area in known):
            raise not_here(change)
    for subject in change.subjects if change.kind == "bulk_opening" else ():
        if not any(covers(area) for area in areas_of_person(rows, subject)):
            raise not_here(change)


def not_here(change: Change | ProposeChange) -> AbsentError:
    return AbsentError(
        f"not every person named is a case or a contact in {change.area}",
        "leave out who is not, or ask their area",
    )


def find_thing(rows: Rows, change: Change | ProposeChange) -> Thing | None:
    """The row of what a change names."""
    if change.thing is None:
        return None
    tables: tuple[Table[Thing], ...] = (CONTACTS, CASES, INCIDENTS)
    tables = (TABLE_OF[change.kind],) if change.kind in TABLE_OF else tables
    return next(
        (row for table in tables if (row := rows.find(table, change.thing)) is not None), None
    )


def require_same_person(change: Change | ProposeChange, thing: Thing | None) -> None:
    """ConflictError when the thing is about another person than the decision on paper."""
    person = getattr(thing, "subject", None)
    if person is not None and person != change.subject:
        raise ConflictError(
            f"{change.thing} is about another person than this decision",
            "name the person whom it concerns",
            code="other_person",
        )


def areas_of_person(rows: Rows, subject: str) -> set[str]:
    """Where somebody is on record: as a case, as a contact, or as a patient on the way."""
    return {
        area_of(table, row) for table in PERSONS for row in rows.list_rows(table, subject=subject)
    }


def look_at(platform: Platform, caller: Caller, action: str, change: str) -> Callable[[Rows], None]:
    """The look at what a proposed change names, for the transaction in which somebody answers
    it.
    """

    def look(rows: Rows) -> None:
        row = rows.find(CHANGES, change)
        if row is not None:
            require_together(platform, caller, action, row, rows)

    return look
