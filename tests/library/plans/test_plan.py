"""The library: bundled plans are sound; a bad one is refused with its file, its line and what is
wrong.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from twinward.core.errors import InputError
from twinward.library.hazards.hazard import LEVELS
from twinward.library.loading import HOME, load_library
from twinward.library.plans.plan import order_tasks

PLAN = """id = "p"
version = "1"
hazard = "flood"
level = "IV"
title = "t"
source = "s"
authority = {{ automatic = true, authorised_by = "a", bounds = "b" }}
objectives = [{{ key = "tasks", kind = "tasks_done" }}]
{more}
[[tasks]]
key = "one"
title = "t"
department = "{department}"
deadline_h = {deadline}
after = [{after}]
[[tasks]]
key = "two"
title = "t"
department = "health"
deadline_h = 2
after = ["one"]
"""


def load(folder: Path, **changes: str) -> None:
    told = {"more": "", "department": "health", "deadline": "1", "after": ""} | changes
    (folder / "own.toml").write_text(PLAN.format(**told), "utf-8")
    load_library(extra_plans=folder)


def test_every_hazard_has_plans_up_from_its_lowest_level_and_every_department_has_work() -> None:
    library = load_library()
    assert {"epidemic", "flood"} <= library.hazards.keys()
    assert len([plan for plan in library.plans.values() if plan.hazard == "epidemic"]) >= 3
    for hazard in library.hazards:
        for level in LEVELS:
            assert library.find_plan(hazard, level) is not None
    busy = {task.department for plan in library.plans.values() for task in plan.tasks}
    assert busy == library.departments.keys()


def test_no_plan_that_locks_down_an_area_is_adopted_without_a_person() -> None:
    for plan in load_library().plans.values():
        if any(task.measure == "area_lockdown" for task in plan.tasks):
            assert not plan.authority.automatic, plan.id


def test_tasks_stand_after_those_they_wait_for() -> None:
    for plan in load_library().plans.values():
        order = [task.key for task in order_tasks(plan)]
        for task in plan.tasks:
            assert all(order.index(before) < order.index(task.key) for before in task.after)


def test_a_workspace_may_add_a_plan_and_replace_one(tmp_path: Path) -> None:
    load(tmp_path)
    own = (
        (HOME / "plans" / "flood-response.toml")
        .read_text("utf-8")
        .replace('version = "2"', 'version = "mine"')
    )
    (tmp_path / "mine.toml").write_text(own, "utf-8")
    library = load_library(extra_plans=tmp_path)
    assert "p" in library.plans
    assert library.plans["flood-response"].version == "mine"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"department": "magic"}, "own.toml:13: there is no department 'magic'"),
        ({"after": '"two"'}, "own.toml:15: these wait for each other"),
        ({"after": '"three"'}, "waits for unknown 'three'"),
        ({"deadline": "-1"}, "own.toml:14"),
        ({"more": 'colour = "red"'}, "colour"),
        ({"more": "colour ="}, "own.toml"),
    ],
)
def test_a_bad_plan_is_refused_with_what_is_wrong(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(InputError) as refused:
        load(tmp_path, **changes)
    assert refused.value.code == "bad_plan"
    assert said in str(refused.value)


def test_a_plan_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"own\.toml"):
        load_library(extra_plans=tmp_path)
