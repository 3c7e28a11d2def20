"""A clock that is wrong for a minute leaves no mark on what comes after."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from helpers.cities import COMMUNITY, PUDONG_COMMUNITY, Desk
from twinward.core.errors import RefusedError
from twinward.service.access import activations


@pytest.mark.parametrize("days", [-120, 40, 120])
def test_one_report_by_a_wrong_clock_drags_nothing_behind_it(desk: Desk, days: int) -> None:
    desk.case(1)
    before = {task.id: task.due_at for task in desk.tasks()}
    desk.clock.advance(timedelta(days=days))
    desk.case(2, area=PUDONG_COMMUNITY)
    desk.clock.advance(timedelta(days=-days))
    now = desk.clock.now()
    act = activations.open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic",
        areas=["all"],
        purposes=["trace"],
        days=7,
        by="duty",
        basis="a law",
    )
    (shown,) = activations.list_activations(desk.platform)
    assert (shown.id, shown.in_force, shown.opened_at) == (act, True, now)
    scope = activations.scope_for(desk.platform, desk.me, "trace")
    activations.record_look(desk.platform, desk.me, scope, "trace", "p-1", "where")
    assert abs(desk.events()[-1]["recorded_at"] - now) < timedelta(hours=1)
    before |= {task.id: task.due_at for task in desk.tasks()}
    told = {"hazard": "flood", "area": COMMUNITY, "figure": "water_depth_m", "unit": "m"}
    assert desk.post("ReportHazard", value=3.0, **told).stored == 1
    due = [task.due_at for task in desk.tasks() if task.id not in before and task.due_at]
    assert due
    assert max(abs(at - now) for at in due) < timedelta(days=8)


def test_an_activation_opened_before_the_log_ran_ahead_ends_by_its_own_time(desk: Desk) -> None:
    activations.open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic",
        areas=["all"],
        purposes=["trace"],
        days=7,
        by="duty",
        basis="a law",
    )
    desk.clock.advance(timedelta(days=120))
    desk.case(1)
    desk.platform.loop.tick(desk.clock.now())
    desk.platform.loop.catch_up()
    with pytest.raises(RefusedError):
        activations.scope_for(desk.platform, desk.me, "trace")
    desk.clock.advance(timedelta(days=-120))
    scope = activations.scope_for(desk.platform, desk.me, "trace")
    activations.record_look(desk.platform, desk.me, scope, "trace", "p-1", "where")
    desk.clock.advance(timedelta(days=7))
    with pytest.raises(RefusedError):
        activations.scope_for(desk.platform, desk.me, "trace")


def test_the_loop_goes_on_after_the_clock_was_wrong(tmp_path: Path, desk: Desk) -> None:
    desk.platform.loop.start(now=desk.clock.now, tick_every_s=0.02)
    try:
        for days in (120, -240, 120):
            desk.clock.advance(timedelta(days=days))
            desk.pass_time(seconds=1)
        assert (
            desk.send(
                "ReportCase",
                case="c",
                subject="p",
                hazard="epidemic",
                area=COMMUNITY,
                status="confirmed",
            ).stored
            == 1
        )
        desk.platform.loop.catch_up()
        assert desk.incidents()
        assert desk.platform.loop.find_failure() is None
    finally:
        desk.platform.loop.stop()
