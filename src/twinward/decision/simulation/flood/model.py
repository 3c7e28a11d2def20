"""The flood model: cases on a grid."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.core.reasons import Reason, because_of
from twinward.decision.simulation.flood import live
from twinward.decision.simulation.flood.checks import run_checks
from twinward.decision.simulation.flood.solver import SIDES, Setup, Solver
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import (
    Case,
    CaseRun,
    CheckResult,
    Numbers,
    ProbeReading,
    Series,
)
from twinward.library.models.card import ModelCard

Side = Literal["north", "south", "west", "east"]
MM_H = 1 / 3.6e6  # to metres a second
MOST_RAIN = 1e7  # mm/h: tests of mass rain 3.6 million


class Inflow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Water that enters a cell, m3/s; at the edge it comes through the wall."""

    row: int
    col: int
    m3_s: Numbers


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A level that stands along one side, metres."""

    side: Side
    m: Numbers


class FloodSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[flood] of a case."""

    manning: Numbers = 0.03
    rain_mm_h: Numbers = 0.0
    infiltration_mm_h: Numbers = 0.0
    depth_m: Numbers = 0.0
    open_sides: tuple[Side, ...] = ()
    inflow: tuple[Inflow, ...] = ()
    stage: tuple[Stage, ...] = ()


class FloodModel:
    """Local inertia on a grid behind the hazard interface."""

    settings = FloodSettings
    prepare = staticmethod(live.prepare)
    read = staticmethod(live.read)
    run = staticmethod(live.run)

    def run_case(self, card: ModelCard, case: Case, threads: int) -> CaseRun:
        """Runs to the end, reading the probes on the way."""
        asked = case.settings
        assert isinstance(asked, FloodSettings)
        ground = case.require_ground()
        places = {}
        for probe in case.probes:
            places[probe.name] = ground.index(f"probe {probe.name}", probe.row, probe.col)
        if case.until_s <= 0:
            raise InputError("a flood case needs until_s", "give seconds", code="bad_case")
        setup, depth, notes = make_setup(case, asked)
        solver = Solver(setup, depth)
        readings = []
        for at in case.times():
            solver.advance(at)
            fields = _fields(solver)
            for probe in case.probes:
                found = float(fields[probe.figure][places[probe.name]])
                value = None if probe.figure == "arrival_s" and found < 0 else found
                unit = card.get_figure(probe.figure).unit
                readings.append(
                    ProbeReading(
                        name=probe.name, time_s=at, figure=probe.figure, unit=unit, value=value
                    )
                )
        return _answer(card, case, solver, tuple(readings), notes)

    def check(self) -> list[CheckResult]:
        """Closed forms and conservation."""
        return run_checks()


def _answer(
    card: ModelCard,
    case: Case,
    solver: Solver,
    readings: tuple[ProbeReading, ...],
    notes: list[Reason],
) -> CaseRun:
    row, col = solver.limiting_cell()
    fields = _fields(solver)
    grids = {name: np.where(solver.active, fields[name], np.nan) for name in fields}
    dry = fields["arrival_s"] < 0
    grids["arrival_s"] = np.where(dry, np.nan, grids["arrival_s"])
    ranges = {"manning": float(np.sqrt(solver.setup.manning**2)[solver.active].min())}
    slope = _steepest(solver)
    return CaseRun(
        readings=readings,
        mass_error=solver.mass_error,
        cells=int(solver.active.sum()),
        steps=solver.steps,
        grids=grids,
        assumptions=tuple(notes),
        out_of_range=tuple(card.list_out_of_range(ranges | {"slope": slope})),
        limiting=(row, col),
    )


def _steepest(solver: Solver) -> float:
    bed = np.where(solver.active, solver.bed, np.nan)
    falls = [np.abs(np.diff(bed, axis=axis)) for axis in (0, 1)]
    values = [float(np.nanmax(one)) for one in falls if one.size and not np.isnan(one).all()]
    return max(values, default=0.0) / solver.setup.cell_m


