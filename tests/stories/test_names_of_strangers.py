"""Ids from outside live in their sender's namespace: nobody takes another's, nor one of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from helpers.cities import COMMUNITY, HUANGPU, PUDONG_COMMUNITY, Desk
from twinward.core.ids import derive_id, is_reserved
from twinward.core.messages import OWN_ACTORS
from twinward.security.identity.people import Caller
from twinward.service.access import activations
from twinward.service.intake import commands, observations

HOSPITAL = Caller(name="hosphp", role="hospital", areas=(HUANGPU,))
DUTY = Caller(name="duty", role="duty_officer")


def harmless(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "type": "ReportCase",
        "case": f"x-{name}"[:100],
        "subject": f"p-{name}"[:100],
        "hazard": "unknown-hazard",
        "area": COMMUNITY,
        "status": "suspected",
    }


def flood(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "type": "ReportHazard",
        "hazard": "flood",
        "area": PUDONG_COMMUNITY,
        "figure": "water_depth_m",
        "value": 3.0,
        "unit": "m",
    }


def send(desk: Desk, caller: Caller, source: str, *items: dict[str, Any]) -> commands.BatchAccount:
    account = commands.submit_objects(desk.platform, caller, list(items), source)
    desk.platform.loop.catch_up()
    return account


@pytest.mark.parametrize("prefix", ["", "duty/gauges//"])
def test_no_reaction_of_the_loop_is_switched_off_by_taking_its_id(desk: Desk, prefix: str) -> None:
    taken = [
        derive_id("cmd", f"{prefix}gauge-77.1", word)
        for word in ("open", "develop", "join", "report-hazard", "restrict", "mark")
    ]
    assert send(desk, HOSPITAL, "t", *(harmless(name) for name in taken)).stored == len(taken)
    assert send(desk, DUTY, "gauges", flood("gauge-77")).stored == 1
    assert [row["hazard"] for row in desk.incidents()] == ["flood"]


def test_an_id_that_another_sender_used_is_free_for_everybody_else(desk: Desk) -> None:
    assert send(desk, HOSPITAL, "t", harmless("gauge-1")).stored == 1
    assert send(desk, HOSPITAL, "t", harmless("duty/gauges//gauge-1")).stored == 1
    assert send(desk, DUTY, "gauges", flood("gauge-1")).stored == 1
    assert send(desk, DUTY, "gauges", flood("gauge-1")).duplicate == 1
    assert send(desk, DUTY, "other-gauges", flood("gauge-1")).stored == 1
    assert desk.incidents()


def test_a_duplicate_is_the_same_sender_and_words_and_all_else_is_told(desk: Desk) -> None:
    assert send(desk, DUTY, "gauges", flood("a")).stored == 1
    assert send(desk, DUTY, "gauges", flood("a")).duplicate == 1
    (refused,) = send(desk, DUTY, "gauges", flood("a") | {"value": 9.5}).rejected
    assert refused.code == "id_taken"
    (refused,) = send(desk, DUTY, "gauges", harmless("a") | {"area": COMMUNITY}).rejected
    assert refused.code == "id_taken"


def test_an_activation_is_closed_whatever_ids_were_taken(desk: Desk) -> None:
    act = activations.open_activation(
        desk.platform,
        desk.me,
        hazard="flood",
        areas=["all"],
        purposes=["trace"],
        days=3,
        by="duty",
        basis="a law",
    )
    assert send(desk, HOSPITAL, "t", harmless(derive_id("cmd", act, "close"))).stored == 1
    assert send(desk, HOSPITAL, "t", harmless(derive_id("cmd", act, "ends"))).stored == 1
    activations.close_activation(desk.platform, desk.me, act)
    assert [one.in_force for one in activations.list_activations(desk.platform)] == [False]


def test_every_id_that_we_make_ourselves_is_out_of_reach(desk: Desk) -> None:
    """All that the loop and the desk asked in a whole story: no sender's id stands as itself."""
    desk.case(1)
    desk.post("NameContact", contact="k-1", case="c-1", subject="p-9", area=COMMUNITY)
    desk.complete_all(but=("civil_affairs",))
    desk.pass_time(hours=30)
    act = activations.open_activation(
        desk.platform,
        desk.me,
        hazard="flood",
        areas=["all"],
        purposes=["trace"],
        days=3,
        by="duty",
        basis="a law",
    )
    activations.close_activation(desk.platform, desk.me, act)
    ours = [
        event["id"].rpartition(".")[0]
        for event in desk.events()
        if event["actor"] in OWN_ACTORS or event["type"].startswith("Activation")
    ]
    assert len(ours) > 20
    assert [name for name in ours if not is_reserved(name)] == []


def test_no_derived_id_of_a_case_that_was_taken_keeps_the_true_report_out(desk: Desk) -> None:
    """Ids of things are one space, for others refer to them; what has no id gets another one."""
    victim = {"type": "ReportCase", "subject": "p-victim", "hazard": "epidemic"}
    victim |= {"area": PUDONG_COMMUNITY, "status": "confirmed"}
    taken = harmless("t-1") | {"case": derive_id("case", "epidemic", "p-victim")}
    assert send(desk, HOSPITAL, "t", taken).stored == 1
    assert send(desk, DUTY, "clinic", victim | {"id": "r-1"}).stored == 1
    (mine,) = desk.rows("cases", subject="p-victim")
    assert mine.area == PUDONG_COMMUNITY and mine.id != taken["case"]
    assert [row["area"] for row in desk.incidents()] == ["310115"]


def observe(desk: Desk, caller: Caller, here: str, value: float, **more: Any) -> Any:
    item = {
        "source_id": "2022-03-01T00:00-g7",
        "type": "water_depth",
        "area": here,
        "place": f"gauge-{here}",
        "occurred_at": "2022-03-01T07:00:00Z",
        "value": value,
        **more,
    }
    body = json.dumps({"source": "city-gauges", "items": [item]}).encode()
    checks = observations.checks_of(desk.platform)
    return observations.submit(desk.platform, caller, checks, body).result()


def test_a_reading_is_a_duplicate_only_of_its_own_senders(desk: Desk) -> None:
    gauges = Caller(name="gauges", role="administrator")
    assert observe(desk, HOSPITAL, COMMUNITY, 0.0).stored == 1
    assert observe(desk, gauges, PUDONG_COMMUNITY, 4.0).stored == 1
    assert observe(desk, gauges, PUDONG_COMMUNITY, 4.0).duplicate == 1
    assert observe(desk, desk.me, PUDONG_COMMUNITY, 4.0).stored == 1
    desk.reopen()
    assert observe(desk, gauges, PUDONG_COMMUNITY, 4.0).duplicate == 1
    assert observe(desk, HOSPITAL, COMMUNITY, 0.0).duplicate == 1


@pytest.mark.parametrize("field", ["source_id", "place", "unit", "type", "area", "subject"])
@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x7f", "\x85", "\ud800", "\n", "\u202e"])
def test_no_bad_text_of_an_observation_is_kept(desk: Desk, field: str, bad: str) -> None:
    told = observe(desk, desk.me, COMMUNITY, 1.0, **{field: f"a{bad}"})
    assert (told.stored, len(told.rejected)) == (0, 1)
    assert observe(desk, desk.me, COMMUNITY, 1.0).stored == 1
    assert not desk.platform.reconciler.list_differences(fresh=True)
