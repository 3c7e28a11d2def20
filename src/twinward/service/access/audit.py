"""The record of looks and the chain that it hangs on, for those who may see the audit: who
looked, why, how often.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

import msgspec

from twinward.service.platform import Caller, Platform

LOOKS_SHOWN = 100
LOOKS = ("LookRecorded", "PersonsListed")


class LookLine(msgspec.Struct, frozen=True, kw_only=True):
    """One look: by whom, for what, at how many persons; whom it was at stays sealed."""

    at: datetime
    by: str
    purpose: str
    question: str
    persons: int
    activation: str


class AuditState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether every entry of the log is bound to the one before, and the latest looks, newest
    first.
    """

    checked_at: datetime
    entries: int
    ok: bool
    first_bad: int | None
    head: str
    looks: list[LookLine]
    looks_all: int


def get_audit(platform: Platform, caller: Caller) -> AuditState:
    """Reads the whole chain; RefusedError without the right to see the audit."""
    platform.policy.require(caller, "see_audit")
    looks: deque[LookLine] = deque(maxlen=LOOKS_SHOWN)
    total, after = 0, 0
    with platform.store.read() as reader:
        while page := reader.events_after(after, types=LOOKS):
            after = page[-1].seq
            total += len(page)
            for event in page:
                fact = event.fact
                looks.appendleft(
                    LookLine(
                        at=event.occurred_at,
                        by=event.actor,
                        purpose=getattr(fact, "purpose", ""),
                        question=getattr(fact, "question", ""),
                        persons=len(getattr(fact, "subjects", ())) or getattr(fact, "persons", 1),
                        activation=getattr(fact, "activation", ""),
                    )
                )
    found = platform.verify()
    return AuditState(
        checked_at=platform.clock.now(),
        entries=found.entries,
        ok=found.ok,
        first_bad=found.first_bad,
        head=found.head,
        looks=list(looks),
        looks_all=total,
    )
