"""Damage states by building class, and casualties by two methods side by side."""

from __future__ import annotations

import csv
from functools import lru_cache

import msgspec
import numpy as np
from scipy.special import ndtr

from twinward.core.errors import InputError
from twinward.decision.simulation.earthquake import kernels
from twinward.decision.simulation.earthquake.ground_motion import COEFFICIENTS
from twinward.decision.simulation.ground import Floats

STATES = ("none", "slight", "moderate", "extensive", "complete")
BETA = 0.4  # Hazus 6.1 without the scatter of demand: right where ground motion is sampled
# share of occupants indoors by severity 1 to 4, Hazus 6.1: slight, moderate, extensive, complete
# without collapse, collapsed; percent
RATES = np.array([[0.05, 0, 0, 0], [0.25, 0.03, 0, 0], [1, 0.1, 0.001, 0.001], [5, 1, 0.01, 0.01]])
RATES_MASONRY = np.array(
    [[0.05, 0, 0, 0], [0.35, 0.4, 0.001, 0.001], [2, 0.2, 0.002, 0.002], [10, 2, 0.02, 0.02]]
)
COLLAPSED = np.array([40, 20, 5, 10.0])
COLLAPSED_WOOD = np.array([40, 20, 3, 5.0])
LOW, HIGH, BINS = np.log(0.005), np.log(5.0), 256


class BuildingClass(msgspec.Struct, frozen=True, kw_only=True):
    """One Hazus class and design code (`C1.M.LC`): equivalent-PGA medians, g, and the share of
    complete damage that collapses.
    """

    id: str
    medians: tuple[float, float, float, float]
    collapse: float

    @property
    def masonry(self) -> bool:
        return self.id.startswith("URM")

    def states(self, pga_g: Floats) -> Floats:
        """P(state) [..., 5] at the motion."""
        pga = np.maximum(np.asarray(pga_g, np.float64), 1e-12)[..., None]
        above = ndtr(np.log(pga / np.array(self.medians)) / BETA)
        edges = np.concatenate([np.ones((*above.shape[:-1], 1)), above], axis=-1)
        return np.concatenate([edges[..., :-1] - edges[..., 1:], edges[..., -1:]], axis=-1)

    def casualties(self, pga_g: Floats) -> Floats:
        """Share of the people indoors by severity 1 to 4 [..., 4]; 4 is dead."""
        return np.asarray(self.states(pga_g) @ self.rates())

    def rates(self) -> Floats:
        """Share of the people indoors by damage state and severity [5, 4]."""
        rates = RATES_MASONRY if self.masonry else RATES
        fallen = COLLAPSED_WOOD if self.id.startswith("W1") else COLLAPSED
        worst = (1 - self.collapse) * rates[3] + self.collapse * fallen
        return np.asarray(np.vstack([np.zeros(4), rates[:3], worst]) / 100)


@lru_cache(maxsize=1)
def load_classes() -> dict[str, BuildingClass]:
    """All 128 class and code pairs of Hazus 6.1 by id."""
    with (COEFFICIENTS / "hazus_buildings.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return {
        row[0]: BuildingClass(
            id=row[0],
            medians=(float(row[1]), float(row[2]), float(row[3]), float(row[4])),
            collapse=float(row[5]),
        )
        for row in rows
    }


def get_class(name: str) -> BuildingClass:
    """InputError `unknown_building`."""
    found = load_classes().get(name)
    if found is None:
        raise InputError(
            f"there is no building class {name!r}",
            "name a Hazus class and code, for example C1.M.LC",
            code="unknown_building",
        )
    return found


@lru_cache(maxsize=1)
def load_fatality() -> dict[str, tuple[float, float]]:
    """USGS PAGER theta and beta by country."""
    with (COEFFICIENTS / "pager_fatality.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    return {row[0]: (float(row[1]), float(row[2])) for row in rows}


def death_rate(mmi: Floats, country: str = "CN") -> Floats:
    """Deaths by person exposed to that intensity: PAGER's empirical model."""
    if country not in load_fatality():
        raise InputError(
            f"there are no fatality figures of {country!r}",
            "name an ISO code",
            code="unknown_country",
        )
    theta, beta = load_fatality()[country]
    return np.asarray(ndtr(np.log(np.maximum(mmi, 1e-9) / theta) / beta))


def intensity(pga_g: Floats, pgv_cm_s: Floats) -> Floats:
    """Modified Mercalli intensity from PGA and PGV: Worden et al. 2012, equations 3 and 4, the
    mean of both, 1 to 10.
    """
    pga = np.log10(np.maximum(np.asarray(pga_g) * 980.665, 1e-9))
    pgv = np.log10(np.maximum(np.asarray(pgv_cm_s), 1e-9))
    by_pga = np.where(pga <= 1.57, 1.78 + 1.55 * pga, -1.60 + 3.70 * pga)
    by_pgv = np.where(pgv <= 0.53, 3.78 + 1.47 * pgv, 2.89 + 3.16 * pgv)
    return np.asarray(np.clip((by_pga + by_pgv) / 2, 1, 10))


def sum_casualties(log_pga: Floats, share: Floats, classes: tuple[str, ...]) -> Floats:
    """[member, place, figure]: shares of people by severity 1 to 4, then of buildings in
    extensive and complete damage, over the class mix share[place, class].
    """
    steps = np.linspace(LOW, HIGH, BINS)
    curves = np.empty((len(classes), BINS, 6))
    for n, name in enumerate(classes):
        one = get_class(name)
        curves[n, :, :4] = one.casualties(np.exp(steps))
        curves[n, :, 4:] = one.states(np.exp(steps))[:, 3:]
    out = np.empty((*log_pga.shape, 6))
    kernels.mix_curves(log_pga, share, curves, LOW, steps[1] - steps[0], out)
    return out
