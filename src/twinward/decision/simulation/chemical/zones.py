"""Toxic zones by duration, outdoors and indoors: how far downwind an exposure of so many minutes
reaches each AEGL grade.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from twinward.decision.simulation.chemical.release import Release
from twinward.decision.simulation.ground import Floats

MINUTES = (10, 30, 60, 240, 480)
MOST_M, NEAR_M, POINTS = 10_000.0, 10.0, 121  # ALOHA's limit of 10 km
AIR_CHANGES_H = 0.5  # of a closed house: 0.3 to 1 (ALOHA)
STEP_S = 60.0


class ToxicZone(msgspec.Struct, frozen=True, kw_only=True):
    """`distance_m` is None where no level is published ("NR"), 0 where none is reached, 10,000
    where the zone goes on beyond the limit of the model.
    """

    grade: int
    minutes: int
    level_kg_m3: float | None
    outdoors_m: float | None
    indoors_m: float | None


def find_zones(release: Release) -> tuple[ToxicZone, ...]:
    """The zones of a release for each published duration, at the ground on the centreline.

    A person is in the zone where the mean over the worst `minutes` reaches the level of that
    duration; indoors the same with what has come in by then.
    """
    x = np.geomspace(NEAR_M, MOST_M, POINTS)
    outside = course(release, x)
    inside = indoors(outside)
    return tuple(
        zone_of(release, x, outside, inside, grade, minutes)
        for grade in (1, 2, 3)
        for minutes in MINUTES
    )


def course(release: Release, x: Floats) -> Floats:
    """kg/m3 at each minute and distance downwind, until the cloud has passed; [minute, x]."""
    to_east, to_north = release.towards
    long = min(release.settings.duration_s or 3600.0, 8 * 3600.0)
    drift = min(MOST_M / max(release.wind_m_s, 0.5), 4 * 3600.0)
    times = np.arange(1, math.ceil((long + drift) / STEP_S) + 1) * STEP_S
    return np.array(
        [
            [release.concentration(d * to_east, d * to_north, 0.0, float(t)) for d in x]
            for t in times
        ]
    )


def indoors(outside: Floats) -> Floats:
    """The same in a closed house, minute by minute."""
    stays = math.exp(-AIR_CHANGES_H * STEP_S / 3600)
    inside = np.zeros_like(outside)
    level = np.zeros(outside.shape[1])
    for n in range(len(outside)):
        level = level * stays + outside[n] * (1 - stays)
        inside[n] = level
    return inside


def worst_mean(series: Floats, minutes: int) -> Floats:
    """The highest mean over so many minutes in a row; [x]."""
    steps = min(max(int(minutes * 60 / STEP_S), 1), len(series))
    summed = np.concatenate([np.zeros((1, series.shape[1])), np.cumsum(series, axis=0)])
    return np.asarray((summed[steps:] - summed[:-steps]).max(axis=0) * STEP_S / (minutes * 60))


def zone_of(
    release: Release, x: Floats, outside: Floats, inside: Floats, grade: int, minutes: int
) -> ToxicZone:
    level = release.substance.level(grade, minutes)
    reach = [
        None if level is None else far_as(x, worst_mean(one, minutes), level)
        for one in (outside, inside)
    ]
    return ToxicZone(
        grade=grade,
        minutes=minutes,
        level_kg_m3=level,
        outdoors_m=reach[0],
        indoors_m=reach[1],
    )


def far_as(x: Floats, mean: Floats, level: float) -> float:
    """The farthest distance at which the mean is at the level, between points on logarithms."""
    above = np.flatnonzero(mean >= level)
    if not len(above):
        return 0.0
    last = int(above[-1])
    if last == len(x) - 1 or mean[last + 1] <= 0:
        return float(x[last])
    share = math.log(mean[last] / level) / math.log(mean[last] / mean[last + 1])
    return float(x[last] * (x[last + 1] / x[last]) ** share)


def toxic_load(release: Release, x_m: float, until_s: float) -> float | None:
    """Integral of ppm^n over minutes at a distance downwind (ten Berge et al. 1986), or None where
    the substance has no exponent.
    """
    n = release.substance.toxic_load_n
    if n is None:
        return None
    to_east, to_north = release.towards
    times = np.arange(0.5, until_s / STEP_S) * STEP_S
    ppm = np.array(
        [release.concentration(x_m * to_east, x_m * to_north, 0.0, float(t)) for t in times]
    )
    return float(np.sum((ppm / release.substance.kg_m3(1.0)) ** n) * STEP_S / 60)
