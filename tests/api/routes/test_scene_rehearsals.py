"""A rehearsal is fenced by the server: with its token nothing leaves by any route of the API."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from helpers.cities import COMMUNITY, Desk
from twinward.service.access.authorization import INSIDE_REHEARSAL, READING
from twinward.service.city import rehearsals as r
from twinward.service.hazards.forecast_store import ForecastLine

ORDER = {
    "offset_s": 90,
    "title": "Close the gate",
    "department": "transport",
    "area": COMMUNITY,
}
REPORT = {
    "type": "ReportCase",
    "id": "c-1",
    "case": "case-1",
    "subject": "p-1",
    "hazard": "epidemic",
    "area": COMMUNITY,
    "status": "confirmed",
    "found_in": "community",
}


@pytest.fixture
def inside(client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A rehearsal that runs, as the server told it."""
    line = ForecastLine(
        id="fc-flood-1",
        hazard="flood",
        issued_at=desk.clock.now() - timedelta(hours=1),
        made_by="loop",
        because="",
        hours=30.0,
        members=20,
        people=(),
        level=None,
        calibration="",
    )
    monkeypatch.setattr(r, "list_forecasts", lambda _: [line])
    begun = client.post("/v1/scene/rehearsals", json={"hours": 24})
    assert begun.status_code == 201
    found: dict[str, Any] = begun.json()
    client.headers["authorization"] = f"Bearer {found['token']}"
    return found


def writing(client: TestClient) -> list[tuple[str, str]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), path)
        for path, methods in paths.items()
        for method in methods
        if method.upper() not in READING
    ]


def seq(desk: Desk) -> int:
    with desk.platform.store.read() as reader:
        return int(reader.last_seq())


def test_by_no_route_does_anything_leave(
    client: TestClient, desk: Desk, inside: dict[str, Any]
) -> None:
    before = seq(desk)
    routes = writing(client)
    assert len(routes) > 50
    left = []
    for method, path in routes:
        if (method, path) in INSIDE_REHEARSAL:
            continue
        for body in ({}, REPORT, {"items": [REPORT]}):
            told = client.request(method, re.sub(r"{[^}]*}", "x", path), json=body)
            if told.status_code != 403 or told.json()["code"] != "in_rehearsal":
                left.append((method, path, told.status_code, told.text[:300]))
    assert left == []
    assert seq(desk) == before


def test_an_order_inside_is_kept_inside_and_the_same_in_earnest_is_not_taken_for_it(
    client: TestClient, desk: Desk, inside: dict[str, Any]
) -> None:
    before = seq(desk)
    path = f"/v1/scene/rehearsals/{inside['id']}"
    assert client.post(f"{path}/orders", json=ORDER).status_code == 201
    assert client.get(path).json()["orders"][0]["fenced"] is True
    assert "token" not in client.get(path).json()
    other = client.post("/v1/scene/rehearsals/reh-another-one/orders", json=ORDER)
    assert (other.status_code, other.json()["code"]) == (403, "in_rehearsal")
    assert client.get("/v1/screen").status_code == 200  # what is read may be read
    assert seq(desk) == before


def test_the_token_outlives_its_rehearsal_only_to_read(
    client: TestClient, desk: Desk, inside: dict[str, Any]
) -> None:
    path = f"/v1/scene/rehearsals/{inside['id']}"
    assert client.post(f"{path}/end").status_code == 200
    assert client.post(f"{path}/orders", json=ORDER).status_code == 409
    assert client.post("/v1/commands", json=REPORT).json()["code"] == "in_rehearsal"
    desk.clock.advance(timedelta(hours=24 / 60 + 1))
    assert client.get(path).status_code == 401


def test_a_token_whose_mark_was_cut_out_is_none(
    client: TestClient, desk: Desk, inside: dict[str, Any]
) -> None:
    head, body, signature = inside["token"].split(".")
    _, plain, _ = desk.platform.identities.sign(
        desk.me, desk.clock.now(), timedelta(hours=1)
    ).split(".")
    for forged in (f"{head}.{plain}.{signature}", f"{head}.{body}."):
        told = client.post("/v1/commands", json=REPORT, headers={"authorization": f"Bearer {forged}"})  # fmt: skip
        assert told.status_code == 401
