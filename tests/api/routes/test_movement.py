"""Movement over HTTP: five screens, each a page or one answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from helpers.cities import HUANGPU, START, Desk
from twinward.api.main import make_api

DAY = START.date().isoformat()


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    for n in range(3):
        told = {"area": HUANGPU, "day": DAY, "kind": "air", "arrived": 200 + n}
        desk.post("ReportPassage", gate=f"T{n}", **told)
    told = {"area": HUANGPU, "day": DAY, "hazard": "epidemic", "origin": "Rome"}
    desk.post("ReportArrivals", group="CA1", arrived=80, **told)
    desk.post("ReportQuarantine", group="CA1", area=HUANGPU, day=DAY, in_quarantine=60)
    with TestClient(make_api(desk.platform), "http://127.0.0.1") as found:
        yield found


def test_hubs_are_a_page(client: TestClient) -> None:
    first = client.get("/v1/movement/hubs", params={"limit": 2}).json()
    assert (len(first["items"]), first["total"], first["arrived"]) == (2, 3, 603)
    rest = client.get("/v1/movement/hubs", params={"limit": 2, "cursor": first["next"]}).json()
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert client.get("/v1/movement/roads").json()["items"] == []


def test_the_law_is_in_the_answer_and_in_the_overview(client: TestClient) -> None:
    found = client.get("/v1/movement/transferred").json()
    (one,) = found["items"]
    assert (one["arrived"], one["in_quarantine"], one["unaccounted"]) == (80, 60, 20)
    assert (found["alarms"], found["sums"]["unaccounted"]) == (1, 20)
    overview = client.get("/v1/movement/overview").json()
    assert (overview["alarms"], overview["hubs"]["arrived"]) == (1, 603)
    assert overview["sentence"]["zh"]
    assert client.get("/v1/movement/control").json()["residents"] == 0


def test_what_an_address_does_not_know_is_refused(client: TestClient) -> None:
    assert client.get("/v1/movement/hubs", params={"colour": "red"}).status_code == 422
