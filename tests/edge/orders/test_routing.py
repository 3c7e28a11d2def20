"""Who is told of what, and when people are let sleep."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from twinward.edge.orders.routing import Heard, Recipient, wake_time

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = datetime(2030, 1, 5, 23, 30, tzinfo=ZONE)
SLEEPER = Recipient(outlet="o", address="a", quiet_from=time(22), quiet_to=time(7))


def order(due_h: float, kind: str = "order") -> Heard:
    due_at = NIGHT + timedelta(hours=due_h)
    return Heard(kind=kind, about="t", department="d", area="01", title="t", due_at=due_at)  # type: ignore[arg-type]


def test_what_can_wait_comes_in_the_morning() -> None:
    assert wake_time(SLEEPER, order(48), NIGHT, ZONE) == datetime(2030, 1, 6, 7, tzinfo=ZONE)
    early = NIGHT + timedelta(hours=5)
    assert wake_time(SLEEPER, order(48), early, ZONE) == datetime(2030, 1, 6, 7, tzinfo=ZONE)


@pytest.mark.parametrize("heard", [order(6), order(48, "late"), order(48, "level")])
def test_what_is_urgent_wakes_people(heard: Heard) -> None:
    assert wake_time(SLEEPER, heard, NIGHT, ZONE) == NIGHT


def test_by_day_and_for_those_without_quiet_hours_everything_comes_at_once() -> None:
    noon = NIGHT.replace(hour=12)
    assert wake_time(SLEEPER, order(48), noon, ZONE) == noon
    awake = Recipient(outlet="o", address="a")
    assert wake_time(awake, order(48), NIGHT, ZONE) == NIGHT


def test_a_recipient_hears_of_their_department_and_area() -> None:
    one = Recipient(outlet="o", address="a", department="health", area="0101", kinds=("order",))
    assert one.wants("order", "health", "010102")
    assert not one.wants("order", "health", "02")
    assert not one.wants("order", "police", "010102")
    assert not one.wants("late", "health", "010102")
