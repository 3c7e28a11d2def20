"""A day in the field with the fallback only: responders and their centre on one channel of 300 bit/s that
loses half of all frames, in simulated time.

The channel carries one frame at a time, and who has the most urgent frame sends next: an arbiter that knows
all queues, with no collisions and no time between two frames. A real radio is worse by what its own
arbitration costs.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

import msgspec

from twinward.edge.responders.codec import FieldMessage
from twinward.edge.responders.link import FieldLink, order_of

START = datetime(2030, 1, 5, tzinfo=UTC)
LON, LAT = 121.48, 31.23


class ThinDay(msgspec.Struct, kw_only=True):
    """What a day was like. Seconds from the asking to the acknowledgement; `doubled`: taken more than once;
    `busy`: the part of the time in which the channel carried something.
    """

    sent: dict[str, int]
    acknowledged: dict[str, int]
    doubled: int
    lost: int
    frames: int
    busy: float
    seconds: dict[str, list[float]]
    position_age_s: list[float]

    def quantile(self, kind: str, part: float) -> float:
        found = sorted(self.seconds[kind])
        return found[min(len(found) - 1, int(part * len(found)))] if found else float("nan")


def make_day(
    dice: random.Random, responders: int, hours: float, position_s: float
) -> list[tuple[float, int, str]]:
    """What happens: second, responder, kind. A position each `position_s`, an order every two hours, a report
    every three, telemetry every hour, and one in ten is down once.
    """
    found: list[tuple[float, int, str]] = []
    whole = hours * 3600
    for who in range(responders):
        for kind, every in (
            ("position", position_s),
            ("order", 7200.0),
            ("report", 10_800.0),
            ("telemetry", 3600.0),
        ):
            at = dice.random() * every
            while at < whole:
                found.append((at, who, kind))
                at += every
        if who % 10 == 0:
            found.append((dice.random() * whole, who, "man_down"))
    return sorted(found)


def message_of(kind: str, number: int, at: datetime) -> FieldMessage:
    told: dict[str, object] = {"kind": kind, "sender": "", "seq": 0, "at": at}
    if kind in ("position", "telemetry", "man_down"):
        told |= {"lon": LON, "lat": LAT, "battery": 80}
    if kind == "man_down":
        told |= {"cause": "fall"}
    if kind in ("order", "report"):
        told |= {"text": f"{kind} {number}: north bank, sector {number % 40}"}
    return msgspec.convert(told, FieldMessage)


class Channel:
    """All links of the day, and when each may have something to send."""

    def __init__(self, responders: int) -> None:
        self.pairs = [
            (FieldLink(f"c{n}", f"r{n}"), FieldLink(f"r{n}", f"c{n}")) for n in range(responders)
        ]
        self.alive: set[tuple[int, int]] = set()

    def most_urgent(self, at: datetime) -> tuple[int, int] | None:
        best, found = None, None
        for key in list(self.alive):
            link = self.pairs[key[0]][key[1]]
            due = link.find_due(at)
            if due is not None and (best is None or order_of(due) < best):
                best, found = order_of(due), key
            elif not link.waiting:
                self.alive.discard(key)
        return found

    def next_due(self) -> datetime | None:
        waits = (one for key in self.alive for one in self.pairs[key[0]][key[1]].waiting.values())
        return min((one.due for one in waits), default=None)


def play(
    seed: int,
    *,
    responders: int = 100,
    hours: float = 24.0,
    loss: float = 0.5,
    bits_s: float = 300.0,
    position_s: float = 600.0,
) -> ThinDay:
    """One day; messages that still wait at its end are given an hour more to arrive."""
    dice = random.Random(seed)
    waiting = make_day(dice, responders, hours, position_s)
    heap: list[tuple[float, int, int, str]] = []
    for number, (second, who, kind) in enumerate(waiting):
        heappush(heap, (second, number, who, kind))
    day = ThinDay(
        sent={}, acknowledged={}, doubled=0, lost=0, frames=0, busy=0.0, seconds={},
        position_age_s=[],
    )  # fmt: skip
    channel = Channel(responders)
    open_: dict[tuple[int, int, int], tuple[str, datetime]] = {}
    got: dict[tuple[int, int, int], int] = {}
    at, end = START, START + timedelta(hours=hours + 1)
    carried = 0.0
    while at < end:
        while heap and heap[0][0] <= (at - START).total_seconds():
            second, number, who, kind = heappop(heap)
            side = 0 if kind == "order" else 1
            asked = START + timedelta(seconds=second)
            seq = channel.pairs[who][side].queue(message_of(kind, number, asked), at)
            channel.alive.add((who, side))
            if kind in ("order", "report", "man_down"):
                open_[who, side, seq] = kind, asked
                day.sent[kind] = day.sent.get(kind, 0) + 1
        key = channel.most_urgent(at)
        if key is None:
            soonest = [START + timedelta(seconds=heap[0][0])] if heap else []
            soonest += [due] if (due := channel.next_due()) is not None else []
            if not soonest:
                break
            at = max(min(soonest), at + timedelta(milliseconds=1))
            continue
        who, side = key
        sender, hearer = channel.pairs[who][side], channel.pairs[who][1 - side]
        frame = sender.next_frame(at)
        assert frame is not None
        took = len(frame) * 8 / bits_s
        at += timedelta(seconds=took)
        carried += took
        day.frames += 1
        if dice.random() < loss:
            continue
        taken = hearer.take(frame, at)
        channel.alive.add((who, 1 - side))
        if taken is not None and taken.kind in ("order", "report", "man_down"):
            heard = (who, side, taken.seq)
            got[heard] = got.get(heard, 0) + 1
        elif taken is not None and taken.kind == "position":
            day.position_age_s.append((at - taken.at).total_seconds())
        for done in list(answered(channel, who, 1 - side, open_)):
            kind, asked = open_.pop(done)
            day.acknowledged[kind] = day.acknowledged.get(kind, 0) + 1
            day.seconds.setdefault(kind, []).append((at - asked).total_seconds())
    day.busy = carried / max(1.0, (at - START).total_seconds())
    day.lost = len(open_)
    day.doubled = sum(count > 1 for count in got.values())
    return day


def answered(
    channel: Channel, who: int, side: int, open_: dict[tuple[int, int, int], tuple[str, datetime]]
) -> Iterator[tuple[int, int, int]]:
    """What this link no longer has to send: it was acknowledged."""
    still = channel.pairs[who][side].waiting
    for key in open_:
        if key[0] == who and key[1] == side and key[2] not in still:
            yield key


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--responders", type=int, default=100)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--loss", type=float, default=0.5)
    parser.add_argument("--position-s", type=float, default=600.0)
    options = parser.parse_args()
    day = play(
        options.seed,
        responders=options.responders,
        hours=options.hours,
        loss=options.loss,
        position_s=options.position_s,
    )
    said = [f"frames {day.frames}, busy {day.busy:.0%}, lost {day.lost}, doubled {day.doubled}"]
    for kind, sent in sorted(day.sent.items()):
        parts = ", ".join(
            f"p{round(q * 100)} {day.quantile(kind, q):.1f} s" for q in (0.5, 0.9, 0.99)
        )
        most = max(day.seconds.get(kind, [0.0]))
        said.append(
            f"{kind}: {day.acknowledged.get(kind, 0)} of {sent}; {parts}, most {most:.1f} s"
        )
    ages = sorted(day.position_age_s)
    said.append(f"positions taken {len(ages)}, age p90 {ages[int(0.9 * len(ages))]:.1f} s")
    sys.stdout.write("\n".join(said) + "\n")


if __name__ == "__main__":
    main()
