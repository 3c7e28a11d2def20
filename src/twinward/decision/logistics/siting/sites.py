"""Where to open sites in a city: least travel in all, least farthest way, or least travel within
the sites' room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import linopy
import msgspec
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from twinward.core.errors import InputError
from twinward.decision.logistics.siting.p_median import solve_p_median
from twinward.decision.logistics.solver import solve

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Seconds = Callable[[], float]
Aim = Literal["median", "centre", "capacitated"]
# a capacitated model beyond this is cut to each area's nearest sites; its bound is then the
# median's
MOST_ARCS = 60_000
ROUND_M = 10.0  # ways are told apart to ten metres


class SiteAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`open` are candidates; `share` [areas, open] of each area's demand; `unmet` [areas] what no
    site has room for.

    `objective` is demand times metres (median, capacitated) or the farthest way in metres (centre);
    `binding` says what stands in the way of a better one; `relaxation` the cheapest way out when
    demand cannot be met.
    """

    objective: float
    bound: float
    gap: float
    open: list[int]
    share: Floats
    unmet: Floats
    binding: str
    farthest: int | None = None  # the area that binds the farthest way
    relaxation: str | None
    out_of_time: bool


def check(cost: Floats, demand: Floats, p: int) -> None:
    """InputError for shapes and numbers that make no sense."""
    if cost.ndim != 2 or 0 in cost.shape:
        raise InputError(
            "there is nothing to serve or nowhere to open",
            "name other areas or kinds",
            code="bad_cost",
        )
    if not 1 <= p <= cost.shape[1]:
        raise InputError(
            f"p is {p} with {cost.shape[1]} possible sites",
            "choose p between 1 and that",
            code="bad_p",
        )
    if (demand < 0).any() or not demand.sum() > 0:
        raise InputError("nobody has any demand", "check residents and areas", code="bad_need")
    lost = np.flatnonzero(~np.isfinite(cost).any(axis=1))
    if len(lost):
        raise InputError(
            f"{len(lost)} areas cannot be reached from any candidate",
            "leave them out, or measure straight distances",
            code="disconnected",
        )


def choose_sites(
    cost_m: Floats,
    demand: Floats,
    p: int,
    aim: Aim,
    capacity: Floats | None,
    seconds: Seconds,
    time_limit_s: float,
) -> SiteAnswer:
    """p of the candidates by the aim. cost_m [areas, candidates] metres; capacity [candidates]
    in units of demand.
    """
    check(cost_m, demand, p)
    largest = float(cost_m[np.isfinite(cost_m)].max())
    cost_m = np.where(
        np.isfinite(cost_m), cost_m, 100 * largest + 1e6
    )  # no way: so far that nobody is sent there
    if aim == "median":
        return _median(cost_m, demand, p, seconds, time_limit_s)
    if aim == "centre":
        return _centre(cost_m, demand, p, seconds, time_limit_s)
    if capacity is None:
        raise InputError(
            "capacitated siting needs the sites' room", "give --capacity", code="missing_field"
        )
    return _capacitated(cost_m, demand, p, capacity, seconds, time_limit_s)


def _nearest_share(cost_m: Floats, sites: list[int]) -> Floats:
    share = np.zeros((len(cost_m), len(sites)))
    share[np.arange(len(cost_m)), np.argmin(cost_m[:, sites], axis=1)] = 1.0
    return share


def _median(
    cost_m: Floats, demand: Floats, p: int, seconds: Seconds, time_limit_s: float
) -> SiteAnswer:
    weighted = cost_m * demand[:, None]
    answer = solve_p_median(weighted, p, seconds, time_limit_s)
    return SiteAnswer(
        objective=answer.objective,
        bound=answer.bound,
        gap=answer.gap,
        open=answer.open,
        share=_nearest_share(cost_m, answer.open),
        unmet=np.zeros(len(demand)),
        binding=_one_more(weighted, answer.open, answer.objective),
        relaxation=None,
        out_of_time=not answer.optimal and answer.gap > 1e-6,
    )


