"""In a managed workspace a plan waits for its second person, who is another, and comes into
force with both names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from twinward.security.identity.people import Caller

PLAN = "epidemic-i-whole-city"


def test_a_plan_waits_for_its_second_person(
    world: Any, people: dict[str, Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(people, "zhou", Caller(name="zhou", role="duty_officer"))
    world.report_cases(per_leaf=3)
    world.platform.loop.catch_up()
    incident = world.get("li", "/v1/incidents").json()["items"][0]["id"]
    known = world.get("li", f"/v1/incidents/{incident}").json()["plan"]
    told = {
        "plan": PLAN,
        "incident": incident,
        "by": "Li",
        "replace": known["plan"] if known else "",
    }
    made = world.post("li", "/v1/plans/adopt", told).json()
    assert made["state"] == "waits for a second person", made
    assert world.get("li", f"/v1/incidents/{incident}").json()["plan"] == known
    alone = world.post("li", f"/v1/changes/{made['change']}/answer", {"act": "confirm"})
    assert alone.json()["code"] == "second_person_needed"
    done = world.post("zhou", f"/v1/changes/{made['change']}/answer", {"act": "confirm"})
    assert done.json()["state"] == "in_force", done.json()
    assert world.get("li", f"/v1/incidents/{incident}").json()["plan"]["plan"] == PLAN


@pytest.mark.parametrize(
    ("who", "may_make", "may_adopt"),
    [
        ("ma", True, False),
        ("li", True, True),
        ("chen", False, False),
        ("wu", False, False),
        ("hu", False, False),
    ],
)
def test_each_role_does_its_own_part_with_plans(
    make_world: Callable[..., Any], who: str, may_make: bool, may_adopt: bool
) -> None:
    world = make_world()
    world.report_cases(per_leaf=3)
    incident = world.get("li", "/v1/incidents").json()["items"][0]["id"]
    known = world.get("li", f"/v1/incidents/{incident}").json()["plan"]
    made = world.post(who, "/v1/plans/generate", {"count": 1, "seed": 3})
    assert (made.status_code == 201) == may_make, made.json()
    assert (world.get(who, "/v1/plan-blocks").status_code == 200) == may_make
    told = {
        "plan": PLAN,
        "incident": incident,
        "by": "Li",
        "now": True,
        "replace": known["plan"] if known else "",
    }
    adopted = world.post(who, "/v1/plans/adopt", told)
    assert (adopted.status_code == 201) == may_adopt, adopted.json()
    plan = world.get("li", f"/v1/incidents/{incident}").json()["plan"]
    assert (plan != known) == may_adopt
