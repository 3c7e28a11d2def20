"""A series of counts in any form becomes a forecast that plots, tabulates and is scored."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

import twinward as tw

matplotlib.use("Agg")
COUNTS = np.round(20 * np.exp(0.05 * np.arange(30)))
SERIES = pd.Series(COUNTS, index=pd.date_range("2022-03-01", periods=30))


@pytest.fixture(scope="module")
def ahead() -> Any:
    return tw.surveillance.forecast(SERIES, days=7)


def test_every_form_of_a_series_gives_the_same_counts(tmp_path: Any) -> None:
    frame = pd.DataFrame({"date": SERIES.index, "new": COUNTS})
    frame.to_csv(tmp_path / "s.csv", index=False)
    mapping = {date(2022, 3, 1) + timedelta(days=k): n for k, n in enumerate(COUNTS)}
    for form in (SERIES, frame, mapping, tmp_path / "s.csv"):
        observed = tw.surveillance.read_series(form)
        assert observed.first == date(2022, 3, 1)
        assert observed.counts.tolist() == COUNTS.tolist()


def test_the_forecast_tabulates_and_plots(ahead: Any) -> None:
    frame = ahead.to_frame()
    assert frame["date"].iloc[0] == date(2022, 3, 31)
    assert (frame["0.05"] <= frame["0.95"]).all()
    assert len(ahead.to_frame("observed")) == 30
    assert {"last_value", "log_linear"} <= set(ahead.list_tables())
    assert ahead.plot().get_ylabel() == "new cases a day"
    assert repr(ahead).startswith("<Forecast: until 2022-03-30, days 7, r_now ")


def test_it_is_scored_on_the_days_that_came(ahead: Any) -> None:
    came = {day: 20 * np.exp(0.05 * (30 + k)) for k, day in enumerate(ahead.days)}
    assert tw.surveillance.score(ahead, came)["wis"] < 20
    with pytest.raises(tw.ArgumentError, match="came must have counts from 2022-03-31"):
        tw.surveillance.score(ahead, {"2021-01-01": 3})


def test_until_cuts_the_series() -> None:
    assert tw.surveillance.read_series(SERIES, "2022-03-10").last == date(2022, 3, 10)


@pytest.mark.parametrize(
    ("series", "said"),
    [
        ({"2022-03-01": 1}, "at least 3 days"),
        ({"2022-03-01": -1}, "count of 0 or more"),
        ({"first of March": 1}, "is not a date"),
        (pd.DataFrame({"day": [1]}), "has no column 'date', 'new'"),
        ([1, 2, 3], "must be a pandas Series"),
        ([("2022-03-01", 1)], "must be a pandas Series"),
    ],
)
def test_a_series_that_cannot_be_used_is_a_value_error(series: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        tw.surveillance.forecast(series)
    assert isinstance(raised.value, tw.ArgumentError)
    assert raised.value.argument == "series"


def test_days_and_population_are_checked_by_name() -> None:
    for wrong, argument in (({"days": 0}, "days"), ({"population": 5}, "population")):
        with pytest.raises(tw.ArgumentError) as raised:
            tw.surveillance.forecast(SERIES, **wrong)
        assert raised.value.argument == argument
