"""`twinward surveil rt` from outside: rows, notes, and a sentence where the days are too few."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest


def series(tmp_path: Path, counts: list[float]) -> str:
    path = tmp_path / "counts.csv"
    first = date(2022, 3, 1)
    rows = [f"{first + timedelta(days=k)},{n:g}" for k, n in enumerate(counts)]
    path.write_text("date,new\n" + "\n".join(rows))
    return str(path)


def test_rows_of_windows_and_of_days(run: Any, tmp_path: Path) -> None:
    path = series(tmp_path, [10 + k for k in range(40)])
    code, found = run("rt", "--observed", path, "--si", "4.7,2.9")
    assert code == 0
    row = found["rows"][0]
    assert (row["from"], row["to"]) == ("2022-03-02", "2022-03-08")
    assert row["quantiles"]["0.025"] < row["mean"] < row["quantiles"]["0.975"]
    by_day = run("rt", "--observed", path, "--si", "4.7,2.9", "--method", "filter")[1]
    assert by_day["rows"][-1]["to"] == "2022-04-09"
    assert by_day["rows"][-1]["above_one"] > 0.5


def test_too_few_days_is_a_sentence_and_the_prior(run: Any, tmp_path: Path) -> None:
    path = series(tmp_path, [0, 1, 0, 2, 0, 1, 3, 0, 1])
    code, found = run("rt", "--observed", path, "--si", "3.6,1.6")
    assert (code, found["enough"]) == (0, False)
    assert found["notes"][0] == "too few days: 9 of 14"
    (row,) = found["rows"]
    assert row["quantiles"]["0.975"] - row["quantiles"]["0.025"] > 10


def test_a_single_case_is_a_sentence(run: Any, tmp_path: Path) -> None:
    path = series(tmp_path, [0] * 20 + [1])
    found = run("rt", "--observed", path, "--si", "3.6,1.6")[1]
    assert found["notes"][0] == "too few cases: 1 in 21 days"


def test_a_heap_is_masked_and_said(run: Any, tmp_path: Path) -> None:
    counts = [30.0] * 40
    counts[30] = 270
    path = series(tmp_path, counts)
    found = run("rt", "--observed", path, "--si", "4,2", "--method", "filter")[1]
    assert "2022-03-31" in found["notes"][0]
    assert found["rows"][-1]["mean"] == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--si", "0,1"), "bad_serial_interval"),
        (("--si", "4,2", "--window", "90"), "bad_window"),
        (("--si", "4,2", "--delay", "soon"), "bad_numbers"),
    ],
)
def test_bad_input_is_an_error_with_a_code(
    run: Any, tmp_path: Path, words: tuple[str, ...], code: str
) -> None:
    path = series(tmp_path, [5] * 40)
    assert run("rt", "--observed", path, *words)[1]["error"]["code"] == code
