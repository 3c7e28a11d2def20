"""What a plan that is compared would break of its own bounds, and whose decision it waits for."""

from __future__ import annotations

from datetime import date

import msgspec

from twinward.decision.planning.candidate import AS_NOW, Candidate
from twinward.library.hazards.measures import (
    GatheringLimit,
    Lockdown,
    Measure,
    SchoolClosure,
    TravelRestriction,
    WorkplaceClosure,
)
from twinward.library.loading import Library


def with_law(one: Candidate, library: Library, today: date, days: int) -> Candidate:
    """The candidate with what it would break of its own plan, and whose decision it waits for."""
    plan = library.find(one.id)
    if plan is None:
        own = one.measures and one.id != AS_NOW
        return msgspec.structs.replace(one, needs=("a person's decision",)) if own else one
    breaks = []
    if plan.valid_until is not None and plan.valid_until < today:
        breaks.append("authority")
    if plan.ends is not None and plan.ends.most_days < days and restricts(one.measures):
        breaks.append("law")
    needs = () if plan.authority.automatic else (f"adoption by {plan.authority.authorised_by}",)
    return msgspec.structs.replace(one, breaks=tuple(breaks), needs=needs)


def restricts(measures: tuple[Measure, ...]) -> bool:
    """Whether it keeps people from where they would go."""
    closing = Lockdown | SchoolClosure | WorkplaceClosure | GatheringLimit | TravelRestriction
    return any(isinstance(one, closing) for one in measures)
