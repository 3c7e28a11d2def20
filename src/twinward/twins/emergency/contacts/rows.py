"""The rows of contacts and their tables."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from twinward.core.ports import Table

# whoever has not fallen ill within fourteen days of the last exposure hardly will: WHO, Contact
# tracing, 2021
FOLLOW_UP = timedelta(days=14)


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
    exposed_at: datetime | None = None
    step_at: datetime | None = None
    put_by: str = ""  # who named them; empty where an earlier release did
    because: str = ""
    as_case: str | None = None
    followed_on: date | None = None  # the last day on which somebody asked how they were
    condition: str = ""  # how they were then: well, symptoms, not_reached

    def followed_until(self) -> datetime:
        """The end of the follow-up: counted from the last exposure, or where nobody knows it
        from the naming.
        """
        return (self.exposed_at or self.named_at) + FOLLOW_UP


CONTACTS: Table[Contact] = Table(
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
)

TABLES = (CONTACTS,)
