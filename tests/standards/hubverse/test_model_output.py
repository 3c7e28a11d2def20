"""Hub files go out and come back the same; crossing or missing quantiles are refused."""

from __future__ import annotations

from datetime import date

import pytest

from twinward.core.errors import InputError
from twinward.standards.hubverse.model_output import (
    LEVELS,
    HubForecast,
    hub_reference_date,
    read_hub,
    write_hub,
)


def make_forecast(location: str = "01") -> HubForecast:
    return HubForecast(
        reference_date=date(2023, 11, 4),
        horizon=1,
        target="wk inc flu hosp",
        target_end_date=date(2023, 11, 11),
        location=location,
        quantiles={level: round(100 * level, 3) for level in LEVELS},
    )


def test_a_file_comes_back_as_it_went_out() -> None:
    forecasts = [make_forecast("01"), make_forecast("US")]
    text = write_hub(forecasts)
    assert len(text.splitlines()) == 1 + 2 * 23
    assert read_hub(text, "hub.csv") == forecasts


def test_what_is_written_never_crosses_and_is_never_negative() -> None:
    crossed = {level: 5 - 100 * (level - 0.5) for level in LEVELS}
    one = HubForecast(
        **{
            name: getattr(make_forecast(), name)
            for name in HubForecast.__struct_fields__
            if name != "quantiles"
        },
        quantiles=crossed,
    )
    (back,) = read_hub(write_hub([one]), "hub.csv")
    values = [back.quantiles[level] for level in LEVELS]
    assert values == sorted(values)
    assert values[0] >= 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",0.5,50", ",0.5,5", "the quantiles cross"),
        (",0.99,99\n", ",0.999,99\n", "lacks the quantile 0.99"),
        (",0.5,50", ",0.5,many", "could not convert string to float"),
        ("horizon", "ahead", "has no column horizon"),
    ],
)
def test_a_broken_file_is_refused(old: str, new: str, said: str) -> None:
    text = write_hub([make_forecast()])
    assert old in text
    with pytest.raises(InputError, match=said):
        read_hub(text.replace(old, new), "hub.csv")


def test_the_reference_date_is_the_saturday_of_the_week() -> None:
    assert hub_reference_date(date(2023, 11, 1)) == date(2023, 11, 4)
    assert hub_reference_date(date(2023, 11, 4)) == date(2023, 11, 4)
