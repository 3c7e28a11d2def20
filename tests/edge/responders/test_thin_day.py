"""A day with the fallback only: a hundred responders on one channel of 300 bit/s that loses half of all
frames; and who goes first on it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpers.thin_link import ThinDay, message_of, play
from twinward.edge.responders.codec import KINDS, PRIORITY, FieldMessage, decode
from twinward.edge.responders.link import FIRST_WAIT, MOST_WAIT, PATIENT_TRIES, FieldLink

NOW = datetime(2022, 3, 1, 8, tzinfo=UTC)
AIM_P90_S = 60.0


def require_whole(day: ThinDay) -> None:
    """Everything that wants an answer was acknowledged, and taken once."""
    assert (day.lost, day.doubled) == (0, 0)
    assert day.acknowledged == day.sent and set(day.sent) == {"order", "report", "man_down"}


def test_two_hours_of_twenty_responders_lose_and_double_nothing() -> None:
    require_whole(play(4, responders=20, hours=2, position_s=120))


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "position_s"), [(0, 600.0), (1, 300.0), (2, 120.0)])
def test_a_day_of_a_hundred_responders(seed: int, position_s: float) -> None:
    day = play(seed, position_s=position_s)
    require_whole(day)
    assert day.sent["order"] >= 1100 and day.busy < 0.95
    assert day.quantile("order", 0.9) < AIM_P90_S


@pytest.mark.slow
def test_a_day_in_which_seven_of_ten_frames_are_lost() -> None:
    day = play(3, loss=0.7)
    assert day.doubled == 0 and day.lost <= 2  # what was asked for in the last hour may still wait


def test_on_a_channel_that_is_full_what_matters_most_goes_first() -> None:
    link = FieldLink("a1")
    for number, kind in enumerate(reversed(KINDS)):
        if kind == "ack":
            told = FieldMessage(kind="ack", sender="", seq=0, at=NOW, text="b", acknowledges=1)
        else:
            told = message_of(kind, number, NOW)
        link.queue(told, NOW)
    link.queue(FieldMessage(kind="report", sender="", seq=0, at=NOW, text="fire", priority=0), NOW)
    sent = []
    while frame := link.next_frame(NOW):
        sent.append(decode(frame))
    kinds = [one.kind for one in sent if one.text != "fire"]
    assert kinds == sorted(KINDS, key=lambda kind: PRIORITY[kind])
    assert [one.text for one in sent].index("fire") <= 1  # a report may be made as urgent


def test_one_who_is_silent_is_asked_seldom_and_soon_again_when_heard() -> None:
    centre, there = FieldLink("c1", "a1"), FieldLink("a1", "c1")
    centre.queue(message_of("order", 1, NOW), NOW)
    at, sent = NOW, 0
    while at < NOW + timedelta(hours=6):
        sent += centre.next_frame(at) is not None
        at += timedelta(seconds=2)
    assert PATIENT_TRIES < sent < PATIENT_TRIES + timedelta(hours=6) / MOST_WAIT + 15
    assert centre.find_due(at) is None or centre.find_due(at + MOST_WAIT) is not None
    there.queue(message_of("position", 1, at), at)
    frame = there.next_frame(at)
    assert frame is not None and centre.take(frame, at) is not None
    due = centre.find_due(at + FIRST_WAIT)
    assert due is not None and due.message.kind == "order"


def test_on_a_shared_channel_nobody_takes_what_is_anothers() -> None:
    centre, other = FieldLink("c1", "a1"), FieldLink("a2", "c2")
    centre.queue(message_of("order", 1, NOW), NOW)
    frame = centre.next_frame(NOW)
    assert frame is not None and other.take(frame, NOW) is None
    assert not other.waiting, "and nobody else acknowledges it"
