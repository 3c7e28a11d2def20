"""How a wildland fire grows over a grid: spread at every cell, then travel times."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.simulation.fire import kernels
from twinward.decision.simulation.fire.fuels import NON_BURNABLE, Moisture, find_fuel, make_bed
from twinward.decision.simulation.fire.spread import M_S_FT_MIN, Canopy, spread_with, wind_factor
from twinward.decision.simulation.fire.urban import Engines, UrbanBlock
from twinward.decision.simulation.ground import CaseGround, Floats
from twinward.decision.simulation.interface import Numbers


class Ignition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and when a fire starts: a cell, or the number of a block, from 1."""

    row: int = 0
    col: int = 0
    block: int | None = None
    time_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0


class Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A spread that is given in place of Rothermel's: for cases of pure geometry."""

    head_m_min: float
    length_to_width: float = 1.0


class FireSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[fire] of a case; wind at 6.1 m (20 ft) above open ground."""

    fuel: Numbers = 91.0
    moisture: Moisture = Moisture()
    wind_m_s: float = 0.0
    wind_from_deg: float = 270.0
    ignition: Annotated[tuple[Ignition, ...], msgspec.Meta(min_length=1)]
    canopy: Canopy = Canopy()
    given: Given | None = None
    block: tuple[UrbanBlock, ...] = ()  # a fire from block to block, in place of a grid
    engines: Engines | None = None
    reach_m: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 60.0


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """Spread over a grid, NaN nowhere; head 0 where nothing burns."""

    head_m_min: Floats
    towards_deg: Floats
    length_to_width: Floats
    intensity_kw_m: Floats
    up_east: Floats
    up_north: Floats


def check_settings(asked: FireSettings) -> None:
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


class ReachablePart(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a ground that a fire can reach, with its first row and column."""

    ground: CaseGround
    fuel: Floats
    row: int
    col: int

    def spread_out(self, part: Floats, whole: tuple[int, ...], nothing: float) -> Floats:
        """An array of the part as one of the whole ground."""
        found = np.full(whole, nothing)
        rows, cols = part.shape
        found[self.row : self.row + rows, self.col : self.col + cols] = part
        return found


class Steepest(msgspec.Struct, frozen=True, kw_only=True):
    """What bounds the speed of any fire on a ground: its steepest slope, and the fuels it has."""

    slope: float
    fuels: tuple[int, ...]


def find_steepest(ground: CaseGround, fuel: Floats) -> Steepest:
    """Once for a ground, however many fires are run on it."""
    z = np.where(ground.outside, np.nan, ground.elevation)
    steps = [np.abs(np.diff(z, axis=axis)) for axis in (0, 1)]
    steep = max((float(np.nanmax(one)) for one in steps if np.isfinite(one).any()), default=0.0)
    numbers = np.unique(np.rint(fuel).astype(np.int64))
    return Steepest(
        slope=steep * float(np.sqrt(2)) / ground.cell_m, fuels=tuple(int(n) for n in numbers)
    )


def cut_reachable(
    ground: CaseGround,
    fuel: Floats,
    asked: FireSettings,
    start: tuple[int, int],
    until_s: float,
    steepest: Steepest,
) -> ReachablePart:
    """What lies within the farthest that any fuel of the ground could burn in that time, wind and
    steepest slope in one direction: nothing beyond it can change an arrival within it.
    """
    fastest = asked.given.head_m_min if asked.given is not None else 0.0
    for number in steepest.fuels if asked.given is None else ():
        bed = make_bed(find_fuel(number), asked.moisture)
        midflame = asked.wind_m_s * M_S_FT_MIN * wind_factor(bed.depth_ft, asked.canopy)
        one = spread_with(bed, midflame, 0.0, np.array(steepest.slope), np.array(0.0))
        fastest = max(fastest, float(one.head_m_min))
    cells = int(np.ceil(fastest * until_s / 60 / ground.cell_m)) + 3
    row, col = max(start[0] - cells, 0), max(start[1] - cells, 0)
    part = slice(row, start[0] + cells + 1), slice(col, start[1] + cells + 1)
    cut = CaseGround(
        cell_m=ground.cell_m, elevation=ground.elevation[part], outside=ground.outside[part]
    )
    return ReachablePart(ground=cut, fuel=fuel[part], row=row, col=col)


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
