"""Handing a case over: it moves only when the other side accepts; both sides see what became of
it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from helpers.cities import COMMUNITY, PUDONG_COMMUNITY, Desk
from twinward.core.errors import RefusedError
from twinward.security.identity.people import Caller
from twinward.service.access import activations
from twinward.service.access.handovers import list_handovers
from twinward.service.intake import commands


def offered(desk: Desk, number: int = 1) -> str:
    desk.case(number)
    name = f"h-{number}"
    told = {
        "handover": name,
        "case": f"c-{number}",
        "to_area": PUDONG_COMMUNITY,
        "reason": "lives there now",
    }
    assert desk.post("HandOverCase", **told).stored == 1
    return name


def case_area(desk: Desk, case: str = "c-1") -> str:
    with desk.platform.store.read() as rows:
        return str(rows.find("cases", case).area)


def officer(area: str, role: str = "duty_officer") -> Caller:
    return Caller(name=f"officer of {area}", role=role, areas=(area,))


def say(desk: Desk, caller: Caller, kind: str, **fields: Any) -> commands.BatchAccount:
    item = {"id": f"{kind}-{caller.name}", "type": kind, **fields}
    return commands.submit_objects(desk.platform, caller, [item], "test")


def test_a_case_moves_when_the_other_side_accepts(desk: Desk) -> None:
    name = offered(desk)
    assert case_area(desk) == COMMUNITY
    assert desk.post("AcceptHandOver", handover=name).stored == 1
    assert case_area(desk) == PUDONG_COMMUNITY
    assert desk.refusal("RefuseHandOver", handover=name, because="too late now") == "accepted"


def test_a_returned_case_stays_and_may_be_offered_again(desk: Desk) -> None:
    name = offered(desk)
    assert desk.post("ReturnHandOver", handover=name, because="the address is missing").stored == 1
    assert case_area(desk) == COMMUNITY
    told = {
        "handover": "h-2",
        "case": "c-1",
        "to_area": PUDONG_COMMUNITY,
        "reason": "with the address now",
    }
    assert desk.post("HandOverCase", **told).stored == 1


def test_a_refused_case_is_not_offered_to_the_same_area_twice(desk: Desk) -> None:
    name = offered(desk)
    assert desk.post("RefuseHandOver", handover=name, because="registered elsewhere").stored == 1
    told = {
        "handover": "h-2",
        "case": "c-1",
        "to_area": PUDONG_COMMUNITY,
        "reason": "please take it",
    }
    assert desk.refusal("HandOverCase", **told) == "refused"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"case": "nobody"}, "not_found"),
        ({"to_area": COMMUNITY}, "same_area"),
        ({"to_area": "999"}, "unknown_area"),
        ({"handover": "h-1"}, "exists"),
        ({"reason": ""}, "bad_field"),
        ({}, "offered"),
    ],
)
def test_what_cannot_be_offered_is_refused(desk: Desk, fields: dict[str, str], code: str) -> None:
    offered(desk)
    told = {
        "handover": "h-9",
        "case": "c-1",
        "to_area": PUDONG_COMMUNITY,
        "reason": "lives there now",
    } | fields
    assert desk.refusal("HandOverCase", **told) == code


def test_only_the_asked_area_answers_and_only_the_holder_offers(desk: Desk) -> None:
    name = offered(desk)
    here, there = officer("310101"), officer("310115")
    assert say(desk, here, "AcceptHandOver", handover=name).rejected[0].code == "area_not_yours"
    again = {"handover": "h-2", "case": "c-1", "to_area": COMMUNITY, "reason": "take it back"}
    assert say(desk, there, "HandOverCase", **again).rejected[0].code == "area_not_yours"
    assert say(desk, there, "AcceptHandOver", handover=name).stored == 1


def test_both_sides_see_it_under_an_activation_and_nobody_in_peacetime(desk: Desk) -> None:
    offered(desk)
    here, there = officer("310101"), officer("310115")
    with pytest.raises(RefusedError) as refused:
        list_handovers(desk.platform, here)
    assert refused.value.code == "peacetime"
    activations.open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic",
        areas=["all"],
        purposes=["trace"],
        days=3,
        by="the committee",
        basis="the act, article 39",
    )
    desk.clock.advance(timedelta(minutes=1))
    (seen,) = list_handovers(desk.platform, here).items
    assert (seen.status, seen.mine_to_answer) == ("offered", False)
    (seen,) = list_handovers(desk.platform, there, case="c-1").items
    assert seen.mine_to_answer and seen.from_area == COMMUNITY
    assert list_handovers(desk.platform, officer("310101003"), status="offered").items == []
