"""DIAGNOSE: why an incident goes as it does: each possible cause with its evidence, the
weightiest first.
"""

from __future__ import annotations

import msgspec

from twinward.decision.assessment.causes import Cause, find_areas, find_settings
from twinward.decision.assessment.response_gaps import (
    find_contacts,
    find_departments,
    find_resources,
    find_silence,
    find_tests,
)
from twinward.decision.assessment.situation import Situation

MODEL = (
    "each possible cause is held against what would be usual (shares and rates with beta and "
    "gamma priors); its score "
    "is the probability that it is real times the share of the trouble that it explains"
)
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


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """`causes` stand out, the first explains most; `weighed` were looked at and do not."""

    incident: str
    as_of: str
    model: str
    causes: list[Cause]
    weighed: list[Cause]
    says: str


def diagnose(picture: Situation) -> Diagnosis:
    """Every finder over one picture; nothing is known here but what the log holds."""
    found = sorted(
        (one for find in FINDERS for one in find(picture)),
        key=lambda one: (-one.score, one.kind, one.about),
    )
    causes = [one for one in found if one.score >= STANDS_OUT]
    says = causes[0].says if causes else "nothing stands out against what would be usual"
    return Diagnosis(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        model=MODEL,
        causes=causes,
        weighed=[one for one in found if one.score < STANDS_OUT][:12],
        says=says,
    )
