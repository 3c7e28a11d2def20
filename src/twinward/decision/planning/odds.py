"""Which plan is best, how surely, and what that hangs on: judged on the same runs for every plan.

Each run is one draw of all doubts and of the dice. The odds of a plan are the share of runs that it
wins, drawn towards even odds as few runs should be; one run has none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.planning.comparison import PriceFlip, SensitivityResult
from twinward.decision.planning.costs import CostTable
from twinward.decision.planning.doubts import PerturbedInputs

Floats = NDArray[np.float64]
BREAKING = 0.1  # share of the runs in which beds run out, above which a plan breaks capacity
APART = 0.8  # share of the runs that the first must win against another to be told from it
SURELY = 0.99  # no odds above this are stated
LEAST_RUNS = 5  # fewer say nothing of what the ranking hangs on
SIGNIFICANT = 2.0  # standard errors by which a slope must differ from nought
# what a price is paid for
PAID_FOR = {
    "death": ("deaths", "deaths_to_come"),
    "restricted_day": ("restricted_days",),
    "school_day": ("school_days",),
    "work_day": ("work_days",),
}


class PlanOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The order of the plans (as numbers), their odds by number (None: not ranked, or one run), and
    those that cannot be told from the first.
    """

    order: list[int]
    odds: list[float | None]
    wins: list[float]
    tied: list[int]
    crowned: int | None


def stand(table: Floats, ranked: Sequence[bool], pareto: Sequence[bool]) -> PlanOrder:
    """table: float64[plans, runs] of the criterion, lower is better. `ranked`: plans that may be
    first; those that nobody beats in everything come before those that somebody does.
    """
    means = table.mean(axis=1)
    numbers = list(range(len(table)))
    order = sorted(numbers, key=lambda n: (not ranked[n], ranked[n] and not pareto[n], means[n], n))
    may = [n for n in numbers if ranked[n]]
    wins = [0.0] * len(table)
    odds: list[float | None] = [None] * len(table)
    if not may:
        return PlanOrder(order=order, odds=odds, wins=wins, tied=[], crowned=None)
    runs = table.shape[1]
    best = np.argmin(table[may], axis=0)
    for k, n in enumerate(may):
        wins[n] = float((best == k).mean())
        if runs > 1:
            share = (wins[n] * runs + 1 / len(may)) / (runs + 1)
            odds[n] = min(share, SURELY) if len(may) > 1 else None
    first = order[0]
    tied = [n for n in may if n != first and not told_apart(table[first], table[n])]
    return PlanOrder(order=order, odds=odds, wins=wins, tied=tied, crowned=first)


def told_apart(first: Floats, other: Floats) -> bool:
    """Whether the first is better in so many of the runs that chance does not explain it."""
    better = float((first < other).sum() + 0.5 * (first == other).sum())
    return len(first) > 1 and (better + 0.5) / (len(first) + 1) >= APART


def flips(
    totals: dict[str, Floats], ids: Sequence[str], first: int, ranked: Sequence[bool],
    costs: CostTable,
) -> list[PriceFlip]:  # fmt: skip
    """For each price of what has none in a market: the nearest at which another plan is first.

    totals: name -> float64[plans] means; the cost of a plan is a straight line in each price.
    """
    found = []
    for price, names in PAID_FOR.items():
        now = costs.of(price)
        near: tuple[float, float, int] | None = None
        for n in range(len(ids)):
            units = sum(float(totals[name][n] - totals[name][first]) for name in names)
            if n == first or not ranked[n] or abs(units) < 1e-9:
                continue
            at = now - float(totals["cost"][n] - totals["cost"][first]) / units
            if at > 0 and now > 0:
                far = abs(math.log(at / now))
                near = min(near, (far, at, n)) if near else (far, at, n)
        unit = costs.costs[price].unit
        at_price, then = (near[1], ids[near[2]]) if near else (None, None)
        found.append(PriceFlip(price=price, unit=unit, now=now, at=at_price, then_first=then))
    return found


def sensitivity(
    table: Floats,
    ids: Sequence[str],
    standing: PlanOrder,
    worlds: Sequence[PerturbedInputs],
    costs: CostTable,
) -> list[SensitivityResult]:
    """How the ranking changes with each doubtful input, by regression over the same runs.

    It changes the first only where the slope of the margin is beyond chance.
    """
    first = standing.crowned
    may = [n for n in range(len(ids)) if standing.odds[n] is not None]
    if first is None or len(may) < 2 or table.shape[1] < LEAST_RUNS:
        return []
    found = []
    for name in worlds[0].factors:
        x = np.log([max(world.of(name), 1e-6) for world in worlds])
        if np.ptp(x) < 1e-9:
            continue
        doubt = costs.doubts.get(name)
        ends = (doubt.low, doubt.high) if doubt else tuple(np.exp(np.quantile(x, (0.05, 0.95))))
        second = min((n for n in may if n != first), key=lambda n: float(table[n].mean()))
        slope, error = slope_of(x, table[second] - table[first])
        for end in ends:
            at = {n: predict_at(x, table[n], math.log(end)) for n in may}
            then = min(may, key=lambda n: at[n])
            sure = abs(slope) > SIGNIFICANT * error
            margin = min(value for n, value in at.items() if n != first) - at[first]
            found.append(
                SensitivityResult(
                    input=name,
                    factor=round(float(end), 4),
                    source=doubt.source if doubt else "fitted to the reports",
                    first=ids[then] if sure else ids[first],
                    changes_first=sure and then != first,
                    margin=round(float(margin), 4),
                )
            )
    swing = {t.input: max(abs(x.margin - y.margin) for x in found for y in found
                          if x.input == y.input == t.input) for t in found}  # fmt: skip
    return sorted(found, key=lambda t: (-swing[t.input], t.input, t.factor))


def slope_of(x: Floats, y: Floats) -> tuple[float, float]:
    """(slope, its standard error) of the least-squares line."""
    centred = x - x.mean()
    square = float((centred**2).sum())
    slope = float((centred * y).sum() / square)
    rest = y - y.mean() - slope * centred
    return slope, math.sqrt(float((rest**2).sum()) / max(len(x) - 2, 1) / square)


def predict_at(x: Floats, y: Floats, at: float) -> float:
    slope, _ = slope_of(x, y)
    return float(y.mean() + slope * (at - x.mean()))
