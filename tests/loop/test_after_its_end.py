"""After a plan has ended on its evidence: its persons are still cared for, and nobody is asked
to adopt it again before something new is reported.
"""

from __future__ import annotations

from typing import Any

from helpers.cities import COMMUNITY, HUANGPU, NEIGHBOUR, Desk


def end_the_plan(desk: Desk) -> dict[str, Any]:
    """A plan that has ended after its quiet days, while the incident stays open for one order."""
    for number, area in enumerate((COMMUNITY, NEIGHBOUR, "310101013001"), 1):
        desk.case(number, area=area)
    assert desk.incident()["plan"].plan == "epidemic-iii-contain"
    desk.complete_all(but=("information",))
    desk.quiet_days(15)
    shown = desk.incident()
    assert (shown["status"], shown["plan"]) == ("open", None)
    assert shown["ended_plan"].clause == "ends"
    return shown


def test_a_contact_named_after_the_plan_has_ended_is_still_somebodys_task(desk: Desk) -> None:
    end_the_plan(desk)
    desk.post("NameContact", contact="late", case="c-1", subject="p-late", area=COMMUNITY)
    (order,) = [task for task in desk.tasks() if task.contact == "late"]
    assert (order.status, order.department) == ("ordered", "civil_affairs")
    assert order.clause == "epidemic-iii-contain 2: contact_task"
    for step in ("located", "isolated", "tested_negative"):
        desk.post("UpdateContact", contact="late", step=step)
    desk.complete_all()
    desk.quiet_days(1)
    assert desk.incident()["status"] == "closed"


def test_a_plan_withdrawn_by_a_person_orders_nothing_more(desk: Desk) -> None:
    desk.case()
    incident = desk.incident()["id"]
    desk.post("WithdrawPlan", incident=incident, by="Zhou Min", reason="adopted by mistake")
    desk.post("NameContact", contact="late", case="c-1", subject="p-late", area=COMMUNITY)
    assert not [task for task in desk.tasks() if task.contact == "late"]


def test_a_plan_that_would_end_again_at_once_is_not_offered(desk: Desk) -> None:
    assert end_the_plan(desk)["proposed_plan"] is None
    incident = desk.incident()["id"]
    desk.post("AdoptPlan", incident=incident, plan="epidemic-iii-contain", by="Zhou Min")
    desk.pass_time(hours=1)  # a person may adopt it all the same: what ended it ends it again
    shown = desk.incident()
    assert (shown["plan"], shown["proposed_plan"]) == (None, None)


def test_a_new_report_after_the_end_makes_the_plan_wait_or_come_back(desk: Desk) -> None:
    end_the_plan(desk)
    day = desk.today()
    desk.post(
        "ReportCount", hazard="epidemic", area=HUANGPU, day=day, status="confirmed", count=3,
        found_in="community", source="bulletin",
    )  # fmt: skip
    shown = desk.incident()
    assert shown["plan"] is not None or shown["proposed_plan"] is not None
    assert shown["plan"].plan == "epidemic-iii-contain"  # authorised beforehand
    desk.post("WithdrawPlan", incident=shown["id"], by="Zhou Min", reason="to be decided")
    assert desk.incident()["proposed_plan"] == "epidemic-iii-contain"


def test_reports_that_leave_its_evidence_standing_do_not_bring_the_plan_back_to_end_again(
    desk: Desk,
) -> None:
    """Persons found among those already watched break no quiet days: what ended it holds still."""
    end_the_plan(desk)

    def adopted() -> int:
        return sum(event["type"] == "PlanAdopted" for event in desk.events())

    before = adopted()
    for found_in in ("control", "control", "control"):
        desk.pass_time(days=1)
        desk.post(
            "ReportCount", hazard="epidemic", area=HUANGPU, day=desk.today(), status="confirmed",
            count=1, found_in=found_in, source="bulletin",
        )  # fmt: skip
        desk.pass_time(hours=1)
    assert (desk.incident()["plan"], adopted()) == (None, before)
    desk.case(9)  # one whom nobody was watching
    desk.pass_time(hours=1)
    assert (desk.incident()["plan"].plan, adopted()) == ("epidemic-iii-contain", before + 1)


def test_quiet_days_alone_end_no_plan_while_a_weeks_reports_call_for_its_level(desk: Desk) -> None:
    """All who fall ill are found among those already watched, and there are many of them."""
    for number, area in enumerate((COMMUNITY, NEIGHBOUR, "310101013001"), 1):
        desk.case(number, area=area)
    desk.complete_all(but=("information",))

    def a_day(count: int) -> None:
        desk.pass_time(days=1)
        desk.post(
            "ReportCount", hazard="epidemic", area=HUANGPU, day=desk.today(), status="confirmed",
            count=count, found_in="control", source="bulletin",
        )  # fmt: skip

    for _ in range(16):
        a_day(4)  # 28 in a week; from 10 on the level is III
    assert desk.incident()["plan"].plan == "epidemic-iii-contain"
    assert desk.tasks("at_work")
    for _ in range(8):
        a_day(0)
    assert desk.incident()["ended_plan"].clause == "ends"
