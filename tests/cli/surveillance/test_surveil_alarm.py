"""`twinward surveil alarm` from outside."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from twinward.core.chance import generator

METHODS = ("farrington", "ears-c1", "ears-c2", "ears-c3", "cusum")


def weekly(tmp_path: Path, weeks: int, outbreak: float = 0.0) -> str:
    counts = generator(2, "test.alarm").poisson(9, weeks)
    counts[-1] += outbreak
    path = tmp_path / "weekly.csv"
    rows = [f"{date(2010, 1, 4) + timedelta(days=7 * k)},{n}" for k, n in enumerate(counts)]
    path.write_text("date,new\n" + "\n".join(rows))
    return str(path)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_a_large_outbreak(run: Any, tmp_path: Path, method: str) -> None:
    path = weekly(tmp_path, 240, 40)
    code, found = run("alarm", "--observed", path, "--method", method)
    assert code == 0
    last = found["rows"][-1]
    assert (last["date"], last["alarm"]) == ("2014-08-04", True)
    assert last["observed"] > last["threshold"] > last["expected"]


@pytest.mark.parametrize(
    ("method", "said"),
    [("farrington", "too few weeks: 6 of 108"), ("ears-c2", "too few weeks: 6 of 9")],
)
def test_too_few_weeks_is_a_sentence(run: Any, tmp_path: Path, method: str, said: str) -> None:
    code, found = run("alarm", "--observed", weekly(tmp_path, 6), "--method", method)
    assert (code, found["rows"], found["enough"]) == (0, [], False)
    assert found["notes"][0] == said


def test_a_past_outbreak_can_be_excluded(run: Any, tmp_path: Path) -> None:
    path = weekly(tmp_path, 240)
    span = "2012-03-05..2012-04-22"
    found = run("alarm", "--observed", path, "--exclude", span)[1]
    assert "7 weeks are excluded from the baseline" in found["notes"]
    assert run("alarm", "--observed", path, "--exclude", "then")[1]["error"]["code"] == "bad_span"


def test_daily_counts_are_added_to_weeks_for_farrington(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "daily.csv"
    rows = [f"{date(2010, 1, 1) + timedelta(days=k)},{1 + k % 3}" for k in range(900)]
    path.write_text("date,new\n" + "\n".join(rows))
    found = run("alarm", "--observed", str(path))[1]
    assert date.fromisoformat(found["rows"][0]["date"]).weekday() == 0


def test_a_wrong_alpha_is_refused(run: Any, tmp_path: Path) -> None:
    path = weekly(tmp_path, 30)
    code, found = run("alarm", "--observed", path, "--alpha", "1.5")
    assert (code, found["error"]["code"]) == (2, "bad_alpha")