def _one_more(weighted: Floats, sites: list[int], objective: float) -> str:
    """What one site more would save: the worth of the limit p."""
    now = weighted[:, sites].min(axis=1)
    gain = float(np.maximum(now[:, None] - weighted, 0.0).sum(axis=0).max())
    return (
        f"the number of sites: one more would save {100 * gain / max(objective, 1e-9):.1f} % "
        f"of all travel"
    )


def _centre(
    cost_m: Floats, demand: Floats, p: int, seconds: Seconds, time_limit_s: float
) -> SiteAnswer:
    """Bisection over the ways: can p sites cover everybody within this one? (Minieka 1970, SIAM
    Rev 12:138)
    """
    asked = np.flatnonzero(demand > 0)
    ways = np.unique(np.ceil(cost_m[asked] / ROUND_M) * ROUND_M)
    best = _greedy_cover(cost_m[asked], p)
    value = float(np.ceil(cost_m[asked][:, best].min(axis=1).max() / ROUND_M) * ROUND_M)
    bound, unsure = 0.0, False
    low, high = 0, int(np.searchsorted(ways, value))
    while low < high and seconds() < time_limit_s:
        middle = (low + high) // 2
        covered, proven = _cover(cost_m[asked] <= ways[middle], p, time_limit_s - seconds())
        if covered is not None:
            best, high = covered, middle
        elif proven:
            low, bound = middle + 1, float(ways[middle + 1])
        else:
            unsure = True
            break
    objective = float(np.ceil(cost_m[asked][:, best].min(axis=1).max() / ROUND_M) * ROUND_M)
    bound = objective if low >= high and not unsure else min(bound, objective)
    farthest = int(asked[np.argmax(cost_m[asked][:, best].min(axis=1))])
    return SiteAnswer(
        objective=objective,
        bound=bound,
        gap=(objective - bound) / objective if objective else 0.0,
        open=best,
        share=_nearest_share(cost_m, best),
        unmet=np.zeros(len(demand)),
        relaxation=None,
        binding="the farthest area",
        farthest=farthest,
        out_of_time=bound < objective,
    )


def _greedy_cover(cost_m: Floats, p: int) -> list[int]:
    """Farthest first (Gonzalez 1985): never more than twice the best where sites stand at the
    areas.
    """
    chosen = [int(np.argmin(cost_m.max(axis=0)))]
    while len(chosen) < p:
        farthest = int(np.argmax(cost_m[:, chosen].min(axis=1)))
        site = int(np.argmin(cost_m[farthest]))
        if site in chosen:
            break
        chosen.append(site)
    spare = [site for site in range(cost_m.shape[1]) if site not in chosen]
    return sorted(chosen + spare[: p - len(chosen)])


def _cover(near: NDArray[np.bool_], p: int, left_s: float) -> tuple[list[int] | None, bool]:
    """(p sites that reach everybody, whether it is proven that there are none)."""
    if not near.any(axis=1).all():
        return None, True
    rows = np.unique(near, axis=0)
    model = linopy.Model()
    site = model.add_variables(
        binary=True, coords=[np.arange(near.shape[1])], name="site", dims=["j"]
    )
    reach = xr.DataArray(rows.astype(float), dims=["i", "j"], coords={"i": np.arange(len(rows))})
    model.add_constraints((site * reach).sum("j") >= 1, name="covered")
    model.add_objective(site.sum())
    found = solve(model, left_s)
    if found.found and found.objective <= p + 0.5:
        chosen = np.flatnonzero(found.values["site"] > 0.5).tolist()
        spare = [j for j in range(near.shape[1]) if j not in chosen]
        return sorted(chosen + spare[: p - len(chosen)]), False
    return None, found.bound > p + 1e-6


