"""Plans made of blocks: the name says the choice."""

from __future__ import annotations

import pytest

from twinward.core.errors import InputError
from twinward.library.plans.plan_options import draw_plans, plan_of_name


def test_a_generated_plan_is_found_again_by_its_name() -> None:
    for areas in ([], ["310101", "310115"]):
        (one,) = draw_plans(1, 3, areas)
        assert plan_of_name(one.id) == one
    for wrong in ("gen-", "gen-99", "gen-999999999", "gen-01000200x"):
        with pytest.raises(InputError):
            plan_of_name(wrong)
