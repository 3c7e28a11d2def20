"""Any view as it was: by when things happened, and by when we learned of them."""

from __future__ import annotations

from datetime import timedelta

from helpers.cities import COMMUNITY, HUANGPU, NEIGHBOUR, START, Desk
from twinward.core.clock import format_time
from twinward.service.incidents import queries


def test_incidents_and_tasks_can_be_seen_as_of_each_hour(desk: Desk) -> None:
    desk.case(1)
    desk.pass_time(hours=2)
    desk.complete(desk.task("investigate"))
    desk.pass_time(hours=2)
    for number in range(2, 12):
        desk.case(number, area=NEIGHBOUR)
    seen = []
    for hours in (-1, 1, 3, 5):
        at = START + timedelta(hours=hours)
        rows = queries.list_incidents(desk.platform, at=at)
        tasks = {task.key: task.status for task in queries.list_tasks(desk.platform, at=at)}
        seen.append(([row["level"] for row in rows], tasks.get("investigate")))
    assert seen == [([], None), (["IV"], "ordered"), (["IV"], "done"), (["III"], "done")]


def test_a_late_report_changes_what_is_known_of_the_past(desk: Desk) -> None:
    desk.case(1)
    desk.pass_time(hours=10)
    before = queries.get_overview(desk.platform, START + timedelta(hours=6)).new_total
    earlier = format_time(START + timedelta(hours=5))
    desk.post(
        "ReportCase",
        case="late",
        subject="p-late",
        hazard="epidemic",
        area=COMMUNITY,
        status="confirmed",
        occurred_at=earlier,
    )
    with desk.platform.store.read() as reader:
        at = START + timedelta(hours=6)
        assert {row.id for row in reader.as_of("cases", at)} == {"c-1", "late"}
        assert {row.id for row in reader.as_of("cases", at, known_at=at)} == {"c-1"}
    assert before == 1


def test_the_timeline_as_of_an_instant_ends_there(desk: Desk) -> None:
    desk.case(1)
    desk.pass_time(hours=2)
    desk.complete_all()
    whole = desk.incident(timeline=True)["timeline"]
    early = desk.incident(timeline=True, at=START + timedelta(hours=1))["timeline"]
    assert 0 < len(early) < len(whole)
    assert "TaskCompleted" not in {row["type"] for row in early}
    assert early[0]["area"] == HUANGPU or early[0]["type"] == "CaseReported"
