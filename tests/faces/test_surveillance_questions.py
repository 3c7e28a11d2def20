"""The questions of surveillance take frames, mappings and files, and answer with rows and notes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import twinward as tw

DAYS = pd.date_range("2022-03-01", periods=40)
COUNTS = pd.Series(np.round(20 * np.exp(0.05 * np.arange(40))), index=DAYS)


def test_r_of_a_series_a_mapping_and_a_file_is_the_same(tmp_path: Path) -> None:
    frame = pd.DataFrame({"date": DAYS.date, "new": COUNTS.to_numpy()})
    frame.to_csv(tmp_path / "counts.csv", index=False)
    mapping = dict(zip(DAYS.date, COUNTS, strict=True))
    found = [
        tw.surveillance.estimate_r(form).to_frame()
        for form in (COUNTS, frame, mapping, tmp_path / "counts.csv")
    ]
    assert all(other.equals(found[0]) for other in found[1:])
    assert found[0]["mean"].iloc[-1] == pytest.approx(1.25, abs=0.15)
    assert {"0.025", "0.975"} <= set(found[0].columns)


def test_too_few_days_are_a_note() -> None:
    found = tw.surveillance.estimate_r(COUNTS[:9])
    assert "too few days: 9 of 15" in found.notes
    assert "too few days" in repr(found)


def test_alarms_clusters_and_cities() -> None:
    counts = COUNTS.copy()
    counts.iloc[:] = 5
    counts.iloc[-1] = 40
    alarms = tw.surveillance.find_alarms(counts, method="ears-c1").to_frame()
    assert bool(alarms["alarm"].iloc[-1])
    areas = [f"a{k}" for k in range(9)]
    clusters = tw.surveillance.find_clusters(
        {"area": areas, "cases": [9, 1, 1, 1, 1, 0, 1, 1, 1]},
        {"area": areas, "population": [1000] * 9},
        {"area": areas, "x": [k % 3 for k in range(9)], "y": [k // 3 for k in range(9)]},
        replicates=99,
    )
    assert clusters.rows[0]["areas"] == ["a0"]
    cities = tw.surveillance.spread_between_cities(
        {"from": ["a", "b"], "to": ["b", "a"], "day": [0, 0], "people": [500, 500]},
        {"city": ["a", "b"], "population": [100_000, 100_000]},
        "a",
        days=60,
        runs=5,
    )
    assert [row["city"] for row in cities.rows] == ["a", "b"]


def test_nowcast_and_forecast_by_area() -> None:
    first = date(2022, 1, 1)
    rows = [
        (first + timedelta(days=day), first + timedelta(days=day + delay), count)
        for day in range(30)
        for delay, count in enumerate((10, 5, 2))
    ]
    columns = dict(
        zip(("reference_date", "report_date", "count"), zip(*rows, strict=True), strict=True)
    )
    found = tw.surveillance.nowcast(columns, at="2022-01-30").to_frame()
    assert found["0.5"].iloc[-1] == pytest.approx(17, abs=3)
    frame = pd.DataFrame({"area": "north", "date": DAYS.date, "new": COUNTS.to_numpy()})
    ahead = tw.surveillance.forecast_areas(frame, until="2022-04-09", predict=7).to_frame()
    assert ahead["area"].tolist() == ["north"] * 7 + ["total"] * 7


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tw.surveillance.estimate_r(COUNTS, method="guess"), "method must be cori"),
        (lambda: tw.surveillance.find_alarms(COUNTS, alpha=2.0), "alpha must be above 0"),
        (lambda: tw.surveillance.nowcast({"a": [1]}, at="2022-01-30"), "reference_date"),
        (lambda: tw.surveillance.forecast_areas(pd.DataFrame(), until="soon"), "area"),
    ],
)
def test_a_wrong_argument_is_named(call: object, said: str) -> None:
    with pytest.raises(tw.ArgumentError, match=said):
        call()
