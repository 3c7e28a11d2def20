"""The words and bounds that the messages of the emergency twin share."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]
PersonsReason = Annotated[str, msgspec.Meta(min_length=3, max_length=2000)]  # why a person did it
AreaCode = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
# discarded: it was no case after all (a result withdrawn or corrected, an illness ruled out)
CaseStatus = Literal["suspected", "asymptomatic", "confirmed", "recovered", "dead", "discarded"]
CountStatus = Literal["confirmed", "asymptomatic", "suspected", "dead", "recovered"]
FoundIn = Literal["community", "control", "reclassified", "unknown"]
IndicatorKind = Literal[
    "imported",
    "tests",
    "positive_tests",
    "beds",
    "beds_in_use",
    "icu_beds",
    "icu_beds_in_use",
]
Level = Literal["IV", "III", "II", "I"]
Lon = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Lat = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Count = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]


# what is only played (`epidemic/drill`) is no relation of what is real
DRILL_AGENT = "drill"


def is_one_hazard(one: str, other: str) -> bool:
    """Whether two reports may speak of one hazard: the same, or one names only the family of the
    other (`epidemic` and `epidemic/sars-cov-2`; two agents of a family are two hazards, and what is
    played is none of either).
    """
    if one == other:
        return True
    if DRILL_AGENT in (one.partition("/")[2], other.partition("/")[2]):
        return False
    return one.startswith(f"{other}/") or other.startswith(f"{one}/")
