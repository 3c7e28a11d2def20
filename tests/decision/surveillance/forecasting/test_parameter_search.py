"""The search for parameters: resumable after any kill, the same bytes for the same seed, honest
about the past.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from twinward.core.errors import InputError
from twinward.decision.surveillance.forecasting import parameter_search
from twinward.decision.surveillance.forecasting.backtest import check_coverage
from twinward.decision.surveillance.forecasting.model import PRIORS, from_unit, to_unit
from twinward.decision.surveillance.forecasting.renewal import fit_renewal, predict
from twinward.service.planning.forecasting import CalibrationRequest, calibrate, draw

START = date(2030, 1, 1)
TRIALS = 96  # six batches: four spread evenly, two proposed


@pytest.fixture(scope="module")
def counts() -> Any:
    chance = np.random.default_rng(5)
    mean = 30 * np.exp(0.05 * np.arange(30))
    return chance.poisson(chance.gamma(20.0, mean / 20.0)).astype(float)


@pytest.fixture(scope="module")
def whole(
    counts: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, parameter_search.Search]:
    folder = tmp_path_factory.mktemp("whole")
    return folder, parameter_search.search(counts, None, 1, TRIALS, folder)


class Killed(Exception):
    """What a person does to a search that takes too long."""


def test_a_search_killed_and_resumed_ends_with_the_same_trials(
    counts: Any, whole: tuple[Path, parameter_search.Search], tmp_path: Path
) -> None:
    def kill(done: int, wanted: int) -> None:
        if done >= 80:
            raise Killed

    with pytest.raises(Killed):
        parameter_search.search(counts, None, 1, TRIALS, tmp_path, progress=kill)
    with (tmp_path / parameter_search.FILE).open("ab") as file:
        file.write(b'{"op_code": 4, "worker')  # killed while it wrote
    resumed = parameter_search.search(counts, None, 1, TRIALS, tmp_path, resume=True)
    assert resumed.resumed == 80
    assert resumed.trials == whole[1].trials
    assert (
        parameter_search.posterior(resumed, 1).tobytes()
        == parameter_search.posterior(whole[1], 1).tobytes()
    )


def test_a_batch_of_which_only_a_part_was_kept_is_done_again(
    counts: Any, whole: tuple[Path, parameter_search.Search], tmp_path: Path
) -> None:
    lines = (whole[0] / parameter_search.FILE).read_bytes().splitlines(keepends=True)
    (tmp_path / parameter_search.FILE).write_bytes(b"".join(lines[:-6]))
    for resumed in (80, 96):
        again = parameter_search.search(counts, None, 1, TRIALS, tmp_path, resume=True)
        assert (again.resumed, again.trials) == (resumed, whole[1].trials)


def test_a_search_of_other_counts_is_not_gone_on_with(
    counts: Any, whole: tuple[Path, parameter_search.Search]
) -> None:
    for other, seed in ((counts + 1, 1), (counts, 2)):
        with pytest.raises(InputError) as refused:
            parameter_search.search(other, None, seed, TRIALS, whole[0], resume=True)
        assert refused.value.code == "other_study"


def test_proposals_leave_the_even_spread_for_where_the_likelihood_is_high(
    whole: tuple[Path, parameter_search.Search],
) -> None:
    values = [trial.value for trial in whole[1].trials]
    assert np.median(values[64:]) > np.median(values[:64])
    for trial in whole[1].trials:
        assert all(low <= trial.parameters[name] <= high for name, (low, high, _) in PRIORS.items())


def test_parameters_and_the_unit_cube_are_one_to_one() -> None:
    points = np.random.default_rng(1).random((50, len(PRIORS)))
    assert to_unit(from_unit(points)) == pytest.approx(points)


def test_the_check_on_the_past_knows_nothing_of_the_days_it_scores(counts: Any) -> None:
    """The same figures as forecasts made by hand from the days before each origin."""
    found = check_coverage(counts, 5, None, 1)
    assert found is not None
    assert found["origins"] == 3  # 25, 20 and 15 days known
    for name in ("coverage_50", "coverage_90"):
        assert 0 <= found[name] <= 1
    last = counts.copy()
    last[-1] = 1e5
    draws = [predict(fit_renewal(c[:25], None, 1, 64, 96), 25, 5, None, 1) for c in (counts, last)]
    assert (draws[0] == draws[1]).all()
    changed = check_coverage(last, 5, None, 1)
    assert changed is not None
    assert changed["wis"] > found["wis"]


def test_a_series_too_short_for_a_check_has_none(counts: Any) -> None:
    assert check_coverage(counts[:15], 5, None, 1) is None


def calibrated(
    counts: Any, tmp_path: Path, folder: str, trials: int, resume: bool = False
) -> tuple[Any, Any]:
    path = tmp_path / "a.csv"
    rows = [f"{START + timedelta(days=k)},{n:.0f}" for k, n in enumerate(counts)]
    path.write_text("date,new\n" + "\n".join(rows) + "\n")
    return calibrate(
        CalibrationRequest(
            path=path,
            until=START + timedelta(days=24),
            days=5,
            trials=trials,
            folder=tmp_path / folder,
            resume=resume,
        )
    )


def test_a_calibration_gone_on_with_answers_as_one_that_never_stopped(
    counts: Any, tmp_path: Path
) -> None:
    _, whole = calibrated(counts, tmp_path, "whole", 32)
    calibrated(counts, tmp_path, "stopped", 16)
    _, resumed = calibrated(counts, tmp_path, "stopped", 32, resume=True)
    assert (whole.pop("resumed"), resumed.pop("resumed")) == (0, 16)
    del whole["seconds"], resumed["seconds"]
    assert json.dumps(whole) == json.dumps(resumed)
    assert whole["coverage_check"]["baselines"]["last_value"]["wis"] > 0


@pytest.mark.slow
def test_what_is_written_has_the_same_bytes_every_time(counts: Any, tmp_path: Path) -> None:
    files = []
    for folder in ("one", "two"):
        forecast, _ = calibrated(counts, tmp_path, folder, 16)
        names = draw(forecast, START + timedelta(days=24), tmp_path / folder)
        assert {
            "forecast.png",
            "forecast.svg",
            "reproduction.svg",
            "posterior.png",
            "quantiles.csv",
        } <= set(names)
        files.append([(tmp_path / folder / name).read_bytes() for name in names])
    assert files[0] == files[1]
