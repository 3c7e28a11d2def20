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
from twinward.core.reasons import Reason
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import Footprint, Ground

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_HOSPITALS = 50
SHOWN_MEMBERS = 9  # side by side


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
    people_by_day: tuple[float, ...] = ()  # where they work or learn; `people` are those at night
    under_15: tuple[float, ...] = ()
    beds: tuple[float, ...] = ()
    roads_km: tuple[float, ...] = ()  # streets whose middle is reached; empty without a road graph


class HospitalRisk(msgspec.Struct, frozen=True, kw_only=True):
    """One hospital: in how many members it is reached at the lowest level."""

    area: str
    lon: float
    lat: float
    beds: float
    p_hit: float


class ExposureForecast(msgspec.Struct, frozen=True, kw_only=True):
    """A forecast by area. by_area: float32[quantile, time, area]; p_level: float32[time, area] for
    each level, rising; peak_by_area: float32[quantile, area]; member_peaks: float32[member, area]
    of the first members.
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
    member_peaks: NDArray[np.float32]
    exposed: tuple[Exposed, ...]
    hospitals: tuple[HospitalRisk, ...] = ()  # those with the highest chance, of all that are hit
    assumptions: tuple[Reason, ...]
    out_of_range: tuple[Reason, ...]
    notes: tuple[Reason, ...]
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
        member_peaks=by_area[:SHOWN_MEMBERS].max(axis=1),
        exposed=tuple(_exposed(name, least, values, ground, city) for name, least in levels),
        hospitals=_hospitals(levels[0][1], values, ground, city) if levels else (),
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
        people_by_day=spread(city.by_day) if len(city.by_day) else (),
        under_15=spread(city.under15) if len(city.under15) else (),
        beds=spread(city.beds) if len(city.beds) else (),
        roads_km=_roads(hit, ground, city),
    )


def _roads(hit: NDArray[np.bool_], ground: Ground, city: HazardCity) -> tuple[float, ...]:
    if not len(city.roads):
        return ()
    reached = hit[:, city.place_at(city.roads[:, :2], len(ground.area_of_place))]
    return tuple(float(one) for one in np.quantile(reached @ city.roads[:, 2], QUANTILES))


def _hospitals(
    at_least: float, values: NDArray[np.float32], ground: Ground, city: HazardCity
) -> tuple[HospitalRisk, ...]:
    if not city.hospital_sites.size or not values.shape[1]:
        return ()
    sites = city.hospital_sites
    place = city.place_at(sites[:, :2], len(ground.area_of_place))
    chance = (values[:, :, place].max(axis=1) >= at_least).mean(axis=0)
    order = [n for n in np.argsort(-chance, kind="stable") if chance[n] > 0][:MOST_HOSPITALS]
    return tuple(
        HospitalRisk(
            area=city.areas[int(sites[n, 3])],
            lon=round(float(city.corner[0] + sites[n, 0] / city.scale[0]), 6),
            lat=round(float(city.corner[1] + sites[n, 1] / city.scale[1]), 6),
            beds=round(float(sites[n, 2]), 1),
            p_hit=float(chance[n]),
        )
        for n in order
    )


def _fingerprint(
    footprint: Footprint, ground: Ground, levels: tuple[tuple[str, float], ...]
) -> str:
    parts = [ground.sha256, footprint.digest(), msgspec.json.encode(levels).decode()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
