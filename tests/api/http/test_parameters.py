"""A parameter that a route does not know is refused by name."""

from __future__ import annotations

from fastapi.testclient import TestClient


def test_an_unknown_parameter_is_named_with_the_known_ones(client: TestClient) -> None:
    answer = client.get("/v1/incidents", params={"stauts": "open"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "unknown_parameter"
    assert "stauts" in answer.text and "status" in answer.text


def test_known_parameters_and_those_of_browsers_go_on(client: TestClient) -> None:
    assert client.get("/v1/incidents", params={"status": "open", "_": "1"}).status_code == 200