def _capacitated(
    cost_m: Floats, demand: Floats, p: int, capacity: Floats, seconds: Seconds, time_limit_s: float
) -> SiteAnswer:
    """Demand may be split over sites; what finds no room counts dearer than any way."""
    n, m = cost_m.shape
    unit, cost_m, room_asked = (
        float(demand.mean()),
        cost_m / 1000,
        capacity,
    )  # the solver likes numbers near 1
    demand, capacity = demand / unit, capacity / unit
    relaxed = solve_p_median(cost_m * demand[:, None], p, seconds, 0.3 * time_limit_s)
    near = np.sort(np.argsort(cost_m, axis=1)[:, : max(MOST_ARCS // n, 5)], axis=1)
    whole = near.shape[1] == m
    model = linopy.Model()
    arcs = xr.DataArray(np.take_along_axis(cost_m, near, axis=1), dims=["i", "k"])
    amount = model.add_variables(
        lower=0.0, coords=[np.arange(n), np.arange(near.shape[1])], dims=["i", "k"], name="x"
    )
    site = model.add_variables(binary=True, coords=[np.arange(m)], dims=["j"], name="site")
    left = model.add_variables(lower=0.0, coords=[np.arange(n)], dims=["i"], name="left")
    who = xr.DataArray(near, dims=["i", "k"])
    need = xr.DataArray(demand, dims=["i"])
    model.add_constraints(amount.sum("k") + left == need, name="served")
    model.add_constraints(amount - need * site.sel(j=who) <= 0, name="open")
    load = amount.groupby(who.rename("j")).sum()
    room = xr.DataArray(capacity, dims=["j"], coords={"j": np.arange(m)})
    model.add_constraints(
        load - site.sel(j=load.indexes["j"]) * room.sel(j=load.indexes["j"]) <= 0, name="room"
    )
    model.add_constraints(site.sum() <= p, name="sites")
    dear = 10.0 * float(cost_m.max())
    model.add_objective((amount * arcs).sum() + dear * left.sum())
    first = _fill(model, np.isin(np.arange(m), relaxed.open), 0.3 * (time_limit_s - seconds()))
    found = solve(model, 0.95 * (time_limit_s - seconds()), first)
    if not found.found:
        raise InputError(
            f"no choice of sites was found in {time_limit_s:g} s",
            "allow more time or fewer candidates",
            code="out_of_time",
        )
    chosen = np.flatnonzero(found.values["site"] > 0.5).tolist()
    dense = np.zeros((n, m))
    np.put_along_axis(dense, near, found.values["x"], axis=1)
    bound = max(found.bound if whole else 0.0, relaxed.bound)
    unmet = np.maximum(found.values["left"], 0.0)
    used = dense[:, chosen].sum(axis=0)
    full = [
        j for j, load_j in zip(chosen, used.tolist(), strict=True) if load_j > 0.999 * capacity[j]
    ]
    scale = 1000 * unit
    return SiteAnswer(
        objective=scale * found.objective,
        bound=scale * min(bound, found.objective),
        gap=max(found.objective - bound, 0.0) / max(found.objective, 1e-9),
        open=chosen,
        share=dense[:, chosen] / np.maximum(demand[:, None], 1e-12),
        unmet=unit * unmet,
        binding=f"{len(full)} of {len(chosen)} sites are full" if full else "the number of sites",
        relaxation=_relax(unit * demand, room_asked, p, unit * float(unmet.sum())),
        out_of_time=found.out_of_time,
    )


def _fill(model: linopy.Model, sites: NDArray[np.bool_], left_s: float) -> dict[str, Floats] | None:
    """The model's best with just these sites open: where the search over sites begins."""
    site = model.variables["site"]
    fixed = xr.DataArray(sites.astype(float), dims=["j"], coords={"j": np.arange(len(sites))})
    site.update(lower=fixed, upper=fixed)
    found = solve(model, left_s)
    site.update(lower=xr.zeros_like(fixed), upper=xr.ones_like(fixed))
    return found.values if found.found else None


def _relax(demand: Floats, capacity: Floats, p: int, unmet: float) -> str | None:
    """The cheapest way out when not all demand finds room: fewer units of need, more sites, or
    more room in each.
    """
    if unmet <= 1e-6 * demand.sum():
        return None
    largest = np.cumsum(np.sort(capacity)[::-1])
    enough = np.flatnonzero(largest >= demand.sum())
    more = (
        f"{int(enough[0]) + 1 - p} more sites"
        if len(enough) and enough[0] + 1 > p
        else "other candidates"
    )
    if not len(enough):
        more = f"room for {demand.sum() - largest[-1]:,.0f} more beyond all candidates"
    return (
        f"{unmet:,.0f} cannot be met; it takes {more}, or {unmet / p:,.0f} more room in each site"
    )
