"""Plans made of blocks: the name says the choice."""

from __future__ import annotations

import pytest

from twinward.core.errors import InputError
from twinward.decision.planning.candidate import from_id, generate


def test_a_generated_plan_is_found_again_by_its_name() -> None:
    (one,) = generate(1, 3, [])
    again = from_id(one.id, [])
    assert (again.id, again.choices, again.measures) == (one.id, one.choices, one.measures)
    for wrong in ("gen-", "gen-99", "gen-999999999", "gen-01000200x"):
        with pytest.raises(InputError):
            from_id(wrong, [])
