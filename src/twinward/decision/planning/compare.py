"""Lays plans beside each other: ranking with its probability, figures with paired differences,
Pareto set, doubts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

import msgspec
import numpy as np

from twinward import __version__
from twinward.core.errors import InputError
from twinward.core.reasons import Reason
from twinward.decision.planning.candidate import AS_NOW, MOST_PLANS, NONE, Candidate
from twinward.decision.planning.checkpoint import resume_from
from twinward.decision.planning.comparison import (
    LEVELS,
    Comparison,
    Cost,
    PlanResult,
    PriceFlip,
    SensitivityResult,
)
from twinward.decision.planning.figures import FIGURES, Run
from twinward.decision.planning.fitting.forecast import forecast_reports, say_fit
from twinward.decision.planning.odds import PlanOrder, flips, sensitivity, stand
from twinward.decision.planning.rationale import explain_ranking
from twinward.decision.planning.replicates import (
    KnownFit,
    Replicate,
    ReplicateRunner,
    worker_pool,
)
from twinward.decision.planning.results import beaten_by, breaks_of, criterion, make_sheets, values
from twinward.decision.simulation.epidemic.hospital import beds_of
from twinward.decision.simulation.epidemic.live_state import LiveState

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
    notes_reasons: tuple[Reason, ...] = ()
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
    known: KnownFit | None = None,
) -> Comparison:
    """Runs every plan on the same seeds and makes the sheet. InputError before anything runs.

    `file`: finished runs are kept there, and those that it holds are not done again. `known`: a
    fit to the same state, which is then not made again.
    """
    check(arena, candidates, ranked_by)
    arena.fit(known)
    if arena.misses():
        return refuse(arena, candidates, frame, ranked_by)
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
    table = np.array([criterion(arena, runs, ranked_by) for runs in by_plan])
    broken = [breaks_of(one, runs) for one, runs in zip(candidates, by_plan, strict=True)]
    ranked = [one.id != NONE and not broken[n] for n, one in enumerate(candidates)]
    means = np.array([[values(runs, name).mean() for name in PARETO_BY] for runs in by_plan])
    beaten = [beaten_by(means, n, ranked) for n in range(len(candidates))]
    standing = stand(table, ranked, [one is None for one in beaten])
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


def collect(found: Iterable[Run], of: int, stage: str, tell: Progress) -> list[Run]:
    runs = []
    for run in found:
        runs.append(run)
        tell(len(runs), of, stage)
    return runs


# the whole --------------------------------------------------------------------------------


def finish(
    arena: ReplicateRunner,
    candidates: Sequence[Candidate],
    frame: ComparisonContext,
    sheets: list[PlanResult],
    standing: PlanOrder,
    tried: list[SensitivityResult],
    turning: list[PriceFlip],
    by_plan: Sequence[Sequence[Run]],
    ranked_by: str,
) -> Comparison:
    q, prospect = arena.question, arena.prospect
    now = next((n for n, one in enumerate(candidates) if one.id == AS_NOW), None)
    forecast = None
    if prospect is not None and now is not None and frame.today is not None:
        forecast = forecast_reports(prospect, arena.worlds, by_plan[now], frame.today, q.days)
    first = None if standing.crowned is None else candidates[standing.crowned]
    sheet = msgspec.structs.replace(
        empty_sheet(arena, candidates, frame, ranked_by),
        first="" if first is None else first.id,
        probability_right=None if first is None else sheets[0].probability_best,
        tied=[candidates[n].id for n in standing.tied],
        forecast=forecast,
        flips=turning,
        plans=sheets,
        pareto=[one.id for one in sheets if one.pareto],
        sensitivity=tried,
    )
    return msgspec.structs.replace(sheet, why=explain_ranking(sheet))


def refuse(
    arena: ReplicateRunner,
    candidates: Sequence[Candidate],
    frame: ComparisonContext,
    ranked_by: str,
) -> Comparison:
    """The sheet of a simulator that misses its own past: by how much, and no figure of what may
    come.
    """
    sheet = empty_sheet(arena, candidates, frame, ranked_by)
    return msgspec.structs.replace(sheet, why=explain_ranking(sheet))


def empty_sheet(
    arena: ReplicateRunner,
    candidates: Sequence[Candidate],
    frame: ComparisonContext,
    ranked_by: str,
) -> Comparison:
    """What was asked and what the simulator was fitted to, without any plan."""
    q, prospect = arena.question, arena.prospect
    fit = say_fit(prospect, frame.today) if prospect is not None else None
    beds, icu_beds = beds_of(q.disease, q.base.residents, q.beds, q.icu_beds)
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
        first="",
        probability_right=None,
        odds_over="doubts and dice" if q.doubts and q.replicates > 1 else "dice alone",
        refused=fit.says["en"] if fit is not None and not fit.held else "",
        fit=fit,
        why={},
        beds=beds,
        icu_beds=icu_beds,
        currency=arena.costs.currency,
        levels=LEVELS,
        plans=[],
        pareto=[],
        pareto_by=PARETO_BY,
        sensitivity=[],
        costs=[
            Cost(name=name, value=c.value, unit=c.unit, source=c.source)
            for name, c in arena.costs.costs.items()
        ],
        start=frame.start,
        notes=frame.notes,
        notes_reasons=frame.notes_reasons,
    )


def question_name(arena: ReplicateRunner) -> str:
    """What a run depends on besides its plan: it is the same whatever it is compared with."""
    return fingerprint(arena, [], "")


def live_of(live: LiveState | None) -> list[object]:
    """What the simulator is fitted to."""
    if live is None:
        return []
    known = None if live.known_ago is None else sorted(live.known_ago)
    return [sorted(live.reports), known, list(live.in_force), live.found_share]


def input_of(candidate: Candidate) -> dict[str, object]:
    """A plan as the fingerprint knows it: its notes count as text, as ever."""
    said = msgspec.structs.asdict(candidate)
    del said["notes_reasons"]
    return said


def fingerprint(arena: ReplicateRunner, candidates: Sequence[Candidate], ranked_by: str) -> str:
    """SHA-256 of every input: city, disease, start, plans, days, replicates, seed, costs,
    version.
    """
    q = arena.question
    parts: list[object] = [
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
        [input_of(one) for one in candidates],
    ]
    digest = hashlib.sha256(msgspec.json.encode(parts))
    if q.initial is not None:
        for field in q.initial.__struct_fields__:
            digest.update(field.encode() + np.asarray(getattr(q.initial, field)).tobytes())
    return digest.hexdigest()
