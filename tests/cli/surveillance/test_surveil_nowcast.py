"""`twinward surveil nowcast` from outside."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from twinward.core.chance import generator

FIRST = date(2022, 1, 3)


def triangle(tmp_path: Path, days: int) -> str:
    chance = generator(1, "test.rows")
    rows = []
    for day in range(days):
        for delay, share in enumerate((0.5, 0.3, 0.15, 0.05)):
            reference = FIRST + timedelta(days=day)
            count = chance.poisson(60 * share)
            rows.append(f"{reference},{reference + timedelta(days=delay)},{count}")
    path = tmp_path / "triangle.csv"
    path.write_text("reference_date,report_date,count\n" + "\n".join(rows))
    return str(path)


def test_open_days_have_quantiles_above_what_is_reported(run: Any, tmp_path: Path) -> None:
    at = FIRST + timedelta(days=59)
    code, found = run("nowcast", "--triangle", triangle(tmp_path, 80), "--at", str(at))
    assert code == 0
    last = found["rows"][-1]
    assert last["date"] == str(at)
    assert last["reported"] < last["quantiles"]["0.5"]
    assert 35 < last["quantiles"]["0.5"] < 90
    assert len(last["quantiles"]) == 23
    assert found["max_delay_days"] == 3
    assert str(at - timedelta(days=3)) <= found["complete_to"] <= str(at - timedelta(days=2))


def test_later_reports_change_nothing(run: Any, tmp_path: Path) -> None:
    at = str(FIRST + timedelta(days=50))
    short = run("nowcast", "--triangle", triangle(tmp_path, 51), "--at", at)[1]
    long = run("nowcast", "--triangle", triangle(tmp_path, 90), "--at", at)[1]
    assert short["rows"] == long["rows"]


def test_too_few_days_is_a_sentence(run: Any, tmp_path: Path) -> None:
    at = str(FIRST + timedelta(days=8))
    code, found = run("nowcast", "--triangle", triangle(tmp_path, 30), "--at", at)
    assert (code, found["rows"], found["enough"]) == (0, [], False)
    assert found["notes"][0] == "too few days: 9 of 14"


def test_a_wrong_date_is_refused(run: Any, tmp_path: Path) -> None:
    found = run("nowcast", "--triangle", triangle(tmp_path, 30), "--at", "today")[1]
    assert found["error"]["code"] == "bad_date"
