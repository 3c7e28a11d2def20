"""Lays plans beside each other: ranking with its probability, figures with paired differences,
Pareto set, doubts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from twinward import __version__
from twinward.core.errors import InputError
from twinward.decision.planning.burden import Floats, Population
from twinward.decision.planning.candidate import AS_NOW, MOST_PLANS, NONE, Candidate
from twinward.decision.planning.checkpoint import resume_from
from twinward.decision.planning.comparison import (
    LEVELS,
    Comparison,
    Cost,
    CriterionShare,
    Fairness,
    PlanResult,
    PriceFlip,
    SensitivityResult,
    Spread,
)
from twinward.decision.planning.figures import FAN, FIGURES, Run, gini
from twinward.decision.planning.fitting.forecast import forecast_reports, say_fit
from twinward.decision.planning.odds import BREAKING, Standing, flips, sensitivity, stand
from twinward.decision.planning.rationale import explain_ranking
from twinward.decision.planning.replicates import Replicate, ReplicateRunner, worker_pool
from twinward.decision.simulation.epidemic.live_state import LiveState
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
Progress = Callable[[int, int, str], None]


class ComparisonContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a sheet says of its own origin."""

    as_of: datetime | None = None
    live: bool = False
    incident: str | None = None
    notes: tuple[str, ...] = ()
    start: dict[str, float | None] = {}
    today: date | None = None  # the city's day of `as_of`
    hide_below: int = 5
    drill: str = ""


