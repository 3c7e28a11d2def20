"""Median ground motion and its scatter at sites: Boore, Stewart, Seyhan and Atkinson 2014."""

from __future__ import annotations

import csv
from functools import lru_cache

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.simulation.earthquake import kernels
from twinward.decision.simulation.ground import Floats
from twinward.library.models.card import MODELS

COEFFICIENTS = MODELS / "earthquake" / "1" / "coefficients"
MECHANISMS = ("unspecified", "strike-slip", "normal", "reverse")
# column of the path term by region: 15 global, 16 China and Turkey, 17 Italy and Japan
REGIONS = {
    "global": 15,
    "california": 15,
    "new-zealand": 15,
    "taiwan": 15,
    "china": 16,
    "turkey": 16,
    "italy": 17,
    "japan": 17,
}
PGV, PGA = -1.0, 0.0  # as periods
DEFAULT_VS30 = 300.0  # m/s where a site has none; a stated assumption


class Rupture(msgspec.Struct, frozen=True, kw_only=True):
    """What broke: moment magnitude, mechanism and region."""

    magnitude: float
    mechanism: str = "unspecified"
    region: str = "global"

    def check(self) -> None:
        """InputError `bad_rupture`."""
        if not 3 <= self.magnitude <= 9:
            raise InputError(
                f"magnitude must be 3 to 9, got {self.magnitude:g}",
                "give the moment magnitude Mw",
                code="bad_rupture",
            )
        if self.mechanism not in MECHANISMS:
            known = ", ".join(MECHANISMS)
            raise InputError(
                f"there is no mechanism {self.mechanism!r}",
                f"name one of {known}",
                code="bad_rupture",
            )
        if self.region not in REGIONS:
            known = ", ".join(REGIONS)
            raise InputError(
                f"there is no region {self.region!r}", f"name one of {known}", code="bad_rupture"
            )


class Motion(msgspec.Struct, frozen=True, kw_only=True):
    """Per period and site, in ln units: median (g, or cm/s for PGV), tau between events, phi
    within one.
    """

    periods: tuple[float, ...]
    median: Floats
    tau: Floats
    phi: Floats

    @property
    def total(self) -> Floats:
        """Standard deviation of ln motion over events and sites."""
        return np.asarray(np.sqrt(self.tau**2 + self.phi**2))


@lru_cache(maxsize=1)
def load_bssa14() -> Floats:
    """The published coefficients, one row a period; -1 is PGV, 0 is PGA."""
    with (COEFFICIENTS / "bssa14.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    table = np.array([[float(cell) for cell in row] for row in rows[1:]])
    table.flags.writeable = False
    return table


def longest_period() -> float:
    """Seconds up to which the coefficients reach."""
    return float(load_bssa14()[:, 0].max())


def estimate_motion(
    rupture: Rupture, periods: tuple[float, ...], rjb_km: Floats, vs30: Floats, z1_km: Floats
) -> Motion:
    """Motion at the sites for each period (PGV -1, PGA 0, or seconds; ln SA is linear in ln T
    between the published ones). z1 below 0 is not known: its term is left out.
    """
    rupture.check()
    table = load_bssa14()
    places = [_bracket(table, period) for period in periods]
    wanted = sorted({row for low, high, _ in places for row in (low, high)})
    rows = np.ascontiguousarray(table[wanted])
    rock = table[table[:, 0] == PGA][0]
    column = REGIONS[rupture.region]
    shape = (len(wanted), len(rjb_km))
    median, tau, phi = np.empty(shape), np.empty(shape), np.empty(shape)
    kernels.motion_at_sites(
        rows,
        rock,
        np.ascontiguousarray(rows[:, column]),
        rock[column],
        MECHANISMS.index(rupture.mechanism),
        rupture.magnitude,
        np.ascontiguousarray(rjb_km, np.float64),
        np.ascontiguousarray(vs30, np.float64),
        np.ascontiguousarray(z1_km, np.float64),
        rupture.region == "japan",
        median,
        tau,
        phi,
    )
    order = {row: n for n, row in enumerate(wanted)}

    def between(values: Floats) -> Floats:
        return np.array(
            [(1 - w) * values[order[low]] + w * values[order[high]] for low, high, w in places]
        )

    return Motion(periods=periods, median=between(median), tau=between(tau), phi=between(phi))


def _bracket(table: Floats, period: float) -> tuple[int, int, float]:
    column = table[:, 0]
    same = np.flatnonzero(column == period)
    if same.size:
        return int(same[0]), int(same[0]), 0.0
    spectral = np.flatnonzero(column > 0)
    least, most = column[spectral[0]], column[spectral[-1]]
    if not least <= period <= most:
        raise InputError(
            f"period_s must be {least:g} to {most:g}, got {period:g}",
            "0 is PGA, -1 is PGV",
            code="bad_period",
        )
    high = int(spectral[np.searchsorted(column[spectral], period)])
    low = high - 1
    weight = np.log(period / column[low]) / np.log(column[high] / column[low])
    return low, high, float(weight)
