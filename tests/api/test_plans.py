"""Plans over HTTP: made, kept, listed and adopted, and what bad input is answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from helpers.cities import HUANGPU, Desk
from twinward.api.main import make_api

SUPPRESS = "epidemic-ii-suppress"
ASKED = {"count": 2, "base": SUPPRESS, "vary": ["masks=on,off"]}


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    desk.case()
    with TestClient(make_api(desk.platform), "http://127.0.0.1") as found:
        yield found


def test_a_generated_plan_is_kept_listed_shown_and_adopted(desk: Desk, client: TestClient) -> None:
    made = client.post("/v1/plans/generate", json=ASKED).json()["items"]
    listed = {row["id"]: row for row in client.get("/v1/plans").json()["items"]}
    assert all(listed[row["id"]]["made"]["from"] == f"{SUPPRESS} 2" for row in made)
    plan = made[0]["id"]
    assert client.get(f"/v1/plans/{plan}").json()["made"]["by"]
    known = desk.incident()["plan"].plan
    told = {"plan": plan, "incident": desk.incident()["id"], "by": "Li", "replace": known}
    adopted = client.post("/v1/plans/adopt", json=told)
    assert (adopted.status_code, adopted.json()["state"]) == (201, "waits for its trigger")
    assert adopted.json()["waits_for"][0].startswith("triggers[0] waits for new_7d of 100")


def test_blocks_are_named_with_their_strengths(client: TestClient) -> None:
    blocks = client.get("/v1/plan-blocks").json()["items"]
    assert blocks[0] == {"name": "start_day", "strengths": [0, 3, 7]}
    assert len(blocks) == 9


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"count": 0}, "bad_body"),
        ({"count": 1, "unheard": 1}, "bad_body"),
        ({"count": 1, "base": "no-such"}, "no_plan"),
        ({"count": 1, "base": "/etc/passwd.toml"}, "no_plan"),
        ({"count": 1, "vary": ["masks=on"]}, "no_base"),
        ({"count": 1, "base": SUPPRESS, "vary": ["moon=1"]}, "bad_variable"),
        ({"count": 50, "base": SUPPRESS, "vary": ["masks=on,off"]}, "too_few_variants"),
        ({"count": 1, "areas": ["nowhere"]}, "unknown_area"),
    ],
)
def test_what_cannot_be_made_is_refused(
    client: TestClient, asked: dict[str, Any], code: str
) -> None:
    answer = client.post("/v1/plans/generate", json=asked)
    assert (answer.status_code // 100, answer.json()["code"]) == (4, code)


@pytest.mark.parametrize("name", ["no-such", "gen-99", "..%2F..%2Fsettings", "gen-999999999"])
def test_a_plan_that_is_not_there_is_absent(client: TestClient, name: str) -> None:
    assert client.get(f"/v1/plans/{name}").status_code in (404, 422, 400)
    assert client.get("/v1/plans", params={"hazard": "moon"}).json()["code"] == "unknown_hazard"


def test_blocks_in_an_area_are_adopted_there(desk: Desk, client: TestClient) -> None:
    known = desk.incident()["plan"].plan
    told = {
        "plan": f"gen-010000000.{HUANGPU}",
        "incident": desk.incident()["id"],
        "by": "Li",
        "replace": known,
    }
    assert client.post("/v1/plans/adopt", json=told).json()["state"] == "adopted"
    wrong = client.post("/v1/plans/adopt", json=told | {"plan": "gen-010000000.moon"})
    assert wrong.json()["code"] == "unknown_area"
