"""Devices from registration to replacement, orders that are done once, and what is late."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from helpers.cities import HUANGPU, Desk
from twinward.core.errors import RefusedError, TwinwardError
from twinward.edge.agent.wire import (
    EdgeStanding,
    HeardDevice,
    HeldDevice,
    OrderReceipt,
    ReportedState,
    SyncAnswer,
    SyncRequest,
)
from twinward.service.devices import fleet, orders, registry
from twinward.service.platform import Caller

STANDING = EdgeStanding(
    backlog=0,
    oldest_s=0.0,
    disk_bytes=1000,
    disk_bound=1_000_000,
    lost=0,
    duplicate=0,
    stored=10,
    rejected=0,
    alarms_open=0,
    config_version="v1",
    clock_skew_s=0.0,
)


def add(desk: Desk, device: str = "siren-1", **more: Any) -> registry.DeviceSecret:
    told: dict[str, Any] = {
        "device": device,
        "edge": "gate-1",
        "profile": "door-sensor",
        "area": HUANGPU,
        "place": "north-gate",
    }
    return registry.add(desk.platform, desk.me, registry.DeviceRequest(**(told | more)))


def sync(desk: Desk, caller: Caller | None = None, **said: Any) -> SyncAnswer:
    told: dict[str, Any] = {"edge": "gate-1", "standing": STANDING}
    desk.clock.advance(timedelta(seconds=1))
    return fleet.sync(desk.platform, caller or desk.me, SyncRequest(**(told | said)))


def order(desk: Desk, **more: Any) -> orders.DeviceOrderView:
    told: dict[str, Any] = {"until": desk.clock.now() + timedelta(hours=1)}
    desk.clock.advance(timedelta(seconds=1))
    return orders.order(desk.platform, desk.me, "siren-1", "sound", **(told | more))


def receipt(desk: Desk, name: str, state: str, **more: Any) -> OrderReceipt:
    told: dict[str, Any] = {"order": name, "device": "siren-1", "state": state}
    return OrderReceipt(**(told | {"at": desk.clock.now()} | more))


def state_of(desk: Desk, name: str) -> str:
    found = orders.list_orders(desk.platform, desk.me)
    return next(one.state for one in found if one.id == name)


def code_of(asked: Any) -> str:
    with pytest.raises(TwinwardError) as refused:
        asked()
    return str(refused.value.code)


def test_a_device_is_claimed_once_and_its_claim_can_be_issued_anew(desk: Desk) -> None:
    added = add(desk, claim=True)
    assert (added.device.state, len(added.claim_code)) == ("registered", 16)
    wrong = "0" * 16
    assert (
        code_of(lambda: registry.claim(desk.platform, desk.me, "siren-1", wrong)) == "wrong_claim"
    )
    first = registry.claim(desk.platform, desk.me, "siren-1", added.claim_code.upper())
    assert first.device.state == "active" and first.device.has_key
    used = added.claim_code
    assert code_of(lambda: registry.claim(desk.platform, desk.me, "siren-1", used)) == "wrong_claim"
    again = registry.rotate(desk.platform, desk.me, "siren-1", claim_anew=True)
    known = sync(desk).devices
    assert known is not None
    assert known[0].keys == (registry.digest(first.key),)  # the old key until the new one is kept
    second = registry.claim(desk.platform, desk.me, "siren-1", again.claim_code)
    known = sync(desk).devices
    assert known is not None and known[0].keys == (registry.digest(second.key),)


def test_an_old_key_holds_for_a_day_beside_the_new_one(desk: Desk) -> None:
    added = add(desk, claim=True)
    first = registry.claim(desk.platform, desk.me, "siren-1", added.claim_code)
    second = registry.rotate(desk.platform, desk.me, "siren-1")
    both = sync(desk).devices
    assert both is not None
    assert both[0].keys == (registry.digest(first.key), registry.digest(second.key))
    desk.clock.advance(timedelta(hours=25))
    left = sync(desk).devices
    assert left is not None and left[0].keys == (registry.digest(second.key),)


def test_no_key_and_no_code_is_in_the_log(desk: Desk) -> None:
    added = add(desk, claim=True)
    key = registry.claim(desk.platform, desk.me, "siren-1", added.claim_code).key
    with desk.platform.store.read() as rows:
        told = msgspec.json.encode([event.fact for event in rows.events_after(0, 1000)]).decode()
    assert registry.digest(key) in told
    assert key not in told and added.claim_code not in told


def test_replaced_hardware_keeps_the_place_and_a_revoked_device_is_heard_no_more(
    desk: Desk,
) -> None:
    add(desk)
    new = registry.replace(desk.platform, desk.me, "siren-1", "siren-2", "water got in").device
    assert (new.place, new.edge, new.replaces) == ("north-gate", "gate-1", "siren-1")
    old = registry.get_device(desk.platform, desk.me, "siren-1")
    assert (old.state, old.replaced_by) == ("replaced", "siren-2")
    registry.revoke(desk.platform, desk.me, "siren-2", "stolen last night")
    known = {one.device: one.may_speak for one in sync(desk).devices or ()}
    assert known == {"siren-1": False, "siren-2": False}
    for device in ("siren-1", "siren-2"):
        asked = lambda device=device: registry.rotate(desk.platform, desk.me, device)  # noqa: E731
        assert code_of(asked) in ("device_replaced", "device_revoked")
    assert code_of(lambda: add(desk)) == "exists"  # an id is never given twice


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"profile": "toaster"}, "unknown_profile"),
        ({"area": "999999"}, "unknown_area"),
        ({"device": "a/b"}, "bad_device"),
        ({"device": "+"}, "bad_device"),
        ({"edge": ""}, "bad_device"),
        ({"place": "x" * 200}, "bad_device"),
        ({"device": "13900001111"}, "direct_identity"),
    ],
)
def test_a_device_that_cannot_be_is_refused(desk: Desk, more: dict[str, Any], code: str) -> None:
    assert code_of(lambda: add(desk, **more)) == code


def test_what_is_wanted_is_pending_until_the_device_says_so(desk: Desk) -> None:
    add(desk)
    registry.wish(desk.platform, desk.me, "siren-1", {"volume": "3", "night": "off"})
    one = registry.get_device(desk.platform, desk.me, "siren-1")
    assert (one.pending, one.desired_version) == ({"volume": "3", "night": "off"}, 1)
    said = ReportedState(device="siren-1", reported={"volume": "3"}, version=1, at=desk.clock.now())
    sync(desk, reported=(said,))
    assert registry.get_device(desk.platform, desk.me, "siren-1").pending == {"night": "off"}
    older = msgspec.structs.replace(said, reported={}, at=desk.clock.now() - timedelta(days=1))
    sync(desk, reported=(older,))
    assert registry.get_device(desk.platform, desk.me, "siren-1").reported == {"volume": "3"}
    registry.wish(desk.platform, desk.me, "siren-1", {"night": ""})
    assert registry.get_device(desk.platform, desk.me, "siren-1").pending == {}


def test_an_order_goes_out_and_is_done_once(desk: Desk) -> None:
    add(desk)
    one = order(desk, values={"seconds": "30"})
    assert [wanted.order for wanted in sync(desk).orders] == [one.id]
    for state in ("sent", "delivered", "done"):
        told = receipt(desk, one.id, state)
        assert sync(desk, receipts=(told,)).settled == (one.id,)
        assert sync(desk, receipts=(told,)).settled == (one.id,)  # said twice
        assert state_of(desk, one.id) == state
    assert sync(desk).orders == ()
    sync(desk, receipts=(receipt(desk, one.id, "refused"),))
    assert state_of(desk, one.id) == "done"


def test_an_order_told_again_after_a_lost_answer_is_the_same_order(desk: Desk) -> None:
    add(desk)
    until = desk.clock.now() + timedelta(hours=1)
    once = order(desk, name="o-1", until=until)
    assert order(desk, name="o-1", until=until) == once
    assert code_of(lambda: order(desk, name="o-1", until=until, values={"s": "9"})) == "exists"
    assert len(orders.list_orders(desk.platform, desk.me)) == 1


def test_an_order_that_is_superseded_or_has_expired_is_not_wanted(desk: Desk) -> None:
    add(desk)
    old = order(desk)
    before = desk.clock.now()
    new = order(desk, supersedes=old.id)
    assert [wanted.order for wanted in sync(desk).orders] == [new.id]
    assert state_of(desk, old.id) == "superseded"
    sync(desk, receipts=(receipt(desk, old.id, "done"),))
    assert state_of(desk, old.id) == "superseded"  # done after it was ended: the edge is late
    sync(desk, receipts=(receipt(desk, old.id, "done", at=before),))
    assert state_of(desk, old.id) == "done"  # it was done before
    desk.clock.advance(timedelta(hours=2))
    assert sync(desk).orders == () and state_of(desk, new.id) == "expired"
    late = receipt(desk, new.id, "done")
    assert sync(desk, receipts=(late,)).settled == (new.id,)
    assert state_of(desk, new.id) == "expired"
    in_time = msgspec.structs.replace(late, at=desk.clock.now() - timedelta(minutes=90))
    sync(desk, receipts=(in_time,))  # the line was cut: it was done in time
    assert state_of(desk, new.id) == "done"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"until": timedelta(0)}, "bad_until"),
        ({"until": timedelta(days=40)}, "bad_until"),
        ({"supersedes": "nobody"}, "not_found"),
        ({"name": "first"}, "exists"),
    ],
)
def test_an_order_that_cannot_be_is_refused(desk: Desk, more: dict[str, Any], code: str) -> None:
    add(desk)
    order(desk, name="first")
    if "until" in more:
        more = {"until": desk.clock.now() + more["until"]}
    assert code_of(lambda: order(desk, **more)) == code


def test_an_answer_of_another_device_or_edge_changes_nothing(desk: Desk) -> None:
    add(desk)
    add(desk, "siren-2")
    one = order(desk)
    sync(desk, receipts=(receipt(desk, one.id, "done", device="siren-2"),))
    sync(desk, edge="gate-2", receipts=(receipt(desk, one.id, "done"),))
    sync(desk, receipts=(receipt(desk, "never-given", "done"),))
    assert state_of(desk, one.id) == "issued"


def test_nobody_else_speaks_for_an_edge(desk: Desk) -> None:
    feeder = msgspec.structs.replace(desk.me, name="feeder")
    other = msgspec.structs.replace(desk.me, name="other")
    sync(desk, feeder)
    with pytest.raises(RefusedError, match="another account"):
        sync(desk, other)
    sync(desk, feeder)


def test_the_fleet_says_what_is_late_and_why(desk: Desk) -> None:
    add(desk)
    known = sync(desk).registry
    (one,) = fleet.list_edges(desk.platform, desk.me)
    assert (one.state, one.late) == ("late", ("config",))
    sync(desk, registry=known)
    assert fleet.list_edges(desk.platform, desk.me)[0].state == "good"
    bad = msgspec.structs.replace(
        STANDING, lost=2, disk_bytes=900_000, backlog=7, oldest_s=900.0, clock_skew_s=-40.0
    )
    held = HeldDevice(device="new-1", count=3, first_at=desk.clock.now(), last_at=desk.clock.now())
    silent = HeardDevice(device="siren-1", state="unknown")
    sync(desk, registry="old", standing=bad, devices=(silent,), held=(held,))
    sync(desk, edge="gate-2")
    edges = fleet.list_edges(desk.platform, desk.me)
    assert [one.id for one in edges] == ["gate-1", "gate-2"]
    assert edges[0].late == ("lost", "disk", "backlog", "clock", "devices", "held", "config")
    assert edges[0].held[0].device == "new-1"
    assert registry.get_device(desk.platform, desk.me, "siren-1").heard == "unknown"
    desk.clock.advance(timedelta(minutes=5))
    assert {one.state for one in fleet.list_edges(desk.platform, desk.me)} == {"unknown"}
    assert len(fleet.list_edges(desk.platform, desk.me, late=True)) == 2
