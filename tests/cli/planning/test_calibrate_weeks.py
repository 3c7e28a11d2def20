"""`twinward calibrate --every week`: N weeks ahead, dated by the week's last day, judged by week."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from twinward.cli.main import main
from twinward.core.chance import generator

FIRST = date(2022, 1, 1)


def test_weeks_are_forecast_by_the_week(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = generator(1, "test.weeks").poisson(400, 40)
    path = tmp_path / "weeks.csv"
    rows = [f"{FIRST + timedelta(days=7 * k)},{n}" for k, n in enumerate(counts)]
    path.write_text("date,new\n" + "\n".join(rows))
    until = FIRST + timedelta(days=7 * 29)
    words = ["calibrate", "--observed", str(path), "--until", str(until), "--predict", "4"]
    assert main([*words, "--every", "week", "--trials", "16", "--json"]) == 0
    found = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    days = [row["date"] for row in found["quantiles"]]
    assert days == [str(until + timedelta(days=7 * k)) for k in range(1, 5)]
    values = found["quantiles"][0]["values"]
    assert len(values) == 23
    assert 330 < values["0.5"] < 470
    assert found["coverage_90"] >= 0.5
    assert found["wis"] < 60
