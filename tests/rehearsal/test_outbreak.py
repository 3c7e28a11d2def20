"""The drawn outbreak is the same for the same seed, of a size that shows the loop, and labelled
synthetic.
"""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from twinward.rehearsal.outbreak import Drawn, draw_cases

LEAVES = [f"{100 + n}" for n in range(200)]


def draw(seed: int) -> list[tuple[object, dict[str, object]]]:
    return draw_cases(
        Drawn(), LEAVES, seed, date(2026, 3, 2), ZoneInfo("Asia/Shanghai"), "epidemic/drawn"
    )


@pytest.mark.parametrize("seed", range(5))
def test_every_seed_gives_an_outbreak_worth_watching(seed: int) -> None:
    cases = draw(seed)
    assert Drawn().cases_least <= len(cases) <= Drawn().cases_most
    assert [at for at, _ in cases] == sorted(at for at, _ in cases)
    assert all(case["synthetic"] and case["area"] in LEAVES for _, case in cases)
    assert len({case["id"] for _, case in cases}) == len(cases)


def test_the_same_seed_gives_the_same_cases_and_another_seed_others() -> None:
    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
