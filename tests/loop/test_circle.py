"""The circle, step by step: one report triggers, parties are linked, work is ordered, answers
close the incident.
"""

from __future__ import annotations

from datetime import timedelta

from helpers.cities import COMMUNITY, HUANGPU, NEIGHBOUR, PUDONG_COMMUNITY, Desk


def test_one_case_opens_an_incident_with_level_plan_parties_tasks_and_orders(desk: Desk) -> None:
    assert desk.case().stored == 1
    incident = desk.incident()
    assert (incident["area"], incident["hazard"], incident["status"], incident["level"]) == (
        HUANGPU,
        "epidemic",
        "open",
        "IV",
    )
    assert incident["plan"].plan == "epidemic-iv-watch"
    assert "authorised beforehand" in incident["plan"].authority
    assert ("disease_control", HUANGPU) in incident["parties"]
    assert ("civil_affairs", COMMUNITY) in incident["parties"]
    by_status = {task.key: task.status for task in desk.tasks()}
    assert by_status["investigate"] == "ordered"
    assert by_status["disinfect"] == "waiting"


def test_an_order_goes_out_only_when_all_that_it_waits_for_is_done(desk: Desk) -> None:
    desk.case()
    assert (
        desk.refusal(
            "CompleteTask",
            task=desk.task("disinfect").id,
            department="market_supervision",
            result="x",
        )
        == "not_ordered"
    )
    desk.complete(desk.task("beds"))
    assert desk.task("disinfect").status == "waiting"
    desk.complete(desk.task("investigate"))
    assert desk.task("disinfect").status == "ordered"
    assert desk.task("disinfect").due_at == desk.clock.now() + timedelta(hours=24)


def test_tasks_of_each_area_wait_only_for_their_own_area(desk: Desk) -> None:
    for number in range(4):
        desk.case(number, area=COMMUNITY if number % 2 else NEIGHBOUR)
    for number in range(4, 12):
        desk.case(number, area=COMMUNITY)
    assert desk.incident()["level"] == "III"
    areas = {task.area for task in desk.tasks() if task.key == "watch"}
    assert areas <= {COMMUNITY, NEIGHBOUR}


def test_a_second_case_joins_and_a_case_elsewhere_opens_another(desk: Desk) -> None:
    desk.case(1)
    desk.case(2, area=NEIGHBOUR)
    assert desk.incident()["affected"] == (COMMUNITY, NEIGHBOUR)
    assert desk.incident()["figures"]["new_total"] == 2
    desk.case(3, area=PUDONG_COMMUNITY)
    assert sorted(row["area"] for row in desk.incidents()) == [HUANGPU, "310115"]


def test_every_event_carries_its_cause_back_to_the_report(desk: Desk) -> None:
    desk.case(id="the-report")
    by_id = {event["id"]: event for event in desk.events()}
    order = next(event for event in by_id.values() if event["type"] == "OrderIssued")
    chain = [order["type"]]
    while order["cause"]:
        order = by_id[order["cause"]]
        chain.append(order["type"])
    assert chain == [
        "OrderIssued",
        "TaskCreated",
        "PlanAdopted",
        "ResponseLevelSet",
        "IncidentDeveloped",
        "CaseReported",
    ]
    assert order["id"].startswith("the-report")


def test_the_timeline_is_one_tree_from_the_report_to_the_last_closed_task(desk: Desk) -> None:
    desk.case(id="the-report")
    desk.complete_all()
    desk.quiet_days(15)
    incident = desk.incident(timeline=True)
    assert incident["status"] == "closed"
    tree = incident["timeline"]
    assert (tree[0]["type"], tree[0]["depth"]) == ("CaseReported", 0)
    done = [row for row in tree if row["type"] == "TaskCompleted"]
    assert len(done) == sum(task.status == "done" for task in desk.tasks())
    assert {task.key for task in desk.tasks() if task.status != "done"} == {
        "follow_up"
    }  # daily, until it closed
    assert all(row["depth"] > 0 for row in done)
    assert "IncidentClosed" in {row["type"] for row in tree}
    assert all("subject" not in row["fact"] for row in tree)


