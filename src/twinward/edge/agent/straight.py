"""The straight way from a broker into the centre: what known devices say is checked, posted in
groups, and acknowledged to the broker when the centre has it on its disk. Nothing of it is kept
here; the broker keeps what waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

import httpx
import msgspec

from twinward.core.clock import Clock, to_us
from twinward.core.errors import InputError
from twinward.edge.agent.centre import TIMEOUT, BatchOutcome, CentreLine, said_by
from twinward.edge.agent.keeper import Keeper, SentReadings
from twinward.edge.agent.readings import FAULTS, Reading, check_item, decode_item, to_observation
from twinward.edge.agent.store import LastHeard
from twinward.edge.agent.tokens import TokenKeeper

LOG = logging.getLogger("twinward.edge")
GROUP = 5000  # readings of one post
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 10.0
HEARD_EVERY_S = 1.0  # how often it is written which devices have spoken
MOST_JUDGED = 100_000
Acknowledge = Callable[[int, list[int]], None]


class MessageUnderWay(msgspec.Struct, gc=False):
    """One message on its way, with what came of its items."""

    line: int
    mid: int
    device: str
    received: int
    bodies: list[bytes]
    readings: list[Reading]
    codes: list[str]  # of items that were refused here
    fault: str = ""


class StraightWay:
    """One thread that posts; `take` is called in the thread of the broker's client."""

    def __init__(
        self, keeper: Keeper, clock: Clock, tokens: TokenKeeper, acknowledge: Acknowledge
    ) -> None:
        self.keeper, self.clock, self._acknowledge = keeper, clock, acknowledge
        self.line = CentreLine(keeper.config.edge.id, tokens)
        self.says = ""  # why nothing is sent, for `edge status`
        self._ahead_s = keeper.config.edge.ahead_s
        self._parts: deque[MessageUnderWay] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._rules = keeper.config.rules  # those that `_judged` was found with
        self._judged: dict[tuple[str, str], bool] = {}
        self._heard: dict[str, LastHeard] = {}  # not written yet
        self._wrote_at = 0.0
        self._thread = threading.Thread(target=self._run, name="straight", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What is not acknowledged comes again from the broker."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=15)

    # in the thread of the broker's client ---------------------------------------------------

    def take(
        self, line: int, messages: Iterable[tuple[int, SentReadings]]
    ) -> list[tuple[int, SentReadings]]:
        """Those that cannot go straight: of unknown devices, of a time that cannot be, of devices
        that a rule of this edge listens to.
        """
        others: list[tuple[int, SentReadings]] = []
        now_us = to_us(self.clock.now())
        parts: list[MessageUnderWay] = []
        for mid, sent in messages:
            try:
                part = self._read(line, mid, sent, now_us)
            except Exception as error:  # the keeper meets it too, and counts it
                LOG.error("a message met a fault of ours", exc_info=error)
                part = None
            if part is None:
                others.append((mid, sent))
            else:
                parts.append(part)
        with self._changed:
            self._parts += parts
            self._changed.notify()
        return others

    def _read(self, line: int, mid: int, sent: SentReadings, now_us: int) -> MessageUnderWay | None:
        stand = self.keeper.stands.get(sent.device)
        if stand is None or stand.profile.seq_wraps:
            return None  # counted on from the last one heard, which is kept
        part = MessageUnderWay(line, mid, sent.device, len(sent.items), [], [], [])
        for raw in sent.items:
            try:
                item = decode_item(raw, sent.kind, sent.device)
                reading = check_item(item, sent.device, stand.profile, now_us, self._ahead_s)
            except InputError as error:
                part.codes.append(error.code)
                if error.code in FAULTS:
                    part.fault = error.message
                continue
            if (
                reading.held
                or reading.occurred_us < stand.since_us
                or self._is_judged(sent.device, stand.profile.id, reading.type)
            ):
                return None
            part.readings.append(reading)
            part.bodies.append(to_observation(reading, stand.area, stand.place))
        return part

    def _is_judged(self, device: str, profile: str, kind: str) -> bool:
        """Whether a rule listens to it, of those that this edge runs now."""
        rules = self.keeper.config.rules
        if rules is not self._rules or len(self._judged) > MOST_JUDGED:
            self._rules, self._judged = rules, {}
        if not rules:
            return False
        found = self._judged.get((device, kind))
        if found is None:
            found = any(rule.reads(device, profile, kind) for rule in rules)
            self._judged[device, kind] = found
        return found

    # the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        with httpx.Client(base_url=self.keeper.config.edge.core, timeout=TIMEOUT) as client:
            while not self._stopping:
                if group := self._gather():
                    self._settle(client, group)
                elif self._heard:
                    self.keeper.submit(self._write_heard)

    def _gather(self) -> list[MessageUnderWay]:
        """What waits, up to a group; empty when nothing came for some time."""
        with self._changed:
            if not self._parts and not self._stopping:
                self._changed.wait(HEARD_EVERY_S)
            group: list[MessageUnderWay] = []
            size = 0
            while self._parts and (not group or size + len(self._parts[0].bodies) <= GROUP):
                group.append(self._parts.popleft())
                size += len(group[-1].bodies)
            return group

    def _settle(self, client: httpx.Client, group: Sequence[MessageUnderWay]) -> None:
        """Posts until the centre has it; an error only makes it later."""
        wait_s = FIRST_WAIT_S
        bodies = [body for part in group for body in part.bodies]
        while not self._stopping:
            try:
                outcome = self._exchange(client, bodies)
            except Exception as error:  # the line, a token, an answer that is none
                self.says = said_by(error)
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
                continue
            self.says = ""
            self._account(group, outcome)
            return

    def _exchange(self, client: httpx.Client, bodies: Sequence[bytes]) -> BatchOutcome:
        """Halves of a body that the centre will not have as a whole are tried, down to one item."""
        if not bodies:
            return BatchOutcome({})
        outcome = self.line.exchange(client, bodies)
        if not outcome.whole:
            return outcome
        if len(bodies) == 1:
            return BatchOutcome({0: outcome.whole})
        middle = len(bodies) // 2
        first = self._exchange(client, bodies[:middle])
        second = self._exchange(client, bodies[middle:])
        rejected = first.rejected | {middle + k: code for k, code in second.rejected.items()}
        return BatchOutcome(rejected, first.duplicate + second.duplicate)

    def _account(self, group: Sequence[MessageUnderWay], outcome: BatchOutcome) -> None:
        """Counted here in one transaction, then acknowledged: what is acknowledged is counted."""
        store, now_us = self.keeper.store, to_us(self.clock.now())
        readings = [one for part in group for one in part.readings]
        codes = Counter(code for part in group for code in part.codes)
        codes.update(outcome.rejected.values())
        received = sum(part.received for part in group)
        refused = sum(codes.values())
        self._note_heard(readings, now_us)
        faults = {one.device: one.fault for one in group if one.fault}

        def work() -> None:
            store.count("received", received)
            store.count("stored", received - refused - outcome.duplicate)
            store.count("duplicate", outcome.duplicate)
            store.count("rejected", refused)
            for code, count in sorted(codes.items()):
                store.note_loss(f"refused: {code}", "bulk", count, (now_us, now_us), now_us)
            if faults or time.monotonic() - self._wrote_at > HEARD_EVERY_S:
                self._write_heard()
            for device, fault in faults.items():
                store.note_fault(device, fault)

        def counted(_: object) -> None:
            """Acknowledged also where it could not be counted: the centre has it."""
            for line in {part.line for part in group}:
                self._acknowledge(line, [part.mid for part in group if part.line == line])

        self.keeper.submit(work).add_done_callback(counted)

    def _note_heard(self, readings: Sequence[Reading], now_us: int) -> None:
        for device, one in {one.device: one for one in readings}.items():
            last = self._heard.get(device)
            latest_us = max(one.occurred_us, last.occurred_us if last else 0)
            self._heard[device] = LastHeard(latest_us, now_us, one.boot, one.seq)

    def _write_heard(self) -> None:
        """In the keeper's thread."""
        self._wrote_at = time.monotonic()
        heard, self._heard = self._heard, {}
        for device, last in heard.items():
            self.keeper.store.hear(device, last)
