"""The keypad of a cabinet: codes, a door that sticks, a courier's key, a screen for anybody."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.applications import Starlette
from starlette.testclient import TestClient

from twinward.core.clock import SetClock
from twinward.edge.agent.cabinet import init_cabinet
from twinward.edge.agent.cabinet_door import CabinetDoor
from twinward.edge.agent.cabinet_routes import cabinet_routes
from twinward.edge.agent.config import CabinetConfig, EdgeConfig, EdgeIdentity
from twinward.edge.agent.parcels import (
    Manifest,
    ManifestLine,
    check_digit,
    make_code,
    public_of,
    salt_of,
    sign,
    verifier_of,
)
from twinward.edge.agent.tokens import TokenKeeper

NOW = datetime(2022, 3, 1, 8, tzinfo=UTC)
DEPOT = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = "courier-key"
CODE = make_code(b"s" * 32, "P-1", "gate", 1)


def line(parcel: str, *, withheld: bool = False) -> ManifestLine:
    salt = salt_of("cab", parcel, "gate", 1)
    return ManifestLine(
        parcel=parcel,
        place="gate",
        round=1,
        expires_at=NOW + timedelta(days=5),
        salt=salt,
        verifier=verifier_of(make_code(b"s" * 32, parcel, "gate", 1), salt),
        withheld=withheld,
    )


@pytest.fixture
def door(tmp_path: Path) -> CabinetDoor:
    ledger = init_cabinet(tmp_path / "cabinet.db", "cab", "gate", public_of(DEPOT))
    lines = (line("P-1"), line("P-2"), line("P-3", withheld=True))
    ledger.accept_manifest(sign(DEPOT, Manifest(holder="cab", number=1, made_at=NOW, lines=lines)))
    ledger.close()
    asked = CabinetConfig(
        lock_topic="lock/{box}",
        lock_file="lock.txt",
        key_sha256=hashlib.sha256(KEY.encode()).hexdigest(),
    )
    config = EdgeConfig(edge=EdgeIdentity(id="e"), cabinet=asked, folder=str(tmp_path))
    return CabinetDoor(config, asked, SetClock(NOW), TokenKeeper(None))


@pytest.fixture
def screen(door: CabinetDoor) -> TestClient:
    return TestClient(Starlette(routes=list(cabinet_routes(door))))


def put_in(screen: TestClient, parcel: str = "P-1", box: str = "4", key: str = KEY) -> str:
    answered = screen.post(
        "/v1/cabinet/parcels",
        json={"parcel": parcel, "act": "deposit", "box": box},
        headers={"authorization": f"Bearer {key}"},
    )
    return str(answered.json().get("code", ""))


def type_in(screen: TestClient, code: str, parcel: str = "p-1") -> dict[str, object]:
    told: dict[str, object] = screen.post(
        "/v1/cabinet/open", json={"parcel": parcel, "code": code}
    ).json()
    return told


def test_a_box_opens_on_its_code_once(
    door: CabinetDoor, screen: TestClient, tmp_path: Path
) -> None:
    told: list[tuple[str, str]] = []
    door.publish = lambda topic, text: told.append((topic, text))
    assert put_in(screen) == ""
    opened = type_in(screen, CODE, " p-1 ")  # as a finger types it
    assert (opened["box"], opened["again"], opened["stuck"]) == ("4", False, False)
    assert told == [("lock/4", "open 4")] * 2  # once for the courier, once for the receiver
    assert (tmp_path / "lock.txt").read_text().strip().endswith("4 open 4")
    for _ in range(3):  # the door sticks
        assert type_in(screen, CODE)["again"] is True
    assert type_in(screen, CODE)["code"] == "already_handed"  # and not for ever
    assert len(told) == 5
    assert screen.get("/v1/cabinet").json() == {
        "place": "gate",
        "holder": "cab",
        "held": 0,
        "unsent": 2,
        "heard_at": "",
    }


@pytest.mark.parametrize("case", ["late", "other code", "taken again"])
def test_a_box_opens_again_for_nobody_else(
    door: CabinetDoor, screen: TestClient, case: str
) -> None:
    put_in(screen)
    type_in(screen, CODE)
    code = CODE
    if case == "late":
        assert isinstance(door.clock, SetClock)
        door.clock.advance(timedelta(minutes=3))
    elif case == "other code":
        code = make_code(b"t" * 32, "P-1", "gate", 1)
    else:
        assert put_in(screen, "P-2") == ""  # another's parcel lies there now
    assert type_in(screen, code)["code"] == "already_handed"


def test_a_lock_that_does_not_answer_is_said_and_tried_again(
    door: CabinetDoor, screen: TestClient
) -> None:
    def broken(_topic: str, _text: str) -> None:
        raise RuntimeError("no broker")

    put_in(screen)
    door.publish = broken
    assert type_in(screen, CODE)["stuck"] is True
    door.publish = None
    again = type_in(screen, CODE)
    assert (again["again"], again["stuck"]) == (True, False)


def test_wrong_codes_are_counted_and_a_slip_of_the_finger_is_not(screen: TestClient) -> None:
    put_in(screen)
    slipped = CODE[:-1] + str((int(CODE[-1]) + 1) % 10)
    first = f"{(int(CODE[0]) + 1) % 10}{CODE[1:9]}"
    wrong = first + check_digit(first)
    assert [type_in(screen, slipped)["code"] for _ in range(6)] == ["mistyped_code"] * 6
    codes = [type_in(screen, wrong)["code"] for _ in range(6)]
    assert codes == ["wrong_code"] * 4 + ["parcel_locked"] * 2
    assert type_in(screen, CODE)["code"] == "parcel_locked"


@pytest.mark.parametrize(
    ("parcel", "box", "key", "code"),
    [
        ("P-1", "4", "", "wrong_key"),
        ("P-1", "4", "guess", "wrong_key"),
        ("P-1", "", KEY, "bad_box"),
        ("P-1", "4/#", KEY, "bad_box"),
        ("P-9", "4", KEY, "not_found"),
        ("P-3", "4", KEY, "parcel_moved"),
        ("P-2", "7", KEY, "box_taken"),
    ],
)
def test_what_a_courier_cannot_do(
    screen: TestClient, parcel: str, box: str, key: str, code: str
) -> None:
    put_in(screen, "P-1", "7")
    if parcel == "P-1":
        screen.post(
            "/v1/cabinet/parcels",
            json={"parcel": "P-1", "act": "withdraw"},
            headers={"authorization": f"Bearer {KEY}"},
        )
    assert put_in(screen, parcel, box, key) == code


def test_the_screen_shows_no_number_to_who_has_no_key(screen: TestClient) -> None:
    put_in(screen)
    assert screen.get("/v1/cabinet/parcels").json()["code"] == "wrong_key"
    page = screen.get("/cabinet")
    assert "P-1" not in page.text + screen.get("/v1/cabinet").text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    bad = screen.post("/v1/cabinet/open", content=b"\xff{")
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_body")
