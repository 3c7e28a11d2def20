"""Contacts of a case: named, located, isolated, tested, released; each step in its order."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.errors import AbsentError, ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Table, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.twin import Behaviour, Context

# what may follow what: nobody is tested before being located, nor released before a test
NEXT_STEPS = {
    "named": ("located",),
    "located": ("isolated",),
    "isolated": ("tested_negative", "tested_positive"),
    "tested_negative": ("released", "tested_positive"),
    "tested_positive": ("released",),
    "released": (),
}


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Someone who was with a case; `subject` is a pseudonym, `step` how far the response has
    come.
    """

    id: str
    case: str
    subject: str
    incident: str | None
    area: str
    setting: str
    probability: float | None
    step: str
    named_at: datetime
    synthetic: bool
    put_by: str = ""  # who named them; empty where an earlier release did


TABLES = (
    Table(
        name="contacts",
        row=Contact,
        columns=("incident", "case", "step", "named_at", "subject"),
        indexes=(
            ("incident", "step"),
            ("case",),
            ("area", "named_at"),
            ("named_at", "area"),
            ("subject",),
        ),
        subject="subject",
    ),
)


def get_contact(rows: Rows, contact: str) -> Contact:
    found: Contact | None = rows.find("contacts", contact)
    if found is None:
        raise AbsentError(f"there is no contact {contact}", "name the contact first")
    return found


def name_contact(command: m.NameContact, rows: Rows, context: Context) -> list[Draft]:
    if rows.find("cases", command.case) is None:
        raise AbsentError(f"there is no case {command.case}", "report the case first")
    if rows.find("contacts", command.contact) is not None:
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
    joined = rows.find("case_incidents", case)
    return joined.incident if joined else None


def contact_named(fact: m.ContactNamed, event: Event, tx: Transaction) -> None:
    fields = {
        name: getattr(fact, name) for name in Contact.__struct_fields__ if hasattr(fact, name)
    }
    row = Contact(
        id=fact.contact, step="named", named_at=event.occurred_at, put_by=event.actor, **fields
    )
    tx.put("contacts", row, event.occurred_at)


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
    tx.put("contacts", msgspec.structs.replace(contact, incident=fact.incident), event.occurred_at)


def update_contact(command: m.UpdateContact, rows: Rows, context: Context) -> list[Draft]:
    contact = get_contact(rows, command.contact)
    allowed = NEXT_STEPS[contact.step]
    if command.step not in allowed:
        raise ConflictError(
            f"contact {contact.id} is {contact.step}, not ready to be {command.step}",
            f"next can be: {', '.join(allowed) or 'nothing'}",
            code="out_of_order",
        )
    fact = m.ContactUpdated(contact=contact.id, subject=contact.subject, step=command.step)
    return [Draft(fact=fact, area=contact.area, incident=contact.incident, subject=contact.subject)]


def contact_updated(fact: m.ContactUpdated, event: Event, tx: Transaction) -> None:
    contact = get_contact(tx, fact.contact)
    tx.put("contacts", msgspec.structs.replace(contact, step=fact.step), event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.NameContact: name_contact,
        m.AssignContact: assign_contact,
        m.UpdateContact: update_contact,
    },
    appliers={
        m.ContactNamed: contact_named,
        m.ContactAssigned: contact_assigned,
        m.ContactUpdated: contact_updated,
    },
    tables=TABLES,
)
