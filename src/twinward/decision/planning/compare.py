"""Lays plans beside each other: ranking with its probability, figures with paired differences,
Pareto set, doubts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from twinward import __version__
from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.planning.burden import Floats, Population
from twinward.decision.planning.candidate import MOST_PLANS, Candidate
from twinward.decision.planning.checkpoint import resume_from
from twinward.decision.planning.comparison import (
    LEVELS,
    Comparison,
    Cost,
    CriterionShare,
    Fairness,
    PlanResult,
    SensitivityResult,
    Spread,
)
from twinward.decision.planning.figures import FAN, FIGURES, Run, gini
from twinward.decision.planning.rationale import explain_ranking
from twinward.decision.planning.replicates import SIMULATED, Replicate, ReplicateRunner, worker_pool
from twinward.decision.simulation.epidemic.outcome import AGE_BANDS
from twinward.library.hazards.measures import Measure

RANKED_BY = ("cost", "infections", "deaths", "restricted_days")
PARETO_BY = (
    "infections",
    "deaths",
    "restricted_days",
    "school_days",
    "work_days",
    "cost_of_response",
)
RESAMPLES = 2000
DOUBTED_PLANS, DOUBTED_REPLICATES = 3, 3  # a doubt is tried on the first plans alone, in few runs
Progress = Callable[[int, int, str], None]


class ComparisonContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a sheet says of its own origin."""

    as_of: datetime | None = None
    live: bool = False
    incident: str | None = None
    notes: tuple[str, ...] = ()
    start: dict[str, float] = {}
    hide_below: int = 5
    drill: str = ""


