"""Use case: where in the city to open test sites, quarantine places or field hospitals."""

from __future__ import annotations

from time import perf_counter

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.logistics.siting.sites import Aim, SiteAnswer, choose_sites
from twinward.service.logistics.benchmark_instances import require_limit
from twinward.service.logistics.demand_points import (
    Candidates,
    NeedPoints,
    read_candidates,
    read_need_points,
    travel_costs,
)
from twinward.service.platform import Caller, Platform

MOST_CANDIDATES = 300


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One place to open: whom it serves, how many of them, and how far the farthest of them has
    to go.
    """

    name: str
    area: str
    lon: float
    lat: float
    serves: int
    residents: float
    farthest_m: float
    capacity: float | None
    synthetic: bool
    areas: list[str]


class SitesReport(msgspec.Struct, frozen=True, kw_only=True):
    """`objective` and `bound` in resident-metres (median, capacitated) or metres (centre)."""

    aim: str
    p: int
    sites: list[Site]
    objective: float
    bound: float
    gap: float
    mean_m: float
    farthest_m: float
    unmet: float
    unmet_areas: list[str]
    cut_off: list[str]  # of these, areas from which no road leads to any of the places
    binding: str
    relaxation: str | None
    demand: float
    candidates: int
    distances: str
    time_limit_s: float
    out_of_time: bool
    seconds: float


def check_numbers(share_of_residents: float, most_candidates: int, capacity: float | None) -> None:
    """InputError for a number that is out of range."""
    if not 0 < share_of_residents <= 1:
        raise InputError(
            "the share of residents in need is above 0, at most 1", "0.02 is 2 %", code="bad_need"
        )
    if most_candidates < 1:
        raise InputError(f"{most_candidates} candidates", "say 1 or more", code="bad_candidates")
    if capacity is not None and not capacity > 0:
        raise InputError(
            "a capacity is above 0", "say how many residents one site serves", code="bad_capacity"
        )


def locate_sites(
    platform: Platform,
    caller: Caller,
    *,
    p: int,
    aim: Aim = "median",
    kinds: tuple[str, ...] = ("hospital",),
    level: str = "subdistrict",
    area: str | None = None,
    capacity: float | None = None,
    share_of_residents: float = 1.0,
    by: str = "auto",
    most_candidates: int = MOST_CANDIDATES,
    time_limit_s: float = 30.0,
) -> SitesReport:
    """p places of some kinds for the residents of the areas of a level; `capacity` of each in
    residents served.
    """
    platform.policy.require(caller, "plan_ahead")
    require_limit(time_limit_s)
    check_numbers(share_of_residents, most_candidates, capacity)
    start = perf_counter()
    need = read_need_points(platform, level, area)
    places = read_candidates(platform, kinds, most_candidates, area)
    measured = travel_costs(platform, places.lonlat, need.lonlat, by)
    cost = np.ascontiguousarray(measured.metres.T)
    demand = need.residents * share_of_residents
    room = None
    if aim == "capacitated":
        room = np.full(len(places.names), capacity) if capacity else places.capacity
    reached: NDArray[np.bool_] = np.asarray(np.isfinite(cost).any(axis=1))
    require_reached(reached, need)
    answer = choose_sites(
        cost[reached], demand[reached], p, aim, room, lambda: perf_counter() - start, time_limit_s
    )
    answer = with_all_areas(answer, reached, cost, demand)
    sites = [show(n, answer, need, places, cost, demand, room) for n in range(len(answer.open))]
    ways = (answer.share * np.where(answer.share > 0, cost[:, answer.open], 0.0)).sum(axis=1)
    met = answer.share.sum(axis=1) > 1e-9
    lacking = np.flatnonzero(answer.unmet > 1e-6 * np.maximum(demand, 1e-9))
    return SitesReport(
        aim=aim,
        p=p,
        sites=sites,
        objective=answer.objective,
        bound=answer.bound,
        gap=answer.gap,
        mean_m=float((ways * demand).sum() / max((answer.share.sum(axis=1) * demand).sum(), 1e-9)),
        farthest_m=max((site.farthest_m for site in sites), default=0.0),
        unmet=float(answer.unmet.sum()),
        unmet_areas=[need.codes[n] for n in lacking],
        cut_off=[need.codes[n] for n in np.flatnonzero(~reached)],
        binding=name_binding(answer, need),
        relaxation=answer.relaxation,
        demand=float(demand[met].sum() + answer.unmet[~met].sum()),
        candidates=len(places.names),
        distances=measured.how,
        time_limit_s=time_limit_s,
        out_of_time=answer.out_of_time,
        seconds=round(perf_counter() - start, 3),
    )


def require_reached(reached: NDArray[np.bool_], need: NeedPoints) -> None:
    """InputError when no area can be reached from any place, with the first names."""
    if not reached.any():
        first = ", ".join(
            f"{name} ({code})" for name, code in zip(need.names[:5], need.codes[:5], strict=True)
        )
        raise InputError(
            f"none of {len(need.codes)} areas can be reached by road from any of the places: "
            f"{first}",
            "name more kinds of places, or measure straight distances",
            code="disconnected",
        )


def with_all_areas(
    answer: SiteAnswer,
    reached: NDArray[np.bool_],
    cost: NDArray[np.float64],
    demand: NDArray[np.float64],
) -> SiteAnswer:
    """The answer for the areas that a road reaches, with the others, and those no chosen site
    reaches, unmet.
    """
    share, unmet = np.zeros((len(reached), len(answer.open))), np.where(reached, 0.0, demand)
    share[reached], unmet[reached] = answer.share, answer.unmet
    nowhere = ~np.isfinite(cost[:, answer.open]) & (share > 0)
    unmet += (share * nowhere).sum(axis=1) * demand
    share = np.where(nowhere, 0.0, share)
    places = np.flatnonzero(reached)
    farthest = None if answer.farthest is None else int(places[answer.farthest])
    return msgspec.structs.replace(answer, share=share, unmet=unmet, farthest=farthest)


def name_binding(answer: SiteAnswer, need: NeedPoints) -> str:
    """What stands in the way; the farthest area by its name."""
    n = answer.farthest
    return answer.binding if n is None else f"{answer.binding}: {need.names[n]} ({need.codes[n]})"


def show(
    n: int,
    answer: SiteAnswer,
    need: NeedPoints,
    places: Candidates,
    cost: NDArray[np.float64],
    demand: NDArray[np.float64],
    room: NDArray[np.float64] | None,
) -> Site:
    j = answer.open[n]
    mine = np.flatnonzero(answer.share[:, n] > 1e-6)
    return Site(
        name=places.names[j],
        area=places.areas[j],
        lon=float(places.lonlat[j, 0]),
        lat=float(places.lonlat[j, 1]),
        serves=len(mine),
        residents=round(float((answer.share[:, n] * demand).sum()), 1),
        farthest_m=float(cost[mine, j].max(initial=0.0)),
        capacity=None if room is None else float(room[j]),
        synthetic=bool(places.synthetic[j]),
        areas=[need.codes[i] for i in mine],
    )


def as_features(report: SitesReport) -> dict[str, object]:
    """The sites as GeoJSON."""
    features = []
    for site in report.sites:
        told = msgspec.structs.asdict(site)
        point = [told.pop("lon"), told.pop("lat")]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": point},
                "properties": told,
            }
        )
    return {"type": "FeatureCollection", "features": features}
