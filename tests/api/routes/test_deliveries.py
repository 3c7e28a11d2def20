"""Contactless delivery over HTTP: what a receiver, a courier and an officer each may ask."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from starlette.applications import Starlette

from helpers.cities import COMMUNITY, Desk
from twinward.edge.agent.cabinet import init_cabinet
from twinward.edge.agent.cabinet_door import CabinetDoor
from twinward.edge.agent.cabinet_routes import cabinet_routes
from twinward.edge.agent.config import CabinetConfig, EdgeConfig, EdgeIdentity
from twinward.edge.agent.parcels import public_of
from twinward.edge.agent.tokens import TokenKeeper
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


def test_as_many_slips_as_may_be_printed_can_be_asked(client: TestClient) -> None:
    """Two hundred long numbers are no body that is too large."""
    numbers = [f"{'P' * 100}-{n}" for n in range(200)]
    answer = client.post("/v1/parcel-slips", json={"parcels": numbers})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_receipts_that_are_none(client: TestClient) -> None:
    answered = client.post("/v1/parcel-receipts", json={"items": ["{}", "x", '{"body":1}']})
    assert [one["code"] for one in answered.json()["rejected"]] == ["bad_receipt"] * 3


def test_an_item_that_is_no_text_is_refused_alone_by_its_place(
    client: TestClient, desk: Desk, tmp_path: Path
) -> None:
    cabinet = init_cabinet(tmp_path / "c.db", "cab", "gate", public_of(depot_key(desk.platform)))
    told = {"holder": "cab", "kind": "cabinet", "area": COMMUNITY, "place": "gate"}
    client.post("/v1/parcel-holders", json=told | {"key": cabinet.status().public})
    parcel = {"type": "SendParcel", "subject": "p-1", "goods": "food", "area": COMMUNITY}
    parcel |= {"place": "gate", "to": "cabinet", "expires_at": "2022-03-05T00:00:00Z"}
    items = [parcel | {"id": f"s{n}", "parcel": f"P{n}"} for n in range(30)]
    client.post("/v1/commands", json={"items": items, "source": "desk"})
    cabinet.accept_manifest(client.get("/v1/parcel-holders/cab/manifest").content)
    raws = [cabinet.take_in(f"P{n}", desk.clock.now()).decode() for n in range(30)]
    given = [raws[0], None, *raws[1:], {"body": "x"}, "é" * 5000]  # as many as a day offline
    done = client.post("/v1/parcel-receipts", json={"items": given}).json()
    assert (done["received"], done["stored"], done["acknowledged"]) == (33, 30, {"cab": 30})
    assert [(one["index"], one["code"]) for one in done["rejected"]] == [
        (1, "bad_receipt"),
        (31, "bad_receipt"),
        (32, "bad_receipt"),
    ]


def test_the_depot_takes_the_ledger_of_a_lost_telephone_back(
    client: TestClient, desk: Desk
) -> None:
    told = {"holder": desk.me.name, "kind": "courier", "area": COMMUNITY}
    assert client.post("/v1/parcel-holders", json=told).json()["kept_by"] == "depot"
    path = f"/v1/parcel-holders/{desk.me.name}/take-back"
    early = client.post(path, json={"because": "lost in the canal"})
    assert (early.status_code, early.json()["code"]) == (409, "kept_here")
    key = public_of(Ed25519PrivateKey.generate())
    assert client.post("/v1/courier/phone", json={"key": key}).json()["kept_by"] == "phone"
    (row,) = client.get("/v1/parcel-holders").json()["items"]
    assert (row["key"], row["kept_by"]) == (key, "phone")
    assert client.post(path, json={"because": " "}).json()["code"] == "no_reason"
    done = client.post(path, json={"because": "lost in the canal"}).json()
    assert (done["kept_by"], done["because"]) == ("depot", "lost in the canal")
    again = client.post("/v1/courier/phone", json={"key": public_of(Ed25519PrivateKey.generate())})
    assert again.json()["kept_by"] == "phone"  # the new telephone
    box = told | {"holder": "cab", "kind": "cabinet", "place": "gate", "key": key}
    assert client.post("/v1/parcel-holders", json=box).json()["kept_by"] == ""
    of_box = client.post("/v1/parcel-holders/cab/take-back", json={"because": "it is lost"})
    assert of_box.json()["code"] == "not_a_courier"


def test_what_is_refused_says_its_advice_apart_in_the_readers_words(client: TestClient) -> None:
    item = {"id": "s", "type": "SendParcel", "parcel": "P1", "subject": "p-1", "goods": "food"}
    item |= {"area": COMMUNITY, "place": "door-1", "to": "door"}
    item |= {"expires_at": "2012-03-05T00:00:00Z"}
    spoken = {"Accept-Language": "zh"}
    told = [
        client.post("/v1/commands", json={"items": [item]}, headers=headers).json()["rejected"][0]
        for headers in ({}, spoken)
    ]
    assert all(one["code"] == "bad_until" and one["advice"] for one in told)
    assert told[0]["advice"] not in told[0]["message"]
    assert told[0]["message"] != told[1]["message"] and told[0]["advice"] != told[1]["advice"]


def test_the_pages_for_a_telephone_run_nothing_but_their_own(client: TestClient) -> None:
    for path in ("/parcel", "/courier"):
        page = client.get(path)
        policy = page.headers["content-security-policy"]
        assert page.status_code == 200 and "default-src 'none'" in policy
        assert "'unsafe-inline'" not in policy.partition("style-src")[0]
        assert "http" not in page.text.replace("http-equiv", "")  # nothing from elsewhere
        assert "/*style*/" not in page.text and "/*shared*/" not in page.text
    assert client.get("/v1/courier/round").status_code == 404


def test_a_courier_and_a_receiver_over_http(client: TestClient, desk: Desk) -> None:
    told = {"holder": desk.me.name, "kind": "courier", "area": COMMUNITY}
    assert client.post("/v1/parcel-holders", json=told).status_code == 201
    box = client.post("/v1/parcel-holders", json=told | {"holder": "c", "kind": "cabinet"})
    assert box.json()["code"] == "bad_holder"
    parcel = {"id": "s", "type": "SendParcel", "parcel": "P1", "subject": "p-1", "goods": "food"}
    parcel |= {"area": COMMUNITY, "place": "door-1", "to": "door"}
    parcel |= {"expires_at": "2022-03-05T00:00:00Z"}
    client.post("/v1/commands", json={"items": [parcel], "source": "desk"})
    code = client.post("/v1/deliveries/P1/code", json={"how": "voice"}).json()
    own = {"parcel": "P1", "ticket": code["ticket"]}
    renewed = client.post("/v1/receiver/renewal", json=own).json()
    assert renewed["code"] != code["code"] and renewed["changes_left"] == 4
    paper = client.post("/v1/parcel-slips", json={"parcels": ["P1"], "site": "https://a.example"})
    assert paper.content.startswith(b"%PDF")
    loaded = client.post("/v1/courier/parcels/P1", json={"act": "load"})
    assert loaded.json()["status"] == "loaded", loaded.text
    assert len(client.get("/v1/courier/round").json()["in_hand"]) == 1
    old = client.post("/v1/courier/parcels/P1", json={"act": "hand", "code": code["code"]})
    assert old.json()["code"] == "wrong_code"
    done = client.post("/v1/courier/parcels/P1", json={"act": "hand", "code": renewed["code"]})
    assert done.json()["status"] == "handed"


def test_a_cabinet_works_three_days_alone_and_reconciles(
    client: TestClient, desk: Desk, tmp_path: Path
) -> None:
    """The story: a parcel for somebody without a telephone, at a keypad whose network is cut."""
    ledger = init_cabinet(tmp_path / "cab.db", "cab", "gate", public_of(depot_key(desk.platform)))
    told = {"holder": "cab", "kind": "cabinet", "area": COMMUNITY, "place": "gate"}
    client.post("/v1/parcel-holders", json=told | {"key": ledger.status().public})
    ledger.close()
    parcel = {"type": "SendParcel", "subject": "p-1", "goods": "food", "area": COMMUNITY}
    parcel |= {"place": "gate", "to": "cabinet", "expires_at": "2022-03-20T00:00:00Z"}
    items = [parcel | {"id": f"s{n}", "parcel": f"P{n}"} for n in (1, 2)]
    client.post("/v1/commands", json={"items": items, "source": "desk"})
    asked = CabinetConfig(store="cab.db", key_sha256=hashlib.sha256(b"key").hexdigest())
    config = EdgeConfig(edge=EdgeIdentity(id="e"), cabinet=asked, folder=str(tmp_path))
    door = CabinetDoor(config, asked, desk.clock, TokenKeeper(None))
    screen = TestClient(Starlette(routes=list(cabinet_routes(door))))
    assert door.reconcile(client) == 0
    codes = {
        name: client.post(f"/v1/deliveries/{name}/code", json={"how": "paper"}).json()["code"]
        for name in ("P1", "P2")
    }
    key = {"authorization": "Bearer key"}
    for box, name in enumerate(("P1", "P2")):
        deed = {"parcel": name, "act": "deposit", "box": str(box)}
        assert screen.post("/v1/cabinet/parcels", json=deed, headers=key).json()["parcel"] == name

    def cut(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("the line is cut")

    alone = httpx.Client(transport=httpx.MockTransport(cut), base_url="http://centre")
    for _ in range(3):
        desk.clock.advance(timedelta(days=1))
        with pytest.raises(httpx.ConnectError):
            door.reconcile(alone)
    typed = {"parcel": "P1", "code": codes["P1"]}
    assert screen.post("/v1/cabinet/open", json=typed).json()["box"] == "0"
    assert screen.get("/v1/cabinet").json()["unsent"] == 3
    assert client.get("/v1/deliveries/P1").json()["parcel"]["status"] == "waiting"
    moved = {"act": "move", "because": "the receiver has moved", "place": "door-9", "to": "door"}
    assert client.post("/v1/deliveries/P2/answer", json=moved).status_code == 200
    assert door.reconcile(client) == 3  # the line is whole again
    assert door.reconcile(client) == 0
    found = client.get("/v1/deliveries/P1").json()
    assert (found["parcel"]["status"], found["parcel"]["disputed"]) == ("handed", "")
    assert [one["kind"] for one in found["receipts"]] == ["deposited", "handed"]
    over = screen.post("/v1/cabinet/open", json={"parcel": "P2", "code": codes["P2"]}).json()
    assert over["code"] == "parcel_moved"  # a changed place voids the code here too
