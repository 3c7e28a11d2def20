"""Reporting triangles: published shares of delays, corrections, and nowcasts that come true."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.surveillance.forecasting.score import LEVELS, weighted_interval_score
from twinward.decision.surveillance.nowcast.nowcast import make_nowcast
from twinward.decision.surveillance.nowcast.triangle import (
    delay_shares,
    push_back,
    read_triangle,
)

OPEN = np.nan
# published example of reporting triangles (baselinenowcast, MIT): 7 days, 4 delays
EXAMPLE = np.array(
    [
        [100, 55, 30, 12],
        [70, 40, 24, 8],
        [80, 50, 25, 10],
        [100, 50, 20, OPEN],
        [90, 45, OPEN, OPEN],
        [110, OPEN, OPEN, OPEN],
        [95, OPEN, OPEN, OPEN],
    ]
)
DELAY = np.array([0.35, 0.25, 0.15, 0.1, 0.07, 0.05, 0.03])


def simulate_triangle(seed: int, days: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Final reports of a slow wave; Sunday reports are put off to Monday and Tuesday."""
    chance = generator(seed, "test.triangle")
    wave = level * np.exp(0.6 * np.sin(np.arange(days) / 15.0))
    counts = np.zeros((days, len(DELAY)))
    for day in range(days):
        shares = DELAY * np.where((day + np.arange(7)) % 7 == 6, 0.2, 1.0)
        total = chance.poisson(chance.gamma(25.0, wave[day] / 25.0))
        counts[day] = chance.multinomial(total, shares / shares.sum())
    known = counts.copy()
    known[np.arange(7)[None, :] > (days - 1 - np.arange(days))[:, None]] = np.nan
    return counts, known


def test_the_published_shares_of_delays() -> None:
    expected = [0.51499404, 0.28090584, 0.14457631, 0.05952381]
    assert delay_shares(EXAMPLE) == pytest.approx(expected, abs=1e-8)


def test_a_downward_correction_is_taken_from_the_delay_before() -> None:
    found = push_back(np.array([[90.0, 40.0, -20.0, 8.0], [5.0, -9.0, 0.0, 1.0]]))
    assert found.tolist() == [[90, 20, 0, 8], [0, 0, 0, 1]]


def test_the_nowcast_is_nearer_than_the_chain_ladder() -> None:
    ours, ladder, inside, ratio = [], [], [], []
    for seed in range(8):
        counts, known = simulate_triangle(seed, 110, 80.0)
        final = counts.sum(axis=1)[-6:]
        for plain, scores in ((False, ours), (True, ladder)):
            found = make_nowcast(known, 0, plain)
            table = found.quantiles(LEVELS)[-6:]
            scores.append(weighted_interval_score(table, final))
            if not plain:
                inside += list((table[:, 2] <= final) & (final <= table[:, 20]))
                ratio.append(table[-1, 11] / final[-1])
    assert np.mean(ours) < np.mean(ladder)
    assert np.mean(inside) >= 0.75
    assert np.median(ratio) == pytest.approx(1.0, abs=0.2)


def test_a_day_without_reports_yet_is_not_a_day_without_cases() -> None:
    _, known = simulate_triangle(1, 90, 40.0)
    known[-1, 0] = 0
    assert make_nowcast(known, 0).to_come[-1] > 3


def test_a_day_of_nothing_stays_possible_where_there_were_none() -> None:
    known = np.zeros((40, 5))
    known[np.arange(5)[None, :] > (39 - np.arange(40))[:, None]] = np.nan
    found = make_nowcast(known, 0)
    assert np.isfinite(found.quantiles(LEVELS)).all()
    assert found.quantiles(LEVELS)[:, 11].max() <= 1


def written(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "triangle.csv"
    path.write_text("reference_date,report_date,count\n" + "\n".join(rows))
    return path


def test_what_is_reported_later_is_not_read(tmp_path: Path) -> None:
    rows = ("2022-01-01,2022-01-01,5", "2022-01-01,2022-01-03,2", "2022-01-02,2022-01-04,9")
    found = read_triangle(written(tmp_path, *rows), date(2022, 1, 3))
    assert found.counts.tolist() == [[5, 0, 2]]
    nothing = date(2021, 12, 1)
    with pytest.raises(InputError, match="has no report up to 2021-12-01"):
        read_triangle(written(tmp_path, *rows), nothing)


def test_impossible_delays_are_rejected_and_counted(tmp_path: Path) -> None:
    rows = (
        "2022-01-01,2022-01-01,5",
        "2022-01-05,2022-01-02,3",
        "2022-01-02,2023-02-10,1",
        "2022-01-02,2022-01-03,4",
    )
    found = read_triangle(written(tmp_path, *rows), date(2023, 3, 1))
    assert np.nansum(found.counts) == 9
    assert "1 rows are reported before their reference date: rejected" in found.notes
    assert "delay above 60 days, the maximum" in found.notes[1]
