"""From a footprint to who is hit: quantiles by area, chances of levels, exposed people, for every
hazard in the same way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.interface import Floats, Footprint, Ground

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Exposed(msgspec.Struct, frozen=True, kw_only=True):
    """What lies where the figure reaches a level, over the whole run: quantiles over members. An
    area of which a third is reached counts with a third of its people, hospitals and schools.
    """

    level: str
    at_least: float
    people: tuple[float, ...]
    over_65: tuple[float, ...]
    hospitals: tuple[float, ...]
    schools: tuple[float, ...]


class ExposureForecast(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast by area. by_area: float32[quantile, time, area]; p_level: float32[time, area] for
    each level, rising; peak_by_area: float32[quantile, area].
    """

    hazard: str
    figure: str
    unit: str
    areas: tuple[str, ...]
    times: Floats
    members: int
    by_area: NDArray[np.float32]
    peak_by_area: NDArray[np.float32]
    p_level: Mapping[str, NDArray[np.float32]]
    exposed: tuple[Exposed, ...]
    assumptions: tuple[str, ...]
    out_of_range: tuple[str, ...]
    notes: tuple[str, ...]
    calibration: str
    fingerprint: str


def judge_footprint(
    footprint: Footprint, ground: Ground, city: HazardCity, levels: tuple[tuple[str, float], ...]
) -> ExposureForecast:
    """The forecast of a footprint; levels rise, each with the least value of the figure.

    An area has the worst value of its places; a person is exposed where their own place is.
    """
    thresholds = [at_least for _, at_least in levels]
    if thresholds != sorted(thresholds):
        raise InputError("levels must rise", "sort them by their figure", code="bad_levels")
    values = np.nan_to_num(np.asarray(footprint.values, np.float32), posinf=0.0, neginf=0.0)
    by_area = worst_by_area(values, ground)
    quantiles = np.quantile(by_area, QUANTILES, axis=0).astype(np.float32)
    peak = np.quantile(by_area.max(axis=1), QUANTILES, axis=0).astype(np.float32)
    chances = {
        name: (by_area >= at_least).mean(axis=0).astype(np.float32) for name, at_least in levels
    }
    return ExposureForecast(
        hazard=ground.hazard,
        figure=footprint.figure,
        unit=footprint.unit,
        areas=ground.areas,
        times=footprint.times,
        members=values.shape[0],
        by_area=quantiles,
        peak_by_area=peak,
        p_level=chances,
        exposed=tuple(_exposed(name, least, values, ground, city) for name, least in levels),
        assumptions=(*ground.assumptions, *footprint.assumptions),
        out_of_range=footprint.out_of_range,
        notes=city.notes,
        calibration="not calibrated here",
        fingerprint=_fingerprint(footprint, ground, levels),
    )


def worst_by_area(values: NDArray[np.float32], ground: Ground) -> NDArray[np.float32]:
    """float32[member, time, area]: the greatest value of an area's places."""
    area = ground.area_of_place
    order = np.argsort(area, kind="stable")
    order = order[area[order] >= 0]
    areas, firsts = np.unique(area[order], return_index=True)
    worst = np.zeros((*values.shape[:2], len(ground.areas)), np.float32)
    if len(order):
        worst[:, :, areas] = np.maximum.reduceat(values[:, :, order], firsts, axis=2)
    if ground.place_of_area is not None:
        small = np.flatnonzero(ground.place_of_area >= 0)
        worst[:, :, small] = values[:, :, ground.place_of_area[small]]
    return worst


def share_of_areas(hit: NDArray[np.bool_], ground: Ground) -> Floats:
    """float64[member, area]: the share of an area's places that are hit."""
    area, count = ground.area_of_place, len(ground.areas)
    owned = area >= 0
    places = np.bincount(area[owned], minlength=count)
    touched = np.stack([np.bincount(area[one & owned], minlength=count) for one in hit])
    share = touched / np.maximum(places, 1)
    if ground.place_of_area is not None:
        small = np.flatnonzero(ground.place_of_area >= 0)
        share[:, small] = hit[:, ground.place_of_area[small]]
    return np.asarray(share, np.float64)


def _exposed(
    name: str, at_least: float, values: NDArray[np.float32], ground: Ground, city: HazardCity
) -> Exposed:
    hit = values.max(axis=1) >= at_least if values.shape[1] else np.zeros(values.shape[::2], bool)
    share = share_of_areas(hit, ground)

    def spread(weights: Floats) -> tuple[float, ...]:
        return tuple(float(one) for one in np.quantile(share @ weights, QUANTILES))

    return Exposed(
        level=name,
        at_least=at_least,
        people=spread(city.residents),
        over_65=spread(city.over65),
        hospitals=spread(city.hospitals.astype(np.float64)),
        schools=spread(city.schools.astype(np.float64)),
    )


def _fingerprint(
    footprint: Footprint, ground: Ground, levels: tuple[tuple[str, float], ...]
) -> str:
    parts = [ground.sha256, footprint.digest(), msgspec.json.encode(levels).decode()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
