"""A comparison that was stopped in the middle goes on from the runs it kept, and comes to the
same bytes.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.core.errors import InputError
from twinward.decision.planning.candidate import Candidate
from twinward.decision.planning.compare import ComparisonContext, compare
from twinward.decision.planning.costs import load_costs
from twinward.decision.planning.figures import Run
from twinward.decision.planning.replicates import Experiment, Replicate, ReplicateRunner
from twinward.decision.simulation.epidemic import load_disease
from twinward.library.hazards.measures import SchoolClosure

PLANS = [
    Candidate(id="none", title="none", origin="built in", measures=()),
    Candidate(id="schools", title="schools", origin="built in", measures=(SchoolClosure(),)),
]


class CountingArena(ReplicateRunner):
    """An arena that remembers what it was made to run."""

    def __init__(self, days: int = 7) -> None:
        disease = load_disease("sars-cov-2-ancestral")
        base = plain_base(3_000, 1)
        super().__init__(
            Experiment(base=base, disease=disease, days=days, replicates=4, seed=3, infected=30),
            load_costs(),
        )
        self.done: list[tuple[str, int]] = []

    def do(self, job: Replicate) -> Run:
        self.done.append((job.candidate.id, job.replicate))
        return super().do(job)


def test_a_comparison_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    straight_arena, arena, file = CountingArena(), CountingArena(), tmp_path / "runs.jsonl"
    straight = compare(straight_arena, PLANS, ComparisonContext())

    def stop(done: int, of: int, stage: str) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(arena, PLANS, ComparisonContext(), file=file, progress=stop)
    with file.open("ab") as torn:
        torn.write(b'{"job": "')
    before = list(arena.done)
    resumed = compare(arena, PLANS, ComparisonContext(), file=file)
    assert msgspec.json.encode(resumed) == msgspec.json.encode(straight)
    assert len(before) >= 5 and not set(before) & set(arena.done[len(before) :])
    assert len(arena.done) == len(set(arena.done)) == len(straight_arena.done)


def test_runs_of_another_question_are_refused_and_of_other_plans_are_used(tmp_path: Path) -> None:
    file = tmp_path / "runs.jsonl"
    compare(CountingArena(), PLANS[:1], ComparisonContext(), file=file)
    arena = CountingArena()
    compare(arena, PLANS, ComparisonContext(), file=file)
    assert {name for name, *_ in arena.done} == {"schools"}
    with pytest.raises(InputError) as refused:
        compare(CountingArena(days=8), PLANS, ComparisonContext(), file=file)
    assert refused.value.code == "other_question"
    with pytest.raises(InputError) as refused:
        compare(
            CountingArena(), PLANS, ComparisonContext(), file=tmp_path / "absent" / "runs.jsonl"
        )
    assert refused.value.code == "bad_path"
