"""Compares plans against a physical hazard on the same members: member m of every plan has the
same rain, wind, motion or source.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.core.reasons import Reason, unique
from twinward.decision.planning.hazards.outcomes import ASSUMED, find_outcomes
from twinward.decision.planning.odds import stand
from twinward.decision.planning.results import beaten_by
from twinward.decision.simulation.actions import Action, require_actions
from twinward.decision.simulation.city import HazardCity
from twinward.decision.simulation.exposure import QUANTILES
from twinward.decision.simulation.ground import Floats
from twinward.decision.simulation.interface import Ask, Ground
from twinward.library.hazards.protective import load_hazard_measures
from twinward.library.plans.plan import Plan
from twinward.library.texts import write_each

NONE = "none"
MOST_PLANS = 20
RANKED_BY = ("people_hit", "deaths", "person_hours", "people_moved")


class HazardCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as the model understands it."""

    id: str
    title: str
    level: str = ""
    actions: tuple[Action, ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One figure over the members, and its difference from doing nothing in the same members."""

    mean: float
    quantiles: tuple[float, ...]
    against_none: tuple[float, float, float] | None  # 0.05, mean, 0.95 of the paired difference


class HazardPlanResult(msgspec.Struct, frozen=True, kw_only=True):
    """One plan on the sheet, the best first; what nothing is done is a reference, not ranked."""

    place: int
    id: str
    title: str
    level: str
    actions: tuple[Action, ...]
    figures: dict[str, Outcome]
    probability_best: float | None
    pareto: bool
    beaten_by: str | None


class HazardComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Plans against one hazard side by side. `why` says the ranking in words, by language."""

    hazard: str
    members: int
    seed: int
    ranked_by: str
    at_least: float
    quantiles: tuple[float, ...]
    first: str
    tied: tuple[str, ...]
    plans: tuple[HazardPlanResult, ...]
    assumptions: tuple[str, ...]
    assumptions_reasons: tuple[Reason, ...] = ()
    out_of_range: tuple[str, ...]
    out_of_range_reasons: tuple[Reason, ...] = ()
    calibration: str
    fingerprint: str
    why: dict[str, str]
    simulated: bool = True


def actions_of(plan: Plan) -> tuple[Action, ...]:
    """What the plan's tasks do in a run: each measure when its first deadline is over."""
    known = load_hazard_measures()
    found: dict[str, float] = {}
    for task in plan.work():
        if task.measure in known:
            found[task.measure] = min(found.get(task.measure, np.inf), task.deadline_h * 3600)
    return tuple(Action(kind=kind, at_s=at, share=known[kind].share) for kind, at in found.items())


def compare_hazard_plans(
    model: Any,
    ground: Ground,
    city: HazardCity,
    ask: Ask,
    candidates: Sequence[HazardCandidate],
    at_least: float,
    ranked_by: str = "",
) -> HazardComparison:
    """The sheet. `at_least`: the value of the model's figure from which people are hit."""
    ranked_by = ranked_by or ("deaths" if hasattr(model, "find_harm") else "people_hit")
    check(candidates, ground.hazard)
    every = [HazardCandidate(id=NONE, title="no measure"), *candidates]
    tables, prints = [], []
    assumed: tuple[Reason, ...] = ()
    outside: tuple[Reason, ...] = ()
    for one in every:
        run = msgspec.structs.replace(ask, measures=one.actions)
        footprint = model.run(ground, run)
        figures = find_outcomes(footprint, ground, city, one.actions, at_least)
        if hasattr(model, "find_harm"):
            figures |= model.find_harm(ground, run, footprint)
        tables.append(figures)
        prints.append(footprint.digest())
        assumed, outside = footprint.assumptions, footprint.out_of_range
    if ranked_by not in tables[0]:
        raise InputError(
            f"no ranking by {ranked_by!r}", f"one of {', '.join(tables[0])}", code="bad_ranking"
        )
    plans, tied = _rank(every, tables, ranked_by)
    said = "\0".join([ground.sha256, ranked_by, repr(at_least), *prints])
    sheet = HazardComparison(
        hazard=ground.hazard,
        members=ask.members,
        seed=ask.seed,
        ranked_by=ranked_by,
        at_least=at_least,
        quantiles=QUANTILES,
        first=plans[0].id,
        tied=tied,
        plans=plans,
        assumptions=write_each(said_of := unique((*ground.assumptions, *assumed, *ASSUMED))),
        assumptions_reasons=said_of,
        out_of_range=write_each(outside),
        out_of_range_reasons=outside,
        calibration="not calibrated here",
        fingerprint=hashlib.sha256(said.encode()).hexdigest(),
        why={},
    )
    return msgspec.structs.replace(sheet, why=explain(sheet))


def check(candidates: Sequence[HazardCandidate], hazard: str) -> None:
    """InputError for no plan, too many, one twice, or a measure of another hazard."""
    if not 1 <= len(candidates) <= MOST_PLANS:
        raise InputError(
            f"plans must be 1 to {MOST_PLANS}, got {len(candidates)}", "name them", code="no_plans"
        )
    ids = [one.id for one in candidates]
    for name in ids:
        if ids.count(name) > 1:
            raise InputError(
                f"plan {name} is named twice", "name each plan once", code="doubled_plan"
            )
    for one in candidates:
        require_actions(one.actions, hazard)


def _rank(
    every: Sequence[HazardCandidate], tables: Sequence[dict[str, Floats]], ranked_by: str
) -> tuple[tuple[HazardPlanResult, ...], tuple[str, ...]]:
    criterion = np.array([table[ranked_by] for table in tables])
    ranked = [one.id != NONE for one in every]
    burdens = (ranked_by, "people_moved", "traffic_hours")
    means = np.array([[table[name].mean() for name in burdens] for table in tables])
    beaten = [beaten_by(means, n, ranked) for n in range(len(every))]
    standing = stand(criterion, ranked, [one is None for one in beaten])
    none = tables[0]
    found = []
    for place, n in enumerate(standing.order, 1):
        over = beaten[n]
        found.append(
            HazardPlanResult(
                place=place,
                id=every[n].id,
                title=every[n].title,
                level=every[n].level,
                actions=every[n].actions,
                figures={
                    name: _spread(value, None if n == 0 else none[name])
                    for name, value in tables[n].items()
                },
                probability_best=standing.odds[n],
                pareto=ranked[n] and over is None,
                beaten_by=None if over is None else every[over].id,
            )
        )
    return tuple(found), tuple(every[n].id for n in standing.tied)


def _spread(values: Floats, none: Floats | None) -> Outcome:
    against = None
    if none is not None:
        paired = values - none
        low, high = np.quantile(paired, (0.05, 0.95))
        against = (float(low), float(paired.mean()), float(high))
    return Outcome(
        mean=float(values.mean()),
        quantiles=tuple(float(one) for one in np.quantile(values, QUANTILES)),
        against_none=against,
    )


def explain(sheet: HazardComparison) -> dict[str, str]:
    """Why the first is first, in both languages."""
    best = sheet.plans[0]
    figure = best.figures[sheet.ranked_by]
    spared = -(figure.against_none[1] if figure.against_none else 0.0)
    odds = best.probability_best
    en = (
        f"{best.id}: {sheet.ranked_by} {figure.mean:,.1f} on average over {sheet.members} members, "
        f"{spared:,.1f} fewer than with no measure in the same members"
    )
    zh = (
        f"{best.id}:{sheet.members} 个成员平均 {sheet.ranked_by} 为 {figure.mean:,.1f},"
        f"较同一成员不采取措施少 {spared:,.1f}"
    )
    if odds is not None:
        en, zh = f"{en}; best in {odds:.0%} of them", f"{zh};在 {odds:.0%} 的成员中最好"
    if sheet.tied:
        names = ", ".join(sheet.tied)
        en, zh = f"{en}; not told apart from {names}", f"{zh};与 {names} 无法区分"
    return {"en": f"{en}. Simulated, not calibrated here", "zh": f"{zh}。模拟结果,未在本地校准"}
