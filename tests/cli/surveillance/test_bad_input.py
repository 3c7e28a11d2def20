"""Bad input, one test a row of the list: corrected by a written rule and said, or refused with the
number; never silently 0, never an R of 47, never NaN.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FIRST = date(2022, 3, 1)
SI = ("--si", "4.7,2.9")
Run = Any


def table(path: Path, head: str, rows: list[str]) -> str:
    path.write_text("\n".join([head, *rows]))
    return str(path)


def days(path: Path, counts: list[int | str]) -> str:
    rows = [f"{FIRST + timedelta(days=k)},{count}" for k, count in enumerate(counts)]
    return table(path, "date,new", rows)


def no_nan(value: object) -> bool:
    """Whether nothing in an answer is NaN or infinite."""
    if isinstance(value, dict):
        return all(no_nan(one) for one in value.values())
    if isinstance(value, list):
        return all(no_nan(one) for one in value)
    return not isinstance(value, float) or math.isfinite(value)


def test_twice_out_of_order_negative_and_a_gap_are_corrected_and_said(
    run: Run, tmp_path: Path
) -> None:
    at = [0, 1, 2, 3, 5, 4, 3, *range(15, 40)]  # 3 twice, 5 before 4, 6 to 14 missing
    rows = [f"{FIRST + timedelta(days=k)},{-4 if k == 20 else 12}" for k in at]
    path = table(tmp_path / "c.csv", "date,new", rows)
    code, found = run("rt", "--observed", path, *SI, "--method", "filter")
    said = " ".join(found["notes"])
    assert code == 0
    for words in ("1 dates come twice", "out of order", "9 days have no count", "taken back"):
        assert words in said
    assert no_nan(found["rows"])


def test_not_yet_is_not_zero(run: Run, tmp_path: Path) -> None:
    path = days(tmp_path / "c.csv", [40 + k for k in range(30)] + [0, 0, 0])
    _, found = run("rt", "--observed", path, *SI, "--method", "filter")
    assert any("not yet reported, left out" in note for note in found["notes"])
    assert found["rows"][-1]["mean"] > 0.8


@pytest.mark.parametrize(
    ("counts", "said"),
    [([3] * 9, "too few days: 9 of 15"), ([0] * 30, "case"), ([0] * 20 + [1] + [0] * 5, "case")],
)
def test_too_little_is_a_sentence_and_the_prior(
    run: Run, tmp_path: Path, counts: list[int | str], said: str
) -> None:
    code, found = run("rt", "--observed", days(tmp_path / "c.csv", counts), *SI)
    assert code == 0
    assert any(said in note for note in found["notes"])
    assert no_nan(found["rows"])


def test_one_case_after_ten_empty_days_is_no_r_of_47(run: Run, tmp_path: Path) -> None:
    path = days(tmp_path / "c.csv", [5, 6, 4, 5, 6, 4, 5, *[0] * 10, 1, 0, 1])
    for method in ("cori", "filter"):
        _, found = run("rt", "--observed", path, *SI, "--method", method)
        assert max(row["mean"] for row in found["rows"][-3:]) < 6


@pytest.mark.parametrize("weights", ["0\n0.5\n0.4", "0.2\n0.5\n0.3", "0\n-0.1\n1.1"])
def test_a_serial_interval_that_is_none_is_refused(run: Run, tmp_path: Path, weights: str) -> None:
    si = tmp_path / "si.csv"
    si.write_text(weights)
    code, found = run("rt", "--observed", days(tmp_path / "c.csv", [9] * 40), "--si", str(si))
    assert (code, found["error"]["code"]) == (2, "bad_serial_interval")
    code, found = run("rt", "--observed", days(tmp_path / "c.csv", [9] * 40), "--si", "0,1")
    assert (code, found["error"]["code"]) == (2, "bad_serial_interval")


def test_after_a_new_definition_the_forecast_goes_on_at_the_new_level(
    run: Run, tmp_path: Path
) -> None:
    counts = [30 + k % 5 for k in range(40)] + [270 + k % 9 for k in range(4)]
    rows = [f"a,{FIRST + timedelta(days=k)},{count}" for k, count in enumerate(counts)]
    path = table(tmp_path / "a.csv", "area,date,new", rows)
    until = str(FIRST + timedelta(days=43))
    _, found = run("forecast", "--observed", path, "--until", until, "--predict", "3")
    assert all(120 < row["quantiles"]["0.5"] < 600 for row in found["rows"])


def test_impossible_delays_are_counted_and_the_longest_is_said(run: Run, tmp_path: Path) -> None:
    rows = [
        f"{FIRST + timedelta(days=k)},{FIRST + timedelta(days=k + late)},{9 - 2 * late}"
        for k in range(40)
        for late in range(3)
    ]
    rows += ["2022-03-05,2022-03-01,4", "2022-03-05,2023-06-01,4"]
    path = table(tmp_path / "t.csv", "reference_date,report_date,count", rows)
    code, found = run("nowcast", "--triangle", path, "--at", "2023-06-02")
    said = " ".join(found["notes"])
    assert code == 0
    assert "1 rows are reported before their reference date" in said
    assert "1 rows have a delay above" in said


def test_one_district_by_week_gives_no_false_weekday(run: Run, tmp_path: Path) -> None:
    rows = [f"daily,{FIRST + timedelta(days=k)},{20 + k % 3}" for k in range(56)]
    rows += [f"weekly,{FIRST + timedelta(days=7 * k + 6)},140" for k in range(8)]
    path = table(tmp_path / "a.csv", "area,date,new", rows)
    until = str(FIRST + timedelta(days=55))
    code, found = run("forecast", "--observed", path, "--until", until, "--predict", "14")
    assert code == 0
    middle = [row["quantiles"]["0.5"] for row in found["rows"] if row["area"] == "daily"]
    assert max(middle) < 2 * min(middle)


def test_places_that_are_nowhere_are_listed_and_empty_ones_with_cases_refused(
    run: Run, tmp_path: Path
) -> None:
    cases = table(tmp_path / "c.csv", "area,cases", ["a,5", "b,9", "gone,3"])
    points = table(tmp_path / "p.csv", "area,lon,lat", ["a,121,31", "b,121.1,31", "c,121.2,31"])
    people = table(tmp_path / "n.csv", "area,population", ["a,1000", "b,1000", "c,0"])
    words = ("scan", "--cases", cases, "--points", points, "--seed", "1", "--replicates", "19")
    code, found = run(*words, "--population", people)
    assert (code, found["unplaced"]) == (0, ["gone"])
    people = table(tmp_path / "n.csv", "area,population", ["a,1000", "b,0", "c,10"])
    code, found = run(*words, "--population", people)
    assert (code, found["error"]["code"]) == (2, "bad_population")


def test_no_travel_is_a_city_alone_and_no_nan(run: Run, tmp_path: Path) -> None:
    people = table(tmp_path / "n.csv", "city,population", [f"{c},1000000" for c in ("A", "B", "C")])
    flows = table(tmp_path / "f.csv", "from,to,day,people", ["A,B,0,0", "A,Z,0,50"])
    words = ("cities", "--flows", flows, "--population", people, "--seed-city", "A")
    code, found = run(*words)
    assert code == 0
    assert no_nan(found)
    said = " ".join(found["notes"])
    assert "1 cities have no population (Z)" in said
    assert "isolated" in said


def test_quantiles_never_cross_and_never_pass_all_bounds(run: Run, tmp_path: Path) -> None:
    rows = [f"a,{date(2019, 1, 6) + timedelta(days=7 * k)},{round(2 * 1.9**k)}" for k in range(14)]
    path = table(tmp_path / "a.csv", "area,date,new", rows)
    until = str(date(2019, 1, 6) + timedelta(days=7 * 13))
    code, found = run("forecast", "--observed", path, "--until", until, "--predict", "8")
    assert code == 0
    for row in found["rows"]:
        values = [row["quantiles"][level] for level in sorted(row["quantiles"], key=float)]
        assert (np.diff(values) >= 0).all()
        assert no_nan(values)


def test_a_leap_day_and_a_week_53_are_weeks_like_others(run: Run, tmp_path: Path) -> None:
    first = date(2015, 1, 5)  # 2015 and 2020 have 53 ISO weeks, 2016 and 2020 a 29 February
    rows = [f"{first + timedelta(days=7 * k)},{10 + k % 4}" for k in range(52 * 6)]
    path = table(tmp_path / "w.csv", "date,new", rows)
    code, found = run("alarm", "--observed", path, "--method", "farrington")
    assert code == 0
    assert {"2020-02-24", "2020-12-21"} <= {row["date"] for row in found["rows"]}
    assert no_nan([row["threshold"] for row in found["rows"][-40:]])
