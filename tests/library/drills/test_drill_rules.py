"""Every fault of a drill's script is found and told with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twinward.app.workspace import scenarios_folder
from twinward.core.errors import InputError
from twinward.library.drills.drill import script_schema
from twinward.library.drills.drill_rules import check_script, load_script
from twinward.library.loading import load_library

HEAD = """name = "x"
title = "x"
hazard = "epidemic/drill"
start = 2026-03-02T08:00:00Z
hours = 48
"""
OUTBREAK = '[[inject]]\nkind = "outbreak"\nname = "a"\n'
LIBRARY = load_library()


def faults(text: str, areas: tuple[str, ...] | None = None) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in check_script(text, "x.toml", LIBRARY, areas)[1]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HEAD + OUTBREAK, []),
        (HEAD + OUTBREAK + "at_h = -1\n", [(9, "bad_inject")]),
        (HEAD + OUTBREAK + "at_h = 48\n", [(9, "after_end")]),
        (HEAD + OUTBREAK + 'after = "b"\n', [(9, "unknown_inject")]),
        (HEAD + OUTBREAK + 'after = "a"\n', [(9, "circle")]),
        (
            HEAD + OUTBREAK + 'after = "b"\n[[inject]]\nkind = "rumour"\nname = "b"\nafter = "a"\n',
            [(9, "circle"), (13, "circle")],
        ),
        (HEAD + OUTBREAK + "cases = 0\n", [(9, "bad_inject")]),
        (HEAD + OUTBREAK + OUTBREAK, [(11, "doubled_name")]),
        (HEAD + OUTBREAK + 'area = "999"\n', [(9, "unknown_area")]),
        (HEAD + OUTBREAK + 'area = "#0"\n', [(9, "unknown_area")]),
        (HEAD + '[[inject]]\nkind = "meteor"\nname = "m"\n', [(7, "bad_inject")]),
        (HEAD + '[[inject]]\nkind = "network_cut"\nname = "m"\nfor_h = 1\n', [(9, "bad_cut")]),
        (
            HEAD
            + '[[inject]]\nkind = "staff_absence"\nname = "m"\nfor_h = 1\ndepartment = "nobody"\n',
            [(10, "unknown_department")],
        ),
        (
            HEAD + '[[inject]]\nkind = "supply_shortage"\nname = "m"\nresource = "gold"\n',
            [(9, "unknown_resource")],
        ),
        (
            HEAD + '[[inject]]\nkind = "sensor_fault"\nname = "m"\nof = "a"\nfor_h = 1\n',
            [(9, "unknown_inject")],
        ),
        (HEAD + 'plans = ["none-such"]\n' + OUTBREAK, [(6, "unknown_plan")]),
        (HEAD + 'disease = "none-such"\n' + OUTBREAK, [(6, "unknown_disease")]),
        (HEAD.replace("00Z", "00") + OUTBREAK, [(4, "time_without_zone")]),
        (HEAD.replace("epidemic/drill", "meteor") + OUTBREAK, [(3, "unknown_hazard")]),
        (HEAD.replace("48", "-48") + OUTBREAK, [(5, "bad_script")]),
        (HEAD, [(1, "nothing_happens")]),
        ("name = ", [(1, "bad_toml")]),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, found: list[tuple[int, str]]) -> None:
    assert faults(text, ("310101",)) == found


def test_all_faults_are_told_at_once_and_loading_names_the_first() -> None:
    text = HEAD.replace("00Z", "00") + 'plans = ["none-such"]\n' + OUTBREAK + 'area = "999"\n'
    assert [code for _, code in faults(text, ("310101",))] == [
        "time_without_zone",
        "unknown_plan",
        "unknown_area",
    ]
    assert faults(text, None)[-1][1] == "unknown_plan"  # without a city no area is held against one


def test_a_bad_file_is_an_error_of_the_input(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError) as told:
        load_script(bad, LIBRARY)
    assert told.value.code == "no_script"


@pytest.mark.parametrize(
    "path",
    sorted((scenarios_folder() / "drills").glob("*.toml")),
    ids=lambda path: path.stem,
)
def test_the_bundled_scripts_are_without_fault(path: Path) -> None:
    script, _ = load_script(path, LIBRARY)
    assert script.name == path.stem
    assert script.targets.receipt_h is not None


def test_the_published_schema_is_the_one_that_scripts_are_read_by() -> None:
    published = json.loads(
        (Path(__file__).parents[3] / "docs" / "reference" / "drill.schema.json").read_text("utf-8")
    )
    assert published == json.loads(json.dumps(script_schema()))
