"""A hazard model run for a city: forcing from a scenario or a file, exposure, quantiles by area."""

from __future__ import annotations

import math
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.core.reasons import Reason, because_of, unique
from twinward.decision.simulation.cases import read_series
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.exposure import (
    QUANTILES,
    Exposed,
    ExposureForecast,
    HospitalRisk,
    judge_footprint,
)
from twinward.decision.simulation.interface import (
    Ask,
    Footprint,
    Ground,
    HazardModel,
    Series,
    Start,
)
from twinward.decision.simulation.people import BEDS_1000
from twinward.decision.simulation.registry import load_model
from twinward.library.hazards.chains import get_scenario
from twinward.library.models.card import ModelCard, StoredModel
from twinward.library.texts import write_each
from twinward.service.hazards.grounds import ready_ground

MOST_HOURS, MOST_MEMBERS = 240.0, 1000


class HazardRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: a hazard, one source of its forcing, how long and how many members."""

    hazard: str
    scenario: str | None = None
    rain: str | None = None
    river: str | None = None
    forcing: Path | None = None  # of a source, rupture or ignition
    given: dict[str, float] = {}  # the same as numbers
    words: dict[str, str] = {}  # what of the forcing is no number: substance, stability, burns
    layers: tuple[tuple[str, Path], ...] = ()  # fuel, vs30, manning, infiltration, buildings
    models: tuple[Path, ...] = ()  # folders of models; none: those that come with Twinward
    deadline_s: float | None = None  # wall time after which no further member is begun
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
    hospitals: tuple[HospitalRisk, ...] = ()
    areas: tuple[AreaForecast, ...]
    areas_total: int
    mass_error: float | None
    assumptions: tuple[str, ...]
    assumptions_reasons: tuple[Reason, ...] = ()
    out_of_range: tuple[str, ...]
    out_of_range_reasons: tuple[Reason, ...] = ()
    notes: tuple[str, ...]
    notes_reasons: tuple[Reason, ...] = ()
    calibration: str
    fingerprint: str
    coefficients_sha256: str = ""
    cpu_s: float
    degraded: bool = False  # the time was over before every member had been run
    simulated: bool = True


class ReadyRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run with its model, ground and question, everything read and checked."""

    stored: StoredModel
    model: HazardModel
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
    stored, model = load_model(request.hazard, *request.models)
    least, most = stored.card.lead_h
    if not least < request.hours <= most:
        raise _bad(
            f"the {stored.card.hazard} model is for {least:g} to {most:g} hours, "
            f"got {request.hours:g}"
        )
    city, ground = ready_ground(
        request.hazard,
        request.city,
        request.residents,
        request.cell_m,
        request.terrain,
        request.layers,
        request.seed,
        request.models,
    )
    forcing, words = _read_forcing(request, city)
    ask = Ask(
        start=Start(),
        forcing=forcing,
        words=words,
        until_s=request.hours * 3600,
        step_s=max(600.0, request.hours * 3600 / 12),
        members=request.members,
        seed=request.seed,
        threads=request.threads,
        go_on=_until(request.deadline_s),
    )
    return ReadyRun(
        stored=stored,
        model=model,
        city=city,
        ground=ground,
        ask=ask,
        levels=levels_of(stored.card, model, ask),
    )


def _until(deadline_s: float | None) -> Callable[[], bool] | None:
    if deadline_s is None:
        return None
    if not deadline_s > 0:
        raise _bad(f"deadline must be above 0 seconds, got {deadline_s:g}")
    end = time.monotonic() + deadline_s
    return lambda: time.monotonic() < end


