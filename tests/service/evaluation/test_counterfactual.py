"""A review lays the plans not taken beside what happened: from the state at adoption, kept, on
both papers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.cities import Desk
from helpers.living_city import report_days, settle
from twinward.service.assessment import situation_report
from twinward.service.console.basemap import Basemap
from twinward.service.evaluation.after_action import Review, review_incident
from twinward.service.evaluation.after_action_page import write_review
from twinward.service.incidents.plan_adoption import AdoptRequest, adopt
from twinward.service.planning.comparison import get_ready, run_ready
from twinward.service.planning.comparison_store import CompareRequest, keep_comparison

TAKEN, OTHER = "gen-010002000", "gen-000110000"


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Review]]:
    """Two plans were compared, one adopted, and ten days went by."""
    folder: Path = tmp_path_factory.mktemp("hindsight") / "ws"
    desk = settle(Desk(folder))
    report_days(desk, 4, 6, 9)
    asked = CompareRequest(
        plans=(TAKEN, OTHER), days=10, replicates=3, seed=5, doubts=False, workers=1
    )
    sheet = keep_comparison(folder, run_ready(get_ready(desk.platform, asked)))
    shown = desk.incident()
    adopt(
        desk.platform,
        desk.me,
        AdoptRequest(
            plan=TAKEN,
            incident=shown["id"],
            by="Dr Lin",
            sheet=sheet,
            replace=shown["plan"].plan,
        ),
    )
    desk.platform.loop.catch_up()
    report_days(desk, *range(10, 20))
    yield (
        desk,
        review_incident(desk.platform, Basemap(desk.platform), desk.me, shown["id"], compute=True),
    )
    desk.close()


def test_the_plan_taken_and_its_runners_up_are_run_from_the_day_of_adoption(
    reviewed: tuple[Desk, Review],
) -> None:
    desk, found = reviewed
    told = found.what_if
    assert told is not None, found.no_what_if
    assert [course.plan for course in told.courses[:1]] == [TAKEN]
    assert {course.plan for course in told.courses} == {TAKEN, OTHER, "none"}
    assert (told.days, told.replicates, told.seed) == (
        10,
        3,
        5,
    )  # the seeds of the sheet that was read
    assert told.reported == sum(range(10, 20)) and told.implied == 2 * told.reported
    for course in told.courses:
        spread = course.figures["infections"]
        assert 0 < spread.low <= spread.mean <= spread.high
    asked = CompareRequest(
        plans=(TAKEN, OTHER, "none"),
        at=told.adopted_at,
        days=10,
        replicates=3,
        seed=5,
        hazard="epidemic",
        ranked_by="infections",
        doubts=False,
        workers=1,
    )
    assert run_ready(get_ready(desk.platform, asked)).fingerprint == told.fingerprint


def test_what_was_run_is_kept_and_shown_on_both_papers(reviewed: tuple[Desk, Review]) -> None:
    desk, found = reviewed
    ground = Basemap(desk.platform)
    again = review_incident(desk.platform, ground, desk.me, found.incident)
    assert again.what_if == found.what_if
    page = situation_report.render_html(write_review(ground, found))
    assert found.what_if is not None
    assert found.what_if.fingerprint[:16] in page and "What if another plan had been taken" in page
    assert situation_report.render_pdf(write_review(ground, found)).startswith(b"%PDF")


def test_each_task_is_planned_against_actual_with_its_clause(reviewed: tuple[Desk, Review]) -> None:
    _, found = reviewed
    (closed,) = [one for one in found.tasks if one.key == "schools_closed"]
    assert (closed.planned_h, closed.ordered, closed.done) == (24, 1, 0)
    assert closed.clause == f"{TAKEN} 1: tasks.schools_closed"
    assert closed.worst_late_h > 24 * 8


def test_a_city_without_residents_says_why_there_is_none(desk: Desk) -> None:
    desk.case()
    desk.quiet_days(4)
    found = review_incident(
        desk.platform, Basemap(desk.platform), desk.me, desk.incident()["id"], compute=True
    )
    assert found.what_if is None
    assert found.no_what_if
    found = review_incident(desk.platform, Basemap(desk.platform), desk.me, desk.incident()["id"])
    assert "twinward incident review" in str(found.no_what_if)
