"""The loop works through a whole course: rounds, renewals, hand-overs, bounds, doubts, ways back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from helpers.cities import HUANGPU, NEIGHBOUR, PUDONG_COMMUNITY, Desk

PLAN = """
id = "{id}"
version = "1"
hazard = "epidemic"
level = "III"
title = "A plan for a test"
source = "Written for this test"
standard = false
[authority]
automatic = false
authorised_by = "nobody"
bounds = "none"
[[tasks]]
key = "trace"
title = "Name the contacts"
department = "disease_control"
deadline_h = 12
[[tasks]]
key = "test"
title = "Test the residents"
department = "health"
where = "each_affected"
after = ["trace"]
deadline_h = 20
every_h = 24
[[tasks]]
key = "close"
title = "Schools teach at home"
department = "education"
where = "each_affected"
deadline_h = 24
measure = "school_closure"
[[objectives]]
key = "tasks"
kind = "tasks_done"
[ends]
most_days = 10
"""


def put(desk: Desk, name: str = "test-plan", **changed: str) -> None:
    folder: Path = desk.workspace / "plans"
    folder.mkdir(exist_ok=True)
    text = PLAN.format(id=name)
    for before, after in changed.items():
        text = text.replace(before, after)
    (folder / f"{name}.toml").write_text(text, "utf-8")


def adopt(desk: Desk, plan: str, **more: Any) -> None:
    incident = desk.incident()["id"]
    assert desk.post("AdoptPlan", incident=incident, plan=plan, **more).stored == 1


def work(desk: Desk, key: str) -> list[Any]:
    return sorted((t for t in desk.tasks() if t.key == key), key=lambda t: (t.created_at, t.turn))


def finish(desk: Desk) -> None:
    for task in [t for t in desk.tasks("at_work") if t.clause.startswith("test-plan")]:
        desk.complete(task)


def many(desk: Desk, count: int, *, source: str = "bulletin", area: str = HUANGPU) -> None:
    desk.post(
        "ReportCount", hazard="epidemic", area=area, day=desk.today(), status="confirmed",
        found_in="community", count=count, source=source,
    )  # fmt: skip


def test_work_comes_round_while_the_plan_is_in_force_and_what_was_missed_is_counted(
    desk: Desk,
) -> None:
    desk.case()
    put(desk)
    adopt(desk, "test-plan")
    desk.complete(work(desk, "trace")[0])
    assert [(t.turn, t.status) for t in work(desk, "test")] == [(1, "ordered")]
    desk.complete(work(desk, "test")[0])
    desk.pass_time(hours=24)
    assert [(t.turn, t.status) for t in work(desk, "test")] == [(1, "done"), (2, "ordered")]
    desk.pass_time(hours=24)  # nobody tested in the second round
    _, second, third = work(desk, "test")
    assert (second.status, second.result) == (
        "dropped", "its next round has begun: this one was not done",
    )  # fmt: skip
    assert (third.turn, third.missed, third.status, third.essential) == (3, 1, "ordered", False)
    desk.case(2, area=NEIGHBOUR)  # an area that grows into it begins in the round that is on
    assert [t.turn for t in work(desk, "test") if t.area == NEIGHBOUR] == [3]


def test_a_plan_adopted_anew_orders_its_work_and_its_restrictions_again(desk: Desk) -> None:
    desk.case()
    put(desk)
    adopt(desk, "test-plan")
    finish(desk)
    assert [row.measure for row in desk.rows("restrictions")] == ["school_closure"]
    desk.pass_time(days=10)
    shown = desk.incident()
    assert (shown["ended_plan"].clause, shown["plan"].plan) == (
        "ends.most_days",
        "epidemic-iv-watch",
    )
    assert not desk.rows("restrictions")
    adopt(desk, "test-plan")
    assert [t.status for t in work(desk, "close")] == ["done", "ordered"]
    assert [t.status for t in work(desk, "trace")] == ["done", "ordered"]
    assert [row.measure for row in desk.rows("restrictions")] == ["school_closure"]


def test_a_renewal_lifts_nothing_orders_nothing_twice_and_goes_on_with_its_rounds(
    desk: Desk,
) -> None:
    desk.case()
    put(desk)
    adopt(desk, "test-plan")
    finish(desk)
    desk.pass_time(days=9)
    before = {t.id for t in desk.tasks()}
    adopt(desk, "test-plan", renews=True, by="Zhou Min")
    assert {t.id for t in desk.tasks()} == before
    assert not [e for e in desk.events() if e["type"] == "RestrictionsLifted"]
    desk.pass_time(days=5)
    shown = desk.incident()
    assert (shown["plan"].plan, shown["plan"].adopted_by) == ("test-plan", "Zhou Min")
    assert desk.rows("restrictions")
    assert work(desk, "test")[-1].turn == 15  # day 14: the count of rounds goes on


def test_bounds_authorised_beforehand_stop_the_plan_and_the_milder_one_takes_over(
    desk: Desk,
) -> None:
    for day in range(3):
        many(desk, 60 + day)
        desk.pass_time(days=1)
    assert desk.incident()["plan"].plan == "epidemic-ii-suppress"
    desk.complete_all()
    assert {row.measure for row in desk.rows("restrictions")} == {
        "school_closure", "gathering_limit",
    }  # fmt: skip
    since = desk.incident()["plan"].since
    while desk.clock.now() < since + timedelta(days=14):
        desk.pass_time(days=1)
        many(desk, 50)
    shown = desk.incident()
    assert shown["ended_plan"].clause == "authority.most_days"
    assert "authorised beforehand for 14 days" in shown["ended_plan"].because
    assert shown["plan"].plan == "epidemic-iii-contain"
    assert not desk.rows("restrictions")
    assert shown["proposed_plan"] == "epidemic-ii-suppress"  # to go on takes a person
    warned = [n for n in desk.rows("notices") if "authority.most_days" in n.clause]
    assert len(warned) == 2  # before, and when it was


def test_one_sources_sudden_word_closes_nothing_until_it_is_borne_out(desk: Desk) -> None:
    many(desk, 130)
    shown = desk.incident()
    assert (shown["level"], shown["held"].source) == ("II", "bulletin")
    assert shown["plan"].plan == "epidemic-iii-contain"  # work that restricts nobody goes on
    assert [n.to_role for n in desk.rows("notices") if n.clause == "plausibility"] == [
        "duty_officer"
    ]
    desk.complete_all()
    assert not desk.rows("restrictions")
    many(desk, 120, source="hospitals")
    shown = desk.incident()
    assert (shown["held"], shown["plan"].plan) == (None, "epidemic-ii-suppress")


def test_a_named_person_may_stand_for_a_doubtful_report_or_correct_it(desk: Desk) -> None:
    many(desk, 1400)
    incident = desk.incident()["id"]
    many(desk, 14)  # the clerk's slip is mended
    assert desk.incident()["figures"]["new_7d"] == 14
    assert desk.post(
        "SetResponseLevel", incident=incident, level="III", because="1,400 was 14", by="Zhou Min"
    ).stored
    assert (desk.incident()["level"], desk.incident()["called"]) == ("III", None)
    many(desk, 130)
    assert desk.incident()["level"] == "II"
    desk.post("ConfirmReports", incident=incident, reason="asked the hospital", by="Zhou Min")
    assert desk.incident()["plan"].plan == "epidemic-ii-suppress"


def test_the_gravest_level_is_called_for_and_decided_by_a_named_person(desk: Desk) -> None:
    for _ in range(4):
        many(desk, 400)
        desk.pass_time(days=1)
    shown = desk.incident()
    assert (shown["level"], shown["called"]) == ("II", "I")
    assert shown["proposed_plan"] == "epidemic-i-whole-city"
    adopt(desk, "epidemic-i-whole-city", by="Zhou Min")
    shown = desk.incident()
    assert (shown["level"], shown["decided"].by) == ("I", "Zhou Min")
    assert shown["proposed_plan"] is None
    desk.post(
        "SetResponseLevel", incident=shown["id"], level="II", because="beds are free", by="Li"
    )
    many(desk, 410)
    assert (desk.incident()["level"], desk.incident()["called"]) == ("II", None)


def test_needs_grow_with_residents_and_cases(desk: Desk) -> None:
    plan = desk.platform.reference.library.plans["epidemic-i-whole-city"]
    by_key = {task.key: task for task in plan.work()}
    assert by_key["test_area"].amounts(100_000, 0) == {"test_kits": 10_000.0}
    assert by_key["test_area"].amounts(0, 0) == {"test_kits": 20_000.0}
    assert by_key["deliver"].amounts(250_000, 0) == {"food_baskets": 100_000.0}
    assert by_key["field_hospital"].amounts(0, 7_500) == {"field_beds": 7_500.0}


def test_counts_and_case_reports_of_one_day_and_area_are_one_number(desk: Desk) -> None:
    for number in range(5):
        desk.case(number)
    many(desk, 1400)
    assert desk.incident()["figures"]["new_total"] == 1400
    many(desk, 1390, source="second bulletin")
    assert desk.incident()["figures"]["new_total"] == 1400
    many(desk, 3)  # corrected below the persons that are known, and below the other source
    assert desk.incident()["figures"]["new_total"] == 1390
    many(desk, 2, source="second bulletin")
    assert desk.incident()["figures"]["new_total"] == 5
    many(desk, 9, source="ward", area=NEIGHBOUR)  # another area's count comes on top
    assert desk.incident()["figures"]["new_total"] == 14


def test_the_citys_day_begins_at_its_own_midnight(desk: Desk) -> None:
    desk.clock.at = desk.clock.at.replace(hour=16, minute=30)  # 00:30 of 2 March in Shanghai
    desk.case()
    (row,) = desk.incidents()
    assert row["title"].endswith("since 2022-03-02")
    assert list(desk.incident()["days"]) == ["2022-03-02"]
    told = {"hazard": "epidemic", "area": HUANGPU, "status": "confirmed", "count": 1}
    assert desk.post("ReportCount", day="2022-03-02", **told).stored == 1
    assert desk.refusal("ReportCount", day="2022-03-03", **told) == "time_in_future"


def test_nothing_is_shown_by_no_contact_or_by_one_for_thousands(desk: Desk) -> None:
    many(desk, 5)
    evidence = {one.objective: one for one in desk.incident()["evidence"]}
    assert evidence["contacts"].because == (
        "no contact has been named for 5 infections: it proves nothing"
    )
    incident = desk.incident()["id"]
    assert desk.refusal(
        "WaiveObjective", incident=incident, objective="no linked case", reason="we are sure"
    ) == "not_evident"  # fmt: skip
    reason = "all five were in quarantine since they came"
    desk.post("WaiveObjective", incident=incident, objective="contacts", reason=reason, by="Li")
    met = {one.objective: one for one in desk.incident()["evidence"]}["contacts"]
    assert met.holds
    assert met.because.endswith(f"met by a stated reason: {reason} (Li)")


def test_a_false_alarm_a_case_that_was_none_and_an_order_by_mistake_are_taken_back(
    desk: Desk,
) -> None:
    desk.case(1)
    desk.case(2)
    put(desk)
    adopt(desk, "test-plan")
    assert desk.rows("restrictions")
    close = work(desk, "close")[0]
    assert desk.post("WithdrawOrder", task=close.id, reason="the wrong ward", by="Li").stored == 1
    assert not desk.rows("restrictions")
    desk.case(3)
    assert [t.status for t in work(desk, "close")] == [
        "dropped"
    ]  # the plan does not order it again
    assert desk.case(2, status="discarded").stored == 1
    assert desk.incident()["figures"]["new_total"] == 2
    incident = desk.incident()["id"]
    desk.post("CloseFalseAlarm", incident=incident, reason="all tests were contaminated", by="Li")
    shown = desk.incident()
    assert (shown["status"], shown["outcome"]) == ("closed", "false_alarm")
    assert not desk.tasks("open")
    desk.case(9)  # what comes after a false alarm is an incident of its own
    assert sorted(row["status"] for row in desk.incidents()) == ["closed", "open"]


def test_a_plan_adopted_by_mistake_is_withdrawn_with_its_orders(desk: Desk) -> None:
    desk.case()
    put(desk)
    adopt(desk, "test-plan")
    incident = desk.incident()["id"]
    desk.post("WithdrawPlan", incident=incident, reason="the wrong incident", by="Li")
    shown = desk.incident()
    assert shown["ended_plan"].because == "withdrawn by Li: the wrong incident"
    assert shown["plan"].plan == "epidemic-iv-watch"
    assert not desk.rows("restrictions")
    assert not [t for t in desk.tasks("open") if t.key in ("test", "close", "trace")]


def test_two_incidents_that_are_one_are_merged_and_one_is_handed_to_another_area(
    desk: Desk,
) -> None:
    desk.case(1)
    desk.case(2, area=PUDONG_COMMUNITY)
    here, there = sorted(desk.incidents(), key=lambda row: row["area"])
    desk.post("MergeIncident", incident=there["id"], into=here["id"], reason="one wedding", by="Li")
    rows = {row["id"]: row for row in desk.incidents()}
    assert (rows[there["id"]]["status"], rows[there["id"]]["into"]) == ("closed", here["id"])
    assert rows[here["id"]]["figures"]["new_total"] == 2
    assert PUDONG_COMMUNITY in rows[here["id"]]["affected"]
    desk.case(3, area=PUDONG_COMMUNITY)  # what is reported there goes on in the whole
    rows = {row["id"]: row for row in desk.incidents()}
    assert (len(rows), rows[here["id"]]["figures"]["new_total"]) == (2, 3)
    desk.post("TransferIncident", incident=here["id"], area="310115", reason="the source is there")
    assert {row["area"] for row in desk.incidents(status="open")} == {"310115"}
    desk.case(4)
    assert len(desk.incidents()) == 2


@pytest.mark.parametrize("kind", ["CloseFalseAlarm", "WithdrawPlan"])
def test_what_a_person_takes_back_needs_a_reason(desk: Desk, kind: str) -> None:
    desk.case()
    assert desk.refusal(kind, incident=desk.incident()["id"], reason="") == "bad_field"
