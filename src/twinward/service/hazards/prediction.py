"""PREDICT for a physical hazard: what the newest kept forecast of its model says of an incident."""

from __future__ import annotations

from pathlib import Path

from twinward.decision.assessment.predict import Prediction
from twinward.decision.assessment.situation import Figure, Situation, figure
from twinward.service.hazards.forecast_store import StoredForecast, get_forecast, list_forecasts


def find_forecast(workspace: Path, picture: Situation) -> StoredForecast | None:
    """The newest forecast of the hazard that was known at the picture's time and is not over."""
    hazard = picture.hazard.partition("/")[0]
    for line in list_forecasts(workspace, hazard):
        age_h = (picture.now - line.issued_at).total_seconds() / 3600
        if 0 <= age_h <= line.hours:
            return get_forecast(workspace, line.id)
    return None


def predict_hazard(picture: Situation, stored: StoredForecast) -> Prediction:
    """People by level with their interval, when the incident's areas are reached, and the levels
    that the forecast reaches.
    """
    answer = stored.answer
    figures = [
        figure(
            f"people at level {one.level}",
            one.people[2],
            "persons",
            f"{one.people[2]:,.0f} people ({one.people[0]:,.0f} to {one.people[4]:,.0f}) where "
            f"{answer.figure} reaches {one.at_least:.3g} {answer.unit}",
            low=one.people[0],
            high=one.people[4],
        )
        for one in answer.exposed
    ]
    figures += arrivals(picture, stored)
    reaches = []
    for one in answer.exposed:
        chance = max((area.p_level.get(one.level, 0.0) for area in answer.areas), default=0.0)
        if chance >= 0.05:
            reaches.append(f"level {one.level} is reached somewhere with {chance:.0%}")
    return Prediction(
        incident=picture.incident,
        as_of=picture.now.isoformat(),
        model=f"{answer.model} {answer.version}, {answer.members} members, {answer.calibration}; "
        f"forecast {stored.id}",
        figures=figures,
        reaches=reaches,
        fingerprint=answer.fingerprint,
    )


def arrivals(picture: Situation, stored: StoredForecast) -> list[Figure]:
    """When the first of the incident's areas is reached in half the members."""
    inside = [
        one
        for one in stored.map.areas
        if one.arrival_s is not None and one.area.startswith(picture.area)
    ]
    if not inside:
        return []
    first = min(inside, key=lambda one: one.arrival_s or 0.0)
    hours = (first.arrival_s or 0.0) / 3600
    says = f"{first.name} is reached {hours:.1f} h after {stored.issued_at.isoformat()}"
    return [figure("first arrival", hours, "h", says)]
