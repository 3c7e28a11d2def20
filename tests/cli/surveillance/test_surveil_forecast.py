"""`twinward surveil forecast` from outside."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twinward.core.chance import generator
from twinward.standards.hubverse.model_output import read_hub

FIRST = date(2022, 1, 3)


def series(tmp_path: Path, step: int = 1, length: int = 70) -> str:
    rows = []
    for area, level in (("north", 80), ("south", 30)):
        chance = generator(1, f"test.{area}")
        for k in range(length):
            rows.append(f"{area},{FIRST + timedelta(days=step * k)},{chance.poisson(level)}")
    path = tmp_path / "areas.csv"
    path.write_text("area,date,new\n" + "\n".join(rows))
    return str(path)


def test_every_area_and_the_whole_in_one_call(run: Any, tmp_path: Path) -> None:
    until = str(FIRST + timedelta(days=49))
    code, found = run(
        "forecast", "--observed", series(tmp_path), "--until", until, "--predict", "14"
    )
    assert code == 0
    assert (found["areas"], found["every"], len(found["rows"]), len(found["total"])) == (
        2,
        "day",
        28,
        14,
    )
    row = found["rows"][0]
    assert (row["area"], row["date"], len(row["quantiles"])) == ("north", "2022-02-22", 23)
    for n in range(14):
        parts = found["rows"][n]["quantiles"]["0.5"] + found["rows"][14 + n]["quantiles"]["0.5"]
        assert found["total"][n]["quantiles"]["0.5"] == pytest.approx(parts)
    assert found["scores"]["coverage_90"] > 0.6


def test_later_rows_change_nothing(run: Any, tmp_path: Path) -> None:
    until = str(FIRST + timedelta(days=49))
    words = ("--until", until, "--predict", "7")
    long = run("forecast", "--observed", series(tmp_path), *words)[1]
    short = run("forecast", "--observed", series(tmp_path, length=50), *words)[1]
    assert long["rows"] == short["rows"]
    assert short["scores"] is None


def test_weekly_counts_are_forecast_by_week_and_written_for_hubs(run: Any, tmp_path: Path) -> None:
    until = str(FIRST + timedelta(days=7 * 39))
    path, hub = series(tmp_path, 7), tmp_path / "hub.csv"
    words = ("--until", until, "--predict", "4", "--hub", str(hub))
    found = run("forecast", "--observed", path, *words)[1]
    assert (found["every"], len(found["rows"])) == ("week", 8)
    assert found["rows"][0]["date"] == str(FIRST + timedelta(days=7 * 40))
    forecasts = read_hub(hub.read_text(), "hub.csv")
    assert {one.location for one in forecasts} == {"north", "south", "total"}
    assert all(np.isfinite(list(one.quantiles.values())).all() for one in forecasts)


def test_told_and_not_told_stand_side_by_side(run: Any, tmp_path: Path) -> None:
    until = FIRST + timedelta(days=49)
    words = ("--until", str(until), "--predict", "21", "--change", f"{until},0.4,0.2")
    found = run("forecast", "--observed", series(tmp_path), *words)[1]
    assert found["rows"][20]["quantiles"]["0.5"] < 0.7 * found["not_told"][20]["quantiles"]["0.5"]


def test_one_area_by_week_and_the_other_by_day(run: Any, tmp_path: Path) -> None:
    path = Path(series(tmp_path))
    rows = [f"west,{FIRST + timedelta(days=7 * k + 6)},70" for k in range(9)]
    path.write_text(path.read_text() + "\n" + "\n".join(rows))
    until = str(FIRST + timedelta(days=62))
    found = run("forecast", "--observed", str(path), "--until", until, "--predict", "7")[1]
    west = [row["quantiles"]["0.5"] for row in found["rows"] if row["area"] == "west"]
    assert max(west) / min(west) < 1.2
    assert any("report weekly" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--until", "2022-02-21", "--predict", "0"), "bad_predict"),
        (("--until", "soon"), "bad_date"),
        (("--until", "2020-01-01"), "too_few_days"),
        (("--until", "2022-02-21", "--change", "now"), "bad_date"),
        (("--until", "2022-02-21", "--change", "2022-02-21,99"), "bad_change"),
    ],
)
def test_bad_input_is_an_error_with_a_code(
    run: Any, tmp_path: Path, words: tuple[str, ...], code: str
) -> None:
    status, found = run("forecast", "--observed", series(tmp_path), *words)
    assert (status, found["error"]["code"]) == (2, code)


def test_few_days_are_forecast_and_said(run: Any, tmp_path: Path) -> None:
    until = str(FIRST + timedelta(days=8))
    found = run("forecast", "--observed", series(tmp_path), "--until", until, "--predict", "3")[1]
    assert "north: too few days: 9 of 14; the interval is a guess" in found["notes"]


def test_weeks_of_daily_counts_end_on_the_day_of_until(run: Any, tmp_path: Path) -> None:
    until = FIRST + timedelta(days=45)
    asked = ("--until", str(until), "--predict", "3", "--weekly")
    code, found = run("forecast", "--observed", series(tmp_path), *asked)
    assert code == 0
    assert (found["every"], len(found["rows"]), len(found["total"])) == ("week", 6, 3)
    assert [row["date"] for row in found["total"]] == [
        str(until + timedelta(days=7 * week)) for week in (1, 2, 3)
    ]
    assert found["total"][0]["quantiles"]["0.5"] == pytest.approx(7 * 110, rel=0.15)
    assert found["scores"]["coverage_90"] > 0.5
