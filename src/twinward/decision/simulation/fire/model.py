"""The fire model: cases on a grid."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.simulation.fire import kernels
from twinward.decision.simulation.fire.checks import run_checks
from twinward.decision.simulation.fire.fuels import (
    NON_BURNABLE,
    Moisture,
    find_fuel,
    make_bed,
)
from twinward.decision.simulation.fire.spread import M_S_FT_MIN, Canopy, spread_with, wind_factor
from twinward.decision.simulation.interface import (
    Case,
    CaseGround,
    CaseRun,
    CheckResult,
    Floats,
    Numbers,
    Reading,
)
from twinward.library.models.card import ModelCard


class Ignition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and when a fire starts."""

    row: int
    col: int
    time_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A spread that is given in place of Rothermel's: for cases of pure geometry."""

    head_m_min: float
    length_to_width: float = 1.0


class FireSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[fire] of a case; wind at 6.1 m (20 ft) above open ground."""

    fuel: Numbers
    moisture: Moisture = Moisture()
    wind_m_s: float = 0.0
    wind_from_deg: float = 270.0
    ignition: Annotated[tuple[Ignition, ...], msgspec.Meta(min_length=1)]
    canopy: Canopy = Canopy()
    given: Given | None = None


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """Spread over a grid, NaN nowhere; head 0 where nothing burns."""

    head_m_min: Floats
    towards_deg: Floats
    length_to_width: Floats
    intensity_kw_m: Floats
    up_east: Floats
    up_north: Floats


class FireModel:
    """Rothermel and minimum travel time behind the hazard interface."""

    settings = FireSettings

    def run_case(self, card: ModelCard, case: Case, threads: int) -> CaseRun:
        """Arrival times to the end, then the probes."""
        asked = case.settings
        assert isinstance(asked, FireSettings)
        ground = case.require_ground()
        _check(asked)
        if case.until_s <= 0:
            raise InputError("a fire case needs until_s", "give seconds", code="bad_case")
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
                    Reading(name=probe.name, time_s=at, figure=probe.figure, unit=unit, value=value)
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
                "length over width by Anderson 1983, midflame wind in miles an hour, at most 8",
                "distances are along the surface; spotting is off",
            ),
            out_of_range=tuple(
                card.list_out_of_range({"wind_m_s": asked.wind_m_s, "slope": slope})
            ),
        )

    def check(self) -> list[CheckResult]:
        """Behave's values, the ellipse and the stencil."""
        return run_checks()


def _check(asked: FireSettings) -> None:
    asked.moisture.check()
    for name, value, least, most in (
        ("wind_m_s", asked.wind_m_s, 0, 75),
        ("wind_from_deg", asked.wind_from_deg, -360, 720),
        ("canopy.cover_percent", asked.canopy.cover_percent, 0, 100),
        ("canopy.height_m", asked.canopy.height_m, 0, 120),
        ("canopy.crown_ratio", asked.canopy.crown_ratio, 0, 1),
        ("given.head_m_min", asked.given.head_m_min if asked.given else 0, 0, 1e5),
        ("given.length_to_width", asked.given.length_to_width if asked.given else 1, 1, 100),
    ):
        if not least <= value <= most:
            raise InputError(
                f"fire.{name} must be {least:g} to {most:g}, got {value:g}",
                "check its unit",
                code="bad_case",
            )


def make_fields(ground: CaseGround, fuel: Floats, asked: FireSettings) -> Fields:
    """Spread at every cell from fuel, moisture, wind and slope."""
    numbers = np.rint(fuel).astype(np.int64)
    if (np.abs(fuel - numbers) > 1e-6).any():
        raise InputError(
            "fire.fuel holds numbers that are not whole",
            "give fuel model numbers",
            code="unknown_fuel",
        )
    up_east, up_north = gradient(ground)
    slope, upslope = np.hypot(up_east, up_north), np.degrees(np.arctan2(up_east, up_north))
    shape = fuel.shape
    head, towards, ratio, power = np.zeros(shape), np.zeros(shape), np.ones(shape), np.zeros(shape)
    wind_towards = (asked.wind_from_deg + 180) % 360
    for number in np.unique(numbers):
        here = (numbers == number) & ~ground.outside
        if asked.given is not None and int(number) not in NON_BURNABLE:
            head[here], towards[here] = asked.given.head_m_min, wind_towards
            ratio[here] = asked.given.length_to_width
            continue
        bed = make_bed(find_fuel(int(number)), asked.moisture)
        midflame = asked.wind_m_s * M_S_FT_MIN * wind_factor(bed.depth_ft, asked.canopy)
        found = spread_with(bed, midflame, wind_towards, slope[here], upslope[here])
        head[here], towards[here] = found.head_m_min, found.towards_deg
        ratio[here], power[here] = found.length_to_width, found.intensity_kw_m
    return Fields(
        head_m_min=head,
        towards_deg=towards,
        length_to_width=ratio,
        intensity_kw_m=power,
        up_east=up_east,
        up_north=up_north,
    )


def gradient(ground: CaseGround) -> tuple[Floats, Floats]:
    """Rise over run to the east and to the north, central where both neighbours have data."""
    z = np.where(ground.outside, np.nan, ground.elevation)
    found = []
    for axis, sign in ((1, 1.0), (0, -1.0)):
        ahead, behind = np.full(z.shape, np.nan), np.full(z.shape, np.nan)
        low = (slice(None), slice(None, -1)) if axis else (slice(None, -1), slice(None))
        high = (slice(None), slice(1, None)) if axis else (slice(1, None), slice(None))
        step = np.diff(z, axis=axis) / ground.cell_m
        ahead[low], behind[high] = step, step
        both = np.where(
            np.isnan(ahead), behind, np.where(np.isnan(behind), ahead, 0.5 * (ahead + behind))
        )
        found.append(np.where(np.isnan(both), 0.0, both) * sign)
    return found[0], found[1]


def burn(
    ground: CaseGround, fields: Fields, starts: list[tuple[int, int, float]], until_s: float
) -> tuple[Floats, int]:
    """Arrival times in seconds, infinite where the fire has not come; and cells burned."""
    ratio = fields.length_to_width
    e = np.sqrt(ratio * ratio - 1) / ratio
    rate = np.where(ground.outside, 0.0, fields.head_m_min) / 60
    burns = rate > 1e-9
    safe = np.where(burns, rate * (1 - e), 1.0)
    base = np.where(burns, 1 / safe, np.inf)
    angle = np.radians(fields.towards_deg)
    east = np.where(burns, e * np.sin(angle) / safe, 0.0)
    north = np.where(burns, e * np.cos(angle) / safe, 0.0)
    time = np.full(base.size, np.inf)
    origin = np.full(base.size, -1, np.int64)
    cells = np.array([row * base.shape[1] + col for row, col, _ in starts], np.int64)
    taken = kernels.travel(
        base,
        east,
        north,
        fields.up_east,
        fields.up_north,
        ground.cell_m,
        cells,
        np.array([at for _, _, at in starts]),
        until_s,
        time,
        origin,
    )
    return time.reshape(base.shape), int(taken)


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
