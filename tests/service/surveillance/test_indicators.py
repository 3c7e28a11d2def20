"""Imports, tests and beds by area: sums agree, unknown is not zero, the past stays as known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from helpers.cities import COMMUNITY, HUANGPU, NEIGHBOUR, START, Desk
from twinward.decision.surveillance.roll_up import roll_up
from twinward.service.surveillance.indicators import IndicatorPeriod, list_indicators
from twinward.service.surveillance.situation import get_situation

DAY = START.date()
SUBDISTRICT = COMMUNITY[:9]


def tell(desk: Desk, indicator: str, count: int | None, area: str = HUANGPU, **more: object) -> str:
    told = {"hazard": "epidemic", "area": area, "day": DAY.isoformat(), "indicator": indicator}
    account = desk.post("ReportIndicator", count=count, **told | more)
    return account.rejected[0].code if account.rejected else "stored"


def today(desk: Desk, area: str | None = None, **more: object) -> IndicatorPeriod:
    return list_indicators(desk.platform, desk.me, area=area, **more)[0]  # type: ignore[arg-type]


def test_what_several_say_of_several_levels_is_counted_once() -> None:
    one, two = np.array([3.0, np.nan]), np.array([4.0, np.nan])
    told = {"a/b/c": [one], "a/b/d": [two], "a/b": [np.array([5.0, 9.0]), np.array([6.0, 1.0])]}
    found = roll_up(told, lambda area: [area[:n] for n in range(1, len(area) + 1, 2)])
    assert found["a/b"].tolist() == [7.0, 9.0]
    assert found["a"].tolist() == [7.0, 9.0]
    assert np.isnan(found["a/b/c"][1])


def test_tests_and_positivity_at_every_level(desk: Desk) -> None:
    desk.case(1)
    tell(desk, "tests", 400, COMMUNITY)
    tell(desk, "tests", 600, NEIGHBOUR)
    tell(desk, "positive_tests", 20, COMMUNITY)
    for area in (SUBDISTRICT, HUANGPU, None):
        found = today(desk, area)
        assert (found.tests, found.positive_tests, found.positivity) == (1_000, 20, 0.02)
    assert today(desk, NEIGHBOUR).positivity is None  # nobody says how many were positive
    assert today(desk, "310115").tests is None


def test_beds_are_a_level_and_not_a_sum_of_days(desk: Desk) -> None:
    desk.case(1)
    for n in range(3):
        tell(desk, "beds", 100, day=(DAY - timedelta(days=n)).isoformat())
        tell(desk, "beds_in_use", 80 - 10 * n, day=(DAY - timedelta(days=n)).isoformat())
    found = today(desk, HUANGPU, every="week")
    assert (found.beds, found.beds_in_use, found.beds_share) == (100, 80, 0.8)
    assert (found.since, found.to) == (DAY - timedelta(days=6), DAY)
    days = list_indicators(desk.platform, desk.me, area=HUANGPU)
    assert [one.beds_in_use for one in days[:4]] == [80, 70, 60, None]


def test_a_stock_of_beds_is_the_level_of_today(desk: Desk) -> None:
    desk.case(1)
    for holder, taken in (("H1", 30), ("H2", 12)):
        told = {"kind": "icu_beds", "area": COMMUNITY, "quantity": 50, "unit": "beds"}
        at = {"lon": 121.48, "lat": 31.23}
        account = desk.post("SetStock", holder=holder, in_use=taken, **told, **at)
        assert not account.rejected, account.rejected[0].message
    (city, *_) = get_situation(desk.platform, desk.me).areas
    assert (city.icu_beds, city.icu_beds_in_use) == (100, 42)


def test_imports_are_apart_and_unknown_until_somebody_says(desk: Desk) -> None:
    desk.case(1)
    assert get_situation(desk.platform, desk.me).areas[0].imported_7d is None
    desk.case(2, imported=True)
    desk.case(3, NEIGHBOUR, imported=False)
    found = get_situation(desk.platform, desk.me)
    assert (found.areas[0].imported_7d, found.areas[0].new_7d) == (1, 3)
    assert any(note.startswith("R is of local infections") for note in found.notes)
    assert today(desk, NEIGHBOUR).imported == 0


def test_a_later_word_moves_a_case_to_the_imports(desk: Desk) -> None:
    desk.case(1)
    desk.clock.advance(timedelta(hours=1))
    assert not desk.case(1, imported=True).rejected
    assert today(desk, COMMUNITY).imported == 1


def test_all_imported_is_no_spread_here(desk: Desk) -> None:
    for n in range(20):
        day = (DAY + timedelta(days=n)).isoformat()
        counted = {"hazard": "epidemic", "area": HUANGPU, "day": day}
        desk.post("ReportCount", status="confirmed", count=20 + n, **counted)
        tell(desk, "imported", 20 + n, day=day)
        desk.clock.advance(timedelta(days=1))
    desk.clock.advance(timedelta(days=-1))
    r = get_situation(desk.platform, desk.me).areas[0].r
    assert r is not None
    assert r.mean < 0.5


def test_a_correction_and_a_withdrawal_leave_the_past_as_known(desk: Desk) -> None:
    desk.case(1)
    tell(desk, "tests", 400)
    then = desk.clock.now()
    before = list_indicators(desk.platform, desk.me, at=then)
    desk.clock.advance(timedelta(hours=2))
    tell(desk, "tests", 90)
    assert today(desk).tests == 90
    tell(desk, "tests", None)
    assert today(desk).tests is None
    assert list_indicators(desk.platform, desk.me, at=then) == before


def test_what_cannot_be_is_refused(desk: Desk) -> None:
    assert tell(desk, "tests", 5, day=date(2022, 4, 1).isoformat()) == "time_in_future"
    assert tell(desk, "tests", 5) == "stored"
    assert tell(desk, "tests", 5) == "already_reported"
    assert tell(desk, "tests", -1) != "stored"
    assert tell(desk, "colour", 1) != "stored"
