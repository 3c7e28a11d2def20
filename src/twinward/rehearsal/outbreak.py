"""A small drawn outbreak: seeded generations of synthetic cases in a few areas of a city."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from twinward.core.chance import generator
from twinward.core.ids import derive_id

SOURCE = "drawn-outbreak"


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """How the outbreak is drawn. `r` falls from `r_start` to `r_end` halfway, as measures begin to
    work.

    All figures are ours, chosen for a lively drill of a few dozen to a few hundred cases; they
    claim nothing about a disease. Generations are gamma distributed with shape 4, offspring
    negative binomial by a gamma mixture.
    """

    days: int = 45
    first_cases: int = 3
    r_start: float = 2.2
    r_end: float = 0.25
    generation_d: float = 3.0
    dispersion: float = 0.4
    cases_least: int = 120  # an outbreak that dies out at once shows nothing: it is drawn again
    cases_most: int = 900
    draws: int = 500


Found = tuple[int, int, bool]  # day, leaf, found in the community


def draw_cases(
    drawn: Drawn, leaves: list[str], seed: int, start: date, zone: ZoneInfo, hazard: str
) -> list[tuple[datetime, dict[str, object]]]:
    """(published_at, ReportCase as a dict) in order: the first draw of a size that fits."""
    for attempt in range(drawn.draws):
        chance = generator(seed, f"drawn-outbreak-{attempt}")
        found = draw_once(drawn, len(leaves), chance)
        if drawn.cases_least <= len(found) <= drawn.cases_most:
            break
    return [
        (
            datetime.combine(start + timedelta(days=day), time(8), zone),
            case_command(
                seed, number, leaves[leaf], linked, hazard, start + timedelta(days=day), chance
            ),
        )
        for number, (day, leaf, linked) in enumerate(found)
    ]


def draw_once(drawn: Drawn, leaves: int, chance: np.random.Generator) -> list[Found]:
    """One tree of cases. Children stay near their parent's area or, now and then, go to any
    other.
    """
    home = int(chance.integers(leaves))
    frontier = [(0, home) for _ in range(drawn.first_cases)]
    found: list[Found] = []
    while frontier and len(found) <= drawn.cases_most:
        day, leaf = frontier.pop(0)
        found.append((day, leaf, day < drawn.days // 4 or bool(chance.random() < 0.3)))
        r = drawn.r_start if day < drawn.days // 3 else drawn.r_end
        mean = chance.gamma(drawn.dispersion, r / drawn.dispersion)
        for _ in range(int(chance.poisson(mean))):
            later = day + max(1, round(float(chance.gamma(4.0, drawn.generation_d / 4.0))))
            near = int(np.clip(leaf + chance.integers(-3, 4), 0, leaves - 1))
            where = near if chance.random() < 0.85 else int(chance.integers(leaves))
            if later < drawn.days:
                frontier.append((later, where))
    return sorted(found)


def case_command(
    seed: int,
    number: int,
    area: str,
    linked: bool,
    hazard: str,
    day: date,
    chance: np.random.Generator,
) -> dict[str, object]:
    case = derive_id("case", SOURCE, seed, number)
    return {
        "id": derive_id("row", SOURCE, seed, number),
        "type": "ReportCase",
        "case": case,
        "subject": derive_id("synthetic", case),
        "hazard": hazard,
        "area": area,
        "status": "asymptomatic" if chance.random() < 0.5 else "confirmed",
        "found_in": "community" if linked else "control",
        "onset": (day - timedelta(days=int(chance.integers(1, 4)))).isoformat(),
        "source": SOURCE,
        "synthetic": True,
    }
