"""From a confirmed case to named contacts with tasks in their own communities, in a whole city,
on a large lake.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.city_movement import START_US
from twinward.app import compose
from twinward.app.workspace import init_workspace
from twinward.core.clock import SetClock, from_us
from twinward.service.access import activations
from twinward.service.city.build import build_city
from twinward.service.incidents import queries
from twinward.service.intake import commands
from twinward.service.platform import Platform, local_admin

NOW = from_us(START_US) + timedelta(days=14)


def from_case_to_tasks(lake: Path, cases: int, city: Path | None) -> dict[str, Any]:
    """Seconds from handing in the report to the contacts' tasks being readable, of `cases`
    cases; the first apart.
    """
    with tempfile.TemporaryDirectory(prefix="bench-case-") as folder:
        workspace = Path(folder) / "ws"
        init_workspace(workspace)
        built = build_city(city, workspace)
        (workspace / "lake").symlink_to(lake.resolve(), target_is_directory=True)
        platform = compose.open_platform(workspace, SetClock(NOW))
        try:
            activations.open_activation(
                platform,
                local_admin(),
                hazard="epidemic",
                areas=["all"],
                purposes=["trace"],
                days=14,
                by="bench",
                basis="measurement",
            )
            return {
                "residents": built["residents"],
                "areas": built["areas"],
                **report_cases(platform, cases),
            }
        finally:
            platform.close()


def report_cases(platform: Platform, cases: int) -> dict[str, Any]:
    began = time.perf_counter()
    desk = platform.tracing(local_admin())
    people = desk.lake().ask(lambda lake: lake.subject_count())
    ready_s = time.perf_counter() - began  # what a server does when it starts
    community = max(platform.reference.areas.by_code, key=len)
    told = []
    for number, who in enumerate(
        np.random.default_rng(7).choice(people, cases + 1, replace=False).tolist()
    ):
        report = {
            "id": f"report-{number}",
            "type": "ReportCase",
            "case": f"case-{number}",
            "subject": str(who),
            "hazard": "epidemic",
            "area": community,
            "status": "confirmed",
            "found_in": "community",
        }
        wall, cpu = time.perf_counter(), time.process_time()
        commands.submit_objects(platform, local_admin(), [report], "bench")
        platform.loop.catch_up()
        seconds = (time.perf_counter() - wall, time.process_time() - cpu)
        with platform.store.read() as rows:
            named = {row.id: row for row in rows.list_rows("contacts", case=f"case-{number}")}
        listed = [
            task
            for task in queries.list_tasks(platform, limit=10_000, status="open")
            if task.contact in named
        ]
        told.append((*seconds, len(named), len({task.area for task in listed}), len(listed)))
    first, rest = told[0], told[1:]
    return {
        "ready_s": round(ready_s, 2),
        "first_case_wall_s": round(first[0], 3),
        "wall_s_median": round(statistics.median(row[0] for row in rest), 3),
        "wall_s_worst": round(max(row[0] for row in rest), 3),
        "cpu_s_median": round(statistics.median(row[1] for row in rest), 3),
        "contacts_median": statistics.median(row[2] for row in rest),
        "communities_median": statistics.median(row[3] for row in rest),
        "tasks_median": statistics.median(row[4] for row in rest),
    }
