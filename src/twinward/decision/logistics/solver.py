"""A linopy model given to HiGHS: quiet, on one thread, under a time limit, with the best answer,
its bound and gap.
"""

from __future__ import annotations

from typing import Any

import highspy
import linopy
import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Solved(msgspec.Struct, frozen=True, kw_only=True):
    """`values` by variable name, empty when nothing feasible was found in time; gap = 1 - bound
    / objective.
    """

    found: bool
    infeasible: bool
    objective: float
    bound: float
    gap: float
    out_of_time: bool
    values: dict[str, Floats]
    duals: dict[str, Floats]


def solve(
    model: linopy.Model, time_limit_s: float, start: dict[str, Floats] | None = None
) -> Solved:
    """The model's minimum as far as it is found by `time_limit_s` seconds, from `start` if there
    is one.
    """
    highs = _load(model)
    if start is not None:
        first = highspy.HighsSolution()
        first.col_value = _flat(model, start)
        highs.setSolution(first)
    highs.setOptionValue("time_limit", max(float(time_limit_s), 0.05))
    highs.run()
    status, info = highs.getModelStatus(), highs.getInfo()
    found = info.primal_solution_status == 2  # a feasible point is at hand
    solution = highs.getSolution()
    whole = any(kind == highspy.HighsVarType.kInteger for kind in highs.getLp().integrality_)
    objective = float(info.objective_function_value) if found else float("inf")
    optimal = status == highspy.HighsModelStatus.kOptimal
    bound = float(info.mip_dual_bound) if whole else objective if optimal else -float("inf")
    bound = min(bound, objective)
    return Solved(
        found=found,
        infeasible=status
        in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible),
        objective=objective,
        bound=bound,
        gap=max(objective - bound, 0.0) / max(abs(objective), 1e-9) if found else float("inf"),
        out_of_time=status == highspy.HighsModelStatus.kTimeLimit,
        values=_by_name(model.variables, np.array(solution.col_value), model.matrices.vlabels)
        if found
        else {},
        duals=_by_name(model.constraints, np.array(solution.row_dual), model.matrices.clabels)
        if optimal and not whole
        else {},
    )


def _load(model: linopy.Model) -> highspy.Highs:
    """The model in a HiGHS that was told to be quiet first: linopy's own bridge writes a banner
    to standard output.
    """
    parts = model.matrices
    matrix = parts.A.tocsc()
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = parts.c, parts.lb, parts.ub
    lp.row_lower_ = np.where(parts.sense == "<", -highspy.kHighsInf, parts.b)
    lp.row_upper_ = np.where(parts.sense == ">", highspy.kHighsInf, parts.b)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = (
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
    )
    lp.a_matrix_.value_ = matrix.data
    kinds = {True: highspy.HighsVarType.kContinuous, False: highspy.HighsVarType.kInteger}
    lp.integrality_ = [kinds[kind == "C"] for kind in parts.vtypes]
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    highs.passModel(lp)
    return highs


def _flat(model: linopy.Model, values: dict[str, Floats]) -> Floats:
    """Values by variable name in the solver's order."""
    labels = model.matrices.vlabels
    flat = np.zeros(len(labels))
    for name, value in values.items():
        wanted = model.variables[name].labels.values
        flat[np.searchsorted(labels, wanted[wanted >= 0])] = value[wanted >= 0]
    return flat


def _by_name(things: Any, flat: Floats, labels: NDArray[Any]) -> dict[str, Floats]:
    """Flat values of the solver in the shape of each variable or constraint of the model."""
    found = {}
    for name in things:
        wanted = things[name].labels.values
        at = np.searchsorted(labels, wanted)
        found[str(name)] = np.where(wanted >= 0, flat[np.minimum(at, len(flat) - 1)], np.nan)
    return found
