"""What moves in the scene at an instant: as it was told then, k kept, and ahead only where a forecast is worth it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from helpers.cities import Desk
from service.city.test_layers import LAT, LON, hear
from twinward.service.city.scene_moment import SceneMoment, get_moment, told


def moment(desk: Desk, **ahead: float) -> SceneMoment:
    at = desk.clock.now() + timedelta(**ahead) if ahead else None
    return get_moment(desk.platform, desk.me, at)


@pytest.fixture
def square(desk: Desk) -> Desk:
    """A square and a bus that tell something, and half an hour later something else."""
    for n, (count, lon) in enumerate(((400, LON), (900, LON + 0.02))):
        if n:
            desk.clock.advance(timedelta(minutes=30))
        hear(desk, "crowd", "square", count, lon=LON, lat=LAT)
        hear(desk, "crowd", "corner", 3 - 3 * n, lon=LON, lat=LAT)
        hear(desk, "vehicle", "bus-7", 20, lon=lon, lat=LAT)
    return desk


def test_now_and_half_an_hour_ago_are_told_as_they_were(square: Desk) -> None:
    now, then = moment(square), moment(square, minutes=-20)
    assert (now.when, then.when) == ("now", "past")
    assert {one.place: one.persons for one in now.crowd} == {"crowd:square": 900, "crowd:corner": 0}
    assert {one.place: one.persons for one in then.crowd}["crowd:square"] == 400
    assert then.as_of == then.at


def test_fewer_than_k_are_not_told(square: Desk) -> None:
    then = {one.place: one.persons for one in moment(square, minutes=-20).crowd}
    assert then["crowd:corner"] is None
    k = square.platform.settings.k_anonymity
    assert [told(n, k) for n in (0, k - 1, k)] == [0, None, k]


def test_a_vehicle_is_where_it_was_told_to_be_then(square: Desk) -> None:
    (then,), (now,) = moment(square, minutes=-29).vehicles, moment(square).vehicles
    assert (then.lon, now.lon) == (pytest.approx(LON), pytest.approx(LON + 0.02))
    assert not now.held


def test_ahead_nobody_is_made_up(square: Desk) -> None:
    ahead = moment(square, hours=2)
    assert (ahead.when, ahead.crowd, ahead.left_out) == ("forecast", [], 2)
    assert [one.held for one in ahead.vehicles] == [True]
    assert ahead.as_of == ahead.now


def test_what_is_too_old_is_not_there(square: Desk) -> None:
    square.clock.advance(timedelta(hours=5))
    late = moment(square)
    assert (late.crowd, late.vehicles) == ([], [])


def test_before_anything_was_told_there_is_nothing(square: Desk) -> None:
    early = moment(square, hours=-20)
    assert (early.crowd, early.vehicles) == ([], [])
