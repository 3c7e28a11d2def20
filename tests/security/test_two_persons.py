"""What changes a life takes two; bulk openings too; broken glass is announced before anything is
shown.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken

from twinward.core.clock import format_time
from twinward.service.access.vault import rotate_keys

REASON = {"reason": "close contact of a confirmed case", "basis": "article 41"}


@pytest.fixture
def proposal(world: Any) -> dict[str, Any]:
    world.report_cases(per_leaf=1)
    world.open_activation()
    subject = next(
        i["subject"] for i in world.get("li", "/v1/cases").json()["items"] if i["area"] == "31-a"
    )
    until = format_time(world.clock.now() + timedelta(days=7))
    return {
        "kind": "status",
        "area": "31-a",
        "subject": subject,
        "value": "home_quarantine",
        "linked": "c-31-a-0",
        "until": until,
        **REASON,
    }


def act(world: Any, who: str, change: str, what: str, because: str = "") -> Any:
    return world.post(who, f"/v1/changes/{change}/answer", {"act": what, "because": because})


def test_one_proposes_and_another_confirms(world: Any, proposal: dict[str, Any]) -> None:
    made = world.post("wang", "/v1/changes", proposal).json()
    assert made["state"] == "proposed" and "appeal" in made["statement"]
    assert act(world, "wang", made["id"], "confirm").json()["code"] == "role_not_allowed"
    done = act(world, "li", made["id"], "confirm").json()
    assert (done["state"], done["proposed_by"], done["confirmed_by"]) == ("in_force", "wang", "li")
    again = act(world, "li", made["id"], "confirm")
    assert (again.status_code, again.json()["code"]) == (409, "in_force")


def asked_for(world: Any, who: str) -> list[str]:
    found = world.get(who, "/v1/alerts").json()["items"]
    return [one["what"] for one in found if one["kind"] == "second_person"]


def test_who_can_be_the_second_person_is_alerted(world: Any, proposal: dict[str, Any]) -> None:
    made = world.post("wang", "/v1/changes", proposal).json()
    assert (asked_for(world, "li"), asked_for(world, "wang")) == (["status"], [])
    act(world, "li", made["id"], "confirm")
    assert asked_for(world, "li") == []


def test_nobody_is_two_persons(world: Any, proposal: dict[str, Any]) -> None:
    made = world.post("li", "/v1/changes", proposal).json()
    refused = act(world, "li", made["id"], "confirm")
    assert (refused.status_code, refused.json()["code"]) == (403, "second_person_needed")


def test_a_proposal_lapses_and_a_change_ends_by_itself(
    world: Any, proposal: dict[str, Any]
) -> None:
    first, second = (
        world.post("wang", "/v1/changes", proposal | {"value": v}).json() for v in ("a", "b")
    )
    act(world, "li", first["id"], "confirm")
    world.clock.advance(timedelta(hours=25))
    assert act(world, "li", second["id"], "confirm").json()["code"] == "lapsed"
    world.clock.advance(timedelta(days=7))
    assert world.get("li", f"/v1/changes/{first['id']}").json()["state"] == "ended"


def test_an_appeal_is_decided_by_a_third_person_or_ends_the_change(
    world: Any, proposal: dict[str, Any]
) -> None:
    made = world.post("wang", "/v1/changes", proposal).json()["id"]
    act(world, "li", made, "confirm")
    assert act(world, "zhao", made, "appeal", "I was tested twice").json()["state"] == "appealed"
    assert (
        act(world, "li", made, "uphold_appeal", "tests were negative").json()["code"]
        == "second_person_needed"
    )
    world.clock.advance(timedelta(hours=49))
    assert world.get("li", f"/v1/changes/{made}").json()["state"] == "ended"


def test_changes_elsewhere_are_not_there(world: Any, proposal: dict[str, Any]) -> None:
    items = world.get("li", "/v1/cases").json()["items"]
    theirs = next(item["subject"] for item in items if item["area"] == "32-a")
    told = proposal | {"area": "32-a", "subject": theirs}
    made = world.post("li", "/v1/changes", told).json()["id"]
    assert world.get("wang", f"/v1/changes/{made}").status_code == 404
    assert world.get("wang", "/v1/changes").json() == {"items": [], "next": None, "total": 0}
    assert (
        world.post("zhao", "/v1/changes", proposal | {"area": "32-a"}).json()["code"]
        == "area_not_yours"
    )


def test_a_managed_workspace_takes_two_for_a_plan_and_for_isolation(
    world: Any, proposal: dict[str, Any]
) -> None:
    direct = {"type": "AdoptPlan", "id": "a1", "incident": "x", "plan": "epidemic-iii-contain"}
    answer = world.post("li", "/v1/commands", {"items": [direct]}).json()
    assert answer["rejected"][0]["code"] == "second_person_needed"
    items = [
        {
            "type": "NameContact",
            "id": "n1",
            "contact": "k1",
            "case": "c-31-a-0",
            "subject": "p-x",
            "area": "31-a",
        },
        {"type": "UpdateContact", "id": "u1", "contact": "k1", "step": "located"},
        {"type": "UpdateContact", "id": "u2", "contact": "k1", "step": "isolated"},
    ]
    answer = world.post("wang", "/v1/commands", {"items": items}).json()
    assert (answer["stored"], answer["rejected"][0]["code"]) == (2, "second_person_needed")
    order = {**proposal, "kind": "quarantine_order", "thing": "k1", "subject": "p-x"}
    made = world.post("wang", "/v1/changes", order).json()["id"]
    assert act(world, "li", made, "confirm").status_code == 201
    with world.platform.store.read() as rows:
        assert rows.find("contacts", "k1").step == "isolated"


def test_many_names_take_two_and_can_be_opened_once(world: Any, proposal: dict[str, Any]) -> None:
    found = world.get("wang", "/v1/cases").json()["items"]
    subjects = [item["subject"] for item in found]
    bulk = {
        "kind": "bulk_opening",
        "area": "31",
        "subjects": subjects,
        "until": proposal["until"],
        **REASON,
    }
    made = world.post("wang", "/v1/changes", bulk).json()["id"]
    opening = {"change": made, "reason": "letters to all contacts"}
    assert world.post("wang", "/v1/identities", opening).json()["code"] == "proposed"
    act(world, "li", made, "confirm")
    assert world.post("li", "/v1/identities", opening).status_code == 404
    opened = world.post("wang", "/v1/identities", opening).json()["items"]
    assert {one["name"] for one in opened} == {"Canary 31-a 0", "Canary 31-b 0"}
    assert world.post("wang", "/v1/identities", opening).json()["code"] == "used"
    assert sum(event.fact.question == "bulk" for event in world.events("LookRecorded")) == 2


def test_broken_glass_opens_elsewhere_for_hours_and_is_announced_at_once(
    world: Any, proposal: dict[str, Any]
) -> None:
    case = "/v1/cases/c-310-a-0"
    assert world.get("wang", case).status_code == 404
    glass = {"areas": ["310"], "hours": 2, "reason": "the patient was taken to the next district"}
    assert world.post("wang", "/v1/break-glass", glass).status_code == 201
    told = world.get("wu", "/v1/notices").json()["items"]
    assert (
        "wang looks into 310" in told[0]["text"] and world.get("li", "/v1/notices").json()["items"]
    )
    shown = world.get("wang", case)
    assert shown.status_code == 200
    opening = {"subject": shown.json()["subject"], "reason": "call the family"}
    assert world.post("wang", "/v1/identities", opening).json()["name"] == "Canary 310-a 0"
    world.clock.advance(timedelta(hours=3))
    assert world.get("wang", case).status_code == 404
    assert world.post("wang", "/v1/identities", opening).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"hours": 5}, {"hours": 0}, {"reason": ""}, {"areas": []}, {"areas": ["99"]}]
)
def test_glass_is_broken_with_reason_and_limit_or_not_at_all(
    world: Any, wrong: dict[str, Any]
) -> None:
    glass = {"areas": ["310"], "hours": 2, "reason": "a good one"} | wrong
    assert world.post("wang", "/v1/break-glass", glass).status_code == 400
    assert not world.events("GlassBroken")


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": "2023-01-01T00:00:00Z"},
        {"until": "2022-04-01"},
        {"reason": "x"},
        {"subject": None},
        {"kind": "fine"},
        {"subjects": ["a", "b"]},
        {"area": "99"},
        {"kind": "mass_action", "value": "no-plan"},
    ],
)
def test_a_proposal_that_says_too_little_is_refused(
    world: Any, proposal: dict[str, Any], wrong: Any
) -> None:
    answer = world.post("li", "/v1/changes", proposal | wrong)
    assert answer.status_code in (400, 409) and answer.json()["message"]


def test_the_vaults_key_turns_and_the_old_one_opens_nothing(
    world: Any, proposal: dict[str, Any]
) -> None:
    key_file = world.platform.workspace / "vault" / "vault.key"
    old = key_file.read_bytes()
    assert rotate_keys(world.platform, world.person("xu")) == 4
    assert key_file.read_bytes() != old and len(key_file.read_bytes().split()) == 1
    sealed = world.platform.vault._db.execute("SELECT sealed FROM identities").fetchall()
    for (one,) in sealed:
        with pytest.raises(InvalidToken):
            Fernet(old).decrypt(one)
    opening = {"subject": proposal["subject"], "reason": "still there"}
    assert world.post("li", "/v1/identities", opening).json()["name"] == "Canary 31-a 0"
