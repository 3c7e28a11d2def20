"""What the Lagrangian leaves open of a p-median, decided by HiGHS under a time limit."""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
MAX_ARCS = 400_000  # a larger rest would only stall the solver: the Lagrangian bound stands then


def _list_arcs(
    cost: Floats, sites: NDArray[np.int64], forced: Bools, price: Floats, slack: float
) -> tuple[list[NDArray[np.int64]], int]:
    """For each customer the sites worth using, nearest first.

    None beyond the nearest that is open anyway, and none that costs more than `slack` above the
    customer's price: using it would lift the Lagrangian bound past the best value known.
    """
    arcs = []
    for row, most in zip(cost[:, sites], price + slack + 1e-7, strict=True):
        order = np.argsort(row, kind="stable")
        sure = np.flatnonzero(forced[sites[order]])
        order = order[: sure[0] + 1] if len(sure) else order
        arcs.append(order[row[order] <= most])
    return arcs, sum(len(row) for row in arcs)


def solve_remaining(
    cost: Floats,
    p: int,
    possible: Bools,
    forced: Bools,
    price: Floats,
    slack: float,
    best: Bools,
    time_limit_s: float,
) -> tuple[float, Bools | None, float]:
    """(value, sites, bound) of the p-median over `possible` sites with `forced` ones open, started
    from `best`.

    The bound holds for the whole problem, because every answer that is better than `value` lies in
    this rest: it is min(value, bound of the rest). Sites are None when nothing better than `value`
    was found.
    """
    value = float(cost[:, best].min(axis=1).sum())
    sites = np.flatnonzero(possible)
    if len(sites) < p:
        return value, None, value
    arcs, count = _list_arcs(cost, sites, forced, price, slack)
    if min(len(row) for row in arcs) == 0:
        return value, None, value
    if count > MAX_ARCS:
        return value, None, -np.inf
    model = _build(cost, p, sites, forced, arcs)
    model.setOptionValue("time_limit", float(time_limit_s))
    model.run()
    status = model.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return value, None, value
    info = model.getInfo()
    bound = float(info.mip_dual_bound)
    solution = np.array(model.getSolution().col_value)
    if info.primal_solution_status != 2 or len(solution) < len(
        sites
    ):  # 2: a feasible point is at hand
        return value, None, min(value, bound)
    chosen = np.zeros(cost.shape[1], bool)
    chosen[sites[np.argsort(-solution[: len(sites)], kind="stable")[:p]]] = True
    return float(cost[:, chosen].min(axis=1).sum()), chosen, min(value, bound)


def _build(
    cost: Floats, p: int, sites: NDArray[np.int64], forced: Bools, arcs: list[NDArray[np.int64]]
) -> highspy.Highs:
    """Columns: one for each site, then one for each arc; rows: p sites, each customer once, an
    arc needs its site.
    """
    m = len(sites)
    customer = np.repeat(np.arange(len(arcs)), [len(row) for row in arcs])
    site = np.concatenate(arcs)
    total = m + len(site)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = total, 1 + len(arcs) + len(site)
    lp.col_cost_ = np.concatenate([np.zeros(m), cost[customer, sites[site]]])
    lp.col_lower_ = np.concatenate([forced[sites].astype(float), np.zeros(len(site))])
    lp.col_upper_ = np.ones(total)
    lp.row_lower_ = np.concatenate(
        [[float(p)], np.ones(len(arcs)), np.full(len(site), -highspy.kHighsInf)]
    )
    lp.row_upper_ = np.concatenate([[float(p)], np.ones(len(arcs)), np.zeros(len(site))])
    arc = np.arange(len(site))
    rows = np.concatenate(
        [np.zeros(m), 1 + customer, 1 + len(arcs) + arc, 1 + len(arcs) + arc]
    ).astype(np.int64)
    columns = np.concatenate([np.arange(m), m + arc, m + arc, site])
    values = np.concatenate(
        [np.ones(m), np.ones(len(site)), np.ones(len(site)), -np.ones(len(site))]
    )
    order = np.lexsort((rows, columns))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.concatenate(
        [[0], np.cumsum(np.bincount(columns, minlength=total))]
    ).astype(np.int32)
    lp.a_matrix_.index_ = rows[order].astype(np.int32)
    lp.a_matrix_.value_ = values[order]
    lp.integrality_ = [highspy.HighsVarType.kInteger] * m + [
        highspy.HighsVarType.kContinuous
    ] * len(site)
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.passModel(lp)
    return model
