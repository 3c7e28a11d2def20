"""A quake, its fires, closed roads and hospitals, member by member: member m of the motion drives
member m of all that follows.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from twinward.core.chance import generator
from twinward.core.reasons import Reason, because_of
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.earthquake.damage import sum_casualties
from twinward.decision.simulation.earthquake.harm import INDOORS, assumed_mix
from twinward.decision.simulation.exposure import QUANTILES
from twinward.decision.simulation.fire.urban import UrbanBlock, speed_m_s
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import Footprint
from twinward.library.texts import write_each

FLOOR_M2 = 40.0  # of floor for each resident, all uses: an assumption
# ignitions for each 10^6 ft2 of floor, Scawthorn 2009 for Hazus, 238 data points
SCAWTHORN, FT2 = (0.581895, -0.029444), 10.7639
# median PGA and ln sd at which mains of an area lose their pressure: assumed, of the order of the
# repair rates of Hazus 6.1 and ALA 2001
MAINS_G, MAINS_SD = 0.35, 0.5
WIND_MEAN, WIND_SD = 4.0, 0.4  # m/s, ln
UNCHECKED_H, CHECKED_H = 4.0, 0.5  # how long a fire grows without and with water: assumptions
BLOCK = UrbanBlock(east_m=0.0, north_m=0.0)
PEOPLE_A_BUILDING = 20.0  # an assumption
BUILDING_M2 = 300.0  # ground that one building stands on, streets counted in
ROAD_A_COLLAPSE = 3.0  # closed road segments in a hundred for each collapsed building in a hundred
BEDS_1000, FREE = 5.0, 0.2  # beds for 1,000 residents where a city gives none; share that is free
ASSUMED = (
    because_of("remark.floor", m2=FLOOR_M2),
    because_of("remark.mains", pga_g=MAINS_G, hours=UNCHECKED_H),
    because_of("remark.beds_free", beds=BEDS_1000, share=FREE),
    because_of("remark.indoors", share=INDOORS),
)


class CascadeFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of the cascade: mean, quantiles over members, and what of it comes on top of the
    quake alone.
    """

    name: str
    unit: str
    mean: float
    quantiles: tuple[float, ...]


class Cascade(msgspec.Struct, frozen=True, kw_only=True):
    """What a quake leads to; joint over members, simulated."""

    members: int
    seed: int
    stages: tuple[CascadeFigure, ...]
    p_hospitals_over: float
    assumptions: tuple[str, ...] = write_each(ASSUMED)
    assumptions_reasons: tuple[Reason, ...] = ASSUMED
    calibration: str = "not calibrated here"
    simulated: bool = True


def ignition_rate(pga_g: Floats) -> Floats:
    """Ignitions for each m2 of floor at the motion, never below 0."""
    rate = SCAWTHORN[0] * pga_g**2 + SCAWTHORN[1] * pga_g
    return np.asarray(np.maximum(rate, 0.0) * FT2 / 1e6)


def run_cascade(footprint: Footprint, city: HazardCity, seed: int) -> Cascade:
    """Follows the motion of every member; places of the footprint are the city's areas."""
    pga = np.asarray(footprint.peak, np.float64)
    members, areas = pga.shape
    chance = generator(seed, "cascade")
    ignitions = np.asarray(
        chance.poisson(ignition_rate(pga) * FLOOR_M2 * city.residents), np.float64
    )
    dry = chance.random((members, areas)) < ndtr(np.log(np.maximum(pga, 1e-9) / MAINS_G) / MAINS_SD)
    wind = np.asarray(chance.lognormal(np.log(WIND_MEAN), WIND_SD, members), np.float64)
    burned = _burned(ignitions, dry, wind, city.residents / PEOPLE_A_BUILDING)
    classes, share = city.building_mix or assumed_mix(areas)
    hurt = sum_casualties(np.log(np.maximum(pga, 1e-6)), share, classes)
    patients = INDOORS * (hurt[:, :, 1] + hurt[:, :, 2]) @ city.residents
    collapsed = hurt[:, :, 5]
    weight = city.residents / max(float(city.residents.sum()), 1.0)
    closed = np.minimum(ROAD_A_COLLAPSE * collapsed, 1.0) @ weight
    standing = 1 - np.minimum(hurt[:, :, 4] + hurt[:, :, 5], 1.0)
    beds = BEDS_1000 / 1000 * FREE * standing @ city.residents
    reached = patients * (1 - 0.5 * closed)
    stages = (
        _stage("ignitions", "fires", ignitions.sum(axis=1)),
        _stage("areas without water for fires", "areas", dry.sum(axis=1)),
        _stage("buildings burned", "buildings", burned),
        _stage("roads closed", "share", closed),
        _stage("patients", "persons", patients),
        _stage("free beds left", "beds", beds),
        _stage("patients beyond the beds", "persons", np.maximum(reached - beds, 0.0)),
        _stage("patients who reach no hospital in time", "persons", patients - reached),
    )
    over = float((reached > beds).mean())
    return Cascade(members=members, seed=seed, stages=stages, p_hospitals_over=over)


def _burned(ignitions: Floats, dry: NDArray[np.bool_], wind: Floats, buildings: Floats) -> Floats:
    """Buildings burned in each member: each fire an ellipse of Hamada's speeds, as large as its
    time without water allows, and no more than there are.
    """
    found = np.zeros(len(ignitions))
    for m, speed in enumerate(np.minimum(wind, 40.0)):
        along = speed_m_s(BLOCK, float(speed), 0.0) + speed_m_s(BLOCK, float(speed), np.pi)
        across = 2 * speed_m_s(BLOCK, float(speed), np.pi / 2)
        hours = np.where(dry[m], UNCHECKED_H, CHECKED_H)
        area = np.pi / 4 * along * across * (hours * 3600) ** 2
        lost = ignitions[m] * np.maximum(area / BUILDING_M2, 1.0)
        found[m] = float(np.minimum(lost, np.maximum(buildings, ignitions[m])).sum())
    return found


def _stage(name: str, unit: str, values: Floats) -> CascadeFigure:
    return CascadeFigure(
        name=name,
        unit=unit,
        mean=float(np.mean(values)),
        quantiles=tuple(float(one) for one in np.quantile(values, QUANTILES)),
    )
