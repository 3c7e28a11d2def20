"""`twinward surveil scan` from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from twinward.core.chance import generator


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    """25 areas on a grid, 40 days; the areas around a0 have more cases on the last ten."""
    chance = generator(3, "test.files")
    areas = [f"a{k}" for k in range(25)]
    points = [f"{area},{121 + 0.1 * (k % 5)},{31 + 0.1 * (k // 5)}" for k, area in enumerate(areas)]
    rows = []
    for _k, area in enumerate(areas):
        for day in range(40):
            hot = area in ("a0", "a1", "a5") and day >= 30
            if count := chance.poisson(0.9 if hot else 0.15):
                rows.append(f"{area},{count},2022-{3 + day // 31:02}-{1 + day % 31:02}")
    texts = {
        "cases": ["area,cases,date", *rows],
        "population": ["area,population", *(f"{area},10000" for area in areas)],
        "points": ["area,lon,lat", *points],
    }
    words: list[str] = []
    for name, lines in texts.items():
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(lines))
        words += [f"--{name}", str(path)]
    return tuple(words)


def test_a_cluster_in_space_and_time(run: Any, files: tuple[str, ...]) -> None:
    code, found = run("scan", *files, "--space-time", "--replicates", "99", "--seed", "4")
    assert code == 0
    first = found["clusters"][0]
    assert {"a0", "a1", "a5"} <= set(first["areas"]) | {"a0"}
    assert first["p"] == 0.01
    assert first["from"] >= "2022-03-25"
    assert first["to"] >= "2022-04-05"
    assert first["cases"] > 2 * first["expected"]


def test_a_cluster_in_space_has_no_days(run: Any, files: tuple[str, ...]) -> None:
    found = run("scan", *files, "--replicates", "99", "--seed", "4")[1]
    assert found["clusters"][0]["from"] is None
    again = run("scan", *files, "--replicates", "99", "--seed", "4")[1]
    assert found == again


def test_what_has_no_point_is_listed(run: Any, files: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text(path.read_text() + "\nlost,7,2022-03-05")
    found = run("scan", *files, "--replicates", "9")[1]
    assert found["unplaced"] == ["lost"]
    assert found["notes"][0].startswith("7 cases in 1 areas")


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("population", "a3,10000", "a3,-5", "negative_count"),
        ("population", "a0,10000", "a0,0", "bad_population"),
        ("points", "a3,121.3,31.0", "a3,31.0,1210", "bad_point"),
        ("points", "area,lon,lat", "area,east,north", "missing_column"),
        ("points", "a3,121.3", "a2,121.3", "area_twice"),
        ("cases", ",2022-03-01", ",soon", "bad_date"),
        ("cases", "area,cases,date", "area,cases,day", "missing_column"),
    ],
)
def test_bad_files_are_errors_with_a_code(
    run: Any, files: tuple[str, ...], tmp_path: Path, name: str, old: str, new: str, code: str
) -> None:
    path = tmp_path / f"{name}.csv"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    status, found = run("scan", *files, "--space-time", "--replicates", "9")
    assert (status, found["error"]["code"]) == (2, code)
