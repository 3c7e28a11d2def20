"""DIAGNOSE: why an incident goes as it does: each possible cause with its evidence, the
weightiest first.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from twinward.decision.assessment.causes import Cause, find_areas, find_settings
from twinward.decision.assessment.course import (
    find_capacity,
    find_growth,
    find_late_work,
    find_level,
    find_unmet,
    list_assumptions,
    new_in_week,
)
from twinward.decision.assessment.response_gaps import (
    FULL_FROM,
    UNTRACED,
    find_contacts,
    find_departments,
    find_resources,
    find_silence,
    find_tests,
)
from twinward.decision.assessment.situation import Situation
from twinward.library.texts import say

STANDS_OUT = 0.1
FINDERS = (
    find_settings,
    find_areas,
    find_departments,
    find_contacts,
    find_tests,
    find_resources,
    find_silence,
)
OF_COURSE = (find_growth, find_level, find_capacity, find_unmet, find_late_work)


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """`causes` stand out, the first explains most; `weighed` were looked at and do not."""

    incident: str
    as_of: str
    model: str
    causes: list[Cause]
    weighed: list[Cause]
    says: str
    assumptions: tuple[str, ...] = ()


def diagnose(picture: Situation) -> Diagnosis:
    """Every finder over one picture; nothing is known here but what the log holds.

    What explains the course comes first, then the course itself: that it grows is no answer to why.
    """

    def look(finders: tuple[Callable[[Situation], list[Cause]], ...]) -> list[Cause]:
        found = (one for find in finders for one in find(picture))
        return sorted(found, key=lambda one: (-one.score, one.kind, one.about))

    found = [*look(FINDERS), *(look(OF_COURSE) if picture.status == "open" else [])]
    causes = [one for one in found if one.score >= STANDS_OUT]
    says = causes[0].says if causes else say_quiet(picture)
    return Diagnosis(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        model=say("model.diagnose"),
        causes=causes,
        weighed=[one for one in found if one.score < STANDS_OUT][:12],
        says=says,
        assumptions=(
            say("cause.assumed_untraced", share=UNTRACED),
            say("cause.assumed_full", share=FULL_FROM),
            say("cause.assumed_settings"),
            *list_assumptions(),
        ),
    )


def say_quiet(picture: Situation) -> str:
    """That nothing stands out, and on what that rests."""
    week, before = new_in_week(picture), new_in_week(picture, 1)
    open_tasks = [one for one in picture.tasks if one.status not in ("done", "dropped")]
    late = sum(task.is_late(picture.now) for task in open_tasks)
    if late:
        return say("cause.quiet_late", week=week, before=before, late=late)
    return say("cause.quiet", week=week, before=before)
