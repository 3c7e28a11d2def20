"""From a confirmed case to named contacts: the tracing question asked by the loop, its answer as
commands.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from twinward.core.clock import parse_time
from twinward.core.errors import AbsentError
from twinward.core.ids import derive_id
from twinward.core.messages import Event
from twinward.service.tracing.questions import Tracing
from twinward.twins.emergency import messages as m

LOOK_BACK = timedelta(days=14)  # from the report, where nobody knows the onset
AHEAD = timedelta(days=1)
# somebody is infectious from about two days before the onset, and hardly two weeks after it (WHO,
# Contact tracing and quarantine in the context of COVID-19, 2022; ECDC, Contact tracing, 2021)
BEFORE_ONSET, AFTER_ONSET = timedelta(days=2), timedelta(days=14)
# somebody is sent to a door for those who may well have been together with the case (of those told
# 0.3 or more, two in five were, docs/explanation/tracing-measured.md), or who may well have caught
# it from them (one of many neighbours in a building may be the case's own household); others are
# listed to whoever asks
LEAST_PROBABILITY, LEAST_TRANSMISSION = 0.3, 0.02
MOST_CONTACTS = 200


Reported = m.CaseReported | m.CaseReclassified | m.CaseAmended


def window_of(reported_at: datetime, onset: date | None, zone: tzinfo) -> tuple[datetime, datetime]:
    """When others can have caught it from a case: counted from the onset, however late the test
    was.
    """
    if onset is None:
        return reported_at - LOOK_BACK, reported_at + AHEAD
    fell_ill = datetime.combine(onset, time(), zone)
    return fell_ill - BEFORE_ONSET, max(min(reported_at + AHEAD, fell_ill + AFTER_ONSET), fell_ill)


def find_contacts(
    tracing: Tracing, fact: Reported, event: Event, onset: date | None, zone: tzinfo
) -> list[m.NameContact]:
    """The likeliest contacts of a case while it was infectious, each with the area it lives in."""
    scope = tracing.scope_for("trace")
    start, end = window_of(event.occurred_at, onset, zone)
    start, end = max(start, scope.data_from), min(end, scope.data_to)
    if start >= end:
        return []
    try:
        found: dict[str, Any] = tracing.contacts(
            subject=fact.subject, start=start, end=end, limit=MOST_CONTACTS
        )
    except AbsentError:
        return []
    likely = [
        contact
        for contact in found["contacts"]
        if contact["probability"] >= LEAST_PROBABILITY
        or contact["transmission"] >= LEAST_TRANSMISSION
    ]
    names = [contact["subject"] for contact in likely]
    areas = tracing.home_areas(names, max(min(start, end - LOOK_BACK), scope.data_from), end)
    return [
        m.NameContact(
            id=derive_id("cmd", event.id, "contact", contact["subject"]),
            contact=derive_id("contact", fact.case, contact["subject"]),
            case=fact.case,
            subject=contact["subject"],
            area=areas.get(contact["subject"]) or event.area,
            setting=contact["setting"],
            probability=contact["probability"],
            occurred_at=max(parse_time(contact["last_at"]), event.occurred_at),
            exposed_at=parse_time(contact["last_at"]),
        )
        for contact in likely
    ]