def compare(
    arena: ReplicateRunner,
    candidates: Sequence[Candidate],
    frame: ComparisonContext,
    *,
    ranked_by: str = "cost",
    workers: int = 1,
    file: Path | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Runs every plan on the same seeds and makes the sheet. InputError before anything runs.

    `file`: finished runs are kept there, and those that it holds are not done again.
    """
    check(arena, candidates, ranked_by)
    arena.fit()
    count = arena.question.replicates
    jobs = [Replicate(candidate=one, replicate=k) for one in candidates for k in range(count)]
    arena.make_ready(jobs)
    tell = progress or (lambda done, of, stage: None)
    with (
        worker_pool(arena, workers) as run_new,
        resume_from(file, question_name(arena), run_new) as run_all,
    ):
        runs = collect(run_all(jobs), len(jobs), "plans", tell)
    by_plan = [runs[n * count : (n + 1) * count] for n in range(len(candidates))]
    return judge(arena, candidates, frame, by_plan, ranked_by)


def judge(
    arena: ReplicateRunner,
    candidates: Sequence[Candidate],
    frame: ComparisonContext,
    by_plan: Sequence[Sequence[Run]],
    ranked_by: str,
) -> Comparison:
    """The sheet of finished runs: roles first, then the order among those that may be first."""
    held = arena.prospect is None or arena.prospect.fit.held
    table = np.array([criterion(arena, runs, ranked_by) for runs in by_plan])
    broken = [breaks_of(one, runs) for one, runs in zip(candidates, by_plan, strict=True)]
    ranked = [held and one.id != NONE and not broken[n] for n, one in enumerate(candidates)]
    means = np.array([[values(runs, name).mean() for name in PARETO_BY] for runs in by_plan])
    beaten = [beaten_by(means, n, ranked) for n in range(len(candidates))]
    standing = stand(table, ranked, [one is None for one in beaten])
    if not held:  # in the order in which they were asked for
        standing = msgspec.structs.replace(standing, order=list(range(len(candidates))))
    sheets = make_sheets(arena, candidates, by_plan, standing, broken, beaten, frame.hide_below)
    ids = [one.id for one in candidates]
    totals = {name: np.array([values(runs, name).mean() for runs in by_plan]) for name in FIGURES}
    first = standing.crowned
    turning = (
        flips(totals, ids, first, ranked, arena.costs)
        if first is not None and ranked_by == "cost"
        else []
    )
    tried = sensitivity(table, ids, standing, arena.worlds, arena.costs)
    return finish(arena, candidates, frame, sheets, standing, tried, turning, by_plan, ranked_by)


def criterion(arena: ReplicateRunner, runs: Sequence[Run], ranked_by: str) -> Floats:
    """The ranked figure of each run, with the price of a working day that its world has."""
    found = values(runs, ranked_by)
    if ranked_by == "cost":
        more = np.array([world.of("work_day") - 1.0 for world in arena.worlds])
        found = found + arena.costs.of("work_day") * more * values(runs, "work_days")
    return found


def breaks_of(one: Candidate, runs: Sequence[Run]) -> tuple[str, ...]:
    """What the plan would break: beds or intensive care in more than a tenth of the runs, and what
    the candidate says of authority and law.
    """
    beds, icu = overflow(runs)
    full = ("capacity",) if max(beds, icu if runs[0].capacity[1] else 0.0) > BREAKING else ()
    return full + one.breaks


def overflow(runs: Sequence[Run]) -> tuple[float, float]:
    """Shares of the runs in which hospital beds, and beds in intensive care, do not suffice."""
    beds, icu = runs[0].capacity
    return (
        float(np.mean([r.totals["turned_away"] > 0 or r.totals["bed_peak"] > beds for r in runs])),
        float(np.mean([r.totals["icu_peak"] >= icu for r in runs])),
    )


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


def spread(column: Floats) -> Spread:
    low, median, high = np.quantile(column, (0.05, 0.5, 0.95))
    return Spread(
        mean=round4(column.mean()), low=round4(low), median=round4(median), high=round4(high)
    )


def round4(value: Any) -> float:
    """Four digits after the point: more say nothing."""
    return round(float(value), 4)


def make_sheets(
    arena: ReplicateRunner,
    candidates: Sequence[Candidate],
    by_plan: Sequence[Sequence[Run]],
    standing: Standing,
    broken: Sequence[tuple[str, ...]],
    beaten: Sequence[int | None],
    hide_below: int,
) -> list[PlanResult]:
    """One sheet for each plan, in the order of the ranking."""
    population, top = arena.population, standing.order[0]
    sheets = []
    for place, n in enumerate(standing.order, start=1):
        one, runs = candidates[n], by_plan[n]
        over_beds, over_icu = overflow(runs)
        by_area, by_age = shares(population, runs, hide_below)
        better = beaten[n]
        sheets.append(
            PlanResult(
                id=one.id,
                title=one.title,
                origin=one.origin,
                place=place,
                role=role_of(one, broken[n], standing),
                breaks=broken[n],
                needs=one.needs,
                tied=n in standing.tied,
                notes=one.notes,
                probability_best=rounded(standing.odds[n]),
                wins=standing.wins[n],
                measures=tuple(say_measure(m) for m in one.measures),
                figures={name: spread(values(runs, name)) for name in FIGURES},
                against_first={
                    name: spread(values(runs, name) - values(by_plan[top], name))
                    for name in FIGURES
                },
                over_beds=over_beds,
                over_icu=over_icu,
                pareto=better is None,
                beaten_by=None if better is None else candidates[better].id,
                by_area=by_area,
                by_age=by_age,
                fairness=fairness(population, runs),
                fan=fan_of(runs),
            )
        )
    return sheets


def role_of(one: Candidate, broken: tuple[str, ...], standing: Standing) -> str:
    if one.id == NONE:
        return "baseline"
    if broken:
        return "marked"
    return "unranked" if standing.crowned is None else "ranked"


def rounded(odds: float | None) -> float | None:
    """Odds to the hundredth: runs carry no more."""
    return None if odds is None else round(odds, 2)


def fan_of(runs: Sequence[Run]) -> dict[str, list[list[float]]]:
    names = [*FAN, *(name for name in ("new_reports",) if name in runs[0].days)]
    return {
        name: np.round(
            np.quantile([r.days[name] for r in runs], LEVELS, axis=0, method="hazen"), 1
        ).tolist()
        for name in names
    }


def beaten_by(means: Floats, n: int, ranked: Sequence[bool] | None = None) -> int | None:
    """The first plan that is nowhere worse and somewhere better, if there is one; of those that may
    be first, where `ranked` says which.
    """
    for other in range(len(means)):
        may = ranked is None or ranked[other] or not ranked[n]
        if may and (means[other] <= means[n]).all() and (means[other] < means[n]).any():
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


# the whole --------------------------------------------------------------------------------


def finish(
    arena: ReplicateRunner,
    candidates: Sequence[Candidate],
    frame: ComparisonContext,
    sheets: list[PlanResult],
    standing: Standing,
    tried: list[SensitivityResult],
    turning: list[PriceFlip],
    by_plan: Sequence[Sequence[Run]],
    ranked_by: str,
) -> Comparison:
    q, prospect = arena.question, arena.prospect
    fit = say_fit(prospect, frame.today) if prospect is not None else None
    now = next((n for n, one in enumerate(candidates) if one.id == AS_NOW), None)
    forecast = None
    if prospect is not None and now is not None and frame.today is not None:
        forecast = forecast_reports(prospect, arena.worlds, by_plan[now], frame.today, q.days)
    first = None if standing.crowned is None else candidates[standing.crowned]
    sheet = Comparison(
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
        first="" if first is None else first.id,
        probability_right=None if first is None else sheets[0].probability_best,
        odds_over="doubts and dice" if q.doubts and q.replicates > 1 else "dice alone",
        tied=[candidates[n].id for n in standing.tied],
        refused=fit.says["en"] if fit is not None and not fit.held else "",
        fit=fit,
        forecast=forecast,
        flips=turning,
        why={},
        beds=by_plan[0][0].capacity[0],
        icu_beds=by_plan[0][0].capacity[1],
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
    return msgspec.structs.replace(sheet, why=explain_ranking(sheet))


def question_name(arena: ReplicateRunner) -> str:
    """What a run depends on besides its plan: it is the same whatever it is compared with."""
    return fingerprint(arena, [], "")


def live_of(live: LiveState | None) -> list[Any]:
    """What the simulator is fitted to."""
    if live is None:
        return []
    known = None if live.known_ago is None else sorted(live.known_ago)
    return [sorted(live.reports), known, list(live.in_force), live.found_share]


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
        q.doubts,
        (q.beds, q.icu_beds),
        live_of(q.live),
        ranked_by,
        arena.costs,
        list(candidates),
    ]
    digest = hashlib.sha256(msgspec.json.encode(parts))
    if q.initial is not None:
        for field in q.initial.__struct_fields__:
            digest.update(field.encode() + np.asarray(getattr(q.initial, field)).tobytes())
    return digest.hexdigest()
