"""Plans that are made: the same words make the same plans everywhere, kept ones say what they
were made from.
"""

from __future__ import annotations

import pytest

from helpers.cities import HUANGPU, Desk
from twinward.core.errors import InputError, RefusedError
from twinward.library.plans.plan_options import draw_plans
from twinward.security.identity.people import Caller
from twinward.service.incidents.plan_adoption import AdoptRequest, adopt
from twinward.service.plans import plan_library

SUPPRESS = "epidemic-ii-suppress"


def test_kept_plans_are_listed_with_their_provenance_and_found_after_a_restart(desk: Desk) -> None:
    asked = plan_library.MakeRequest(
        count=3, seed=4, base=SUPPRESS, vary=("masks=on,off", "start_day=0,7")
    )
    made = plan_library.keep(desk.platform, desk.me, asked)
    assert [line.made["from"] for line in made] == [f"{SUPPRESS} 2"] * 3
    assert {line.made["by"] for line in made} == {desk.me.name}
    assert plan_library.keep(desk.platform, desk.me, asked) == made
    desk.reopen()
    listed = {line.id: line for line in plan_library.list_plans(desk.platform.reference.library)}
    assert all(listed[line.id] == line for line in made)


def test_kept_and_compared_plans_are_the_same(desk: Desk) -> None:
    made = plan_library.keep(
        desk.platform, desk.me, plan_library.MakeRequest(count=4, seed=9, areas=(HUANGPU,))
    )
    assert [line.id for line in made] == [plan.id for plan in draw_plans(4, 9, [HUANGPU])]


def test_a_plan_made_of_blocks_is_adopted_by_its_name_and_carried_out(desk: Desk) -> None:
    desk.case()
    known = desk.incident()["plan"].plan
    name = f"gen-010002000.{HUANGPU}"
    adopt(
        desk.platform,
        desk.me,
        AdoptRequest(plan=name, incident=desk.incident()["id"], by="Li", replace=known),
    )
    desk.platform.loop.catch_up()
    assert desk.incident()["plan"].plan == name
    closed = desk.task("schools_closed")
    assert (closed.area, closed.department, closed.status) == (HUANGPU, "education", "ordered")
    assert [row.measure for row in desk.rows("restrictions")] == ["school_closure"]
    assert (
        plan_library.get_known_plan(desk.platform.reference.library, name)
        .made["choices"]
        .startswith("start_day 0")
    )


def test_what_cannot_be_made_is_refused_and_nothing_is_kept(desk: Desk) -> None:
    for asked, code in (
        (plan_library.MakeRequest(count=0), "bad_count"),
        (plan_library.MakeRequest(count=2, vary=("masks=on",)), "no_base"),
        (
            plan_library.MakeRequest(count=9, base=SUPPRESS, vary=("masks=on,off",)),
            "too_few_variants",
        ),
        (plan_library.MakeRequest(count=2, areas=("nowhere",)), "unknown_area"),
    ):
        with pytest.raises(InputError) as refused:
            plan_library.keep(desk.platform, desk.me, asked)
        assert refused.value.code == code
    with pytest.raises(RefusedError):
        plan_library.keep(
            desk.platform, Caller(name="nobody", role="public"), plan_library.MakeRequest(count=1)
        )
    assert not (desk.workspace / "plans").exists()
