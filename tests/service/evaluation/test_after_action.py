"""A review says what was planned and what was done, scores forecasts on what came, and writes
both papers.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from browser.made_city import make_city
from browser.stage import Stage, play_outbreak, staged
from twinward.core.errors import AbsentError, InputError
from twinward.service.assessment import situation_report
from twinward.service.console.basemap import Basemap
from twinward.service.evaluation import after_action
from twinward.service.evaluation.after_action import Review, review_incident
from twinward.service.evaluation.after_action_page import write_review
from twinward.service.incidents.corrective_actions import open_action
from twinward.service.platform import Caller, local_admin


def first_incident(stage: Stage) -> str:
    with stage.platform.store.read() as rows:
        return str(min(rows.list_rows("incidents"), key=lambda row: (row.opened_at, row.id)).id)


def reviewed(stage: Stage, days: int) -> tuple[Review, Basemap]:
    play_outbreak(stage, days=days)
    ground = Basemap(stage.platform)
    return review_incident(stage.platform, ground, local_admin(), first_incident(stage)), ground


@pytest.fixture(scope="module")
def nine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Review, Basemap]]:
    """Nine days of an outbreak, reviewed while its first incident is open."""
    folder = tmp_path_factory.mktemp("nine") / "ws"
    make_city(folder)
    with staged(folder) as stage:
        yield stage, *reviewed(stage, days=9)


def test_planned_against_actual_is_counted_by_department(
    nine: tuple[Stage, Review, Basemap],
) -> None:
    stage, found, ground = nine
    with stage.platform.store.read() as rows:
        tasks = rows.list_rows("tasks", incident=found.incident)
    assert found.interim and found.closed_at is None
    assert sum(duty.tasks for duty in found.duties) == len(tasks) > 0
    for duty in found.duties:
        own = [
            t
            for t in tasks
            if t.department == duty.department and t.ordered_at and t.status != "dropped"
        ]
        limits = [(t, t.ordered_at + timedelta(hours=t.deadline_h)) for t in own]
        late = sum((t.done_at or found.reviewed_at) > limit for t, limit in limits)
        assert (duty.ordered, duty.late, duty.done) == (
            len(own),
            late,
            sum(t.done_at is not None for t in own),
        )
    assert found.forecasts == [] and found.not_scored
    page = situation_report.render_html(write_review(ground, found))
    assert "interim" in page and found.duties[0].title in page


def test_a_forecast_is_made_of_what_was_known_then_and_scored_on_what_came(tmp_path: Path) -> None:
    make_city(tmp_path / "ws")
    with staged(tmp_path / "ws") as stage:
        found, _ = reviewed(stage, days=24)
    assert found.not_scored is None
    score = found.forecasts[0]
    assert (
        score.days <= after_action.HORIZON_D
        and score.wis >= 0
        and 0 <= score.coverage_50 <= score.coverage_90 <= 1
    )
    assert [one.about for one in found.findings if one.about.startswith("forecast")]


def test_the_situation_report_has_the_figures_of_the_room_and_the_same_bytes_again(
    nine: tuple[Stage, Review, Basemap],
) -> None:
    stage, found, ground = nine
    paper = situation_report.report_situation(stage.platform, ground, local_admin(), found.incident)
    text = situation_report.render_html(paper)
    assert f"{found.new_total:,} altogether" in text and "http" not in text
    pdf = situation_report.render_pdf(paper)
    assert pdf.startswith(b"%PDF") and pdf == situation_report.render_pdf(paper)


def test_an_incident_of_elsewhere_is_not_there(nine: tuple[Stage, Review, Basemap]) -> None:
    stage, found, ground = nine
    other = Caller(
        name="li", role="duty_officer", areas=("03" if found.area.startswith("02") else "02",)
    )
    for caller, name in ((local_admin(), "inc-nothing"), (other, found.incident)):
        with pytest.raises(AbsentError):
            review_incident(stage.platform, ground, caller, name)


def test_a_corrective_action_is_ordered_followed_and_never_keeps_the_incident_open(
    tmp_path: Path,
) -> None:
    make_city(tmp_path / "ws")
    with staged(tmp_path / "ws") as stage:
        play_outbreak(stage, days=2)
        incident, ground, me = first_incident(stage), Basemap(stage.platform), local_admin()
        due = stage.clock.now() + timedelta(days=3)
        task = open_action(
            stage.platform, me, incident, "Name a deputy for the night", "health", due
        )
        stage.platform.loop.catch_up()
        (action,) = review_incident(stage.platform, ground, me, incident).actions
        assert (action.task, action.department, action.status, action.due_at) == (
            task,
            "health",
            "ordered",
            due,
        )
        stage.pass_time(hours=80)
        late = review_incident(stage.platform, ground, me, incident)
        with stage.platform.store.read() as rows:
            assert rows.find("tasks", task).escalations > 0
        assert late.actions[0].late and all(duty.tasks for duty in late.duties)
        now = stage.clock.now()
        for title, whose, by, code in (
            ("Too late", "health", now, "bad_deadline"),
            ("Theirs", "nobody", due, "unknown_department"),
            (" ", "health", due, "missing_field"),
        ):
            with pytest.raises(InputError) as refused:
                open_action(stage.platform, me, incident, title, whose, by)
            assert refused.value.code == code
