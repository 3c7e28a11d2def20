"""In a managed workspace a plan waits for its second person, who is another, and comes into force with both names."""

from __future__ import annotations

from typing import Any

import pytest

from twinward.security.identity import Caller

PLAN = "epidemic-i-whole-city"


def test_a_plan_waits_for_its_second_person(
    world: Any, people: dict[str, Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(people, "zhou", Caller(name="zhou", role="duty_officer"))
    world.report_cases(per_leaf=3)
    world.platform.loop.catch_up()
    incident = world.get("li", "/v1/incidents").json()["items"][0]["id"]
    known = world.get("li", f"/v1/incidents/{incident}").json()["plan"]
    told = {"plan": PLAN, "incident": incident, "by": "Li", "replace": known["plan"] if known else ""}
    made = world.post("li", "/v1/plans/adopt", told).json()
    assert made["state"] == "waits for a second person", made
    assert world.get("li", f"/v1/incidents/{incident}").json()["plan"] == known
    alone = world.post("li", f"/v1/changes/{made['change']}/answer", {"act": "confirm"})
    assert alone.json()["code"] == "second_person_needed"
    done = world.post("zhou", f"/v1/changes/{made['change']}/answer", {"act": "confirm"})
    assert done.json()["state"] == "in_force", done.json()
    assert world.get("li", f"/v1/incidents/{incident}").json()["plan"]["plan"] == PLAN
