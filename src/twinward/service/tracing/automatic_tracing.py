"""From a confirmed case to named contacts: the tracing question asked by the loop, its answer as
commands.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from twinward.core.clock import parse_time
from twinward.core.errors import AbsentError
from twinward.core.ids import derive_id
from twinward.core.messages import Event
from twinward.service.tracing.questions import Tracing
from twinward.twins.emergency import messages as m

LOOK_BACK = timedelta(days=14)
AHEAD = timedelta(days=1)
# somebody is sent to a door for those who may well have been together with the case (of those told
# 0.3 or more, two in five were, docs/explanation/tracing-measured.md), or who may well have caught
# it from them (one of many neighbours in a building may be the case's own household); others are
# listed to whoever asks
LEAST_PROBABILITY, LEAST_TRANSMISSION = 0.3, 0.02
MOST_CONTACTS = 200


def find_contacts(
    tracing: Tracing, fact: m.CaseReported | m.CaseReclassified, event: Event
) -> list[m.NameContact]:
    """The likeliest contacts of a case in the fourteen days before it was known, each with the
    area it lives in.
    """
    scope = tracing.scope_for("trace")
    start = max(event.occurred_at - LOOK_BACK, scope.data_from)
    end = min(event.occurred_at + AHEAD, scope.data_to)
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
    areas = tracing.home_areas(names, start, end)
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
        )
        for contact in likely
    ]
