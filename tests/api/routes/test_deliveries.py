"""Contactless delivery over HTTP: what a receiver, a courier and an officer each may ask."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from helpers.cities import COMMUNITY, Desk
from twinward.edge.agent.cabinet import init_cabinet
from twinward.edge.agent.parcels import public_of
from twinward.service.deliveries.secrets import depot_key


def test_a_parcel_over_http(client: TestClient, desk: Desk, tmp_path: Path) -> None:
    cabinet = init_cabinet(tmp_path / "c.db", "cab", "gate", public_of(depot_key(desk.platform)))
    told = {"holder": "cab", "kind": "cabinet", "area": COMMUNITY, "place": "gate"}
    made = client.post("/v1/parcel-holders", json=told | {"key": cabinet.status().public})
    assert (made.status_code, made.json()["kind"]) == (201, "cabinet")
    parcel = {"id": "s", "type": "SendParcel", "parcel": "P1", "subject": "p-1", "goods": "food"}
    parcel |= {"area": COMMUNITY, "place": "gate", "to": "cabinet"}
    parcel |= {"expires_at": "2022-03-05T00:00:00Z"}
    sent = client.post("/v1/commands", json={"items": [parcel], "source": "desk"})
    assert sent.json()["stored"] == 1, sent.text
    (row,) = client.get("/v1/deliveries", params={"status": "open"}).json()["items"]
    assert "subject" not in row and "code" not in row
    code = client.post("/v1/deliveries/P1/code", json={"how": "paper"}).json()
    own = {"parcel": "P1", "ticket": code["ticket"]}
    assert client.post("/v1/receiver/code", json=own).json()["code"] == code["code"]
    bad = client.post("/v1/receiver/code", json=own | {"ticket": "x"})
    absent = client.post("/v1/receiver/code", json=own | {"parcel": "P2"})
    assert bad.status_code == absent.status_code == 404
    assert bad.json()["detail"] == absent.json()["detail"]
    cabinet.accept_manifest(client.get("/v1/parcel-holders/cab/manifest").content)
    raws = [
        cabinet.take_in("P1", desk.clock.now()),
        cabinet.hand_out("P1", code["code"], desk.clock.now()),
    ]
    items = {"items": [one.decode() for one in raws]}
    assert client.post("/v1/parcel-receipts", json=items).json()["stored"] == 2
    found = client.get("/v1/deliveries/P1").json()
    assert (found["parcel"]["status"], len(found["receipts"])) == ("handed", 2)
    over = client.post("/v1/deliveries/P1/answer", json={"act": "renew", "because": "lost it"})
    assert (over.status_code, over.json()["code"]) == (409, "parcel_ended")


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/deliveries/P9/code", {"how": "paper"}, "not_found"),
        ("/v1/deliveries/P9/answer", {"act": "cancel", "because": "no"}, "not_found"),
        ("/v1/parcel-holders/x/revoke", {"because": "stolen"}, "not_found"),
        (
            "/v1/parcel-holders",
            {"holder": "c", "kind": "cabinet", "area": COMMUNITY, "key": "k"},
            "bad_holder",
        ),
        (
            "/v1/parcel-holders",
            {"holder": "c", "kind": "cabinet", "area": COMMUNITY, "key": "k" * 43},
            "missing_field",
        ),
    ],
)
def test_what_cannot_be_asked(
    client: TestClient, path: str, body: dict[str, str], code: str
) -> None:
    assert client.post(path, json=body).json()["code"] == code


def test_receipts_that_are_none(client: TestClient) -> None:
    answered = client.post("/v1/parcel-receipts", json={"items": ["{}", "x", '{"body":1}']})
    assert [one["code"] for one in answered.json()["rejected"]] == ["bad_receipt"] * 3
