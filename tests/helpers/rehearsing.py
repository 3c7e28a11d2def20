"""Plays a rehearsal with a planted cause through a platform's own commands: twice a day reports,
then answers.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from helpers.cities import HUANGPU, START, Desk
from twinward.rehearsal.planted import DAYS, HOUR, Planted
from twinward.service.intake import commands, observations
from twinward.service.platform import local_admin


def rehearse(workspace: Path, label: str, seed: int) -> tuple[Desk, str]:
    """The desk after the last day, and the incident."""
    desk = Desk(workspace)
    areas = sorted(
        code
        for code in desk.platform.reference.areas.by_code
        if code.startswith(HUANGPU) and len(code) > 9
    )[:5]
    planted = Planted(label, areas, START, seed)
    due = planted.deliveries()
    steps = (
        [START + n * HOUR for n in range(31)]
        if label == "sensors"
        else [START + n * timedelta(hours=12) for n in range(1, 2 * DAYS + 1)]
    )
    for step in steps:
        now: list[dict[str, Any]] = []
        while due and due[0][0] <= step:
            now.append(due.pop(0)[1])
        desk.clock.at = step
        send(desk, now)
        if label == "sensors":
            body = {"source": "gauges", "items": planted.readings((step - START) // HOUR)}
            taken = observations.submit(
                desk.platform,
                local_admin(),
                observations.checks_of(desk.platform),
                json.dumps(body).encode(),
            )
            assert not taken.result().rejected, taken.result().rejected[:2]
        desk.platform.loop.tick(step)
        desk.platform.loop.catch_up()
        tasks = [task for task in desk.tasks("at_work") if task.status != "failed"]
        send(desk, [told for task in tasks if (told := planted.answer(task, step))])
    (incident,) = {row["id"] for row in desk.incidents()}
    return desk, incident


def send(desk: Desk, items: list[dict[str, Any]]) -> None:
    if items:
        account = commands.submit_objects(desk.platform, desk.me, items, "planted")
        assert {one.code for one in account.rejected} <= {"not_evident", "out_of_order"}, (
            account.rejected[:3]
        )
        desk.platform.loop.catch_up()
