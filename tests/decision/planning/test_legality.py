"""What a plan would break of its own bounds is said before it is ranked."""

from __future__ import annotations

from datetime import date

import msgspec

from twinward.decision.planning.candidate import from_plan
from twinward.decision.planning.legality import with_law
from twinward.library.loading import load_library
from twinward.service.planning.comparison import hide

TODAY = date(2022, 4, 1)
LIBRARY = load_library()


def test_a_plan_that_closes_for_longer_than_it_may_breaks_the_law_and_says_who_adopts_it() -> None:
    plan = LIBRARY.plans["epidemic-i-whole-city"]
    one = from_plan(plan, [])
    assert plan.ends is not None
    within = with_law(one, LIBRARY, TODAY, plan.ends.most_days)
    beyond = with_law(one, LIBRARY, TODAY, plan.ends.most_days + 1)
    assert within.breaks == () and beyond.breaks == ("law",)
    assert within.needs == (f"adoption by {plan.authority.authorised_by}",)


def test_watching_restricts_nobody_and_may_go_on() -> None:
    one = from_plan(LIBRARY.plans["epidemic-iv-watch"], [])
    assert with_law(one, LIBRARY, TODAY, 300).breaks == ()


def test_measures_of_a_file_wait_for_a_persons_decision() -> None:
    one = msgspec.structs.replace(from_plan(LIBRARY.plans["epidemic-iv-watch"], []), id="mine")
    assert with_law(one, LIBRARY, TODAY, 14).needs == ("a person's decision",)


def test_a_small_number_of_reports_does_not_leave() -> None:
    assert hide(2, 5) is None and hide(0, 5) == 0 and hide(7, 5) == 7
