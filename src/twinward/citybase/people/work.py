"""Work: heavy-tailed workplaces, and balanced flows of workers between zones that thin out with
distance.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.inputs import CityInputs, Facilities, local_km, ranges, scatter
from twinward.core.chance import generator

ROUNDS = 60  # of balancing; the largest error of a margin is then far below one worker
COMMUTE_EDGES_KM = (0, 1, 2, 4, 6, 8, 10, 15, 20, 30, 50, 10_000)
# a mean commute above this share of the city's mean distance means nothing: lower the target
FARTHEST_SHARE = 0.7


class WorkerFlows(msgspec.Struct, frozen=True, kw_only=True):
    """Workers between Z zones. cumulative int64[Z, Z + 1] by destination; arrived int64[Z, Z]
    from earlier origins.
    """

    cumulative: NDArray[Any]
    arrived: NDArray[Any]
    jobs: NDArray[Any]  # int64 [Z]
    distance_km: NDArray[Any]  # float64 [Z, Z]
    target_km: float
    mean_km: float


def zone_distances(frame: CityInputs, workers: NDArray[Any]) -> NDArray[np.float64]:
    """Kilometres between zones' centres of workers; inside a zone the mean distance of its
    leaves from the centre.
    """
    zones = int(frame.zone_of.max()) + 1
    km = local_km(frame.lonlat)
    weight = workers + 1e-9
    mass = np.bincount(frame.zone_of, weight, zones)
    centre = np.column_stack(
        [np.bincount(frame.zone_of, weight * km[:, i], zones) / mass for i in (0, 1)]
    )
    apart = np.hypot(*(centre[:, None, :] - centre[None, :, :]).transpose(2, 0, 1))
    spread = np.hypot(*(km - centre[frame.zone_of]).T) + frame.radius_m / 1500.0
    np.fill_diagonal(apart, np.bincount(frame.zone_of, weight * spread, zones) / mass)
    return np.asarray(apart)


def balance(
    workers: NDArray[Any], jobs: NDArray[Any], friction: NDArray[Any]
) -> NDArray[np.float64]:
    """The flow with these margins and this friction (iterative proportional fitting; Furness
    1965).
    """
    b = np.ones(len(jobs))
    a = workers / np.maximum(friction @ b, 1e-300)
    for _ in range(ROUNDS):
        b = jobs / np.maximum(friction.T @ a, 1e-300)
        a = workers / np.maximum(friction @ b, 1e-300)
    return np.asarray(a[:, None] * friction * b[None, :])


def fit_flows(frame: CityInputs, workers: NDArray[Any], least_jobs: NDArray[Any]) -> WorkerFlows:
    """Flows whose mean distance meets the stated mean commute; `workers` int64[L], `least_jobs`
    int64[Z] staff.
    """
    zones = len(least_jobs)
    out = np.bincount(frame.zone_of, workers, zones)
    weight = np.bincount(frame.zone_of, frame.jobs, zones)
    jobs = np.maximum(weight / max(weight.sum(), 1e-300) * out.sum(), 1.1 * least_jobs)
    jobs *= out.sum() / max(jobs.sum(), 1e-300)
    distance = zone_distances(frame, workers)
    total = max(float(out.sum()), 1.0)
    free = float(out @ distance @ jobs) / total**2 if out.sum() else 0.0
    target = min(frame.assumptions.mean_commute_km, FARTHEST_SHARE * free)
    low, high, flow = 0.05, 400.0, np.zeros((zones, zones))
    for _ in range(24):
        scale = (low * high) ** 0.5
        flow = balance(out, jobs, np.exp(-distance / scale) + 1e-12)
        if float((flow * distance).sum()) / total < target:
            low = scale
        else:
            high = scale
    cumulative = np.zeros((zones, zones + 1), np.int64)
    cumulative[:, 1:] = np.floor(np.cumsum(flow, axis=1) + 0.5)
    cumulative = np.minimum(cumulative, out[:, None].astype(np.int64))
    cumulative[:, -1] = out
    whole = np.diff(cumulative, axis=1)
    short = np.maximum(least_jobs - whole.sum(axis=0), 0)
    if short.any():
        whole = move_to_staff(whole, least_jobs)
        cumulative[:, 1:] = np.cumsum(whole, axis=1)
    return WorkerFlows(
        cumulative=cumulative,
        arrived=np.cumsum(whole, axis=0) - whole,
        jobs=whole.sum(axis=0),
        distance_km=distance,
        target_km=target,
        mean_km=float((whole * distance).sum()) / total,
    )


def flow_shares(flows: WorkerFlows) -> list[float]:
    """Shares of workers by distance between the centres of their zones, for the fidelity report."""
    whole = np.diff(flows.cumulative, axis=1)
    counts = np.histogram(flows.distance_km, COMMUTE_EDGES_KM, weights=whole)[0]
    return [round(float(share), 6) for share in counts / max(float(counts.sum()), 1.0)]


def move_to_staff(whole: NDArray[Any], least_jobs: NDArray[Any]) -> NDArray[np.int64]:
    """Shifts workers between destinations until every zone has the staff its schools, homes and
    hospitals need.
    """
    spare = whole.sum(axis=0) - least_jobs
    for to in np.flatnonzero(spare < 0):
        for origin in np.argsort(-whole.sum(axis=1), kind="stable"):
            for source in np.flatnonzero((spare > 0) & (whole[origin] > 0)):
                moved = min(int(-spare[to]), int(spare[source]), int(whole[origin, source]))
                whole[origin, source] -= moved
                whole[origin, to] += moved
                spare[source] -= moved
                spare[to] += moved
            if spare[to] >= 0:
                break
    return whole


class Workplaces(msgspec.Struct, frozen=True, kw_only=True):
    """Workplaces of all zones, zone by zone. zone, leaf, staff int64[W]; lonlat float64[W, 2]."""

    zone: NDArray[Any]
    leaf: NDArray[Any]
    staff: NDArray[Any]
    lonlat: NDArray[Any]


def draw_workplaces(frame: CityInputs, jobs: NDArray[Any]) -> Workplaces:
    """Workplaces that together have `jobs` int64[Z] seats: truncated Pareto sizes, leaves by
    their weight of jobs.
    """
    a, chance = frame.assumptions, generator(frame.seed, "city/workplaces")
    total = int(jobs.sum())
    cuts = [ranges(jobs)]
    reached = 0
    while reached < total:
        u = chance.random(max(1024, (total - reached) // 6))
        top = 1.0 - float(a.workplace_max + 1) ** -a.workplace_exponent
        sizes = np.floor((1.0 - u * top) ** (-1.0 / a.workplace_exponent)).astype(np.int64)
        ends = reached + np.cumsum(sizes)
        cuts.append(ends[ends < total])
        reached = int(ends[-1])
    bounds = np.sort(
        np.concatenate(cuts), kind="stable"
    )  # np.unique hashes, twenty times slower on sorted runs
    bounds = bounds[np.concatenate([[True], np.diff(bounds) > 0])]
    staff = np.diff(bounds)
    zone = np.searchsorted(ranges(jobs)[1:], bounds[:-1], side="right")
    order = np.argsort(frame.zone_of, kind="stable")
    weight = np.cumsum(frame.jobs[order] + 1e-9)
    upper = weight[np.searchsorted(frame.zone_of[order], np.arange(len(jobs)), side="right") - 1]
    lower = np.concatenate([[0.0], upper[:-1]])
    many = np.bincount(zone, minlength=len(jobs))
    within = np.arange(len(zone)) - np.repeat(np.cumsum(many) - many, many)
    mark = lower[zone] + (within + chance.random(len(zone))) / many[zone] * (upper - lower)[zone]
    leaf = order[np.minimum(np.searchsorted(weight, mark, side="right"), len(order) - 1)]
    return Workplaces(
        zone=zone,
        leaf=leaf,
        staff=staff,
        lonlat=scatter(frame.lonlat[leaf], frame.radius_m[leaf], chance),
    )


def share_staff(
    total: int, facilities: Facilities, chance: np.random.Generator
) -> NDArray[np.int64]:
    """Staff of hospitals: in proportion to beds where given, else log-normal about the mean
    (sigma 1).
    """
    number = len(facilities.leaf)
    weight = np.exp(chance.standard_normal(number))
    known = facilities.capacity > 0
    if known.any():
        weight *= facilities.capacity[known].mean() / max(weight.mean(), 1e-9)
        weight[known] = facilities.capacity[known]
    return np.asarray(np.maximum(np.floor(weight / weight.sum() * total), 1), dtype=np.int64)
