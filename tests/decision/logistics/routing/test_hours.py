"""A day of rounds that goes on after midnight."""

from __future__ import annotations

import pytest

from twinward.core.errors import InputError
from twinward.decision.logistics.routing.hours import clock_s, hours_of, in_night, show_clock

NIGHT = (79_200.0, 93_600.0)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("07:00-19:00", (25_200, 68_400)),
        ("22:00-02:00", NIGHT),
        ("22:00-26:00", NIGHT),
        ("00:00-24:00", (0, 86_400)),
    ],
)
def test_hours_may_go_past_midnight(text: str, span: tuple[float, float]) -> None:
    assert hours_of(text) == span


@pytest.mark.parametrize("text", ["08:00", "08:00-08:00", "08:00-33:00", "7-9", "25:00-26:00"])
def test_what_is_no_day_and_night_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        hours_of(text)
    assert caught.value.code == "bad_time"


def test_a_window_before_the_night_began_is_the_next_mornings() -> None:
    assert in_night((1800.0, 7200.0), NIGHT) == (88_200.0, 93_600.0)
    assert in_night((82_800.0, 90_000.0), NIGHT) == (82_800.0, 90_000.0)
    assert in_night((1800.0, 7200.0), (25_200.0, 68_400.0)) == (1800.0, 7200.0)
    assert show_clock(clock_s("24:30")) == "00:30 +1" and show_clock(27_000) == "07:30"
