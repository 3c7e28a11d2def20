"""Feedback: lateness goes up a level at a time, evidence closes, failing evidence reopens,
silence is named.
"""

from __future__ import annotations

import pytest

from helpers.cities import COMMUNITY, HUANGPU, NEIGHBOUR, Desk
from twinward.service.intake import commands

SUBDISTRICT = COMMUNITY[:9]


def test_lateness_goes_up_one_administrative_level_at_a_time(desk: Desk) -> None:
    desk.case()
    desk.post("NameContact", contact="k-1", case="c-1", subject="p-9", area=COMMUNITY)
    contact = next(task for task in desk.tasks() if task.contact == "k-1")
    assert contact.area == COMMUNITY
    seen = []
    for _ in range(30):
        desk.pass_time(hours=6)
        now = next(task for task in desk.tasks() if task.id == contact.id)
        if now.escalated_to and (not seen or seen[-1] != now.escalated_to):
            seen.append(now.escalated_to)
    assert seen == [SUBDISTRICT, HUANGPU, "city"]
    late = [event["fact"]["late_h"] for event in desk.events() if event["type"] == "TaskEscalated"]
    assert min(late) > 0


def test_a_task_in_time_is_not_escalated(desk: Desk) -> None:
    desk.case()
    desk.pass_time(hours=23)
    assert desk.task("investigate").escalations == 0
    desk.pass_time(hours=2)
    assert desk.task("investigate").escalations == 1


def test_a_failed_task_goes_up_at_once_and_is_ordered_again(desk: Desk) -> None:
    desk.case()
    desk.complete(desk.task("investigate"), succeeded=False, result="nobody there")
    task = desk.task("investigate")
    assert (task.escalated_to, task.escalations, task.status) == ("city", 1, "ordered")
    desk.complete(task)
    assert desk.task("investigate").status == "done"


def test_an_incident_closes_only_when_every_objective_holds(desk: Desk) -> None:
    desk.case()
    incident = desk.incident()
    assert [finding.holds for finding in incident["evidence"]] == [
        False,
        False,
        False,
    ]  # no contact named: nothing shown
    assert desk.refusal("CloseIncident", incident=incident["id"]) == "not_evident"
    desk.complete_all()
    desk.quiet_days(13)
    assert desk.incident()["status"] == "open"
    desk.quiet_days(2)
    closed = desk.incident()
    assert closed["status"] == "closed"
    assert "no linked case for" in closed["evidence"][2].because
    assert desk.refusal("CloseIncident", incident=incident["id"]) == "closed"


def test_silence_of_the_feed_is_not_evidence(desk: Desk) -> None:
    desk.case()
    desk.complete_all()
    for _ in range(40):
        desk.pass_time(days=1)
    incident = desk.incident()
    assert incident["status"] == "open"
    assert "silence is not evidence" in incident["evidence"][2].because


def test_a_silent_department_keeps_the_incident_open_and_it_says_whose_silence(desk: Desk) -> None:
    desk.case()
    desk.complete_all(but=("information",))
    desk.quiet_days(20)
    incident = desk.incident()
    assert incident["status"] == "open"
    (unmet,) = [finding for finding in incident["evidence"] if not finding.holds]
    assert unmet.because == "1 essential task is open; late: Information office in 黄浦区"
    assert desk.task("inform").escalated_to == "city"


@pytest.mark.parametrize("how", ["a new case", "a contact who tests positive"])
def test_a_closed_incident_reopens_by_itself_when_the_evidence_fails(desk: Desk, how: str) -> None:
    desk.case()
    desk.post("NameContact", contact="k-1", case="c-1", subject="p-9", area=COMMUNITY)
    for step in ("located", "isolated", "tested_negative"):
        desk.post("UpdateContact", contact="k-1", step=step)
    desk.complete_all()
    desk.quiet_days(15)
    assert desk.incident()["status"] == "closed"
    if how == "a new case":
        desk.case(2, area=NEIGHBOUR)
    else:
        desk.post("UpdateContact", contact="k-1", step="tested_positive")
    incident = desk.incident()
    assert (incident["status"], incident["round"]) == ("open", 2)
    assert incident["level"] is not None
    assert [task.status for task in desk.tasks() if task.key == "investigate"].count("ordered") == 1
    desk.complete_all()
    desk.quiet_days(15)
    assert desk.incident()["status"] == "closed"


def test_long_after_closing_a_new_case_is_a_new_incident(desk: Desk) -> None:
    desk.case()
    desk.complete_all()
    desk.quiet_days(15)
    desk.pass_time(days=40)
    desk.case(2)
    assert sorted(row["status"] for row in desk.incidents()) == ["closed", "open"]


def test_the_level_falls_one_step_at_a_time_as_the_figures_fall(desk: Desk) -> None:
    for number in range(12):
        desk.case(number)
    assert desk.incident()["level"] == "III"
    desk.quiet_days(6)
    assert desk.incident()["level"] == "III"
    desk.quiet_days(3)
    assert desk.incident()["level"] == "IV"
    assert desk.incident()["plan"].plan == "epidemic-iv-watch"


def test_a_batch_with_one_bad_item_loses_only_that_item(desk: Desk) -> None:
    case = {"hazard": "epidemic", "area": COMMUNITY, "status": "confirmed", "type": "ReportCase"}
    items = [
        {"id": "1", "case": "c1", "subject": "p1", **case},
        {"id": "2", "case": "c2", "subject": "p2", **case, "area": "000"},
        {"id": "1", "case": "c1", "subject": "p1", **case},
        {"id": "3", "case": "c3", "subject": "p3", **case},
    ]
    account = commands.submit_objects(desk.platform, desk.me, items, "lab")
    assert (account.received, account.stored, account.duplicate) == (4, 2, 1)
    assert [(one.index, one.code) for one in account.rejected] == [(1, "unknown_area")]
