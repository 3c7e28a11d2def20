"""A hazard model run for a city: forcing from a scenario or a file, exposure, quantiles by area."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from twinward.citybase.people.plain_city import MOST_RESIDENTS, plain_base
from twinward.citybase.schema import CityBase
from twinward.citybase.terrain.elevation import Elevation, open_elevation, read_elevation
from twinward.core.errors import InputError
from twinward.decision.simulation.cases import read_series
from twinward.decision.simulation.chemical.substances import get_substance
from twinward.decision.simulation.city import HazardCity, make_city
from twinward.decision.simulation.exposure import (
    QUANTILES,
    Exposed,
    ExposureForecast,
    judge_footprint,
)
from twinward.decision.simulation.interface import (
    Ask,
    Footprint,
    Ground,
    Series,
    Start,
)
from twinward.decision.simulation.registry import load_model
from twinward.library.hazards.chains import get_scenario
from twinward.library.models.card import StoredModel

if TYPE_CHECKING:
    pass

MOST_HOURS, MOST_MEMBERS = 240.0, 1000
GROUND = ("flood", "fire")  # to which the terrain matters
# the figure that the model gives, by level: flood as in hazards/flood.toml; earthquake the bounds
# of intensities VI to IX of GB/T 17742 (recalled: check the standard); fire: the place burns
LEVELS: dict[str, tuple[tuple[str, float], ...]] = {
    "flood": (("IV", 0.15), ("III", 0.3), ("II", 0.5), ("I", 1.0)),
    "earthquake": (("IV", 0.045), ("III", 0.09), ("II", 0.178), ("I", 0.354)),
    "fire": (("IV", 0.5),),
}


class HazardRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: a hazard, one source of its forcing, how long and how many members."""

    hazard: str
    scenario: str | None = None
    rain: str | None = None
    forcing: Path | None = None  # of a source, rupture or ignition
    given: dict[str, float] = {}  # the same as numbers
    terrain: Path | None = None
    residents: int | None = None
    city: Path | None = None
    hours: float = 6.0
    members: int = 20
    cell_m: float = 250.0
    seed: int = 1
    threads: int = 1


class AreaForecast(msgspec.Struct, frozen=True, kw_only=True):
    """One area: quantiles of its peak, and the highest level that more than half the members
    reach.
    """

    area: str
    peak: tuple[float, ...]
    p_level: dict[str, float]
    residents: int
    name: str = ""


class HazardAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast for people and programs; evidence, never an order."""

    hazard: str
    model: str
    version: str
    figure: str
    unit: str
    hours: float
    members: int
    seed: int
    quantiles: tuple[float, ...]
    exposed: tuple[Exposed, ...]
    areas: tuple[AreaForecast, ...]
    areas_total: int
    mass_error: float | None
    assumptions: tuple[str, ...]
    out_of_range: tuple[str, ...]
    notes: tuple[str, ...]
    calibration: str
    fingerprint: str
    cpu_s: float
    simulated: bool = True


class ReadyRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run with its model, ground and question, everything read and checked."""

    stored: StoredModel
    model: Any
    city: HazardCity
    ground: Ground
    ask: Ask
    levels: tuple[tuple[str, float], ...]


def prepare_run(request: HazardRequest) -> ReadyRun:
    """Reads city, terrain and forcing; InputError for a request that cannot be run."""
    if not 0 < request.hours <= MOST_HOURS:
        raise _bad(f"hours must be above 0 and at most {MOST_HOURS:g}, got {request.hours:g}")
    if not 1 <= request.members <= MOST_MEMBERS:
        raise _bad(f"members must be 1 to {MOST_MEMBERS:,}, got {request.members:,}")
    if not 5 <= request.cell_m <= 5000:
        raise _bad(f"cell-m must be 5 to 5,000, got {request.cell_m:g}")
    stored, model = load_model(request.hazard)
    city = make_city(_open_base(request), request.cell_m, _open_terrain(request), request.seed)
    live: Any = model
    ask = Ask(
        start=Start(),
        forcing=_read_forcing(request, city),
        until_s=request.hours * 3600,
        step_s=max(600.0, request.hours * 3600 / 12),
        members=request.members,
        seed=request.seed,
        threads=request.threads,
    )
    return ReadyRun(
        stored=stored,
        model=model,
        city=city,
        ground=live.prepare(city),
        ask=ask,
        levels=_levels(stored.card.hazard),
    )


class DoneForecast(msgspec.Struct, frozen=True, kw_only=True):
    """A run with its answer, and the forecast by time for a map."""

    ready: ReadyRun
    forecast: ExposureForecast
    answer: HazardAnswer


def forecast_hazard(request: HazardRequest, most_areas: int = 50) -> HazardAnswer:
    """Runs the model over the city; the worst areas first.

    Raises InputError for a request that cannot be run.
    """
    return run_forecast(request, most_areas).answer


def run_forecast(request: HazardRequest, most_areas: int = 50) -> DoneForecast:
    """The same with the forecast by time."""
    began = time.process_time()
    ready = prepare_run(request)
    footprint = ready.model.run(ready.ground, ready.ask)
    found = judge_footprint(footprint, ready.ground, ready.city, ready.levels)
    spent = time.process_time() - began
    answer = _answer(request, ready, found, footprint, most_areas, spent)
    return DoneForecast(ready=ready, forecast=found, answer=answer)


