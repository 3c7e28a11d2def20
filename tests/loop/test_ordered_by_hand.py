"""A person orders what no plan asks for, and opens again what was closed too soon."""

from __future__ import annotations

from helpers.cities import HUANGPU, PUDONG_COMMUNITY, Desk


def order(desk: Desk, **said: object) -> str:
    told = {
        "incident": desk.incident()["id"],
        "title": "Bring food to the ferry passengers",
        "department": "civil_affairs",
        "area": HUANGPU,
        "deadline_h": 6.0,
    }
    (account,) = [desk.post("OrderTask", **(told | said))]
    return account.rejected[0].code if account.rejected else ""


def test_work_ordered_by_hand_is_ordered_at_once_chased_and_answered(desk: Desk) -> None:
    desk.case()
    assert order(desk, by="Officer Li") == ""
    task = desk.task("by_hand")
    assert (task.status, task.department, task.area) == ("ordered", "civil_affairs", HUANGPU)
    assert task.clause == "ordered by Officer Li"
    desk.pass_time(hours=7)
    assert desk.task("by_hand").escalations == 1
    desk.complete(desk.task("by_hand"))
    assert desk.task("by_hand").status == "done"


def test_a_new_plan_and_the_end_of_one_leave_it_alone(desk: Desk) -> None:
    desk.case()
    order(desk, deadline_h=2000.0)
    for number in range(2, 14):
        desk.case(number)
    assert desk.incident()["plan"].plan != "epidemic-iv-watch"
    assert desk.task("by_hand").status == "ordered"
    reason = "the wrong plan was adopted"
    desk.post("WithdrawPlan", incident=desk.incident()["id"], reason=reason, by="Li")
    assert desk.task("by_hand").status == "ordered"


def test_it_is_taken_back_by_a_person(desk: Desk) -> None:
    desk.case()
    order(desk)
    task = desk.task("by_hand")
    desk.post("WithdrawOrder", task=task.id, reason="the ferry is empty", by="Li")
    assert desk.task("by_hand").status == "dropped"


def test_what_cannot_be_ordered_is_refused(desk: Desk) -> None:
    desk.case()
    assert order(desk, department="astrology") == "unknown_department"
    assert order(desk, incident="inc-none") == "not_found"
    assert order(desk, deadline_h=0) == "bad_field"
    assert order(desk, title="x") == "bad_field"
    assert order(desk, area="999") == "unknown_area"
    incident = desk.incident()["id"]
    desk.post("CloseFalseAlarm", incident=incident, reason="a contaminated test", by="Li")
    assert order(desk) == "incident_closed"


def test_a_false_alarm_that_was_none_is_opened_again_with_a_reason(desk: Desk) -> None:
    desk.case()
    incident = desk.incident()["id"]
    assert desk.refusal("ReopenIncident", incident=incident, because="we are sure") == (
        "already_open"
    )
    desk.post("CloseFalseAlarm", incident=incident, reason="a contaminated test", by="Li")
    assert desk.refusal("ReopenIncident", incident=incident, because=" ") == "no_reason"
    desk.post("ReopenIncident", incident=incident, because="the second test is positive")
    shown = desk.incident()
    assert (shown["status"], shown["round"], shown["level"]) == ("open", 2, "IV")


def test_what_was_merged_goes_on_in_the_other(desk: Desk) -> None:
    desk.case(1)
    desk.case(2, area=PUDONG_COMMUNITY)
    one, other = (row["id"] for row in desk.incidents())
    desk.post("MergeIncident", incident=one, into=other, reason="one chain", by="Li")
    assert desk.refusal("ReopenIncident", incident=one, because="it was not one") == "merged"


def test_a_count_that_is_taken_back_leaves_no_number_not_nought(desk: Desk) -> None:
    said = {"hazard": "epidemic", "area": HUANGPU, "status": "confirmed", "found_in": "community"}
    today = desk.today()
    desk.post("ReportCount", **said, day=today, count=1400, source="clerk")
    assert desk.incident()["figures"]["new_total"] == 1400
    desk.post("WithdrawCount", **said, day=today, source="clerk", reason="It was 14")
    shown = desk.incident()
    assert shown["figures"]["new_total"] == 0
    assert shown["last_day"] is None
    (row,) = desk.rows("incidents")
    assert row.days == {}
    desk.post("ReportCount", **said, day=today, count=0, source="clerk")
    (row,) = desk.rows("incidents")
    assert row.days[today]["new"] == 0
