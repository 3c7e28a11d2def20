"""R over windows equals the published values and never explodes where nothing explains a case."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.surveillance.rt.cori import QUANTILES, estimate_cori, growth_to_r
from twinward.decision.surveillance.rt.delay import deconvolve, make_delay
from twinward.decision.surveillance.rt.serial_interval import (
    make_serial_interval,
    mean_and_sd,
    read_serial_interval,
)

# Pandemic influenza in a school, 2009: Cauchemez et al. 2011, PNAS 108:2825, as published with
# the method; 32 days, and the serial interval by day from 0.
SCHOOL = [1, 1, 0, 2, 5, 3, 3, 3, 6, 2, 5, 9, 13, 12, 13, 11, 12, 6, 6, 6, 3, 1, 0, 2, 0, 0, 0]
SCHOOL += [0, 2, 0, 2, 0]
SERIAL = [0, 0.233, 0.359, 0.198, 0.103, 0.053, 0.027, 0.014, 0.007, 0.003, 0.002, 0.001]


def cori(counts: list[float], **options: int) -> object:
    return estimate_cori(
        np.array(counts, float), np.zeros(len(counts)), np.array(SERIAL), **options
    )


def test_the_school_outbreak_has_the_published_r() -> None:
    found = cori(SCHOOL)
    assert (found.start[0] + 1, found.end[0] + 1) == (2, 8)
    assert found.mean[0] == pytest.approx(1.7356089, abs=1e-6)
    assert found.sd[0] == pytest.approx(0.4090869, abs=1e-6)
    assert found.quantiles[0, QUANTILES.index(0.025)] == pytest.approx(1.0286318, abs=1e-6)
    assert (found.start[-1] + 1, found.end[-1] + 1) == (26, 32)
    assert found.mean[-1] == pytest.approx(1.0040161, abs=1e-6)
    assert found.sd[-1] == pytest.approx(0.4490096, abs=1e-6)
    assert len(found.unexplained) == 0


def test_constant_growth_gives_the_r_of_its_rate() -> None:
    serial = make_serial_interval(4.7, 2.9)
    rate = 0.08
    counts = 1e6 * np.exp(rate * np.arange(80))
    found = estimate_cori(counts, np.zeros(80), serial)
    assert found.mean[-1] == pytest.approx(growth_to_r(rate, serial), rel=0.01)


def test_a_case_after_ten_empty_days_is_imported_and_not_an_r_of_47() -> None:
    found = cori([3] + [0] * 24 + [1] + [0] * 6)
    assert found.unexplained.tolist() == [25]
    assert found.mean.max() <= 5.0
    last = found.quantiles[-1]
    assert last[-1] - last[0] > 2


def test_imported_cases_infect_but_were_not_infected_here() -> None:
    counts = np.full(40, 5.0)
    found = estimate_cori(counts, counts.copy(), np.array(SERIAL))
    assert found.mean[-1] < 0.1


def test_an_unknown_day_is_not_a_day_without_cases() -> None:
    counts = np.full(40, 20.0)
    counts[30] = np.nan
    unknown = estimate_cori(counts, np.zeros(40), np.array(SERIAL))
    counts[30] = 0
    empty = estimate_cori(counts, np.zeros(40), np.array(SERIAL))
    assert unknown.mean[25] == pytest.approx(1.0, abs=0.01)
    assert empty.mean[25] < 0.95


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0,2", "mean of the serial interval must be above 1 day, got 0"),
        ("3.5,0", "deviation of the serial interval must be above 0, got 0"),
        ("nowhere.csv", "neither MEAN,SD nor a file"),
    ],
)
def test_a_wrong_interval_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_serial_interval(text)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("0.2\n0.5\n0.3", "0.2 on day 0"),
        ("0\n0.5\n0.3", "the sum must be 1, got 0.8"),
        ("0\n-0.5\n1.5", "below 0"),
        ("0.0\nmany\n1", "'many' is not a probability"),
    ],
)
def test_a_wrong_file_is_refused_with_its_sum(lines: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "si.csv"
    path.write_text(lines)
    with pytest.raises(InputError, match=said):
        read_serial_interval(str(path))


@pytest.mark.parametrize("head", ["", "0\n", "probability\n"])
def test_a_head_is_no_probability(head: str, tmp_path: Path) -> None:
    path = tmp_path / "si.csv"
    path.write_text(head + "\n".join(map(str, SERIAL)))
    assert read_serial_interval(str(path)).tolist() == SERIAL


def test_days_and_weights_in_two_columns(tmp_path: Path) -> None:
    path = tmp_path / "si.csv"
    path.write_text("day,weight\n1,0.25\n2,0.75\n")
    assert read_serial_interval(str(path)).tolist() == [0, 0.25, 0.75]


def test_mean_and_deviation_come_back() -> None:
    mean, sd = mean_and_sd(make_serial_interval(3.96, 4.75))
    assert (mean, sd) == (pytest.approx(3.96, abs=0.02), pytest.approx(4.75, abs=0.05))


def test_infections_peak_when_they_did_and_not_when_they_were_reported() -> None:
    days = np.arange(80)
    infections = 400 * np.exp(-0.5 * ((days - 40) / 9.0) ** 2) + 1
    delay = make_delay(7, 4)
    reports = np.convolve(infections, delay)[:80]
    assert abs(int(np.argmax(reports)) - 40) >= 5
    assert abs(int(np.argmax(deconvolve(reports, delay)[:70])) - 40) <= 1
