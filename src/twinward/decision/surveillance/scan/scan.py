"""Kulldorff's scan: the most likely clusters and how often chance makes one as strong."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np

from twinward.core.chance import stream
from twinward.decision.surveillance.arrays import Floats, Ints
from twinward.decision.surveillance.scan import kernels
from twinward.decision.surveillance.scan.zones import Zones

MOST_CLUSTERS = 20
LEAST_GAIN = 1e-9
Model = Literal["poisson", "permutation"]


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """Places of a cluster by their number, the nearest to its centre first."""

    members: Ints
    radius: float
    start: int | None  # first day of a cylinder
    stop: int | None  # the day after its last
    cases: int
    expected: float
    llr: float
    p: float


def scan_space(
    cases: Ints, population: Floats, zones: Zones, replicates: int, seed: int
) -> list[Cluster]:
    """Circles with more cases than their population lets expect, without overlap."""
    total = int(cases.sum())
    logs = _logs(total)
    share = population / population.sum()
    expected = np.cumsum(share[zones.near], axis=1) * total
    expected = np.minimum(expected, total * (1 - 1e-12))
    gains = kernels.circle_gains(cases, zones.near, zones.reach, zones.ends, expected, logs)
    maxima = kernels.random_circle_maxima(
        stream(seed, "scan.space"),
        replicates,
        _heights(share),
        total,
        zones.near,
        zones.reach,
        zones.ends,
        expected,
        logs,
    )
    found = []
    for centre, rank in _apart(gains, zones):
        members = zones.near[centre, : rank + 1]
        found.append(
            Cluster(
                members=members,
                radius=float(zones.distance[centre, rank]),
                start=None,
                stop=None,
                cases=int(cases[members].sum()),
                expected=float(expected[centre, rank]),
                llr=float(gains[centre, rank]),
                p=p_value(float(gains[centre, rank]), maxima),
            )
        )
    return _told(found)


def scan_space_time(
    cases: Ints,
    weight: Floats,
    zones: Zones,
    windows: tuple[Ints, Ints],
    replicates: int,
    seed: int,
    model: Model = "poisson",
) -> list[Cluster]:
    """Cylinders: circles over a window of days.

    cases: int64[places, days]; weight: float64[places, days] share of the cases expected in each
    cell (its sum is 1); of the permutation model it is the product of the two margins
    """
    total = int(cases.sum())
    logs = _logs(total)
    expected = weight * total
    shape = (zones.near, zones.reach, zones.ends, *windows, logs)
    gains, best = kernels.cylinder_gains(cases, expected, *shape)
    key = stream(seed, "scan.space_time")
    if model == "permutation":
        cell = np.repeat(np.arange(cases.size), cases.ravel())
        maxima = kernels.permuted_cylinder_maxima(
            key, replicates, cell // cases.shape[1], cell % cases.shape[1], expected, *shape
        )
    else:
        maxima = kernels.random_cylinder_maxima(
            key, replicates, _heights(weight.ravel()), expected, total, *shape
        )
    found = []
    for centre, rank in _apart(gains, zones):
        members = zones.near[centre, : rank + 1]
        start, stop = (int(side[best[centre, rank]]) for side in windows)
        found.append(
            Cluster(
                members=members,
                radius=float(zones.distance[centre, rank]),
                start=start,
                stop=stop,
                cases=int(cases[members, start:stop].sum()),
                expected=float(expected[members, start:stop].sum()),
                llr=float(gains[centre, rank]),
                p=p_value(float(gains[centre, rank]), maxima),
            )
        )
    return _told(found)


def relative_risk(cases: float, expected: float, total: float) -> float | None:
    """Risk inside over risk outside; None where nobody is outside."""
    outside, rest = total - cases, total - expected
    if outside <= 0 or rest <= 0 or expected <= 0:
        return None
    return (cases / expected) / (outside / rest)


def p_value(gain: float, maxima: Floats) -> float:
    """The rank among the random maxima over their number and one."""
    return float((1 + (maxima >= gain - LEAST_GAIN).sum()) / (1 + len(maxima)))


def _told(found: list[Cluster]) -> list[Cluster]:
    """The strongest, and the others that not every random map exceeds."""
    return [one for number, one in enumerate(found) if number == 0 or one.p < 1]


def _apart(gains: Floats, zones: Zones) -> list[tuple[int, int]]:
    """(centre, rank) of the best circle of each centre, without those that meet a stronger one."""
    ranks = gains.argmax(axis=1)
    best = gains[np.arange(len(gains)), ranks]
    taken = np.zeros(len(gains), dtype=bool)
    found: list[tuple[int, int]] = []
    for centre in np.argsort(-best, kind="stable"):
        if best[centre] <= LEAST_GAIN or len(found) == MOST_CLUSTERS:
            break
        members = zones.near[centre, : ranks[centre] + 1]
        if not taken[members].any():
            taken[members] = True
            found.append((int(centre), int(ranks[centre])))
    return found


def _logs(total: int) -> Floats:
    return np.log(np.maximum(np.arange(total + 1), 1))


def _heights(share: Floats) -> Floats:
    heights = np.cumsum(share / share.sum())
    heights[-1] = 1.0
    return heights
