"""Surveillance over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from helpers.cities import Desk
from twinward.api.main import make_api


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    desk.case(1)
    with TestClient(make_api(desk.platform), "http://127.0.0.1") as found:
        yield found


def test_the_situation_and_its_sentence(client: TestClient) -> None:
    found = client.get("/v1/surveillance/situation").json()
    assert found["areas"][0]["new_7d"] == 1
    assert found["sentence"]["en"].startswith("Cases this week 1, too few to say")
    assert found["sentence"]["zh"].startswith("本周病例 1 例")


def test_signals_and_bad_questions(client: TestClient) -> None:
    assert client.get("/v1/surveillance/signals").json()["signals"] == []
    unknown = client.get("/v1/surveillance/situation", params={"area": "nowhere"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_area")
    level = client.get("/v1/surveillance/signals", params={"level": "galaxy"})
    assert (level.status_code, level.json()["code"]) == (400, "unknown_level")
