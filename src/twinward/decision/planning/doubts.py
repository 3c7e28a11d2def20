"""What is not known, drawn once for each replicate and the same for every plan: the world in
which its dice fall.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator
from twinward.core.lazy import LazyModule
from twinward.decision.planning.costs import CostTable, Doubt
from twinward.decision.planning.fitting.fit import stratified
from twinward.decision.planning.fitting.prospect import Prospect

special = LazyModule("scipy.special")

# severity is drawn at these quantiles alone: each needs tables of its own
SEVERITIES = (1 / 6, 1 / 2, 5 / 6)
FARTHEST = 2.5  # standard deviations
WITHIN = 1.645  # of a doubt's low and high, its 5 and 95 %
FITTED = ("transmission", "young_orders")  # doubted where the simulator is fitted to reports
ASSUMED = ("r0",)  # doubted where it is not
ALWAYS = ("infected_now", "compliance", "severity", "work_day")


class PerturbedInputs(msgspec.Struct, frozen=True, kw_only=True):
    """One draw of all doubtful inputs: factors on what is assumed, 1 where it is not doubted.

    future: which of the fitted futures, -1 for their middle; young_orders: share of those whom
    orders that no report shows yet are meant for who keep to them
    """

    factors: dict[str, float]
    future: int = -1
    young_orders: float = 0.5

    def of(self, name: str) -> float:
        return self.factors.get(name, 1.0)


def draw_worlds(
    costs: CostTable, replicates: int, seed: int, prospect: Prospect | None, days: int, doubts: bool
) -> list[PerturbedInputs]:
    """One world for each replicate, each input spread evenly over its doubt, in an order of its
    own.
    """
    if not doubts or replicates == 1:
        return [PerturbedInputs(factors={}) for _ in range(replicates)]
    at = {name: spots(replicates, seed, name) for name in (*FITTED, *ASSUMED, *ALWAYS)}
    futures = stratified(prospect.fit, replicates, days, seed) if prospect is not None else None
    worlds = []
    for k in range(replicates):
        factors = {
            name: factor_at(costs.doubts[name], at[name][k])
            for name in ALWAYS
            if name != "severity"
        }
        level = SEVERITIES[min(int(at["severity"][k] * len(SEVERITIES)), len(SEVERITIES) - 1)]
        factors["severity"] = factor_at(costs.doubts["severity"], level)
        if futures is None or prospect is None:
            factors["r0"] = factor_at(costs.doubts["r0"], at["r0"][k])
            worlds.append(PerturbedInputs(factors=factors))
            continue
        factors["transmission"] = prospect.growth_of(int(futures[k]), days)
        young = float(special.betaincinv(*prospect.fit.kept, at["young_orders"][k]))
        factors["young_orders"] = young
        worlds.append(PerturbedInputs(factors=factors, future=int(futures[k]), young_orders=young))
    return worlds


def spots(replicates: int, seed: int, name: str) -> NDArray[np.float64]:
    """float64[replicates] the middles of so many equal parts of 0 to 1, in an order by chance
    (Latin hypercube).
    """
    order: Any = generator(seed, f"planning.doubt.{name}").permutation(replicates)
    return np.asarray((order + 0.5) / replicates)


def factor_at(doubt: Doubt, quantile: float) -> float:
    """The factor at a quantile: log-normal on each side of 1, its 5 and 95 % where the doubt
    says.
    """
    z = float(np.clip(special.ndtri(quantile), -FARTHEST, FARTHEST))
    end = doubt.high if z > 0 else doubt.low
    return float(math.exp(math.log(end) * abs(z) / WITHIN)) if end > 0 else 1.0
