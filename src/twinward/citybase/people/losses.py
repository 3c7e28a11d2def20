"""Residents that a source holds and the city does not: told in people, and asked about when they
are most of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.sources.ledger import SourceLedger
from twinward.core.errors import InputError

MOST = 0.5
LEAST_HOME_M2 = 4.0  # of floor for each resident; the crowded have 10 and more
FEW = 0.03  # what is left out above this share stands out in the report


def people_of(counts: NDArray[Any], known: NDArray[Any]) -> float:
    """Residents of rows that were not used; a row that states none counts as the middle one of
    those that do.
    """
    stated = counts[np.isfinite(counts) & (counts >= 0)]
    every = np.concatenate([stated, known])
    return float(stated.sum()) + float(len(counts) - len(stated)) * (
        float(np.median(every)) if len(every) else 0.0
    )


def require_most(
    ledger: SourceLedger, lost: float, kept: float, accept: bool, why: str = ""
) -> None:
    """InputError when more residents would be left out than come in, unless the caller accepts
    that.
    """
    if accept or lost <= MOST * (lost + kept):
        return
    first = (
        f"; the first: line {ledger.rejected[0][0]}: {ledger.rejected[0][1]}"
        if ledger.rejected
        else ""
    )
    raise InputError(
        f"{ledger.label}: {lost:,.0f} of {lost + kept:,.0f} residents "
        f"({100 * lost / (lost + kept):.0f} %) would be left "
        f"out{why}{first}",
        "mend the rows (city-rejected in the workspace lists them), or go on without them with "
        "--accept-losses",
        code="most_residents_lost",
    )


def require_areas(
    ledger: SourceLedger, bare: list[str], areas: int, accept: bool, near: str = ""
) -> None:
    """InputError when most areas would have no residents at all."""
    if accept or len(bare) <= MOST * areas:
        return
    raise InputError(
        f"{ledger.label}: {len(bare)} of {areas} areas would have no residents: "
        f"{', '.join(bare[:5])}{near}",
        "check that file and areas are of one city and one level, or go on with --accept-losses",
        code="most_areas_empty",
    )


def require_floor(home_m2: float, residents: int, ledger: SourceLedger, accept: bool) -> None:
    """InputError when the homes of an extract are far too few for those who should live in them:
    it was drawn for its streets, and a few houses would hold everybody.
    """
    each = home_m2 / max(residents, 1)
    if accept or each >= LEAST_HOME_M2:
        return
    raise InputError(
        f"{ledger.label}: the homes of the extract have {each:.2g} m2 of floor for each of "
        f"{residents:,} residents",
        "take residents from a table or a grid, check residents.total and the outlines, or go on "
        "with --accept-losses",
        code="too_few_homes",
    )


def people_left_out(ledgers: list[SourceLedger], residents: int) -> dict[str, object]:
    """What the report says: how many residents were left out, of how many, why, and whether that
    stands out.
    """
    why = {
        reason: round(count)
        for ledger in ledgers
        for reason, count in ledger.people.items()
        if round(count)
    }
    out = sum(why.values())
    return {
        "residents": out,
        "of": out + residents,
        "why": why,
        "stands_out": out > FEW * (out + residents),
    }
