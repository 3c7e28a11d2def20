"""A length that no set of rounds can undercut: the degree relaxation with capacity cuts, solved
by HiGHS.
"""

from __future__ import annotations

from time import monotonic

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from twinward.decision.logistics.routing.vrplib import RoutingInstance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MAX_ROUNDS = 60
MAX_NODES = 400  # a complete graph beyond this has too many edges for a bound on the side
LEVELS = (0.0, 0.25, 0.5, 0.75, 0.9)  # components are looked for among edges used more than this


def _vehicles_for(load: float, capacity: float | None) -> int:
    return 1 if not capacity else max(int(np.ceil(load / capacity - 1e-9)), 1)


def _cuts(
    case: RoutingInstance, ends: tuple[Ints, Ints], used: Floats, demand: Floats
) -> list[tuple[Ints, float]]:
    """(edges that leave S, their least sum) for sets S of customers that are entered too seldom."""
    n = len(case.names)
    inner = (ends[0] != case.depot) & (ends[1] != case.depot)
    found: dict[bytes, tuple[Ints, float]] = {}
    for level in LEVELS:
        keep = inner & (used > level + 1e-6)
        graph = coo_array((np.ones(int(keep.sum())), (ends[0][keep], ends[1][keep])), shape=(n, n))
        _, label = connected_components(graph, directed=False)
        for part in np.unique(label):
            member = label == part
            if member[case.depot] or member.sum() < 2:
                continue
            least = 2.0 * _vehicles_for(float(demand[member].sum()), case.capacity)
            leaving = np.flatnonzero(member[ends[0]] != member[ends[1]])
            if used[leaving].sum() < least - 1e-4:
                found[member.tobytes()] = (leaving, least)
    return list(found.values())


def bound_rounds(case: RoutingInstance, distance: Floats, time_limit_s: float) -> float:
    """A valid lower bound on the total length; 0 where the instance is too large for one.

    Each customer has two edges, the depot two for each vehicle that the load needs, and every set
    of customers that is cut off gets its rounded capacity cut (Laporte, Nobert, Desrochers 1985,
    Oper Res 33:1050). Asymmetric lengths are replaced by the shorter direction, time windows are
    ignored: both only lower the bound.
    """
    n = len(case.names)
    if n > MAX_NODES or n < 3:
        return 0.0
    demand = case.demand
    first, second = np.triu_indices(n, 1)
    length = np.minimum(distance, distance.T)[first, second]
    at_depot = (first == case.depot) | (second == case.depot)
    model = _relaxation(case, first, second, length, at_depot, demand)
    start, bound = monotonic(), 0.0
    for _ in range(MAX_ROUNDS):
        model.setOptionValue(
            "time_limit", model.getRunTime() + max(time_limit_s - (monotonic() - start), 0.05)
        )
        model.run()
        if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            break
        bound = model.getInfo().objective_function_value
        used = np.array(model.getSolution().col_value)
        cuts = _cuts(case, (first, second), used, demand)
        if not cuts or monotonic() - start > time_limit_s:
            break
        for edges, least in cuts:
            model.addRow(
                least, highspy.kHighsInf, len(edges), edges.astype(np.int32), np.ones(len(edges))
            )
    return max(float(bound) - 1e-6 * abs(float(bound)), 0.0)


def _relaxation(
    case: RoutingInstance,
    first: Ints,
    second: Ints,
    length: Floats,
    at_depot: NDArray[np.bool_],
    demand: Floats,
) -> highspy.Highs:
    """The linear program without cuts: one column an edge, one row a node."""
    n, m = len(case.names), len(first)
    least = np.full(n, 2.0)
    most = np.full(n, 2.0)
    least[case.depot] = 2.0 * _vehicles_for(float(demand.sum()), case.capacity)
    most[case.depot] = 2.0 * (case.vehicles or n)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = m, n
    lp.col_cost_, lp.col_lower_ = length, np.zeros(m)
    lp.col_upper_ = np.where(at_depot, 2.0, 1.0)
    lp.row_lower_, lp.row_upper_ = least, most
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = (2 * np.arange(m + 1)).astype(np.int32)
    lp.a_matrix_.index_ = np.column_stack([first, second]).ravel().astype(np.int32)
    lp.a_matrix_.value_ = np.ones(2 * m)
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.passModel(lp)
    return model