def _fields(solver: Solver) -> dict[str, np.ndarray]:
    return {
        "depth_m": solver.depth,
        "stage_m": solver.bed + solver.depth,
        "speed_m_s": solver.speed,
        "peak_depth_m": solver.peak,
        "arrival_s": solver.arrival,
    }


def make_setup(case: Case, asked: FloodSettings) -> tuple[Setup, np.ndarray, list[Reason]]:
    """The solver's input from a case; InputError `bad_case` for what cannot be."""
    ground = case.require_ground()
    manning = case.grid(asked.manning, "flood.manning", 0.03)
    depth = case.grid(asked.depth_m, "flood.depth_m", 0.0)
    _check_bounds("flood.manning", manning, 0.0, 1.0, "give s/m^(1/3), for example 0.03")
    _check_bounds("flood.depth_m", depth, 0.0, 10_000.0, "give metres of water, not a level")
    rain, falls = _rate(case, asked.rain_mm_h, "flood.rain_mm_h")
    loss, drinks = _rate(case, asked.infiltration_mm_h, "flood.infiltration_mm_h")
    notes = [because_of("remark.rain_holds")] if len(rain.times) > 1 else []
    stages: list[tuple[str, Series]] = []
    for one in asked.stage:
        if one.side in asked.open_sides or any(one.side == side for side, _ in stages):
            raise InputError(
                f"the {one.side} side is given twice",
                "a side is open or has a stage",
                code="bad_case",
            )
        level = case.forcing(one.m, linear=True)
        _check_bounds(f"stage {one.side}", level.values, -1000.0, 20_000.0, "give metres")
        if float(level.values.max()) <= float(np.nanmin(_side(ground.elevation, one.side))):
            notes.append(because_of("remark.stage_below", side=one.side))
        stages.append((one.side, level))
    inflow = []
    for water in asked.inflow:
        row, col = ground.index("an inflow", water.row, water.col)
        flow = case.forcing(water.m3_s, linear=True)
        _check_bounds(
            "inflow m3_s", flow.values, 0.0, 1e6, "give cubic metres a second, not below 0"
        )
        inflow.append((row, col, flow))
    setup = Setup(
        cell_m=ground.cell_m,
        bed=ground.elevation,
        manning=manning,
        rain_m_s=rain,
        loss_m_s=loss,
        open_sides=asked.open_sides,
        stages=tuple(stages),
        inflow=tuple(inflow),
        rain_share=falls,
        loss_share=drinks,
    )
    return setup, depth, notes


def _rate(case: Case, value: Numbers, name: str) -> tuple[Series, Floats | None]:
    """Metres a second over time; of a grid its greatest value, and the share of each cell in it."""
    advice = "give millimetres an hour, not below 0"
    if isinstance(value, str) and value in case.grids:
        grid = case.grid(value, name, 0.0)
        _check_bounds(name, grid, 0.0, MOST_RAIN, advice)
        most = float(grid.max())
        rate = Series(times=np.zeros(1), values=np.full(1, most * MM_H), linear=False)
        return rate, grid / most if most > 0 else None
    rate = case.forcing(value, linear=False)
    _check_bounds(name, rate.values, 0.0, MOST_RAIN, advice)
    return Series(times=rate.times, values=rate.values * MM_H, linear=False), None


def _side(elevation: np.ndarray, side: str) -> np.ndarray:
    places = dict(
        zip(SIDES, (elevation[0], elevation[-1], elevation[:, 0], elevation[:, -1]), strict=True)
    )
    found = places[side]
    if np.isnan(found).all():
        raise InputError(f"the {side} side has no elevation", "name another side", code="bad_case")
    return np.asarray(found)


def _check_bounds(name: str, values: np.ndarray, least: float, most: float, advice: str) -> None:
    worst = values[(values < least) | (values > most) | ~np.isfinite(values)]
    if worst.size:
        raise InputError(
            f"{name} must be {least:g} to {most:g}, got {float(worst.flat[0]):g}",
            advice,
            code="bad_case",
        )


MODEL = FloodModel()
