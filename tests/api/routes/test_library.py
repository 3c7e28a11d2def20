"""The library over HTTP: questions with the path of their answers, manuals, and what is not
there.
"""

from __future__ import annotations

from fastapi.testclient import TestClient


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
