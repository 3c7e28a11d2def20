"""Weeks, months and running totals are seen by the spacing and the steps of a series."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.surveillance.forecasting.observed import read_after, read_until
from twinward.decision.surveillance.forecasting.series_shape import is_running_total, spacing

START = date(2025, 1, 7)
UNTIL = date(2025, 6, 30)


def epidemic(days: int, seed: int = 1) -> np.ndarray:
    chance = np.random.default_rng(seed)
    level = 60 + 50 * np.sin(np.arange(days) / 20)
    return chance.poisson(level * chance.gamma(10, 0.1, days)).astype(float)


def write(path: Path, rows: list[tuple[object, object]]) -> Path:
    path.write_text("date,new\n" + "".join(f"{day},{count}\n" for day, count in rows))
    return path


def weekly(counts: np.ndarray) -> list[tuple[object, object]]:
    sums = counts[: len(counts) // 7 * 7].reshape(-1, 7).sum(axis=1)
    return [(START + timedelta(days=7 * k), int(n)) for k, n in enumerate(sums)]


def test_spacing_tells_days_weeks_and_months() -> None:
    def days(*apart: int) -> list[date]:
        return [START + timedelta(days=int(n)) for n in np.cumsum([0, *apart])]

    assert spacing(days(*[1] * 9)) == spacing(days(1, 1, 7, 1)) == "day"
    assert spacing(days(*[7] * 9)) == spacing(days(7, 7, 14, 7)) == "week"
    assert spacing(days(31, 28, 31, 30)) == spacing(days(31, 59, 30, 31)) == "month"
    assert (
        spacing(days(*[14] * 6))
        == spacing(days(2, 2, 4, 2))
        == spacing(days(10, 10, 10))
        == "sparse"
    )
    assert spacing(days(2, 2, 3, 2)) == spacing(days(1, 2, 2, 2)) == "day"
    assert spacing(days(7, 7)) == "day"  # too few to tell


@pytest.mark.parametrize("rows", ["dates", "iso weeks", "one week missing"])
def test_weeks_are_a_question_and_the_answer_counts(rows: str, tmp_path: Path) -> None:
    table = weekly(epidemic(70))
    if rows == "iso weeks":
        table = [
            (f"{d.isocalendar().year}-W{d.isocalendar().week:02d}", n)
            for d, n in table  # type: ignore[attr-defined]
        ]
    if rows == "one week missing":
        del table[4]
    path = write(tmp_path / "w.csv", table)
    with pytest.raises(InputError, match="7 days apart") as caught:
        read_until(path, UNTIL)
    assert "--every week" in caught.value.advice
    observed = read_until(path, UNTIL, every="week")
    assert np.nansum(observed.counts) == pytest.approx(sum(int(str(n)) for _, n in table))
    assert np.nanmax(observed.counts) < 300


def test_weeks_to_come_are_judged_by_week(tmp_path: Path) -> None:
    table = weekly(epidemic(70))
    path = write(tmp_path / "w.csv", table)
    until = table[6][0]
    assert isinstance(until, date)
    came = read_after(path, until, 14, every="week")
    assert came is not None
    assert came.reshape(2, 7).sum(axis=1) == pytest.approx([table[7][1], table[8][1]])


@pytest.mark.parametrize("apart", [2, 3, 14])
def test_counts_of_several_days_are_a_question(apart: int, tmp_path: Path) -> None:
    counts = epidemic(112)
    rows: list[tuple[object, object]] = [
        (START + timedelta(days=k), int(counts[k - apart + 1 : k + 1].sum()))
        for k in range(apart - 1, 112, apart)
    ]
    path = write(tmp_path / "s.csv", rows)
    for every in (None, "week"):
        with pytest.raises(InputError, match=f"lie {apart} days apart") as caught:
            read_until(path, UNTIL, every=every)  # type: ignore[arg-type]
        assert caught.value.code == "sparse_counts"
    assert np.isfinite(read_until(path, UNTIL, every="day").counts).sum() == len(rows)


def test_rates_are_no_counts(tmp_path: Path) -> None:
    rows: list[tuple[object, object]] = [
        (START + timedelta(days=k), f"{count / 1e5:.6f}") for k, count in enumerate(epidemic(60))
    ]
    with pytest.raises(InputError, match="rates") as caught:
        read_until(write(tmp_path / "r.csv", rows), UNTIL)
    assert caught.value.code == "rates_no_counts"


def test_months_are_refused(tmp_path: Path) -> None:
    rows = [(date(2025, month, 1), 900) for month in range(1, 7)]
    with pytest.raises(InputError, match="month apart"):
        read_until(write(tmp_path / "m.csv", rows), UNTIL)


@pytest.mark.parametrize("seed", range(5))
def test_running_totals_are_noticed_and_real_outbreaks_are_not(seed: int) -> None:
    new = epidemic(120, seed)
    assert is_running_total(np.cumsum(new)) and not is_running_total(new)
    corrected = np.cumsum(new)
    corrected[60:] -= 40  # a day on which the total falls
    assert is_running_total(corrected)
    growth = np.random.default_rng(seed).poisson(10 * np.exp(0.25 * np.arange(14))).astype(float)
    assert not is_running_total(growth) and not is_running_total(np.sort(growth))
    assert not is_running_total(np.zeros(40))


def test_totals_are_a_question_and_their_differences_can_be_taken(tmp_path: Path) -> None:
    new = epidemic(100)
    rows = [(START + timedelta(days=k), int(n)) for k, n in enumerate(np.cumsum(new))]
    path = write(tmp_path / "t.csv", rows)  # type: ignore[arg-type]
    until = START + timedelta(days=89)
    with pytest.raises(InputError, match="running totals") as caught:
        read_until(path, until)
    assert "--holds total" in caught.value.advice
    observed = read_until(path, until, holds="total")
    assert observed.counts.tolist() == new[1:90].tolist()
    assert read_until(path, until, holds="new").counts[0] == new[0]
    came = read_after(path, until, 5, holds="total")
    assert came is not None and came.tolist() == new[90:95].tolist()


def test_counts_in_the_writing_of_another_country(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    rows = "".join(f"2025-01-{d:02d};1 2{d:02d}\n" for d in range(1, 10))
    path.write_text("\ufeffdate;new\n" + rows + "Total;99\n")
    assert read_until(path, UNTIL).counts[0] == 1201
    path.write_text("date;new\n" + "".join(f"2025-01-{d:02d};1.2{d:02d}\n" for d in range(1, 10)))
    with pytest.raises(InputError, match="thousands"):
        read_until(path, UNTIL)
