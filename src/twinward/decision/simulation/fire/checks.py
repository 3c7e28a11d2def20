"""Verification of the fire model: Behave's test values, the ellipse, the stencil, the wall."""

from __future__ import annotations

import math

import numpy as np

from twinward.decision.simulation.fire import kernels
from twinward.decision.simulation.fire.fuels import FT_MIN_TO_M_MIN, Moisture, find_fuel, make_bed
from twinward.decision.simulation.fire.spread import (
    MPH_FT_MIN,
    Canopy,
    FireSpread,
    length_to_width,
    spread_with,
    wind_factor,
)
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import CheckResult, judge

CHAIN_H = 1.1 * FT_MIN_TO_M_MIN  # m/min: one chain an hour is 1.1 ft/min
STEEP = math.tan(math.radians(30))
# fuel, canopy cover, wind from, aspect, slope, ch/h: firelab/behave, testBehave.cpp (public domain)
BEHAVE = (
    ("S1 GS4, 30 degrees", 124, 50, 45, 95, STEEP, 19.677584),
    ("S2 GS4, wind upslope", 124, 50, 0, 0, 0.3, 8.876216),
    ("S3 GS4, wind across", 124, 50, 270, 0, 0.3, 7.091665),
    ("S5 GS4, wind 45, aspect 215", 124, 50, 45, 215, 0.3, 4.113265),
    ("S6 GS4, wind 45, aspect 5", 124, 50, 45, 5, 0.3, 8.503960),
    ("S7 fuel 4, wind 90, 30 degrees", 4, 40, 90, 0, STEEP, 46.631688),
)


def behave(fuel: int, cover: float, wind_from: float, aspect: float, slope: float) -> FireSpread:
    """A case of Behave: moistures 6, 7, 8, 60 and 90 per cent, 5 mph at 20 ft, trees of 30 ft."""
    bed = make_bed(find_fuel(fuel), Moisture())
    canopy = Canopy(cover_percent=cover, height_m=30 * 0.3048, crown_ratio=0.5)
    midflame = 5 * MPH_FT_MIN * wind_factor(bed.depth_ft, canopy)
    return spread_with(
        bed, midflame, (wind_from + 180) % 360, np.array(slope), np.array((aspect + 180.0) % 360)
    )


def run_checks() -> list[CheckResult]:
    """All of them, about a second."""
    found = []
    for name, fuel, cover, wind_from, aspect, slope, expected in BEHAVE:
        reached = float(behave(fuel, cover, wind_from, aspect, slope).head_m_min) / CHAIN_H
        found.append(judge(f"Behave {name}, ch/h", expected, reached, 0.005 * expected, "Behave"))
    return [*found, *_check_shape(), *_check_geometry()]


def _check_shape() -> list[CheckResult]:
    one = behave(124, 50, 0, 0, 0.3)
    ratio = float(length_to_width(np.array(5.0)))
    none = float(make_bed(find_fuel(91), Moisture()).spread)
    return [
        judge(
            "Behave GS4 backing, ch/h",
            2.91614659,
            float(one.backing_m_min) / CHAIN_H,
            0.0146,
            "Behave",
        ),
        judge(
            "Behave GS4 flanking, ch/h",
            5.08766627,
            float(one.flanking_m_min) / CHAIN_H,
            0.0254,
            "Behave",
        ),
        judge("Behave GS4 intensity, kW/m", 2072.73045, float(one.intensity_kw_m), 10.4, "Behave"),
        judge("fuel 91 does not burn", 0.0, none, 0.0, "Behave"),
        judge("length over width at 5 mph", 1.590064, ratio, 1e-4, "Anderson 1983"),
    ]


def arrival(
    head_m_min: float,
    ratio: float,
    size: int,
    cell_m: float,
    until_s: float,
    burns: np.ndarray | None = None,
) -> Floats:
    """Arrival times of a fire that starts in the middle and runs to the east."""
    e = math.sqrt(ratio * ratio - 1) / ratio
    slow = 60 / (head_m_min * (1 - e))
    shape = (size, size)
    flat = np.zeros(shape)
    base = np.full(shape, slow)
    if burns is not None:
        base[~burns] = np.inf
    time = np.full(size * size, np.inf)
    origin = np.full(size * size, -1, np.int64)
    middle = size // 2
    kernels.travel(
        base,
        np.full(shape, e * slow),
        flat,
        flat,
        flat,
        cell_m,
        np.array([middle * size + middle]),
        np.zeros(1),
        until_s,
        time,
        origin,
    )
    return time.reshape(shape)


def _check_geometry() -> list[CheckResult]:
    circle = arrival(60.0, 1.0, 101, 1.0, 1e9)
    y, x = np.mgrid[:101, :101] - 50.0
    exact = np.hypot(x, y)
    exact[50, 50] = 1.0
    excess = float((circle / exact).max() - 1)
    head = 46.15 * FT_MIN_TO_M_MIN
    burned = arrival(head, 2.236, 451, 25.0, 6 * 3600.0)
    area = float((burned <= 6 * 3600).sum()) * 25.0**2 / 1e6
    burns = np.ones((101, 101), bool)
    burns[:, 70] = False
    behind = arrival(60.0, 1.0, 101, 1.0, 1e9, burns)[:, 71:]
    crossed = float(np.isfinite(behind).sum())
    return [
        judge("isotropic spread, worst excess of time", 0.0, excess, 0.0131, "stencil"),
        judge("ellipse of 2.236 after 6 h, km2", 10.039, area, 0.1, "ELMFIRE verification 1"),
        judge("cells reached behind a wall", 0.0, crossed, 0.0, "definition"),
    ]
