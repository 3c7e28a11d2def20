"""Stocks, requests and transfers over HTTP: lists of both sides, clear answers to what is not
there.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from helpers.cities import HUANGPU, Desk
from twinward.api.main import make_api


@pytest.fixture
def client(desk: Desk) -> Iterator[TestClient]:
    desk.post("SetStock", kind="masks", area="310115", quantity=100, unit="pieces")
    desk.post(
        "RequestSupply",
        request="r",
        kind="masks",
        quantity=5,
        unit="pieces",
        area=HUANGPU,
        from_area="310115",
    )
    told = {
        "subject": "p",
        "area": HUANGPU,
        "hospital": "a",
        "to_area": "310115",
        "to_hospital": "b",
    }
    desk.post("RequestTransfer", transfer="t", **told)
    with TestClient(make_api(desk.platform), "http://127.0.0.1") as found:
        yield found


def test_lists_show_both_sides_and_what_is_free(client: TestClient) -> None:
    (held,) = client.get("/v1/supplies/stocks", params={"kind": "masks"}).json()["items"]
    assert (held["free"], held["area"]) == (100, "310115")
    for area in (HUANGPU, "310115"):
        (row,) = client.get("/v1/supplies/requests", params={"area": area}).json()["items"]
        assert (row["status"], row["from_area"]) == ("requested", "310115")
    assert (
        client.get("/v1/supplies/requests", params={"area": HUANGPU, "side": "supplier"}).json()[
            "items"
        ]
        == []
    )
    (moved,) = client.get("/v1/transfers").json()["items"]
    assert moved["to_hospital"] == "b" and "subject" not in moved


def test_a_known_kind_is_counted_in_its_unit_from_the_first_count_on(desk: Desk) -> None:
    told = {"area": HUANGPU, "quantity": 5}
    assert desk.refusal("SetStock", kind="food_baskets", unit="kg", **told) == "wrong_unit"
    assert (
        desk.refusal("RequestSupply", request="r", kind="pumps", unit="tons", **told)
        == "wrong_unit"
    )
    assert not desk.post("SetStock", kind="sandbags", unit="pieces", **told).rejected


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/supplies/requests/none", 404, "not_found"),
        ("/v1/transfers/none", 404, "not_found"),
        ("/v1/transfers/t/patient", 403, "peacetime"),
        ("/v1/supplies/requests?status=lost", 400, "unknown_status"),
        ("/v1/supplies/stocks?area=999", 400, "unknown_area"),
        ("/v1/supplies/stocks?at=2022-03-01T08:00:00", 400, "time_without_zone"),
    ],
)
def test_what_is_not_there_or_not_open_is_said(
    client: TestClient, path: str, status: int, code: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_demand_is_served_for_the_gauges(client: TestClient) -> None:
    report = client.get("/v1/supplies/demand", params={"days": 7}).json()
    assert {row["kind"] for row in report["kinds"]} >= {
        "test_kits",
        "masks",
        "beds",
        "icu_beds",
        "staff",
    }
    assert report["simulated"] and report["shortages"] == []
    assert client.get("/v1/supplies/demand", params={"days": 0}).json()["code"] == "bad_query"
    assert (
        client.get("/v1/supplies/demand", params={"level": "village"}).json()["code"]
        == "unknown_level"
    )
