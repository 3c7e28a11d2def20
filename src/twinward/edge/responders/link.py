"""Store and forward over a link that loses: what matters most goes first, each message again until
it is acknowledged, each taken once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from twinward.core.errors import InputError
from twinward.edge.responders.codec import PRIORITY, FieldMessage, decode, encode

# Seconds between two tries (ours). Half of all frames lost, a try in four is answered: while the
# other side may be there it is asked often; one that is silent for long is asked seldom, until it
# is heard.
FIRST_WAIT, URGENT_WAIT, MOST_WAIT = (timedelta(seconds=n) for n in (6, 4, 300))
PATIENT_TRIES = 20
UNANSWERED = ("position", "telemetry", "ack")  # the next one says more than a repetition
REMEMBERED = 4096


class Waiting(msgspec.Struct):
    """A message on its way, and when it may be sent again."""

    message: FieldMessage
    frame: bytes
    priority: int
    due: datetime
    wait: timedelta
    tries: int = 0


class FieldLink:
    """One end of a thin link. `queue` takes messages, `next_frame` says what to send now, `take`
    what has come; time is the caller's. With a `peer`, what others say on a shared channel is
    not taken and not answered.
    """

    def __init__(self, name: str, peer: str = "") -> None:
        self.name, self.peer = name, peer
        self.waiting: dict[int, Waiting] = {}
        self.seq = 0
        self.taken: dict[tuple[str, int], None] = {}
        self.bad = 0

    def queue(self, message: FieldMessage, at: datetime) -> int:
        """Its sequence; InputError where it does not fit. A position takes the place of one that
        still waits: nobody needs to know where somebody was.
        """
        self.seq = (self.seq + 1) % 0x10000
        message = msgspec.structs.replace(message, sender=self.name, seq=self.seq)
        frame = encode(message)
        if message.kind in ("position", "telemetry"):
            for seq in [n for n, one in self.waiting.items() if one.message.kind == message.kind]:
                del self.waiting[seq]
        priority = PRIORITY[message.kind] if message.priority < 0 else message.priority
        wait = FIRST_WAIT if priority else URGENT_WAIT
        self.waiting[self.seq] = Waiting(message, frame, priority, at, wait)
        return self.seq

    def find_due(self, at: datetime) -> Waiting | None:
        """What is due and matters most, the oldest of equals; None where nothing is."""
        due = [one for one in self.waiting.values() if one.due <= at]
        return min(due, key=order_of) if due else None

    def next_frame(self, at: datetime) -> bytes | None:
        """The frame to send now, which waits for its answer from here on."""
        best = self.find_due(at)
        if best is None:
            return None
        best.tries += 1
        best.due = at + best.wait
        if best.tries >= PATIENT_TRIES:
            best.wait = min(best.wait * 1.5, MOST_WAIT)
        if best.message.kind in UNANSWERED:
            del self.waiting[best.message.seq]
        return best.frame

    def take(self, frame: bytes, at: datetime) -> FieldMessage | None:
        """A message that is new here, or None: a repetition, an acknowledgement, a broken frame
        (counted in `bad`). What wants an answer is acknowledged, each time it comes.
        """
        try:
            message = decode(frame)
        except InputError:
            self.bad += 1
            return None
        if message.sender == self.name:
            return None  # our own, heard again
        if self.peer and message.sender != self.peer:
            return None  # another's
        self._note_presence(at)
        if message.kind == "ack":
            if message.text == self.name and message.acknowledges is not None:
                self.waiting.pop(message.acknowledges, None)
            return None
        if message.kind not in UNANSWERED:
            answer = FieldMessage(
                kind="ack",
                sender=self.name,
                seq=0,
                at=at,
                text=message.sender,
                acknowledges=message.seq,
            )
            self.queue(answer, at)
        key = (message.sender, message.seq)
        if key in self.taken:
            return None
        self.taken[key] = None
        while len(self.taken) > REMEMBERED:
            del self.taken[next(iter(self.taken))]
        return message

    def _note_presence(self, at: datetime) -> None:
        """The other side is there: what was asked seldom is asked soon again."""
        for one in self.waiting.values():
            if one.tries >= PATIENT_TRIES:
                one.tries, one.wait = 1, FIRST_WAIT
                one.due = min(one.due, at + FIRST_WAIT)


def order_of(one: Waiting) -> tuple[int, int, datetime]:
    """What matters most, then what was tried least, then what is oldest."""
    return one.priority, one.tries, one.message.at
