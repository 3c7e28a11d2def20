"""Variants of a plan: valid, different, the same again for the same seed."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime

import msgspec
import pytest

from twinward.core.errors import InputError
from twinward.library.loading import load_library
from twinward.library.plans.generation import parse_variables, vary_plan, write_toml
from twinward.library.plans.plan import Plan
from twinward.library.plans.validation import validate_plan

LIBRARY = load_library()
BASE = LIBRARY.plans["epidemic-ii-suppress"]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_variants_are_valid_different_and_the_same_again() -> None:
    plans = vary_plan(BASE, None, 30, 7)
    assert plans == vary_plan(BASE, None, 30, 7)
    assert plans != vary_plan(BASE, None, 30, 8)
    assert len({msgspec.json.encode(plan.measures) for plan in plans}) == 30
    for plan in plans:
        assert not validate_plan(write_toml(plan), plan.id, LIBRARY, NOW)[1]
        assert not plan.authority.automatic


@pytest.mark.parametrize("name", sorted(LIBRARY.plans))
def test_a_written_plan_reads_back_the_same(name: str) -> None:
    plan = LIBRARY.plans[name]
    assert msgspec.convert(tomllib.loads(write_toml(plan)), Plan) == plan


def test_all_choices_of_a_few_variables_come_once() -> None:
    variables = parse_variables(
        ["masks=on,off", "mass_testing.every_d=2,7", "areas=affected,310101+310104"]
    )
    assert len({plan.id for plan in vary_plan(BASE, variables, 8, 1)}) == 8
    with pytest.raises(InputError, match="only 8 different plans"):
        vary_plan(BASE, variables, 9, 1)


def test_a_measure_taken_out_takes_its_task_with_it() -> None:
    plan = vary_plan(BASE, parse_variables(["school_closure=off"]), 1, 1)[0]
    assert "close_schools" in {task.key for task in BASE.tasks}
    assert "close_schools" not in {task.key for task in plan.tasks}


@pytest.mark.parametrize(
    "word", ["moon=1", "masks.colour=2", "masks", "masks.coverage=9", "masks.coverage="]
)
def test_a_variable_that_makes_no_sense_is_refused(word: str) -> None:
    with pytest.raises(InputError) as refused:
        vary_plan(BASE, parse_variables([word]), 1, 1)
    assert refused.value.code == "bad_variable"
