"""The five functions on an incident, as one use case: its picture, then pure functions over it."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.assessment.analyse import Analysis, analyse
from twinward.decision.assessment.describe import Description, describe
from twinward.decision.assessment.diagnose import Diagnosis, diagnose
from twinward.decision.assessment.guide import Guidance, guide
from twinward.decision.assessment.predict import (
    LEAST_DAYS,
    WEEK_D,
    Floats,
    Prediction,
    counts_to_forecast,
    from_draws,
    from_readings,
)
from twinward.decision.assessment.situation import Situation
from twinward.library.knowledge.graph import build_graph
from twinward.service.assessment.past_incidents import find_similar_to
from twinward.service.assessment.questions import QUESTIONS
from twinward.service.assessment.shared_pictures import SHARED
from twinward.service.console.basemap import Basemap
from twinward.service.hazards.prediction import find_forecast, predict_hazard
from twinward.service.platform import Caller, Platform

__all__ = [
    "Analysis",
    "Description",
    "Diagnosis",
    "Guidance",
    "Prediction",
    "answer_function",
]

# name -> its answer, and the question it answers
FUNCTIONS: dict[str, tuple[type, str]] = {
    name: (answer, QUESTIONS[name])
    for name, answer in (
        ("analyse", Analysis),
        ("describe", Description),
        ("diagnose", Diagnosis),
        ("predict", Prediction),
        ("guide", Guidance),
    )
}
AHEAD_D, AHEAD_H, SEED = 14, 6, 1
CHECK = (64, 96)  # parameter sets and particles of the forecast that is only held against what came
MOST_DAYS = 90
Singles = NDArray[np.float32]
Answer = Analysis | Description | Diagnosis | Prediction | Guidance


def answer_function(
    platform: Platform,
    ground: Basemap,
    caller: Caller,
    name: str,
    incident: str,
    at: datetime | None = None,
    days: int | None = None,
) -> Answer:
    """One of the five, by name. AbsentError when there is no such incident in the caller's areas
    at that instant.
    """
    if name not in FUNCTIONS:
        raise InputError(
            f"there is no function {name!r}",
            f"there are {', '.join(FUNCTIONS)}",
            code="unknown_function",
        )
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise InputError(f"{days} days are not possible", f"give 1 to {MOST_DAYS}", code="bad_days")
    given = SHARED.read(platform, ground, caller, incident, at)
    if name == "analyse":
        return analyse(given.picture, days or 7)
    if name == "describe":
        return describe(given.picture)
    if name == "diagnose":
        return diagnose(given.picture)
    if name == "predict":
        return predict(platform, given.picture, days or AHEAD_D)
    library = platform.reference.library
    like = find_similar_to(platform, ground, caller, given, at).like
    return guide(
        given.picture,
        diagnose(given.picture),
        library,
        build_graph(library),
        given.proposed_plan,
        given.plan,
        like,
    )


def predict(platform: Platform, picture: Situation, days: int) -> Prediction:
    """What a hazard's model has forecast; else a forecast of the counts where there are enough of
    them, else the trend of what is measured.
    """
    stored = find_forecast(platform.workspace, picture)
    if stored is not None:
        return predict_hazard(picture, stored)
    family = platform.reference.library.find_hazard(picture.hazard)
    limits = [
        (rule.figure, one.level, rule.at_least)
        for one in (family.levels if family else ())
        for rule in one.any
    ]
    counts = counts_to_forecast(picture)
    if counts is None:
        return from_readings(
            picture, AHEAD_H, {f"{figure}|{level}": least for figure, level, least in limits}
        )
    first, series = counts
    told = tuple(None if np.isnan(count) else float(count) for count in series)
    kept, earlier = draw_courses(told, days, most_infected(picture, series))
    draws = kept.astype(np.float64)
    before = None if earlier is None else earlier.astype(np.float64)
    weekly: dict[str, float] = {
        level: least for figure, level, least in limits if figure == "new_7d"
    }
    return from_draws(picture, first, series, draws, before, SEED, weekly)


@lru_cache(maxsize=32)
def draw_courses(
    reported: tuple[float | None, ...], days: int, most: float | None
) -> tuple[Singles, Singles | None]:
    """Courses of the coming days, and those that were drawn a week ago where that was possible;
    kept by what was reported (None: nothing), for every page of an incident asks for them.

    They are counts, whole below 16 million in single precision, which takes half the memory.
    """
    from twinward.decision.surveillance.forecasting.renewal import fit_renewal, predict

    series = np.array(reported, np.float64)
    draws = predict(fit_renewal(series, most, SEED, part=True), len(series), days, most, SEED)
    earlier = series[:-WEEK_D]
    before = None
    if np.isfinite(earlier).sum() >= LEAST_DAYS and np.nansum(earlier) >= LEAST_DAYS:
        fit = fit_renewal(earlier, most, SEED, *CHECK, part=True)
        before = predict(fit, len(earlier), WEEK_D, most, SEED)
    return draws.astype(np.float32), None if before is None else before.astype(np.float32)


def most_infected(picture: Situation, counts: Floats) -> float | None:
    """How many can be reported at most: the residents of the incident's area, where they are known
    and reports do not contradict them.
    """
    residents = picture.residents.get(picture.area, 0)
    return float(residents) if residents > 2 * float(np.nansum(counts)) else None
