"""Searching the generated plans: hopeless ones stop early, a search that was stopped goes on,
the same answer again.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.core.errors import InputError
from twinward.decision.planning.costs import load_costs
from twinward.decision.planning.replicates import Experiment, ReplicateRunner
from twinward.decision.planning.search import search
from twinward.decision.simulation.epidemic import load_disease

QUESTION = Experiment(
    base=plain_base(6_000, 1),
    disease=load_disease("sars-cov-2-ancestral"),
    days=14,
    replicates=8,
    seed=3,
    infected=40,
)


@pytest.fixture(scope="module")
def arena() -> ReplicateRunner:
    return ReplicateRunner(QUESTION, load_costs())


def test_a_search_that_was_stopped_goes_on_and_comes_to_the_same(
    arena: ReplicateRunner, tmp_path: Path
) -> None:
    file = tmp_path / "trials.jsonl"
    search(arena, 5, [], "cost", file, 1)
    with file.open("ab") as torn:
        torn.write(b'{"id": "gen-0')
    resumed = search(arena, 12, [], "cost", file, 1)
    straight = search(arena, 12, [], "cost", None, 1)
    assert resumed.resumed == 5
    assert msgspec.structs.replace(resumed, resumed=0) == straight
    assert straight.stopped > 0 and straight.runs_saved > 0
    assert straight.best.value == min(one.value for one in straight.first_five)


def test_trials_of_another_question_are_not_mixed_in(
    arena: ReplicateRunner, tmp_path: Path
) -> None:
    file = tmp_path / "trials.jsonl"
    search(arena, 2, [], "cost", file, 1)
    with pytest.raises(InputError) as refused:
        search(arena, 2, [], "deaths", file, 1)
    assert refused.value.code == "other_question"
    file.write_bytes(b"not trials\n")
    with pytest.raises(InputError) as refused:
        search(arena, 2, [], "cost", file, 1)
    assert refused.value.code == "bad_kept_file"
