"""The library over HTTP: questions with the path of their answers, manuals, and what is not
there.
"""

from __future__ import annotations

from fastapi.testclient import TestClient

from helpers.cities import Desk


def test_a_question_is_answered_with_its_path(client: TestClient) -> None:
    found = client.get("/v1/library/search", params={"q": "which measures need tracers?"}).json()
    assert [answer["id"] for answer in found["answers"]] == ["measure:contact_tracing"]
    assert found["answers"][0]["path"] == ["measure:contact_tracing", "needs", "resource:tracers"]
    silent = client.get("/v1/library/search", params={"q": "how tall is the moon?"}).json()
    assert not silent["answered"] and silent["note"]


def test_who_is_accountable_is_told_for_the_area_that_is_named(client: TestClient) -> None:
    found = client.get(
        "/v1/library/search", params={"q": "who is accountable for testing in 310101?"}
    ).json()
    assert found["answers"] and all("area:310101" in answer["path"] for answer in found["answers"])


def test_manuals_are_read_by_name_and_nothing_else_is(client: TestClient) -> None:
    assert client.get("/v1/library/manuals/beds.md").status_code == 200
    assert client.get("/v1/library/manuals/moons.md").status_code == 404
    assert client.get("/v1/library/manuals/..%2Fplans.py").status_code == 404
    assert client.get("/v1/library/search").status_code == 400


def test_a_plan_and_the_evidence_are_told_in_the_language_that_is_accepted(
    desk: Desk, client: TestClient
) -> None:
    desk.case()
    incident = desk.incident()["id"]
    chinese = {"accept-language": "zh-CN"}
    room = client.get(f"/v1/incidents/{incident}/room", headers=chinese).json()
    assert room["plan_authority"].startswith("由市应急管理委员会事先授权：")
    assert any("项必要任务未完成" in one["because"] for one in room["evidence"])
    titles = {task["title"] for task in client.get("/v1/tasks", headers=chinese).json()["items"]}
    assert "调查首批病例并查明接触者" in titles or any(ord(title[0]) > 0x4E00 for title in titles)
    english = client.get(f"/v1/incidents/{incident}/room").json()
    assert english["plan_authority"].startswith("authorised beforehand by city emergency")
