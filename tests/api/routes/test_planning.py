"""Plans over HTTP: a comparison of the live state with progress, adopted by a named person, the
forecast beside.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from helpers.cities import Desk
from helpers.living_city import report_days, settle
from twinward.api.main import make_api

PLAN, OTHER = "epidemic-ii-suppress", "epidemic-i-whole-city"
PATIENCE_S = 120.0


@pytest.fixture
def living(desk: Desk) -> Desk:
    settle(desk)
    report_days(desk, 4, 6, 9)
    return desk


@pytest.fixture
def client(living: Desk) -> Iterator[TestClient]:
    with TestClient(make_api(living.platform), "http://127.0.0.1") as found:
        yield found


def wait(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
        job = client.get(f"/v1/plans/compare/{job['id']}").json()
    return job


def test_the_live_state_is_compared_and_the_sheet_stays_beside_what_happens(
    living: Desk, client: TestClient
) -> None:
    incident = living.incidents()[0]
    asked = {
        "plans": ["none", "as-now", OTHER],
        "generate": 1,
        "days": 10,
        "replicates": 2,
        "doubts": False,
    }
    started = client.post("/v1/plans/compare", json=asked)
    assert started.status_code == 202
    job = wait(client, started.json())
    assert job["state"] == "done", job
    assert (job["done"], job["of"]) == (8, 8)
    sheet = job["sheet"]
    assert sheet["live"] and sheet["simulated"] and sheet["first"] == sheet["plans"][0]["id"]
    assert {plan["id"] for plan in sheet["plans"]} >= {"none", "as-now", OTHER}
    assert client.get(f"/v1/plans/compare/{job['sheet_id']}").json()["sheet"] == sheet

    over = client.post(f"/v1/plans/compare/{job['id']}/cancel")
    assert (over.status_code, over.json()["code"]) == (409, "already_over")
    (kept,) = client.get("/v1/plans/compare").json()["items"]
    assert (kept["id"], kept["first"]) == (job["sheet_id"], sheet["first"])
    means = {one["id"]: one["figures"]["cost"]["mean"] for one in sheet["plans"]}
    assert {name: one["cost"] for name, one in kept["figures"].items()} == means

    in_force = living.incident()["plan"].plan
    told = {
        "plan": OTHER,
        "incident": incident["id"],
        "by": "Dr Lin",
        "reason": "beds run out",
        "sheet": job["sheet_id"],
    }
    refused = client.post("/v1/plans/adopt", json=told)
    assert (refused.status_code, refused.json()["code"]) == (409, "plan_in_force")
    adopted = client.post("/v1/plans/adopt", json=told | {"replace": in_force})
    assert (adopted.status_code, adopted.json()["state"]) == (201, "adopted")
    living.platform.loop.catch_up()
    assert living.incident()["plan"].authority == "adopted by Dr Lin: beds run out"
    assert {task.key for task in living.tasks()} >= {
        task.key for task in living.platform.reference.library.plans[OTHER].tasks
    }
    report_days(living, 12)
    beside = client.get(f"/v1/incidents/{incident['id']}/forecast").json()
    assert beside["fingerprint"] == sheet["fingerprint"] and beside["plan"] == OTHER
    assert beside["reported"][:3] == [9.0, 12.0, None] and len(beside["forecast"][0]) == 10


def test_a_comparison_is_cancelled_and_can_be_asked_for_again(
    living: Desk, client: TestClient
) -> None:
    asked = {"plans": ["none", OTHER], "days": 60, "replicates": 60, "doubts": False}
    job = client.post("/v1/plans/compare", json=asked).json()
    stopped = client.post(f"/v1/plans/compare/{job['id']}/cancel").json()
    assert (stopped["id"], stopped["state"]) == (job["id"], "cancelled")
    assert client.get("/v1/plans/compare").json()["items"] == []
    assert client.post("/v1/plans/compare/cmp-none/cancel").status_code == 404
    again = client.post("/v1/plans/compare", json=asked).json()
    assert (again["id"], again["state"] != "cancelled") == (job["id"], True)
    client.post(f"/v1/plans/compare/{job['id']}/cancel")


def test_two_who_adopt_at_once_do_not_both_get_their_way(living: Desk, client: TestClient) -> None:
    incident = living.incidents()[0]["id"]
    in_force = living.incident()["plan"].plan
    told = {"incident": incident, "replace": in_force}
    first = client.post("/v1/plans/adopt", json=told | {"plan": OTHER, "by": "one"})
    second = client.post(
        "/v1/plans/adopt", json=told | {"plan": "epidemic-iii-contain", "by": "two"}
    )
    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "plan_in_force")
    stale = living.refusal(
        "AdoptPlan", incident=incident, plan="epidemic-iii-contain", instead_of=in_force
    )
    assert stale == "plan_in_force"
    assert living.incident()["plan"].plan == OTHER


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"plans": []}, "no_plans"),
        ({"plans": ["none"], "days": 0}, "bad_body"),
        ({"plans": ["none"], "replicates": 0}, "bad_body"),
        ({"plans": ["none"], "at": "2031-01-01T00:00:00Z"}, "at_in_future"),
        ({"plans": ["none"], "at": "2001-01-01T00:00:00Z"}, "at_before_log"),
        ({"plans": ["nonesuch"]}, "unknown_plan"),
        ({"plans": ["/etc/passwd.toml"]}, "unknown_plan"),
        ({"plans": ["none"], "areas": ["nowhere"]}, "unknown_area"),
        ({"plans": ["none"], "incident": "inc-none"}, "not_found"),
        ({"plans": ["none"], "hazard": "flood"}, "nothing_reported"),
        ({"plans": ["none"], "seed": 2**40}, "bad_body"),
    ],
)
def test_bad_questions_are_answered_clearly(
    client: TestClient, asked: dict[str, Any], code: str
) -> None:
    answer = client.post("/v1/plans/compare", json=asked)
    body = answer.json() if answer.status_code != 202 else wait(client, answer.json())["error"]
    assert body["code"] == code
    assert code != "bad_body" or any(f"{field}: it is not" in body["message"] for field in asked)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"plan": "nonesuch"}, "unknown_plan"),
        ({"plan": "flood-response"}, "wrong_hazard"),
        ({"incident": "inc-none"}, "not_found"),
        ({"by": " "}, "no_name"),
        ({"sheet": "sheet-0000000000000000"}, "unknown_sheet"),
        ({"sheet": "../../keys"}, "unknown_sheet"),
        ({"plan": PLAN, "replace": "flood-response"}, "plan_in_force"),
    ],
)
def test_what_cannot_be_adopted_changes_nothing(
    living: Desk, client: TestClient, asked: dict[str, Any], code: str
) -> None:
    before = living.incident()["plan"]
    told = {"plan": OTHER, "incident": living.incidents()[0]["id"], "by": "Dr Lin"} | asked
    assert client.post("/v1/plans/adopt", json=told).json()["code"] == code
    assert living.incident()["plan"] == before