def _answer(
    request: HazardRequest,
    ready: ReadyRun,
    found: ExposureForecast,
    footprint: Footprint,
    most_areas: int,
    cpu_s: float,
) -> HazardAnswer:
    stored, city = ready.stored, ready.city
    names = {area.code: area.name for area in city.base.areas} if city.base is not None else {}
    worst = np.argsort(-found.peak_by_area[-1], kind="stable")[:most_areas]
    return HazardAnswer(
        hazard=stored.card.hazard,
        model=stored.card.id,
        version=str(stored.card.version),
        figure=found.figure,
        unit=found.unit,
        hours=request.hours,
        members=request.members,
        seed=request.seed,
        quantiles=QUANTILES,
        exposed=found.exposed,
        areas=tuple(
            AreaForecast(
                area=found.areas[place],
                peak=tuple(float(one) for one in found.peak_by_area[:, place]),
                p_level={
                    name: float(found.p_level[name][:, place].max()) for name in found.p_level
                },
                residents=int(city.residents[place]),
                name=names.get(found.areas[place], ""),
            )
            for place in worst
        ),
        areas_total=len(found.areas),
        mass_error=footprint.mass_error,
        assumptions=found.assumptions,
        out_of_range=found.out_of_range,
        notes=found.notes if request.hazard in GROUND else (),
        calibration=found.calibration,
        fingerprint=found.fingerprint,
        cpu_s=cpu_s,
    )


def _bad(why: str) -> InputError:
    return InputError(why, "see `twinward hazard run --help`", code="bad_request")


def _levels(hazard: str) -> tuple[tuple[str, float], ...]:
    if hazard == "chemical":
        ammonia = get_substance("ammonia")
        grades = (
            (name, ammonia.level(grade, 60)) for name, grade in (("IV", 1), ("III", 2), ("II", 3))
        )
        return tuple((name, value) for name, value in grades if value is not None)
    return LEVELS[hazard]


def _open_base(request: HazardRequest) -> CityBase:
    if request.residents is not None:
        if not 1 <= request.residents <= MOST_RESIDENTS:
            raise _bad(f"residents must be 1 to {MOST_RESIDENTS:,}, got {request.residents:,}")
        return plain_base(request.residents, request.seed)
    from twinward.citybase.columns import find_homes, open_city

    if request.city is None or find_homes(request.city) is None:
        raise InputError(
            "this workspace has no city with residents",
            "build one with `twinward city build`, or give --residents N",
            code="no_city",
        )
    return open_city(request.city)


def _open_terrain(request: HazardRequest) -> Elevation | None:
    """The named elevation, else that of the city."""
    if request.terrain is not None:
        return read_elevation(request.terrain, request.terrain.name)
    city = request.city if request.residents is None else None
    return open_elevation(city) if city is not None else None


def _read_forcing(request: HazardRequest, city: HazardCity) -> dict[str, float | Series]:
    sources = (request.scenario, request.rain, request.forcing, request.given or None)
    if sum(one is not None for one in sources) != 1:
        raise _bad("give one of --scenario, --rain, --source, --rupture and --ignition")
    if request.scenario is not None:
        scenario = get_scenario(request.hazard, request.scenario)
        east, north = (float(edge.max()) for edge in (city.east_m, city.north_m))
        at = (scenario.at[0] * east, scenario.at[1] * north) if scenario.at else None
        return _placed(request.hazard, dict(scenario.forcing), at, city)
    if request.rain is not None:
        if request.hazard != "flood":
            raise _bad(f"--rain is forcing of a flood, not of {request.hazard}")
        return {"rain_mm_h": _read_rain(request.rain)}
    data = dict(request.given) if request.forcing is None else _read_numbers(request.forcing)
    lon, lat = data.pop("lon", None), data.pop("lat", None)
    at = city.locate(lon, lat) if lon is not None and lat is not None else None
    return _placed(request.hazard, data, at, city)


def _read_numbers(path: Path) -> dict[str, float]:
    """The numbers of a TOML file; InputError `bad_forcing` for anything else."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: {error}", "name a TOML file", code="bad_forcing") from error
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in data.values()):
        raise InputError(f"{path.name}: every value is a number", "mend it", code="bad_forcing")
    return {name: float(value) for name, value in data.items()}


def _placed(
    hazard: str, forcing: dict[str, float], at: tuple[float, float] | None, city: HazardCity
) -> dict[str, float | Series]:
    if at is not None and hazard == "fire":
        cell = city.terrain.cell_m
        forcing["col"] = int(at[0] / cell) + 1
        forcing["row"] = city.terrain.rows - int(at[1] / cell)
    elif at is not None:
        forcing["east_m"], forcing["north_m"] = at
    return dict(forcing)


def _read_rain(text: str) -> float | Series:
    try:
        return float(text)
    except ValueError:
        series = read_series(Path(text))
        return Series(times=series.times, values=series.values, linear=False)
