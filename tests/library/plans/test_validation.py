"""A plan file's faults come all at once, each with its line and what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from twinward.library.loading import HOME, load_library
from twinward.library.manuals import list_manuals
from twinward.library.plans.validation import plan_schema, validate_plan
from twinward.library.supplies.resources import list_resources

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIBRARY = load_library()
PLAN = (HOME / "plans" / "epidemic-iii-contain.toml").read_text("utf-8")
SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "plan.schema.json"


def faults_of(text: str, areas: set[str] | None = None) -> list[tuple[int, str]]:
    return [
        (fault.line, fault.code) for fault in validate_plan(text, "p.toml", LIBRARY, NOW, areas)[1]
    ]


def line_after(text: str, word: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), start=1) if word in line)


def test_every_bundled_plan_is_valid_and_its_manuals_are_there() -> None:
    manuals = {manual.path for manual in list_manuals()}
    for path in sorted((HOME / "plans").glob("*.toml")):
        plan, faults = validate_plan(path.read_text("utf-8"), path.name, LIBRARY, NOW)
        assert plan is not None
        assert not faults
        assert {task.manual for task in plan.every_task() if task.manual} <= manuals


def test_at_least_six_plans_differ_in_measures() -> None:
    found = {str(plan.measures) for plan in LIBRARY.plans.values() if plan.measures}
    assert len(found) >= 6


def test_alternatives_are_never_taken_by_the_loop() -> None:
    chosen = LIBRARY.find_plan("epidemic", "II")
    assert chosen is not None
    assert chosen.id == "epidemic-ii-suppress"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('department = "health"', 'department = "magic"', "unknown_department"),
        ('measure = "mass_testing"', 'measure = "spell"', "unknown_measure"),
        ("needs = { test_kits = 20000 }", "needs = { moons = 3 }", "unknown_resource"),
        ("needs = { test_kits = 20000 }", "needs = { test_kits = -3 }", "negative"),
        ("needs = { test_kits = 20000 }", 'needs = { test_kits = "20 boxes" }', "unit"),
        ("deadline_h = 48", "deadline_d = 2", "unit"),
        ("deadline_h = 48", "deadline_h = 48\ndeadline = 2020-01-01T00:00:00Z", "past"),
        ("deadline_h = 48", "deadline_h = 48\ndeadline = 2030-01-01T00:00:00", "no_zone"),
        ("deadline_h = 48", "deadline_h = 2880", "unit"),
        ("at_least = 10", "at_least = 0", "ok"),
        ("at_most = 99", "at_most = 9", "never_fires"),
        ('figure = "new_7d"', 'figure = "water_depth_m"', "never_fires"),
        ('unit = "kits"', 'unit = "beds"', "unit"),
        ("coverage = 0.9", "coverage = 90", "unit"),
        ("every_d = 3", "every_d = 3\nend_day = 1", "bad_measures"),
        ('type = "masks"', 'type = "magic"', "unknown_measure"),
        ("coverage = 0.9", 'trigger = { figure = "icu_share", start_above = 20 }', "never_fires"),
        ("coverage = 0.9", 'trigger = { figure = "icu_share", start_above = 0 }', "always_fires"),
        ('hazard = "epidemic"', 'hazard = "dragon"', "unknown_hazard"),
        ("at_least = 10", "at_least = -5", "negative"),
        ('manual = "manuals/mass-testing.md"', 'manual = "manuals/moons.md"', "unknown_manual"),
        ('manual = "manuals/mass-testing.md"', 'manual = "https://city.example/our-own.pdf"', "ok"),
        ("days = 14", "days = -14", "negative"),
        ('kind = "quiet_days"', 'kind = "figure_below"', "bad_objective"),
        ('kind = "quiet_days"', 'kind = "silence"', "bad_form"),
        ('version = "2"', "version = ", "not_toml"),
    ],
)
def test_a_fault_has_its_line_and_code(old: str, new: str, code: str) -> None:
    text = PLAN.replace(old, new, 1)
    assert text != PLAN
    faults = faults_of(text)
    if code == "ok":
        assert not faults
        return
    codes = [found for _, found in faults]
    assert codes == [code]
    assert abs(faults[0][0] - line_after(text, new.splitlines()[-1])) <= 4


def test_a_circle_and_a_trigger_that_always_fires() -> None:
    text = PLAN.replace('key = "investigate"', 'key = "investigate"\nafter = ["order"]').replace(
        "at_most = 99", ""
    )
    assert [code for _, code in faults_of(text.replace("at_least = 10", "at_least = 0"))] == [
        "circle",
        "always_fires",
    ]


def test_areas_are_held_against_a_city_when_there_is_one() -> None:
    text = PLAN.replace('areas = ["affected"]', 'areas = ["affected", "X9"]', 1)
    assert not faults_of(text)
    assert faults_of(text, {"X9"}) == []
    assert faults_of(text, {"A"}) == [(line_after(text, "X9"), "unknown_area")]


def test_a_malformed_part_does_not_move_the_lines_of_others() -> None:
    text = PLAN.replace("deadline_h = 24", "deadline_h = -1", 1)
    text = text.replace('department = "transport"', 'department = "magic"', 1)
    assert faults_of(text) == [
        (line_after(text, "deadline_h = -1"), "negative"),
        (line_after(text, '"magic"'), "unknown_department"),
    ]


def test_a_malformed_frame_hides_no_other_fault() -> None:
    text = PLAN.replace('level = "III"', 'level = "IX"').replace(
        'department = "transport"', 'department = "magic"', 1
    )
    text = text.replace("test_kits = {", 'masks = { quantity = -1, unit = "kg" }\ntest_kits = {')
    text = text.replace("at_least = 10", "at_least = inf")
    assert faults_of(text) == [
        (line_after(text, '"IX"'), "bad_form"),
        (line_after(text, '"magic"'), "unknown_department"),
        (line_after(text, "= inf"), "bad_number"),
        (line_after(text, "at_most"), "never_fires"),
        (line_after(text, "quantity = -1"), "negative"),
    ]
    assert {code for _, code in faults_of("")} == {"missing"}


def test_the_published_schema_is_the_one_in_force() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == json.loads(json.dumps(plan_schema()))


def test_every_resource_has_a_unit() -> None:
    assert all(resource.unit for resource in list_resources().values())