def test_a_plan_that_needs_a_person_waits_for_one(desk: Desk) -> None:
    day = desk.clock.now().date().isoformat()
    desk.post(
        "ReportCount",
        hazard="epidemic",
        area=HUANGPU,
        day=day,
        status="confirmed",
        count=2000,
        source="bulletin",
    )
    incident = desk.incident()
    assert (incident["level"], incident["called"]) == ("II", "I")  # level I is a person's decision
    assert incident["proposed_plan"] == "epidemic-i-whole-city"
    assert (
        incident["plan"].plan == "epidemic-iii-contain"
    )  # one source's word of one day restricts nobody
    assert not desk.rows("restrictions")
    assert desk.refusal("AdoptPlan", incident=incident["id"], plan="no-such-plan") == "unknown_plan"
    desk.post("AdoptPlan", incident=incident["id"], plan="epidemic-i-whole-city", by="Zhou Min")
    incident = desk.incident()
    assert (incident["plan"].adopted_by, incident["plan"].authority) == (
        "Zhou Min",
        "adopted by Zhou Min",
    )
    assert (incident["level"], incident["decided"].by, incident["called"]) == (
        "I",
        "Zhou Min",
        None,
    )
    assert incident["proposed_plan"] is None
    assert {task.status for task in desk.tasks()} >= {"ordered"}


def test_a_higher_level_drops_what_its_plan_no_longer_asks_and_keeps_what_is_done(
    desk: Desk,
) -> None:
    desk.case(0)
    desk.complete(desk.task("investigate"))
    for number in range(1, 11):
        desk.case(number)
    assert desk.incident()["plan"].plan == "epidemic-iii-contain"
    kept = {task.key for task in desk.tasks() if task.status != "dropped"}
    asked = {
        task.key for task in desk.platform.reference.library.plans["epidemic-iii-contain"].work()
    }
    assert kept - {"case", "contact"} - asked <= {"investigate"}
    assert desk.task("investigate").status == "done"


def test_contacts_become_tasks_and_are_done_only_when_they_are_tested(desk: Desk) -> None:
    desk.case(1)
    desk.post("NameContact", contact="k-1", case="c-1", subject="p-9", area=COMMUNITY)
    task = next(task for task in desk.tasks() if task.contact == "k-1")
    assert task.status == "ordered"
    assert desk.complete(task).rejected[0].code == "not_evident"
    assert desk.refusal("UpdateContact", contact="k-1", step="tested_negative") == "out_of_order"
    for step in ("located", "isolated", "tested_negative"):
        desk.post("UpdateContact", contact="k-1", step=step)
    assert desk.complete(task).stored == 1


def test_a_contact_named_before_its_case_has_an_incident_joins_it_later(desk: Desk) -> None:
    desk.case(1, status="suspected")
    assert not desk.incidents()
    desk.post("NameContact", contact="k-1", case="c-1", subject="p-9", area=COMMUNITY)
    desk.case(1, status="confirmed")
    incident = desk.incident()
    assert [row.incident for row in desk.rows("contacts")] == [incident["id"]]
    assert any(task.contact == "k-1" for task in desk.tasks())


def test_the_loop_knows_no_diseases_a_flooded_street_runs_the_same_circle(desk: Desk) -> None:
    flood = {"hazard": "flood", "area": COMMUNITY, "figure": "water_depth_m", "unit": "m"}
    desk.post("ReportHazard", value=0.1, **flood)
    assert not desk.incidents()
    desk.post("ReportHazard", value=0.2, **flood)
    incident = desk.incident()
    assert (incident["level"], incident["plan"].plan) == ("IV", "flood-response")
    assert desk.rows("restrictions")[0].measure == "road_closure"
    assert desk.task("order").status == "waiting"
    desk.complete_all()
    desk.pass_time(hours=7)
    assert desk.incident()["status"] == "open"  # the water still stands
    desk.post("ReportHazard", value=0.02, **flood)
    desk.pass_time(hours=5)
    assert desk.incident()["status"] == "open"  # not yet low for long enough
    desk.pass_time(hours=2)
    assert desk.incident()["status"] == "closed"
    assert not desk.rows("restrictions")


def test_the_case_that_opens_the_incident_is_interviewed_too(desk: Desk) -> None:
    desk.case(1)
    desk.case(2)
    assert sum(task.key == "case" for task in desk.tasks()) == 2
