"""Forecasts of physical hazards kept in the workspace, by id, with what a map needs of them."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.coding.files import keep_newest, write_whole
from twinward.core.errors import AbsentError
from twinward.core.reasons import Reason
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.exposure import ExposureForecast
from twinward.service.hazards.forecasts import HazardAnswer

FOLDER = "hazard-forecasts"
MOST_KEPT = 200
NAME = re.compile(r"fc-[a-z]+-[0-9a-f]{8,40}")
MOST_AREAS = 6000


class AreaCourse(msgspec.Struct, frozen=True, kw_only=True):
    """One area on the map: median and 0.95 quantile of the figure at each time, and when more
    than half the members have reached the lowest level there.
    """

    area: str
    name: str
    lon: float
    lat: float
    residents: int
    median: tuple[float, ...]
    high: tuple[float, ...]
    arrival_s: float | None


class HazardMap(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast over the map and over time, and its first members side by side."""

    id: str
    hazard: str
    figure: str
    unit: str
    issued_at: datetime
    times_s: tuple[float, ...]
    levels: tuple[tuple[str, float], ...]
    areas: tuple[AreaCourse, ...]
    areas_total: int
    members: tuple[tuple[float, ...], ...] = ()  # highest value by member and shown area
    simulated: bool = True


class StoredForecast(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast with its id, when and by whom it was made, and of what."""

    id: str
    issued_at: datetime
    made_by: str
    because: str
    reasons: tuple[Reason, ...] = ()  # `because` as data, where no person wrote it
    answer: HazardAnswer
    map: HazardMap


class ForecastLine(msgspec.Struct, frozen=True, kw_only=True):
    """One forecast in a list."""

    id: str
    hazard: str
    issued_at: datetime
    made_by: str
    because: str
    reasons: tuple[Reason, ...] = ()
    hours: float
    members: int
    people: tuple[float, ...]
    level: str | None
    calibration: str


def make_map(
    name: str,
    at: datetime,
    forecast: ExposureForecast,
    city: HazardCity,
    levels: tuple[tuple[str, float], ...],
    names: dict[str, str],
) -> HazardMap:
    """What the map shows: only areas that the figure reaches at all, the worst first."""
    median, high = forecast.by_area[2], forecast.by_area[4]
    order = np.argsort(-high.max(axis=0), kind="stable")
    shown = [n for n in order if high[:, n].max() > 0][:MOST_AREAS]
    least = forecast.p_level[levels[0][0]]
    courses = []
    for n in shown:
        reached = np.flatnonzero(least[:, n] >= 0.5)
        code = forecast.areas[n]
        courses.append(
            AreaCourse(
                area=code,
                name=names.get(code, code),
                lon=round(float(city.corner[0] + city.east_m[n] / city.scale[0]), 6),
                lat=round(float(city.corner[1] + city.north_m[n] / city.scale[1]), 6),
                residents=int(city.residents[n]),
                median=tuple(float(f"{v:.4g}") for v in median[:, n]),
                high=tuple(float(f"{v:.4g}") for v in high[:, n]),
                arrival_s=float(forecast.times[reached[0]]) if len(reached) else None,
            )
        )
    return HazardMap(
        id=name,
        hazard=forecast.hazard,
        figure=forecast.figure,
        unit=forecast.unit,
        issued_at=at,
        times_s=tuple(float(one) for one in forecast.times),
        levels=levels,
        areas=tuple(courses),
        areas_total=len(forecast.areas),
        members=tuple(
            tuple(float(f"{v:.3g}") for v in one[shown]) for one in forecast.member_peaks
        ),
    )


def keep_forecast(workspace: Path, stored: StoredForecast) -> Path:
    """Writes it whole or not at all; the oldest give way."""
    folder = workspace / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / f"{stored.id}.json"
    write_whole(path, msgspec.json.encode(stored))
    keep_newest(folder, "fc-*.json", MOST_KEPT)
    return path


def get_forecast(workspace: Path, name: str) -> StoredForecast:
    """The forecast of that id; AbsentError `no_forecast`."""
    path = workspace / FOLDER / f"{name}.json"
    if not NAME.fullmatch(name) or not path.is_file():
        raise AbsentError(
            f"there is no forecast {name!r}",
            "list them with `twinward hazard forecasts`",
            code="no_forecast",
        )
    return msgspec.json.decode(path.read_bytes(), type=StoredForecast)


def list_forecasts(workspace: Path, hazard: str | None = None) -> list[ForecastLine]:
    """All that are kept, the newest first."""
    found = [
        line_of(msgspec.json.decode(path.read_bytes(), type=StoredForecast))
        for path in (workspace / FOLDER).glob("fc-*.json")
    ]
    found = [one for one in found if hazard in (None, one.hazard)]
    return sorted(found, key=lambda one: (one.issued_at, one.id), reverse=True)


def line_of(stored: StoredForecast) -> ForecastLine:
    answer = stored.answer
    lowest = answer.exposed[0] if answer.exposed else None
    return ForecastLine(
        id=stored.id,
        hazard=answer.hazard,
        issued_at=stored.issued_at,
        made_by=stored.made_by,
        because=stored.because,
        reasons=stored.reasons,
        hours=answer.hours,
        members=answer.members,
        people=lowest.people if lowest is not None else (),
        level=grade_of(answer),
        calibration=answer.calibration,
    )


def grade_of(answer: HazardAnswer) -> str | None:
    """The gravest level that some area reaches in at least half the members."""
    reached = [
        one.level
        for one in answer.exposed
        if any(area.p_level.get(one.level, 0.0) >= 0.5 for area in answer.areas)
    ]
    return reached[-1] if reached else None