def levels_of(card: ModelCard, model: HazardModel, ask: Ask) -> tuple[tuple[str, float], ...]:
    """From which value of the figure which response level is reached: the model's own answer to
    what is asked, else its card's.
    """
    own = getattr(model, "list_levels", None)
    found: tuple[tuple[str, float], ...] = (
        own(ask) if own is not None else tuple((one.level, one.at_least) for one in card.levels)
    )
    if not found:
        raise InputError(
            f"the card of {card.id} names no levels", "add [[levels]] to it", code="bad_levels"
        )
    return found


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
    assumed = unique(found.assumptions)
    notes = found.notes if stored.card.on_terrain else ()
    if found.members < request.members:
        short = because_of("remark.degraded", done=found.members, asked=request.members)
        notes = (*notes, short)
    if found.exposed and found.exposed[0].beds:
        assumed = (*assumed, because_of("remark.beds", beds=BEDS_1000))
    names = {area.code: area.name for area in city.base.areas} if city.base is not None else {}
    worst = np.argsort(-found.peak_by_area[-1], kind="stable")[:most_areas]
    return HazardAnswer(
        hazard=stored.card.hazard,
        model=stored.card.id,
        version=str(stored.card.version),
        figure=found.figure,
        unit=found.unit,
        hours=request.hours,
        members=found.members,
        seed=request.seed,
        quantiles=QUANTILES,
        exposed=found.exposed,
        hospitals=found.hospitals,
        degraded=found.members < request.members,
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
        assumptions=write_each(assumed),
        assumptions_reasons=assumed,
        out_of_range=write_each(found.out_of_range),
        out_of_range_reasons=found.out_of_range,
        notes=write_each(notes),
        notes_reasons=notes,
        calibration=found.calibration,
        fingerprint=found.fingerprint,
        coefficients_sha256=stored.coefficients_sha256,
        cpu_s=cpu_s,
    )


def _bad(why: str) -> InputError:
    return InputError(why, "see `twinward hazard run --help`", code="bad_request")


def _read_forcing(
    request: HazardRequest, city: HazardCity
) -> tuple[dict[str, float | Series], dict[str, str]]:
    water = request.rain if request.rain is not None else request.river
    sources = (request.scenario, water, request.forcing, request.given or None)
    if sum(one is not None for one in sources) != 1:
        raise _bad("give one of --scenario, --rain, --river, --source, --rupture and --ignition")
    words = dict(request.words)
    if request.scenario is not None:
        scenario = get_scenario(request.hazard, request.scenario)
        east, north = (float(edge.max()) for edge in (city.east_m, city.north_m))
        at = (scenario.at[0] * east, scenario.at[1] * north) if scenario.at else None
        placed = _placed(request.hazard, dict(scenario.forcing), at, city)
        return placed, dict(scenario.words) | words
    if water is not None:
        if request.hazard != "flood":
            raise _bad(f"--rain and --river are forcing of a flood, not of {request.hazard}")
        found: dict[str, float | Series] = {}
        if request.rain is not None:
            found["rain_mm_h"] = _read_over_time(request.rain, linear=False)
        if request.river is not None:
            found["river_m3_s"] = _read_over_time(request.river, linear=True)
        return found, words
    data = dict(request.given)
    if request.forcing is not None:
        data, said = read_forcing(request.forcing)
        words = said | words
    lon, lat = data.pop("lon", None), data.pop("lat", None)
    at = None
    if lon is not None and lat is not None:
        at = city.locate(*check_place(lon, lat))
    return _placed(request.hazard, data, at, city), words


def check_place(lon: float, lat: float) -> tuple[float, float]:
    """InputError `bad_lonlat` for what are no degrees: metres, or the two changed over."""
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InputError(
            f"lon {lon:g}, lat {lat:g} are no degrees",
            "give WGS 84 degrees, not metres",
            code="bad_lonlat",
        )
    return lon, lat


def read_forcing(path: Path) -> tuple[dict[str, float], dict[str, str]]:
    """The numbers and the words of a TOML file; InputError `bad_forcing` for anything else."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: {error}", "name a TOML file", code="bad_forcing") from error
    numbers = {
        name: float(one)
        for name, one in data.items()
        if isinstance(one, int | float) and not isinstance(one, bool)
    }
    words = {name: one for name, one in data.items() if isinstance(one, str)}
    if len(numbers) + len(words) != len(data):
        raise InputError(
            f"{path.name}: every value is a number or a word", "mend it", code="bad_forcing"
        )
    return numbers, words


def _placed(
    hazard: str, forcing: dict[str, float], at: tuple[float, float] | None, city: HazardCity
) -> dict[str, float | Series]:
    if at is not None and hazard == "fire":
        cell = city.terrain.cell_m
        forcing["col"] = math.floor(at[0] / cell) + 1
        forcing["row"] = city.terrain.rows - math.floor(at[1] / cell)
    elif at is not None:
        forcing["east_m"], forcing["north_m"] = at
    return dict(forcing)


def _read_over_time(text: str, *, linear: bool) -> float | Series:
    try:
        return float(text)
    except ValueError:
        series = read_series(Path(text))
        return Series(times=series.times, values=series.values, linear=linear)
