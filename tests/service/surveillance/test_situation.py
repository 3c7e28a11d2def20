"""The situation by area from the live twin: sums agree, as-of is repeatable, few data are said."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import numpy as np
import pytest

from helpers.cities import COMMUNITY, HUANGPU, NEIGHBOUR, START, Desk
from twinward.core.errors import AbsentError, InputError
from twinward.service.logistics.demand_forecast import forecast_demand
from twinward.service.surveillance.area_counts import count_areas
from twinward.service.surveillance.sentences import write_sentence
from twinward.service.surveillance.signals import chance_of, list_signals
from twinward.service.surveillance.situation import RNow, get_situation


def count_days(desk: Desk, counts: list[int], area: str = HUANGPU) -> None:
    first = START.date()
    for n, count in enumerate(counts):
        desk.post(
            "ReportCount",
            hazard="epidemic",
            area=area,
            day=(first + timedelta(days=n)).isoformat(),
            status="confirmed",
            count=count,
        )
        desk.clock.advance(timedelta(days=1))
    desk.clock.advance(timedelta(days=-1))


def test_a_moved_case_moves_in_every_sum(desk: Desk) -> None:
    desk.case(1, COMMUNITY)
    desk.case(2, NEIGHBOUR)
    found = count_areas(desk.platform, None, None)
    root = desk.platform.reference.areas.root
    for code, children in desk.platform.reference.areas.children.items():
        parts = sum((found.of(child, "new") for child in children), np.zeros(180))
        assert (found.of(code, "new") == parts).all()
    assert found.of(root, "new").sum() == 2
    assert found.of(COMMUNITY, "confirmed").sum() == 1


def test_a_growing_district_has_r_a_sentence_and_a_fan(desk: Desk) -> None:
    count_days(desk, [round(5 * 1.12**n) for n in range(30)])
    found = get_situation(desk.platform, desk.me)
    assert found.areas[1].area == HUANGPU
    assert found.areas[0].new_7d == found.areas[1].new_7d > 600
    assert found.areas[0].r is not None
    assert found.areas[0].r.low > 1
    assert "doubling in" in found.sentence.en
    assert "翻倍" in found.sentence.zh
    assert len(found.fan) == 28
    assert [len(one.r_recent) for one in found.areas[:3]] == [42, 42, 0]
    assert found.areas[0].r_recent[-1].mean == found.areas[0].r.mean
    assert [(found.fan[0].day - one.until).days for one in found.earlier] == [8, 15]
    assert all(one.held is not None and 0 <= one.held <= 1 for one in found.earlier)
    assert msgspec.json.decode(msgspec.json.encode(found))["earlier"][0]["days"]
    assert found.curve[-1].new == round(5 * 1.12**29)


def test_the_week_ends_with_the_last_day_that_was_reported_and_needs_see_the_same_course(
    desk: Desk,
) -> None:
    """At eight in the evening of a day that nobody has told of, a week is not six days long."""
    count_days(desk, [round(40 * 1.1**n) for n in range(20)])
    complete = get_situation(desk.platform, desk.me)
    desk.clock.advance(timedelta(hours=20))
    later = get_situation(desk.platform, desk.me)
    assert later.complete_to == complete.complete_to
    assert later.areas[0].new_7d == complete.areas[0].new_7d > 0
    assert later.areas[0].before_7d == complete.areas[0].before_7d
    needs = forecast_demand(desk.platform, desk.me, days=14)
    fan = [day for day in later.fan if day.day >= needs.first_day][:14]
    assert needs.new_cases == [round(day.quantiles["0.5"], 1) for day in fan]
    assert needs.new_cases_high == [round(day.quantiles["0.95"], 1) for day in fan]
    assert needs.new_cases_low == [round(day.quantiles["0.05"], 1) for day in fan]


def test_a_week_of_which_nobody_has_told_has_no_cases_and_is_not_nought(desk: Desk) -> None:
    count_days(desk, [round(40 * 1.1**n) for n in range(14)])
    desk.clock.advance(timedelta(days=13))
    found = get_situation(desk.platform, desk.me)
    assert found.areas[0].new_7d is None and found.areas[0].change is None
    assert found.complete_to is not None
    assert f"No report since {found.complete_to}" in found.sentence.en
    assert f"{found.complete_to} 之后没有报告" in found.sentence.zh


def test_too_few_days_is_a_sentence_and_no_number(desk: Desk) -> None:
    count_days(desk, [1, 0, 2, 1, 0, 3, 1, 0, 2])
    found = get_situation(desk.platform, desk.me)
    assert found.areas[0].r is None
    assert found.areas[0].note == "too few days: 9 of 14"
    assert "too few to say" in found.sentence.en
    assert found.fan == []


def test_nothing_reported_is_said(desk: Desk) -> None:
    found = get_situation(desk.platform, desk.me)
    assert found.sentence.en == "No cases have been reported."
    assert found.complete_to is None


def test_the_past_stays_as_it_was_known(desk: Desk) -> None:
    count_days(desk, [4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 11, 12, 13, 14, 15])
    then = desk.clock.now()
    before = get_situation(desk.platform, desk.me, at=then)
    desk.clock.advance(timedelta(days=1))
    desk.post(
        "ReportCount",
        hazard="epidemic",
        area=HUANGPU,
        day=START.date().isoformat(),
        status="confirmed",
        count=400,
    )
    assert get_situation(desk.platform, desk.me, at=then) == before
    assert get_situation(desk.platform, desk.me) != before


def test_an_unknown_area_is_absent(desk: Desk) -> None:
    with pytest.raises(AbsentError):
        get_situation(desk.platform, desk.me, area="nowhere")


def test_a_sudden_rise_is_a_signal_that_joins_the_open_incident(desk: Desk) -> None:
    count_days(desk, [2, 1, 2, 3, 1, 2, 2] * 5 + [9, 14, 18, 22])
    found = list_signals(desk.platform, desk.me)
    (signal,) = found.signals
    assert signal.area == HUANGPU
    assert signal.observed > 3 * signal.expected
    assert signal.recurrence_days > 365
    assert signal.incident is not None
    assert signal.state in ("new", "ongoing", "grown")


def test_a_steady_district_is_no_signal(desk: Desk) -> None:
    count_days(desk, [2, 1, 2, 3, 1, 2, 2] * 6)
    assert list_signals(desk.platform, desk.me).signals == []
    with pytest.raises(InputError, match="recurrence_days must be 1 to 100,000, got 0"):
        list_signals(desk.platform, desk.me, recurrence_days=0)


def test_chance_is_one_where_too_little_is_known() -> None:
    assert chance_of(50, np.full(5, 1.0))[0] == 1.0
    p, expected = chance_of(50, np.full(28, 1.0))
    assert (p < 1e-6, expected) == (True, pytest.approx(7, rel=0.05))


def test_doubling_is_said_only_where_it_is_certain() -> None:
    day = START.date()
    sure = RNow(mean=1.3, low=1.1, high=1.5, above_one=1.0)
    unsure = RNow(mean=1.1, low=0.9, high=1.3, above_one=0.8)
    falling = RNow(mean=0.7, low=0.6, high=0.8, above_one=0.0)
    assert "doubling in 8 to 34 days" in write_sentence(10, sure, day, None).en
    assert "doubling" not in write_sentence(10, unsure, day, None).en
    assert "减半" in write_sentence(10, falling, day, None).zh
