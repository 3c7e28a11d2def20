"""`twinward surveil hub`: written, read again, scored on the common set, refused where it is bad."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

FIRST = date(2022, 1, 1)  # a Saturday


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    path = tmp_path / "counts.csv"
    rows = [
        f"{area},{FIRST + timedelta(days=7 * k)},{level + 3 * (k % 5)}"
        for area, level in (("01", 40), ("02", 90))
        for k in range(40)
    ]
    path.write_text("area,date,new\n" + "\n".join(rows))
    return path


def write(run: Any, counts: Path, name: str, weeks: int = 4) -> Path:
    path = counts.parent / name
    until = str(FIRST + timedelta(days=7 * 30))
    words = ("--observed", str(counts), "--until", until, "--predict", str(weeks))
    code, found = run("hub", "write", str(path), *words)
    assert (code, found["areas"]) == (0, 2)
    return path


def test_what_is_written_is_read_and_scored(run: Any, counts: Path) -> None:
    path = write(run, counts, "ours.csv")
    code, found = run("hub", "read", str(path), "--observed", str(counts))
    (one,) = found["files"]
    assert (code, one["locations"], one["scored"]) == (0, 3, 8)  # the total was never observed
    assert (one["horizons"], one["targets"]) == ([1, 2, 3, 4], ["wk inc case"])
    assert 0 < one["wis"] < 20
    assert one["coverage_95"] >= 0.75


def test_files_are_compared_on_what_all_of_them_hold(run: Any, counts: Path) -> None:
    four, two = write(run, counts, "four.csv"), write(run, counts, "two.csv", 2)
    _, found = run("hub", "read", str(four), str(two), "--observed", str(counts))
    assert [one["scored"] for one in found["files"]] == [4, 4]
    assert found["common"] == 4
    assert found["files"][0]["wis"] == pytest.approx(found["files"][1]["wis"])
    assert found["notes"] == ["4 forecasts are not in every file and are not scored"]


@pytest.mark.parametrize("fault", ["crossing", "level"])
def test_a_bad_file_is_refused_with_the_place(run: Any, counts: Path, fault: str) -> None:
    path = write(run, counts, "ours.csv")
    with path.open() as file:
        rows = list(csv.reader(file))
    if fault == "crossing":
        rows[3][-1] = "1e9"
    else:
        del rows[3]
    path.write_text("\n".join(",".join(row) for row in rows))
    code, _ = run("hub", "read", str(path))
    assert code == 2
