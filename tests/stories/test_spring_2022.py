"""The spring of 2022, replayed whole, with the rows of buildings: every figure is that of the files
and nobody's work stops at the peak. Slow; the files are not part of the project.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpers.held_figures import Surfaces
from helpers.published_counts import ZONE, read_published
from twinward.app import compose
from twinward.cli.main import main
from twinward.loop.context import find_plan_in_force
from twinward.service.platform import Platform, snapshot_of
from twinward.twins.city.rows import RESTRICTIONS
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.tasks.rows import OPEN_TASK, TASKS

FILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "shanghai" / "outbreak-2022"
REPLAYED = "TWINWARD_REPLAYED"  # a workspace where it was replayed already, to save the minutes
FIRST, DAYS = datetime(2022, 3, 1, tzinfo=ZONE), 79
PEAK = (datetime(2022, 3, 6, 12, tzinfo=ZONE), datetime(2022, 5, 18, 12, tzinfo=ZONE))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILES.exists(), reason="the files of the spring of 2022 are not here"),
]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    workspace = Path(os.environ.get(REPLAYED) or tmp_path_factory.mktemp("spring") / "ws")
    if REPLAYED not in os.environ:
        asked = ["--outbreak", str(FILES), "--headless", "--json"]
        assert main(["demo", "--workspace", str(workspace), *asked]) == 0
    platform = compose.open_platform(workspace)
    yield platform
    platform.close()


def test_every_figure_is_that_of_the_files_on_every_day_at_one_and_at_nine(
    replayed: Platform,
) -> None:
    areas = replayed.reference.areas
    names = {areas.name(code): code for code in areas.children[areas.root]}
    surfaces = Surfaces(replayed, read_published(FILES, names))
    wrong = []
    for day in range(DAYS):
        for hour in (1, 9):
            wrong += surfaces.wrong_at(FIRST + timedelta(days=day, hours=hour))
    assert surfaces.held > 100_000
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(map(str, wrong[:40]))


def test_no_district_at_level_i_or_ii_is_ever_without_an_open_task_or_what_its_plan_restricts(
    replayed: Platform,
) -> None:
    at, looked_at, idle = PEAK[0], 0, []
    while at <= PEAK[1]:
        with replayed.store.read() as reader:
            then = snapshot_of(replayed, reader, at)
            for row in then.list_rows(INCIDENTS, status="open"):
                if row.level in ("I", "II"):
                    looked_at += 1
                    if not then.count(TASKS, incident=row.id, status=OPEN_TASK):
                        idle.append((at, row.area, row.level, "no open task"))
                    plan = find_plan_in_force(then, row, replayed.reference)  # type: ignore[arg-type]
                    restricts = plan is not None and plan.restricts()
                    if restricts and not then.count(RESTRICTIONS, incident=row.id):
                        idle.append((at, row.area, row.level, "no restriction"))
        at += timedelta(days=1)
    assert looked_at > 500
    assert not idle, f"{len(idle)} of {looked_at}:\n" + "\n".join(map(str, idle[:40]))
