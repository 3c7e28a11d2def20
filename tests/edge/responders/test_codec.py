"""The fallback messages: two hundred bytes, every bit checked, and a link that loses half of them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from twinward.core.errors import InputError
from twinward.edge.responders.codec import MOST, PRIORITY, FieldMessage, decode, encode
from twinward.edge.responders.link import FieldLink

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
AT = {"lon": 121.4737021, "lat": 31.2304163}
TABLE = [
    FieldMessage(kind="position", sender="a1", seq=1, at=NOW, **AT),
    FieldMessage(
        kind="telemetry", sender="无人机3", seq=65535, at=NOW, battery=0, speed_m_s=12.34, **AT
    ),
    FieldMessage(
        kind="man_down",
        sender="b",
        seq=0,
        at=NOW,
        cause="fall",
        pulse=140,
        heat_c=-12.5,
        text="二楼",
        **AT,
    ),
    FieldMessage(
        kind="order", sender="centre", seq=7, at=NOW, text="撤到北门 Go to the north gate"
    ),
    FieldMessage(kind="report", sender="c", seq=8, at=NOW, text="x" * 180),
    FieldMessage(kind="ack", sender="d", seq=9, at=NOW, acknowledges=7, text="centre"),
    FieldMessage(kind="position", sender="s", seq=3, at=NOW, lon=-180.0, lat=-90.0),
]


@pytest.mark.parametrize("message", TABLE, ids=lambda one: one.kind)
def test_a_message_comes_back_as_it_went(message: FieldMessage) -> None:
    frame = encode(message)
    assert len(frame) <= MOST
    back = decode(frame)
    for field in FieldMessage.__struct_fields__:
        told, found = getattr(message, field), getattr(back, field)
        if field == "priority":
            assert found == PRIORITY[message.kind]
        elif isinstance(told, float):
            assert found == pytest.approx(told, abs=1e-7)
        else:
            assert found == told, field


@pytest.mark.parametrize("message", TABLE, ids=lambda one: one.kind)
def test_every_fragment_and_every_changed_bit_is_refused(message: FieldMessage) -> None:
    frame = encode(message)
    for size in range(len(frame)):
        with pytest.raises(InputError):
            decode(frame[:size])
        if size:
            with pytest.raises(InputError):
                decode(frame[size:])
    for bit in range(len(frame) * 8):
        changed = bytearray(frame)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(InputError):
            decode(bytes(changed))
    with pytest.raises(InputError):
        decode(frame + b"\0")


BAD = [
    {"text": "字" * 70, "kind": "report"},
    {"sender": ""},
    {"sender": "x" * 25},
    {"seq": 70_000},
    {"at": datetime(2019, 1, 1, tzinfo=UTC)},
    {"lat": 91.0},
    {"lon": None},
    {"battery": 300},
    {"heat_c": 9000.0},
    {"kind": "man_down", "cause": "bored"},
    {"kind": "ack"},
    {"priority": 10},
]


@pytest.mark.parametrize("change", BAD, ids=str)
def test_what_does_not_fit_is_refused_and_not_cut(change: dict[str, object]) -> None:
    told = {"kind": "position", "sender": "a", "seq": 1, "at": NOW, **AT} | change
    with pytest.raises(InputError):
        encode(FieldMessage(**told))  # type: ignore[arg-type]


def play(seed: int, orders: int, loss: float, bits_s: float, limit_s: int) -> list[float]:
    """Seconds until each order of the centre was acknowledged, over a link that both share."""
    dice = random.Random(seed)
    centre, field = FieldLink("centre"), FieldLink("a1")
    sent: dict[int, datetime] = {}
    for n in range(orders):
        seq = centre.queue(
            FieldMessage(kind="order", sender="", seq=0, at=NOW, text=f"order {n}"), NOW
        )
        sent[seq] = NOW
    done: dict[int, float] = {}
    got: list[str] = []
    at = NOW
    while len(done) < orders and at < NOW + timedelta(seconds=limit_s):
        quiet = True
        for here, there in ((centre, field), (field, centre)):
            frame = here.next_frame(at)
            if frame is None:
                continue
            quiet = False
            at += timedelta(seconds=len(frame) * 8 / bits_s)
            if dice.random() >= loss:
                taken = there.take(frame, at)
                if taken is not None and there is field:
                    got.append(taken.text)
        for seq in sent.keys() - centre.waiting.keys() - done.keys():
            done[seq] = (at - NOW).total_seconds()
        at += timedelta(seconds=0.5) if quiet else timedelta()
    assert sorted(got) == sorted(f"order {n}" for n in range(orders)), "each once, none lost"
    return sorted(done.values())


@pytest.mark.parametrize("seed", range(5))
def test_at_300_bits_a_second_and_half_lost_every_order_arrives_once(seed: int) -> None:
    took = play(seed, 20, 0.5, 300, 3600)
    assert len(took) == 20


def test_who_is_down_is_heard_before_what_waits() -> None:
    link = FieldLink("a1")
    for n in range(50):
        link.queue(FieldMessage(kind="report", sender="", seq=0, at=NOW, text=f"r{n}"), NOW)
    link.queue(FieldMessage(kind="man_down", sender="", seq=0, at=NOW, cause="button", **AT), NOW)
    frame = link.next_frame(NOW)
    assert frame is not None and decode(frame).kind == "man_down"


def test_only_the_newest_position_waits() -> None:
    link = FieldLink("a1")
    for n in range(5):
        link.queue(
            FieldMessage(kind="position", sender="", seq=0, at=NOW, lon=float(n), lat=1.0), NOW
        )
    frame = link.next_frame(NOW)
    assert frame is not None and decode(frame).lon == 4.0 and link.next_frame(NOW) is None
