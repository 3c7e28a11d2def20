"""Supplies and patients between two sides: nothing is lost, promised twice or taken from what is
not there.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from helpers.cities import HUANGPU, START, Desk
from twinward.core.errors import AbsentError, RefusedError
from twinward.security.identity.people import Caller
from twinward.service.intake.commands import submit_objects
from twinward.service.logistics import supply_queries
from twinward.twins.emergency.messages import Lot
from twinward.twins.emergency.resources.handlers import take_lots

PUDONG = "310115"
CITY_DEPOT = "depot-1"


def state(desk: Desk, quantity: float = 100, **more: Any) -> None:
    told = {
        "kind": "masks",
        "area": PUDONG,
        "quantity": quantity,
        "unit": "pieces",
        "holder": CITY_DEPOT,
    } | more
    assert desk.post("SetStock", **told).stored == 1


def request(desk: Desk, quantity: float = 60, name: str = "r", **more: Any) -> None:
    told = {
        "request": name,
        "kind": "masks",
        "quantity": quantity,
        "unit": "pieces",
        "area": HUANGPU,
    }
    assert (
        desk.post(
            "RequestSupply", **(told | {"from_area": PUDONG, "from_holder": CITY_DEPOT} | more)
        ).stored
        == 1
    )


def stock(desk: Desk, area: str, kind: str = "masks") -> Any:
    return next(
        row
        for row in supply_queries.list_stocks(desk.platform, desk.me, kind=kind)
        if row.area == area
    )


def step(desk: Desk, kind: str, area: str, **more: Any) -> None:
    account = desk.post(kind, request="r", area=area, **more)
    assert account.stored == 1, account.rejected


def test_what_is_sent_leaves_one_side_and_reaches_the_other(desk: Desk) -> None:
    state(desk, lead_time_h=6)
    request(desk)
    step(desk, "CommitSupply", PUDONG, quantity=50)
    assert (stock(desk, PUDONG).committed, stock(desk, PUDONG).free) == (50, 50)
    step(desk, "SendSupply", PUDONG, quantity=45, vehicle="lorry-3")
    assert (stock(desk, PUDONG).quantity, stock(desk, PUDONG).committed) == (55, 0)
    row = supply_queries.get_request(desk.platform, desk.me, "r")
    assert (row.status, row.sent, row.due_at) == ("sent", 45, START + timedelta(hours=6))
    step(desk, "ReceiveSupply", HUANGPU, quantity=40)
    row = supply_queries.get_request(desk.platform, desk.me, "r")
    assert (row.status, row.received, row.lost) == ("received", 40, 5)
    assert (stock(desk, HUANGPU).quantity, stock(desk, HUANGPU).unit) == (40, "pieces")


@pytest.mark.parametrize(
    ("kind", "area", "fields", "code"),
    [
        ("CommitSupply", HUANGPU, {"quantity": 10}, "wrong_side"),
        ("CommitSupply", PUDONG, {"quantity": 61}, "over_commit"),
        ("CommitSupply", PUDONG, {"quantity": 10, "unit": "boxes"}, "wrong_unit"),
        ("CommitSupply", PUDONG, {"quantity": 10, "holder": "elsewhere"}, "no_stock"),
        ("CommitSupply", PUDONG, {"quantity": -1}, "bad_field"),
        ("SendSupply", PUDONG, {}, "out_of_order"),
        ("ReceiveSupply", HUANGPU, {}, "out_of_order"),
        ("DeclineSupply", HUANGPU, {"because": "x"}, "wrong_side"),
        ("WithdrawRequest", PUDONG, {}, "wrong_side"),
        ("CommitSupply", "999999", {"quantity": 10}, "unknown_area"),
    ],
)
def test_a_step_out_of_order_or_of_the_wrong_side_is_refused(
    desk: Desk, kind: str, area: str, fields: dict[str, Any], code: str
) -> None:
    state(desk)
    request(desk)
    assert desk.refusal(kind, request="r", area=area, **fields) == code
    assert stock(desk, PUDONG).free == 100


def test_a_stock_is_not_promised_twice_nor_sent_when_it_is_gone(desk: Desk) -> None:
    state(desk)
    request(desk)
    request(desk, 50, "s")
    step(desk, "CommitSupply", PUDONG, quantity=60)
    assert desk.refusal("CommitSupply", request="s", area=PUDONG, quantity=50) == "over_commit"
    state(desk, 30)  # a new count finds less than was promised
    assert stock(desk, PUDONG).free == -30
    assert desk.refusal("SendSupply", request="r", area=PUDONG) == "negative_stock"
    step(desk, "SendSupply", PUDONG, quantity=30)
    assert (stock(desk, PUDONG).quantity, stock(desk, PUDONG).committed) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "area"), [("WithdrawRequest", HUANGPU), ("DeclineSupply", PUDONG)]
)
def test_what_was_promised_is_free_again_when_either_side_steps_back(
    desk: Desk, kind: str, area: str
) -> None:
    state(desk)
    request(desk)
    step(desk, "CommitSupply", PUDONG, quantity=60)
    step(desk, kind, area, because="not now")
    assert stock(desk, PUDONG).free == 100
    assert desk.refusal(kind, request="r", area=area, because="again") == "out_of_order"


def test_what_is_asked_for_an_incident_that_is_not_there_is_refused_and_a_bad_number_said_plainly(
    desk: Desk,
) -> None:
    told = {
        "kind": "masks",
        "quantity": 5,
        "unit": "pieces",
        "area": HUANGPU,
        "incident": "inc-none",
    }
    assert desk.refusal("RequestSupply", request="x", **told) == "not_found"
    moved = {
        "subject": "p",
        "area": HUANGPU,
        "hospital": "a",
        "to_area": PUDONG,
        "to_hospital": "b",
    }
    assert (
        desk.refusal("RequestTransfer", transfer="x", incident="inc-none", **moved) == "not_found"
    )
    account = desk.post("RequestSupply", request="x", **(told | {"quantity": -5}))
    assert account.rejected[0].message.startswith("RequestSupply: quantity: -5 is not above 0")


def test_an_open_request_is_answered_by_whoever_can(desk: Desk) -> None:
    state(desk)
    request(desk, from_area=None, from_holder=None)
    assert desk.refusal("DeclineSupply", request="r", area=PUDONG, because="no") == "nobody_asked"
    step(desk, "CommitSupply", PUDONG, quantity=60, holder=CITY_DEPOT)
    assert supply_queries.get_request(desk.platform, desk.me, "r").from_area == PUDONG


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"quantity": -5}, "bad_field"),
        ({"in_use": 101}, "over_capacity"),
        ({"unit": "boxes", "holder": "another"}, "wrong_unit"),
        ({"lots": [{"expires": "2022-04-01", "quantity": 101}]}, "bad_lots"),
        ({"lots": [{"expires": "soon", "quantity": 1}]}, "bad_field"),
        ({"lon": 121.5}, "half_a_point"),
    ],
)
def test_a_count_that_cannot_be_is_refused(desk: Desk, fields: dict[str, Any], code: str) -> None:
    state(desk)
    told = {
        "kind": "masks",
        "area": PUDONG,
        "quantity": 100,
        "unit": "pieces",
        "holder": CITY_DEPOT,
    } | fields
    assert desk.refusal("SetStock", **told) == code


def test_what_expires_first_goes_first_and_what_has_expired_stays() -> None:
    lots = tuple(Lot(expires=date(2022, 3, day), quantity=10) for day in (20, 1, 10))
    taken, left = take_lots(lots, 15, date(2022, 3, 5))
    assert [(lot.expires.day, lot.quantity) for lot in taken] == [(10, 10), (20, 5)]
    assert [(lot.expires.day, lot.quantity) for lot in left] == [(1, 10), (20, 5)]


def test_expired_masks_are_neither_free_nor_sent(desk: Desk) -> None:
    lots = [{"expires": "2022-02-28", "quantity": 70}, {"expires": "2022-04-01", "quantity": 20}]
    state(desk, lots=lots)
    request(desk)
    assert (stock(desk, PUDONG).expired, stock(desk, PUDONG).free) == (70, 30)
    assert desk.refusal("CommitSupply", request="r", area=PUDONG, quantity=31) == "over_commit"
    step(desk, "CommitSupply", PUDONG, quantity=30)
    step(desk, "SendSupply", PUDONG)
    step(desk, "ReceiveSupply", HUANGPU)
    assert [(lot.expires.isoformat(), lot.quantity) for lot in stock(desk, HUANGPU).lots] == [
        ("2022-04-01", 20)
    ]


def test_a_request_is_shown_as_it_was_at_an_instant(desk: Desk) -> None:
    state(desk)
    request(desk, needed_by=(START + timedelta(hours=3)).isoformat())
    desk.pass_time(hours=2)
    step(desk, "CommitSupply", PUDONG, quantity=60)
    before = START + timedelta(hours=1)
    (then,) = supply_queries.list_requests(desk.platform, desk.me, at=before)
    assert (then.status, then.late) == ("requested", False)
    (held,) = supply_queries.list_stocks(desk.platform, desk.me, at=before)
    assert held.free == 100
    desk.pass_time(hours=2)
    (now,) = supply_queries.list_requests(desk.platform, desk.me)
    assert (now.status, now.late) == ("committed", True)


def test_the_same_command_twice_is_done_once(desk: Desk) -> None:
    state(desk)
    request(desk)
    assert desk.post("CommitSupply", id="once", request="r", area=PUDONG, quantity=10).stored == 1
    assert (
        desk.post("CommitSupply", id="once", request="r", area=PUDONG, quantity=10).duplicate == 1
    )
    assert stock(desk, PUDONG).committed == 10


def test_only_who_is_responsible_for_a_side_acts_for_it(desk: Desk) -> None:
    state(desk)
    request(desk)
    huangpu = Caller(name="li", role="duty_officer", areas=(HUANGPU,))
    pudong = Caller(name="wang", role="duty_officer", areas=(PUDONG,))
    item = {"id": "x", "type": "CommitSupply", "request": "r", "area": PUDONG, "quantity": 5}
    account = submit_objects(desk.platform, huangpu, [item], "test")
    assert [one.code for one in account.rejected] == ["area_not_yours"]
    assert submit_objects(desk.platform, pudong, [item], "test").stored == 1
    assert [row.id for row in supply_queries.list_requests(desk.platform, pudong)] == ["r"]
    elsewhere = Caller(name="zhao", role="duty_officer", areas=("310101002",))
    assert (
        supply_queries.get_request(desk.platform, elsewhere, "r").area == HUANGPU
    )  # it concerns the street inside
    with pytest.raises(AbsentError):
        supply_queries.get_request(
            desk.platform, Caller(name="qian", role="duty_officer", areas=("310104",)), "r"
        )


def beds(desk: Desk, area: str, hospital: str, quantity: float, in_use: float) -> None:
    told = {
        "kind": "beds",
        "area": area,
        "holder": hospital,
        "quantity": quantity,
        "in_use": in_use,
        "unit": "beds",
    }
    assert desk.post("SetStock", **told).stored == 1


def move(desk: Desk, kind: str, area: str, **more: Any) -> None:
    account = desk.post(kind, transfer="t", area=area, **more)
    assert account.stored == 1, account.rejected


ASKED = {
    "subject": "p-1",
    "area": HUANGPU,
    "hospital": "east",
    "to_area": PUDONG,
    "to_hospital": "west",
}


def test_the_beds_of_both_hospitals_follow_a_patient(desk: Desk) -> None:
    beds(desk, HUANGPU, "east", 10, 10)
    beds(desk, PUDONG, "west", 2, 1)
    assert desk.post("RequestTransfer", transfer="t", **ASKED).stored == 1
    move(desk, "AcceptTransfer", PUDONG)
    assert stock(desk, PUDONG, "beds").free == 0
    desk.post("RequestTransfer", transfer="u", **(ASKED | {"subject": "p-2"}))
    assert desk.refusal("AcceptTransfer", transfer="u", area=PUDONG) == "no_free_bed"
    assert desk.refusal("ArriveTransfer", transfer="t", area=PUDONG) == "out_of_order"
    move(desk, "DepartTransfer", HUANGPU)
    assert (stock(desk, HUANGPU, "beds").in_use, stock(desk, PUDONG, "beds").in_use) == (9, 1)
    move(desk, "ArriveTransfer", PUDONG)
    west = stock(desk, PUDONG, "beds")
    assert (west.in_use, west.committed, west.free) == (2, 0, 0)


def test_a_bed_that_was_kept_is_free_again_when_the_patient_stays(desk: Desk) -> None:
    beds(desk, PUDONG, "west", 2, 1)
    desk.post("RequestTransfer", transfer="t", **ASKED)
    assert desk.refusal("RequestTransfer", transfer="u", **ASKED) == "already_moving"
    move(desk, "AcceptTransfer", PUDONG)
    assert desk.refusal("CancelTransfer", transfer="t", area=PUDONG) == "wrong_side"
    move(desk, "CancelTransfer", HUANGPU)
    assert stock(desk, PUDONG, "beds").free == 1


def test_nothing_but_the_sealed_note_says_who_is_moved(desk: Desk) -> None:
    beds(desk, PUDONG, "west", 2, 1)
    desk.post("RequestTransfer", transfer="t", **ASKED)
    assert not any("p-1" in str(event["fact"]) for event in desk.events())
    assert "p-1" not in str(supply_queries.list_transfers(desk.platform, desk.me))
    with pytest.raises(RefusedError) as refused:
        supply_queries.get_patient(desk.platform, desk.me, "t")
    assert refused.value.code == "peacetime"