def compare(
    arena: ReplicateRunner,
    candidates: Sequence[Candidate],
    frame: ComparisonContext,
    *,
    ranked_by: str = "cost",
    workers: int = 1,
    doubts: bool = True,
    file: Path | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Runs every plan on the same seeds and makes the sheet. InputError before anything runs.

    `file`: finished runs are kept there, and those that it holds are not done again.
    """
    check(arena, candidates, ranked_by)
    count = arena.question.replicates
    jobs = [Replicate(candidate=one, replicate=k) for one in candidates for k in range(count)]
    arena.make_ready([*jobs[::count], *(perturbed_inputs(arena, candidates, 1) if doubts else [])])
    tell = progress or (lambda done, of, stage: None)
    with (
        worker_pool(arena, workers) as run_new,
        resume_from(file, question_name(arena), run_new) as run_all,
    ):
        runs = collect(run_all(jobs), len(jobs), "plans", tell)
        by_plan = [runs[n * count : (n + 1) * count] for n in range(len(candidates))]
        order, chances = rank(by_plan, ranked_by, arena.question.seed)
        ranked = [candidates[n] for n in order]
        tried = (
            run_sensitivity(arena, ranked, ranked_by, run_all, tell)
            if doubts and len(ranked) > 1
            else []
        )
    by_plan, chances = [by_plan[n] for n in order], [chances[n] for n in order]
    sheets = make_sheets(arena.population, ranked, by_plan, chances, frame.hide_below)
    return finish(arena, candidates, frame, sheets, tried, ranked_by, by_plan[0][0])


def check(arena: ReplicateRunner, candidates: Sequence[Candidate], ranked_by: str) -> None:
    if not candidates:
        raise InputError(
            "there is no plan to compare", "name plans, or give --generate N", code="no_plans"
        )
    if len(candidates) > MOST_PLANS:
        raise InputError(
            f"{len(candidates)} plans at once", f"at most {MOST_PLANS}", code="too_many_plans"
        )
    if ranked_by not in RANKED_BY:
        raise InputError(
            f"no ranking by {ranked_by!r}", "one of " + ", ".join(RANKED_BY), code="bad_ranking"
        )
    doubled = [
        one.id
        for n, one in enumerate(candidates)
        if one.id in {other.id for other in candidates[:n]}
    ]
    if doubled:
        raise InputError(
            f"plan {doubled[0]} is named twice", "name each plan once", code="doubled_plan"
        )
    arena.check(candidates)


def collect(found: Any, of: int, stage: str, tell: Progress) -> list[Run]:
    runs = []
    for run in found:
        runs.append(run)
        tell(len(runs), of, stage)
    return runs


def values(runs: Sequence[Run], name: str) -> Floats:
    return np.array([run.totals[name] for run in runs])


def rank(
    by_plan: Sequence[Sequence[Run]], ranked_by: str, seed: int
) -> tuple[list[int], list[tuple[float, float]]]:
    """Plans by mean; for each the chance to have the lowest mean (paired bootstrap) and the
    share of runs it wins.
    """
    table = np.array([values(runs, ranked_by) for runs in by_plan])
    order = [int(n) for n in np.argsort(table.mean(axis=1), kind="stable")]
    replicates = table.shape[1]
    drawn = generator(seed, "planning.bootstrap").integers(replicates, size=(RESAMPLES, replicates))
    best = np.argmin(np.stack([row[drawn].mean(axis=1) for row in table]), axis=0)
    wins = np.argmin(table, axis=0)
    return order, [
        (float((best == n).mean()), float((wins == n).mean())) for n in range(len(table))
    ]


def spread(column: Floats) -> Spread:
    low, median, high = np.quantile(column, (0.05, 0.5, 0.95))
    return Spread(
        mean=round4(column.mean()), low=round4(low), median=round4(median), high=round4(high)
    )


def round4(value: Any) -> float:
    """Four digits after the point: more say nothing."""
    return round(float(value), 4)


def make_sheets(
    population: Population,
    ranked: Sequence[Candidate],
    by_plan: Sequence[Sequence[Run]],
    chances: Sequence[tuple[float, float]],
    hide_below: int,
) -> list[PlanResult]:
    """One sheet for each plan, in the order of the ranking."""
    means = np.array([[values(runs, name).mean() for name in PARETO_BY] for runs in by_plan])
    beaten = [beaten_by(means, n) for n in range(len(ranked))]
    sheets = []
    for n, (one, runs) in enumerate(zip(ranked, by_plan, strict=True)):
        beds, icu = runs[0].capacity
        by_area, by_age = shares(population, runs, hide_below)
        sheets.append(
            PlanResult(
                id=one.id,
                title=one.title,
                origin=one.origin,
                place=n + 1,
                notes=one.notes,
                probability_best=chances[n][0],
                wins=chances[n][1],
                measures=tuple(say_measure(m) for m in one.measures),
                figures={name: spread(values(runs, name)) for name in FIGURES},
                against_first={
                    name: spread(values(runs, name) - values(by_plan[0], name)) for name in FIGURES
                },
                over_beds=float(
                    np.mean(
                        [r.totals["turned_away"] > 0 or r.totals["bed_peak"] > beds for r in runs]
                    )
                ),
                over_icu=float(np.mean([r.totals["icu_peak"] >= icu for r in runs])),
                pareto=beaten[n] is None,
                beaten_by=None if beaten[n] is None else ranked[beaten[n] or 0].id,
                by_area=by_area,
                by_age=by_age,
                fairness=fairness(population, runs),
                fan={
                    name: np.round(
                        np.quantile([r.days[name] for r in runs], LEVELS, axis=0), 1
                    ).tolist()
                    for name in FAN
                },
            )
        )
    return sheets


def beaten_by(means: Floats, n: int) -> int | None:
    """The first plan that is nowhere worse and somewhere better, if there is one."""
    for other in range(len(means)):
        if (means[other] <= means[n]).all() and (means[other] < means[n]).any():
            return other
    return None


def heads(population: Population) -> tuple[Floats, Floats]:
    return population.fold(population.residents)


def shares(
    population: Population, runs: Sequence[Run], hide_below: int
) -> tuple[list[CriterionShare], list[CriterionShare]]:
    """What each area and each age band bears, as means over replicates."""
    found = []
    for k, keys in enumerate((population.groups, list(AGE_BANDS))):
        people = heads(population)[k]
        ill = np.array([run.infections[k] for run in runs])
        lost = 100 * np.array([run.lost[k] for run in runs]) / np.maximum(people, 1.0)
        found.append(
            [
                share(key, int(people[n]), ill[:, n], lost[:, n], hide_below)
                for n, key in enumerate(keys)
            ]
        )
    return found[0], found[1]


def low_high(column: Floats) -> tuple[float, float]:
    low, high = np.quantile(column, (0.05, 0.95))
    return round4(low), round4(high)


def share(key: str, people: int, ill: Floats, lost: Floats, hide_below: int) -> CriterionShare:
    """One area or age band; `ill` and `lost` by replicate. A range would tell what a hidden mean
    does not.
    """
    mean, hidden = ill.mean(), 0 < ill.mean() < hide_below
    ill_range, lost_range = low_high(ill), low_high(lost)
    small = hidden or 0 < ill_range[0] < hide_below
    return CriterionShare(
        key=key,
        name=key,
        residents=people,
        infections=None if hidden else round4(mean),
        infections_range=None if small else ill_range,
        days_lost_per_100=round4(lost.mean()),
        days_lost_range=lost_range,
    )


def fairness(population: Population, runs: Sequence[Run]) -> Fairness:
    """Gini and most against mean of days lost per head."""
    parts = []
    for k in (0, 1):
        people = heads(population)[k]
        lost = np.mean([run.lost[k] for run in runs], axis=0)
        here = people > 0
        per_head = lost[here] / people[here]
        mean = lost.sum() / max(people.sum(), 1.0)
        parts += [
            round4(gini(per_head, people[here])),
            round4(per_head.max() / mean) if mean > 0 else 1.0,
        ]
    return Fairness(
        gini_by_area=parts[0], most_by_area=parts[1], gini_by_age=parts[2], most_by_age=parts[3]
    )


def say_measure(measure: Measure) -> str:
    """A measure in words: what differs from its defaults."""
    kind = str(measure.__struct_config__.tag)
    skip = {"name", "found", "trigger"}
    fields = {f.name: f.default for f in msgspec.structs.fields(measure)}
    parts = []
    for name, default in fields.items():
        value = getattr(measure, name)
        if name not in skip and value != default and value not in ([],):
            parts.append(f"{name} {len(value)} areas" if name == "areas" else f"{name} {value}")
    return kind + (f" ({', '.join(parts)})" if parts else "")


# what it depends on
# --------------------------------------------------------------------------------------------------


def perturbed_inputs(
    arena: ReplicateRunner, candidates: Sequence[Candidate], count: int
) -> list[Replicate]:
    """The runs that show what each doubt changes, `count` replicates of each."""
    return [
        Replicate(candidate=one, replicate=k, doubt=name, factor=factor)
        for name in SIMULATED
        for factor in (arena.costs.doubts[name].low, arena.costs.doubts[name].high)
        for one in candidates
        for k in range(count)
    ]


def run_sensitivity(
    arena: ReplicateRunner,
    ranked: Sequence[Candidate],
    ranked_by: str,
    run_all: Any,
    tell: Progress,
) -> list[SensitivityResult]:
    """The first plans run again with each doubtful input lower and higher; the widest swing of
    the margin first.
    """
    first, replicates = ranked[:DOUBTED_PLANS], arena.question.replicates
    # no more runs than the plans themselves took; seeds are common, so that one run of each shows
    # the margin
    fair = len(ranked) * replicates // len(perturbed_inputs(arena, first, 1))
    count = max(1, min(fair, DOUBTED_REPLICATES, replicates))
    jobs = perturbed_inputs(arena, first, count)
    runs = collect(run_all(jobs), len(jobs), "doubts", tell)
    base = collect(
        run_all([Replicate(candidate=one, replicate=k) for one in first for k in range(count)]),
        len(first) * count,
        "doubts",
        lambda done, of, stage: None,
    )
    size, tried = len(first) * count, list[SensitivityResult]()
    for n in range(0, len(jobs), size):
        tried.append(
            sensitivity_of(
                arena, first, runs[n : n + size], ranked_by, jobs[n].doubt, jobs[n].factor
            )
        )
    for factor in (arena.costs.doubts["work_day"].low, arena.costs.doubts["work_day"].high):
        tried.append(sensitivity_of(arena, first, base, ranked_by, "work_day", factor))
    swing = {
        t.input: max(
            abs(x.margin - y.margin) for x in tried for y in tried if x.input == y.input == t.input
        )
        for t in tried
    }
    return sorted(tried, key=lambda t: (-swing[t.input], t.input, t.factor))


def sensitivity_of(
    arena: ReplicateRunner,
    first: Sequence[Candidate],
    runs: Sequence[Run],
    ranked_by: str,
    doubt: str,
    factor: float,
) -> SensitivityResult:
    """Who is first among the first plans when one input is `factor` times what is assumed."""
    count = len(runs) // len(first)
    more = (
        arena.costs.of("work_day") * (factor - 1)
        if doubt == "work_day" and ranked_by == "cost"
        else 0.0
    )
    means = []
    for n in range(len(first)):
        part = runs[n * count : (n + 1) * count]
        means.append(float((values(part, ranked_by) + more * values(part, "work_days")).mean()))
    best = int(np.argmin(means))
    rest = [mean for n, mean in enumerate(means) if n != 0]
    return SensitivityResult(
        input=doubt,
        factor=factor,
        source=arena.costs.doubts[doubt].source,
        first=first[best].id,
        changes_first=best != 0,
        margin=round4(min(rest) - means[0]),
    )


# the whole
# --------------------------------------------------------------------------------------------------


def finish(
    arena: ReplicateRunner,
    candidates: Sequence[Candidate],
    frame: ComparisonContext,
    sheets: list[PlanResult],
    tried: list[SensitivityResult],
    ranked_by: str,
    run: Run,
) -> Comparison:
    q = arena.question
    return Comparison(
        drill=frame.drill,
        fingerprint=fingerprint(arena, candidates, ranked_by),
        as_of=frame.as_of,
        live=frame.live,
        incident=frame.incident,
        city=q.base.name,
        residents=q.base.residents,
        disease=q.disease.name,
        days=q.days,
        replicates=q.replicates,
        seed=q.seed,
        ranked_by=ranked_by,
        first=sheets[0].id,
        probability_right=sheets[0].probability_best,
        why=explain_ranking(sheets, tried, ranked_by, arena.costs.currency, q.days),
        beds=run.capacity[0],
        icu_beds=run.capacity[1],
        currency=arena.costs.currency,
        levels=LEVELS,
        plans=sheets,
        pareto=[one.id for one in sheets if one.pareto],
        pareto_by=PARETO_BY,
        sensitivity=tried,
        costs=[
            Cost(name=name, value=c.value, unit=c.unit, source=c.source)
            for name, c in arena.costs.costs.items()
        ],
        start=frame.start,
        notes=frame.notes,
    )


def question_name(arena: ReplicateRunner) -> str:
    """What a run depends on besides its plan: it is the same whatever it is compared with."""
    return fingerprint(arena, [], "")


def fingerprint(arena: ReplicateRunner, candidates: Sequence[Candidate], ranked_by: str) -> str:
    """SHA-256 of every input: city, disease, start, plans, days, replicates, seed, costs,
    version.
    """
    q = arena.question
    parts: list[Any] = [
        __version__,
        q.base.sha256,
        q.base.residents,
        q.disease,
        q.days,
        q.replicates,
        q.seed,
        q.infected,
        q.level,
        ranked_by,
        arena.costs,
        list(candidates),
    ]
    digest = hashlib.sha256(msgspec.json.encode(parts))
    if q.initial is not None:
        for field in q.initial.__struct_fields__:
            digest.update(field.encode() + np.asarray(getattr(q.initial, field)).tobytes())
    return digest.hexdigest()
