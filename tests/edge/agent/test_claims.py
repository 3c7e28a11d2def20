"""A device claims its key at the edge while the centre is away; other hardware keeps the place's history;
nothing that is undone comes back by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.agent.test_device_orders import Line
from edge.agent.test_keeper import item
from helpers.cities import HUANGPU, Desk
from twinward.core.errors import TwinwardError
from twinward.service.devices import fleet, registry


@pytest.fixture
def line(tmp_path: Path, desk: Desk) -> Iterator[Line]:
    found = Line(tmp_path, desk)
    yield found
    found.box.close()


def add(line: Line, device: str = "lock-1") -> str:
    asked = registry.DeviceRequest(
        device=device, edge="gate-1", profile="thermometer", area=HUANGPU, place="p", claim=True
    )
    return registry.add(line.desk.platform, line.desk.me, asked).claim_code


def bring(line: Line, code: str, device: str = "lock-1") -> dict[str, Any]:
    told: dict[str, Any] = line.device.post(
        f"/v1/devices/{device}/claim", json={"code": code}
    ).json()
    return told


def meet(line: Line) -> None:
    """The line is heard, and the keeper has met the registry."""
    line.sync(2)
    line.box.count = getattr(line.box, "count", 0) + 1
    line.box.send(item(line.box.count))


def speaks(line: Line, key: str, seq: int, device: str = "lock-1") -> int:
    headers = {"authorization": f"Bearer {key}"}
    body = {"device": device, "items": [item(seq)]}
    return int(line.device.post("/v1/readings", json=body, headers=headers).status_code)


def edge_of(line: Line) -> fleet.EdgeView:
    return fleet.list_edges(line.desk.platform, line.desk.me)[0]


def test_a_device_gets_its_key_while_the_centre_is_away(line: Line) -> None:
    code = add(line)
    meet(line)
    assert speaks(line, "", 1) == 401  # a device that has a claim is believed with its key alone
    line.cut = True
    assert bring(line, "x" * 16)["code"] == "wrong_claim"
    lost = bring(line, code)["key"]  # the answer was lost: it asks again
    key = bring(line, f" {code.upper()} ")["key"]
    assert speaks(line, lost, 1) == speaks(line, "", 1) == 401
    assert speaks(line, key, 1) == 200
    line.restart()
    line.box.send(item(900))
    assert speaks(line, key, 2) == 200
    line.cut = False
    meet(line)
    found = registry.get_device(line.desk.platform, line.desk.me, "lock-1")
    assert found.has_key and speaks(line, key, 3) == 200
    assert bring(line, code)["code"] == "wrong_claim"  # a claim holds once
    assert "claims" not in edge_of(line).late
    line.sync(3)  # and told again it changes nothing
    events = [one for one in line.desk.events() if "DeviceClaimed" in str(one)]
    assert len(events) == 1


@pytest.mark.parametrize("case", ["claimed at the centre", "revoked", "a newer claim"])
def test_a_claim_that_the_centre_does_not_take_ends_and_is_said(line: Line, case: str) -> None:
    code = add(line)
    meet(line)
    line.cut = True
    key = bring(line, code)["key"]
    platform, me = line.desk.platform, line.desk.me
    if case == "claimed at the centre":
        other = registry.claim(platform, me, "lock-1", code).key
    elif case == "revoked":
        registry.revoke(platform, me, "lock-1", "stolen")
    else:
        newer = registry.rotate(platform, me, "lock-1", claim_anew=True).claim_code
    line.cut = False
    meet(line)
    assert speaks(line, key, 1) == 401 or case == "revoked"
    if case == "claimed at the centre":
        assert speaks(line, other, 1) == 200
        assert "claims" in edge_of(line).late
        (told,) = edge_of(line).claims_refused
        assert told.device == "lock-1" and "no such claim" in told.refused
    if case == "a newer claim":
        fresh = bring(line, newer)["key"]
        meet(line)
        assert speaks(line, fresh, 1) == 200
        assert "claims" not in edge_of(line).late


def test_other_hardware_keeps_the_history_of_the_place(line: Line) -> None:
    asked = registry.DeviceRequest(
        device="old", edge="gate-1", profile="thermometer", area=HUANGPU, place="store-3"
    )
    registry.add(line.desk.platform, line.desk.me, asked)
    meet(line)
    assert speaks(line, "", 1, "old") == 200
    registry.replace(line.desk.platform, line.desk.me, "old", "new", "the battery leaked")
    meet(line)
    assert speaks(line, "", 1, "new") == 200
    store = line.box.store
    now_us = int(line.box.clock.now().timestamp() * 1e6)
    assert store.placed_at("new", now_us)[2] == store.placed_at("old", now_us)[2] == "store-3"
    found = registry.get_device(line.desk.platform, line.desk.me, "new")
    assert (found.place, found.replaces) == ("store-3", "old")
    old = registry.get_device(line.desk.platform, line.desk.me, "old")
    assert (old.state, old.replaced_by) == ("replaced", "new")


def test_what_was_admitted_and_undone_stays_undone(line: Line) -> None:
    """An unknown device speaks, is let in, is revoked, and speaks on: no second admission comes of
    it by itself, however often the two sides talk.
    """
    assert speaks(line, "", 1, "stray") == 200
    meet(line)
    asked = registry.DeviceRequest(
        device="stray", edge="gate-1", profile="thermometer", area=HUANGPU
    )
    registry.add(line.desk.platform, line.desk.me, asked)
    meet(line)
    registry.revoke(line.desk.platform, line.desk.me, "stray", "let in by mistake")
    before = len(line.desk.events())
    for seq in range(2, 8):
        speaks(line, "", seq, "stray")
        meet(line)
    assert registry.get_device(line.desk.platform, line.desk.me, "stray").state == "revoked"
    assert len(line.desk.events()) == before
    with pytest.raises(TwinwardError):
        registry.add(line.desk.platform, line.desk.me, asked)
