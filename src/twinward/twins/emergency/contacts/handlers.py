"""Contacts of a case: named, located, isolated, tested, released; or not found, living outside,
become a case.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.contacts.rows import CONTACTS, TABLES, Contact
from twinward.twins.emergency.incidents.rows import CASE_INCIDENTS
from twinward.twins.emergency.reports.rows import CASES
from twinward.twins.emergency.vocabulary import is_one_hazard
from twinward.twins.twin import Behaviour, Context

# what may follow what: nobody is tested before being located, nor released before a test
ELSEWHERE = (
    "not_found",
    "lives_outside",
    "became_case",
)  # what ends the care of a contact beside its steps
NEXT_STEPS = {
    "named": ("located", *ELSEWHERE),
    "located": ("isolated", *ELSEWHERE),
    "isolated": ("tested_negative", "tested_positive", *ELSEWHERE),
    "tested_negative": ("released", "tested_positive", *ELSEWHERE),
    "tested_positive": ("released", "became_case"),
    "not_found": ("located", "lives_outside", "became_case"),
    "lives_outside": ("located", "became_case"),
    "released": (),
    # what the contact team goes on to tell of somebody whom the laboratory reported first
    "became_case": ("located", "isolated", "tested_negative", "tested_positive", "released"),
}
SETTLED = ("tested_negative", "tested_positive", "released", "lives_outside", "became_case")
OPEN_STEPS = tuple(step for step in NEXT_STEPS if "became_case" in NEXT_STEPS[step])
GRACE = timedelta(days=7)  # isolation may last a little longer than the follow-up
FOLLOWED = (
    "named",
    "located",
    "isolated",
    "tested_negative",
    "tested_positive",
    "not_found",
)  # who is asked day by day how they are
WATCHED = ("isolated", "tested_negative", "tested_positive")


def watches(rows: Rows, subject: str, hazard: str, at: datetime) -> bool:
    """Whether somebody was in isolation as a contact of a case of this hazard before this
    instant.
    """
    for contact in rows.list_rows(CONTACTS, subject=subject):
        case = rows.find(CASES, contact.case)
        if (
            contact.step in WATCHED
            and at <= contact.followed_until() + GRACE
            and (case is None or is_one_hazard(case.hazard, hazard))
            and (contact.step_at is None or contact.step != "isolated" or contact.step_at <= at)
        ):
            return True
    return False


def get_contact(rows: Rows, contact: str) -> Contact:
    found: Contact | None = rows.find(CONTACTS, contact)
    if found is None:
        raise AbsentError(f"there is no contact {contact}", "name the contact first")
    return found


def name_contact(command: m.NameContact, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(CASES, command.case) is None:
        raise AbsentError(f"there is no case {command.case}", "report the case first")
    if rows.find(CONTACTS, command.contact) is not None:
        raise ConflictError(
            f"contact {command.contact} is named", "nothing was changed", code="already_reported"
        )
    fields = {
        name: getattr(command, name)
        for name in m.ContactNamed.__struct_fields__
        if name != "incident"
    }
    fact = m.ContactNamed(incident=incident_of(rows, command.case), **fields)
    return [Draft(fact=fact, area=command.area, incident=fact.incident, subject=command.subject)]


def incident_of(rows: Rows, case: str) -> str | None:
    joined = rows.find(CASE_INCIDENTS, case)
    return joined.incident if joined else None


def contact_named(fact: m.ContactNamed, event: Event, tx: Transaction) -> None:
    fields = {
        name: getattr(fact, name) for name in Contact.__struct_fields__ if hasattr(fact, name)
    }
    tx.put(
        CONTACTS,
        Contact(
            id=fact.contact,
            step="named",
            named_at=event.occurred_at,
            put_by=event.actor,
            **fields,
        ),
        event.occurred_at,
    )


def assign_contact(command: m.AssignContact, rows: Rows, context: Context) -> list[Draft]:
    contact = get_contact(rows, command.contact)
    if contact.incident is not None:
        raise ConflictError(
            f"contact {contact.id} has its incident", "nothing was changed", code="already_joined"
        )
    fact = m.ContactAssigned(contact=contact.id, subject=contact.subject, incident=command.incident)
    return [Draft(fact=fact, area=contact.area, incident=command.incident, subject=contact.subject)]


def contact_assigned(fact: m.ContactAssigned, event: Event, tx: Transaction) -> None:
    contact = get_contact(tx, fact.contact)
    tx.put(CONTACTS, msgspec.structs.replace(contact, incident=fact.incident), event.occurred_at)


def update_contact(command: m.UpdateContact, rows: Rows, context: Context) -> list[Draft]:
    contact = get_contact(rows, command.contact)
    allowed = NEXT_STEPS[contact.step]
    if command.step not in allowed:
        raise ConflictError(
            f"contact {contact.id} is {contact.step}, not ready to be {command.step}",
            f"next can be: {', '.join(allowed) or 'nothing'}",
            code="out_of_order",
        )
    case = rows.find(CASES, command.as_case) if command.as_case is not None else None
    if (command.step == "became_case" or command.as_case is not None) and (
        case is None or case.subject != contact.subject
    ):  # another person's case answers like none
        raise AbsentError(
            f"there is no case {command.as_case} of this person",
            "report the case, and name it in as_case",
        )
    fact = m.ContactUpdated(
        contact=contact.id,
        subject=contact.subject,
        step=command.step,
        because=command.because,
        as_case=command.as_case,
    )
    return [Draft(fact=fact, area=contact.area, incident=contact.incident, subject=contact.subject)]


def contact_updated(fact: m.ContactUpdated, event: Event, tx: Transaction) -> None:
    contact = get_contact(tx, fact.contact)
    row = msgspec.structs.replace(
        contact,
        step="became_case" if contact.step == "became_case" else fact.step,
        step_at=event.occurred_at,
        because=fact.because or contact.because,
        as_case=fact.as_case or contact.as_case,
    )
    tx.put(CONTACTS, row, event.occurred_at)


def follow_contact(command: m.FollowContact, rows: Rows, context: Context) -> list[Draft]:
    contact = get_contact(rows, command.contact)
    if contact.step not in FOLLOWED:
        raise ConflictError(
            f"contact {contact.id} is {contact.step}, not in follow-up",
            "nothing was changed",
            code="not_followed",
        )
    if context.occurred_at < contact.named_at:
        raise ConflictError(
            f"contact {contact.id} was not named yet then",
            "say when the person was asked",
            code="out_of_order",
        )
    fact = m.ContactFollowed(
        contact=contact.id,
        subject=contact.subject,
        day=context.day,
        condition=command.condition,
        because=command.because,
    )
    return [Draft(fact=fact, area=contact.area, incident=contact.incident, subject=contact.subject)]


def contact_followed(fact: m.ContactFollowed, event: Event, tx: Transaction) -> None:
    """What arrives late of an earlier day does not hide what is known of a later one."""
    contact = get_contact(tx, fact.contact)
    if contact.followed_on is not None and fact.day < contact.followed_on:
        return
    row = msgspec.structs.replace(contact, followed_on=fact.day, condition=fact.condition)
    tx.put(CONTACTS, row, event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.NameContact: name_contact,
        m.AssignContact: assign_contact,
        m.UpdateContact: update_contact,
        m.FollowContact: follow_contact,
    },
    appliers={
        m.ContactNamed: contact_named,
        m.ContactAssigned: contact_assigned,
        m.ContactUpdated: contact_updated,
        m.ContactFollowed: contact_followed,
    },
    tables=TABLES,
)
