"""Searches the generated plans for the best: Optuna proposes, hopeless plans stop after few
replicates, all is kept.

Every plan is run on the same seeds, so that after two replicates a plan already shows its paired
difference to the best so far: successive halving (Jamieson and Talwalkar 2016) on replicates in
place of epochs.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from twinward.core.errors import InputError
from twinward.decision.planning.candidate import Candidate, from_plan
from twinward.decision.planning.checkpoint import append_to, read_rows
from twinward.decision.planning.compare import RANKED_BY, Progress, fingerprint
from twinward.decision.planning.fitting.forecast import require_held
from twinward.decision.planning.replicates import Replicate, ReplicateRunner, worker_pool
from twinward.library.plans.plan_options import BLOCKS, plan_of_choices

RUNGS = (2, 4, 8, 16, 32, 64, 128, 256, 512)
# the paired difference must be this far beyond its own error, and this share of the best, to stop
HOPELESS_SHARE = 0.05
MOST_TRIALS = 2000


class SearchTrial(msgspec.Struct, frozen=True, kw_only=True):
    """One plan that was tried. `values`: the ranked figure of each replicate that was run, fewer
    when stopped.
    """

    id: str
    title: str
    choices: dict[str, float]
    values: tuple[float, ...]
    stopped: bool

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))


class Best(msgspec.Struct, frozen=True, kw_only=True):
    """A plan with its figure."""

    id: str
    title: str
    choices: dict[str, float]
    value: float
    replicates: int


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a search came to. `runs_saved`: runs that stopping early spared."""

    fingerprint: str
    ranked_by: str
    best: Best
    first_five: list[Best]
    finished: int
    stopped: int
    runs: int
    runs_saved: int
    resumed: int
    simulated: bool = True


def search(
    arena: ReplicateRunner,
    trials: int,
    areas: list[str],
    ranked_by: str,
    file: Path | None,
    workers: int,
    progress: Progress | None = None,
) -> SearchResult:
    """Tries `trials` plans in all, those kept in `file` among them. The same question gives the
    same answer.
    """
    if not 1 <= trials <= MOST_TRIALS:
        raise InputError(f"{trials} trials", f"give 1 to {MOST_TRIALS}", code="bad_trials")
    if ranked_by not in RANKED_BY:
        raise InputError(
            f"no ranking by {ranked_by!r}", "one of " + ", ".join(RANKED_BY), code="bad_ranking"
        )
    arena.fit()
    if arena.prospect is not None:
        require_held(arena.prospect)
    name = search_name(arena, areas, ranked_by)
    done = read_rows(file, name, SearchTrial)[:trials]
    resumed, every = len(done), {v.name: max(v.strengths) for v in BLOCKS}
    everything = candidate_of(every, areas)
    arena.check([everything])
    arena.make_ready([Replicate(candidate=everything, replicate=0)])
    with worker_pool(arena, workers) as run_all, append_to(file, name) as keep:
        while len(done) < trials:
            trial = try_one(arena, done, areas, ranked_by, run_all)
            done.append(trial)
            keep(trial)
            if progress:
                progress(len(done), trials, f"best {best_of(done).mean:,.0f}")
    return conclude(done, name, ranked_by, arena.question.replicates, resumed)


def candidate_of(choices: dict[str, float], areas: list[str]) -> Candidate:
    return from_plan(plan_of_choices(choices, areas), areas)


def try_one(
    arena: ReplicateRunner, done: list[SearchTrial], areas: list[str], ranked_by: str, run_all: Any
) -> SearchTrial:
    """The next plan, rung by rung; a plan that was tried before is answered from what is known."""
    choices = propose(done, arena.question.seed)
    one = candidate_of(choices, areas)
    known = next((trial for trial in done if trial.id == one.id), None)
    if known is not None:
        return known
    best = best_of(done) if done else None
    values: list[float] = []
    most = arena.question.replicates
    for rung in [r for r in RUNGS if r < most] + [most]:
        jobs = [Replicate(candidate=one, replicate=k) for k in range(len(values), rung)]
        values += [run.totals[ranked_by] for run in run_all(jobs)]
        if rung < most and best is not None and is_hopeless(values, best):
            return SearchTrial(
                id=one.id, title=one.title, choices=choices, values=tuple(values), stopped=True
            )
    return SearchTrial(
        id=one.id, title=one.title, choices=choices, values=tuple(values), stopped=False
    )


def is_hopeless(values: list[float], best: SearchTrial) -> bool:
    """Worse than the best on the same seeds, by more than two standard errors of the paired
    difference.
    """
    gap = np.array(values) - np.array(best.values[: len(values)])
    error = gap.std(ddof=1) / np.sqrt(len(gap))
    return bool(gap.mean() - 2 * error > HOPELESS_SHARE * abs(best.mean))


def propose(done: list[SearchTrial], seed: int) -> dict[str, float]:
    """The next choices by Optuna's Parzen estimator; a function of what was tried and the seed
    alone.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = {v.name: optuna.distributions.CategoricalDistribution(v.strengths) for v in BLOCKS}
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=(seed + len(done)) % 2**31))
    study.add_trials(
        [
            optuna.trial.create_trial(params=trial.choices, distributions=space, value=trial.mean)
            for trial in done
        ]
    )
    asked = study.ask(space)
    return {name: float(value) for name, value in asked.params.items()}


def best_of(done: list[SearchTrial]) -> SearchTrial:
    """The lowest mean among those that were run to the end."""
    return min((t for t in done if not t.stopped), key=lambda t: (t.mean, t.id))


def conclude(
    done: list[SearchTrial], name: str, ranked_by: str, replicates: int, resumed: int
) -> SearchResult:
    unique = {trial.id: trial for trial in done}
    ranked = sorted((t for t in unique.values() if not t.stopped), key=lambda t: (t.mean, t.id))
    shown = [
        Best(id=t.id, title=t.title, choices=t.choices, value=t.mean, replicates=len(t.values))
        for t in ranked[:5]
    ]
    runs = sum(len(trial.values) for trial in unique.values())
    return SearchResult(
        fingerprint=name,
        ranked_by=ranked_by,
        best=shown[0],
        first_five=shown,
        finished=len(ranked),
        stopped=len(unique) - len(ranked),
        runs=runs,
        runs_saved=len(unique) * replicates - runs,
        resumed=resumed,
    )


def search_name(arena: ReplicateRunner, areas: list[str], ranked_by: str) -> str:
    """What the trials depend on."""
    return hashlib.sha256(
        (fingerprint(arena, [], ranked_by) + ",".join(areas)).encode()
    ).hexdigest()
