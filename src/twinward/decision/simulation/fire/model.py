"""The fire model: cases on a grid."""

from __future__ import annotations

import math

import numpy as np

from twinward.core.errors import InputError
from twinward.core.reasons import because_of
from twinward.decision.simulation.fire import live
from twinward.decision.simulation.fire.block_cases import run_blocks_case
from twinward.decision.simulation.fire.checks import run_checks
from twinward.decision.simulation.fire.growth import (
    Fields,
    FireSettings,
    burn,
    check_settings,
    make_fields,
)
from twinward.decision.simulation.ground import CaseGround, Floats
from twinward.decision.simulation.interface import (
    Case,
    CaseRun,
    CheckResult,
    ProbeReading,
)
from twinward.library.models.card import ModelCard


class FireModel:
    """Rothermel and minimum travel time behind the hazard interface."""

    settings = FireSettings
    prepare = staticmethod(live.prepare)
    read = staticmethod(live.read)
    run = staticmethod(live.run)

    def run_case(self, card: ModelCard, case: Case, threads: int) -> CaseRun:
        """Arrival times to the end, then the probes."""
        asked = case.settings
        assert isinstance(asked, FireSettings)
        check_settings(asked)
        if case.until_s <= 0:
            raise InputError("a fire case needs until_s", "give seconds", code="bad_case")
        if asked.block:
            return run_blocks_case(card, case, asked)
        ground = case.require_ground()
        fields = make_fields(ground, case.grid(asked.fuel, "fire.fuel", 0.0), asked)
        starts = _starts(ground, fields, asked)
        arrival, taken = burn(ground, fields, starts, case.until_s)
        readings = []
        for probe in case.probes:
            place = None
            if probe.figure != "burned_area_m2":
                place = ground.index(f"probe {probe.name}", probe.row, probe.col)
            unit = card.get_figure(probe.figure).unit
            for at in case.times():
                value = _read(probe.figure, place, at, arrival, fields, ground.cell_m)
                readings.append(
                    ProbeReading(
                        name=probe.name, time_s=at, figure=probe.figure, unit=unit, value=value
                    )
                )
        readings.sort(key=lambda one: one.time_s)
        slope = float(np.hypot(fields.up_east, fields.up_north).max())
        return CaseRun(
            readings=tuple(readings),
            mass_error=None,
            cells=int((~ground.outside).sum()),
            steps=taken,
            grids={
                "arrival_s": np.where(np.isinf(arrival), np.nan, arrival),
                "spread_m_min": fields.head_m_min,
                "intensity_kw_m": fields.intensity_kw_m,
            },
            assumptions=(
                because_of("remark.ellipse"),
                because_of("remark.along_surface"),
            ),
            out_of_range=tuple(
                card.list_out_of_range({"wind_m_s": asked.wind_m_s, "slope": slope})
            ),
        )

    def check(self) -> list[CheckResult]:
        """Behave's values, the ellipse and the stencil."""
        return run_checks()


def _starts(
    ground: CaseGround, fields: Fields, asked: FireSettings
) -> list[tuple[int, int, float]]:
    found = []
    for one in asked.ignition:
        row, col = ground.index("an ignition", one.row, one.col)
        if fields.head_m_min[row, col] <= 0:
            raise InputError(
                f"the ignition at row {one.row}, col {one.col} is on fuel that does not burn",
                "name a cell that burns, or drier fuel",
                code="bad_ignition",
            )
        found.append((row, col, one.time_s))
    return found


def _read(
    figure: str,
    place: tuple[int, int] | None,
    at: float,
    arrival: Floats,
    fields: Fields,
    cell_m: float,
) -> float | None:
    if place is None:
        return float((arrival <= at).sum()) * cell_m * cell_m
    if figure == "arrival_s":
        found = float(arrival[place])
        return found if found <= at and math.isfinite(found) else None
    values = {
        "spread_m_min": fields.head_m_min,
        "intensity_kw_m": fields.intensity_kw_m,
        "length_to_width": fields.length_to_width,
        "towards_deg": fields.towards_deg,
    }
    return float(values[figure][place])


MODEL = FireModel()
