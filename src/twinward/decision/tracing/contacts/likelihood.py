"""How sure: real co-presence from position error and crowding, transmission from duration and
setting.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

# The radius that holds a Gaussian position two times in three is 1.51 standard deviations of one
# axis.
R68_OF_SIGMA = 1.5152
DEFAULT_ERROR_M = 23.0  # of a fix that does not state its error: 15 m an axis
PLACE_SPREAD_M = (
    8.0  # how far apart, on one axis, two persons in one household, class or shop may truly be
)
EM_ROUNDS = 30
# how many others a person usually has in a place of their own: a household has 2.62 members (census
# of China 2020), a school class or a work team some 30; elsewhere company changes with every visit
# and there is no such number
COMPANY = {"household": 1.62, "work": 30.0, "venue": math.inf, "transport": math.inf}
# Hourly hazard of infection by setting, for persons truly together with a case of the ancestral
# strain: secondary attack rates of household contacts of about 0.2 (Madewell et al. 2021, JAMA Netw
# Open 4:e2122240) over some 20 hours of shared waking time, a tenth to a quarter of it elsewhere
# (Thompson et al. 2021, Clin Infect Dis 73:e754).
HAZARD_PER_HOUR = {"household": 0.010, "work": 0.0020, "venue": 0.0025, "transport": 0.0030}
CROWDED = 100.0  # beyond this many persons at once, one more hardly changes whom one stands next to


def variance_m2(error_m: NDArray[np.float32]) -> NDArray[np.float64]:
    """Variance of one axis from a stated (or the usual) error radius."""
    radius = np.where(np.isnan(error_m), DEFAULT_ERROR_M, error_m).astype(np.float64)
    return np.asarray((radius / R68_OF_SIGMA) ** 2)


def by_setting(table: dict[str, float], setting: NDArray[np.str_]) -> NDArray[np.float64]:
    """The table's value for each setting."""
    return np.asarray(np.select([setting == name for name in table], list(table.values()), np.nan))


def together_probability(
    east_m: NDArray[np.float64],
    north_m: NDArray[np.float64],
    variance: NDArray[np.float64],
    fixes: NDArray[np.float64],
    radius_m: float,
    place: NDArray[np.int64],
    setting: NDArray[np.str_],
) -> NDArray[np.float64]:
    """Probability that each episode is a real co-presence, not a neighbour within the radius.

    Two persons in one place show a mean displacement that is Gaussian around nought with the
    variance of their errors over the number of fixes, plus the extent of a place; anybody else
    found within the radius is spread evenly over it. The share of true co-presence among those
    found is estimated for each place by expectation maximisation, so that a crowded place (many
    near, few together) is judged by its own crowd. Position alone cannot tell a household from the
    flat next door: where more are found together than the setting's usual company, the
    probabilities are scaled down to it. Arrays of one length; `place` groups.
    """
    spread = variance / fixes + PLACE_SPREAD_M**2
    near = np.exp(-(east_m**2 + north_m**2) / (2 * spread)) / (2 * np.pi * spread)
    # what is found within the radius was observed with error: the even spread reaches out by one
    # deviation of it
    even = 1.0 / (np.pi * (radius_m + np.sqrt(variance / fixes)) ** 2)
    names, group = np.unique(place, return_inverse=True)
    count = np.bincount(group, minlength=len(names))
    share = np.full(len(names), 0.5)
    posterior = np.zeros(len(near))
    for _ in range(EM_ROUNDS):
        s = share[group]
        posterior = s * near / (s * near + (1 - s) * even)
        # one imagined episode of each kind keeps a place of two or three from being certain
        share = (np.bincount(group, posterior, minlength=len(names)) + 1.0) / (count + 2.0)
    usual = by_setting(COMPANY, setting)
    total = np.bincount(group, posterior, minlength=len(names))[group]
    return posterior * np.minimum(1.0, usual / np.maximum(total, 1e-12))


def same_time_probability(
    gap_us: NDArray[np.float64], within_us: int, overlap_us: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Probability that two who were at one place some time apart were there at once.

    Certain where their stays overlap; otherwise it falls from one half to nought as the mean gap
    grows to the limit.
    """
    if within_us == 0:
        return np.ones(len(gap_us))
    return np.where(overlap_us > 0, 1.0, 0.5 - 0.5 * np.minimum(gap_us / within_us, 1.0))


def transmission_probability(
    together: NDArray[np.float64],
    minutes: NDArray[np.float64],
    setting: NDArray[np.str_],
    crowd: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Probability that the case infects the other during an episode: 1 - exp(-hazard x hours),
    times co-presence.

    In a crowd one is near only some of those present: the hazard is divided by the square root of
    their number.
    """
    hazard = by_setting(HAZARD_PER_HOUR, setting)
    dilution = np.where(setting == "household", 1.0, np.sqrt(np.clip(crowd, 1.0, CROWDED)))
    return together * -np.expm1(-hazard / dilution * minutes / 60.0)
