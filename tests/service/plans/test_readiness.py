"""Before anything happens: a plan is ready when it has no fault, was drilled, and all it needs
is there.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpers.cities import HUANGPU, Desk
from twinward.core.errors import InputError
from twinward.library.loading import load_library
from twinward.security.identity.people import Caller
from twinward.service.plans.readiness import PlanReady, assess, needs_of
from twinward.twins.emergency import messages as m

SUPPRESS = "epidemic-ii-suppress"
NEEDED = {
    "tracers": ("persons", 200),
    "test_kits": ("kits", 100_000),
    "quarantine_rooms": ("rooms", 1000),
    "food_baskets": ("baskets", 50_000),
    "isolation_beds": ("beds", 20),
}


def stand_of(desk: Desk, plan: str = SUPPRESS, caller: Caller | None = None) -> PlanReady:
    return next(one for one in assess(desk.platform, caller or desk.me).plans if one.plan == plan)


def stock(desk: Desk) -> None:
    for kind, (unit, quantity) in NEEDED.items():
        assert not desk.post(
            "SetStock", area=HUANGPU, kind=kind, unit=unit, quantity=quantity
        ).rejected


def drill(desk: Desk, plan: str) -> None:
    from twinward.service.platform import ask

    now = desk.clock.now()
    ask(
        desk.platform,
        desk.me,
        m.RecordDrill(
            id=f"cmd-{plan}",
            drill=f"d-{plan}",
            title="a drill",
            plans=(plan,),
            played_at=now,
            reached=1,
            judged=1,
            by="A",
            area=HUANGPU,
        ),
    )


def test_a_plan_becomes_ready_when_it_is_stocked_and_drilled_and_stays_so_for_a_year(
    desk: Desk,
) -> None:
    before = stand_of(desk)
    assert not before.ready and {one.resource for one in before.lacks} == set(NEEDED)
    assert "it has never been drilled" in before.because
    stock(desk)
    assert stand_of(desk).because == ("it has never been drilled",)
    drill(desk, SUPPRESS)
    assert stand_of(desk).ready
    desk.pass_time(days=400)
    assert stand_of(desk).because[0].startswith("it was last drilled on")
    assert len(assess(desk.platform, desk.me).old_counts) == len(NEEDED)


def test_what_is_in_use_or_elsewhere_is_not_there_and_a_fault_is_told(desk: Desk) -> None:
    stock(desk)
    desk.post("SetStock", area=HUANGPU, kind="tracers", unit="persons", quantity=200, in_use=150)
    (lack,) = stand_of(desk).lacks
    assert (lack.resource, lack.free, lack.short) == ("tracers", 50, 150)
    elsewhere = Caller(name="sun", role="duty_officer", areas=("310115",))
    assert {one.resource for one in stand_of(desk, caller=elsewhere).lacks} == set(NEEDED)
    with pytest.raises(InputError) as refused:
        assess(desk.platform, desk.me, "moon")
    assert refused.value.code == "unknown_hazard"


def test_generated_plans_are_left_out_and_those_that_are_not_ready_come_first(desk: Desk) -> None:
    found = assess(desk.platform, desk.me, "epidemic")
    assert found.ready == sum(one.ready for one in found.plans)
    assert [one.ready for one in found.plans] == sorted(one.ready for one in found.plans)
    assert not any(one.plan.startswith("gen-") for one in found.plans)
    assert timedelta(0) <= desk.clock.now() - found.as_of


def test_what_a_plan_needs_grows_with_the_city() -> None:
    plan = load_library().plans["epidemic-i-whole-city"]
    assert needs_of(plan, 24_870_895)["test_kits"] == 2_000_000
    assert needs_of(plan, 30_000)["test_kits"] == 2413
    assert needs_of(plan, 30_000)["tracers"] == 2
    assert needs_of(plan)["test_kits"] == 2_000_000
