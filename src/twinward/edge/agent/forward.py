"""Sends what waits to the centre: alarms by themselves and first, everything else behind them;
nothing is given up but what the centre says it will not have.
"""

from __future__ import annotations

import email.utils
import random
import threading
import time
from collections.abc import Sequence

import httpx
import msgspec

from twinward.core.clock import Clock, to_us
from twinward.edge.agent.keeper import Keeper
from twinward.edge.agent.store import EdgeStore, Waiting
from twinward.edge.agent.tokens import TokenKeeper
from twinward.edge.profiles import Lane

BATCH = 2000
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 60.0
IDLE_S = 0.1
TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class BatchAnswer(msgspec.Struct):
    """What the centre says of a batch."""

    received: int
    stored: int
    duplicate: int
    rejected: list[dict[str, object]] = []


class Mismatch(Exception):
    """The centre's sum is not the sum of what was sent."""


class Forwarder:
    """One thread for some lanes, with a connection of its own."""

    def __init__(
        self, keeper: Keeper, lanes: Sequence[Lane], clock: Clock, tokens: TokenKeeper
    ) -> None:
        self.keeper, self.lanes, self.clock = keeper, tuple(lanes), clock
        self.tokens = tokens
        self.says = ""  # why nothing is sent, for `edge status`
        self.skew_s: float | None = None
        self._most = BATCH
        self._wait_s = 0.0
        self._stop = threading.Event()
        # an alarm is sent at once; the rest is looked for now and then
        self._called = keeper.alarmed if "alarm" in self.lanes else threading.Event()
        # each edge waits differently, so that a thousand do not come back in one second
        self._jitter = random.Random(f"{keeper.config.edge.id}/{self.lanes}")
        self._thread = threading.Thread(target=self._run, name=f"forward-{lanes[0]}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._called.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        """No error ends it: a full disk, a torn token, an answer that is none pass by."""
        while not self._stop.is_set():
            try:
                self._follow()
            except Exception as error:
                self._back_off(error)

    def _follow(self) -> None:
        """Sends until it is told to stop, or the first error."""
        reader = EdgeStore(self.keeper.store.path, read_only=True)
        try:
            with httpx.Client(base_url=self.keeper.config.edge.core, timeout=TIMEOUT) as client:
                while not self._stop.is_set():
                    self._called.clear()
                    waiting = reader.list_waiting(self.lanes, self._most)
                    if not waiting:
                        self._called.wait(IDLE_S)
                        continue
                    self.send(client, waiting)
                    self._wait_s, self._most, self.says = 0.0, BATCH, ""
        finally:
            reader.close()

    def send(self, client: httpx.Client, waiting: Sequence[Waiting]) -> None:
        """One batch, accounted for item by item; raises where it must be sent again."""
        source = msgspec.json.encode(self.keeper.config.edge.id)
        body = b'{"source":' + source + b',"items":[' + b",".join(w.body for w in waiting) + b"]}"
        sent_at = time.time()
        response = self._post(client, body)
        self._note_skew(response, sent_at)
        if response.status_code in (400, 413, 415, 422):
            self._divide(client, waiting, response)
            return
        response.raise_for_status()
        answer = msgspec.json.decode(response.content, type=BatchAnswer)
        rejected = {int(str(one["index"])): str(one.get("code", "")) for one in answer.rejected}
        if (
            len(waiting) != answer.received
            or answer.received != answer.stored + answer.duplicate + len(rejected)
            or not all(0 <= index < len(waiting) for index in rejected)
        ):
            raise Mismatch(
                f"{len(waiting)} were sent; the centre counts {answer.received} received, "
                f"{answer.stored} stored, {answer.duplicate} known, {len(rejected)} rejected"
            )
        self._acknowledge(waiting, rejected, answer.duplicate)

    def _post(self, client: httpx.Client, body: bytes) -> httpx.Response:
        """The answer; a token that has run out is renewed once."""
        access = self.tokens.read()
        for _ in range(2):
            headers = {"content-type": "application/json"}
            if access:
                headers["authorization"] = f"Bearer {access}"
            response = client.post("/v1/observations", content=body, headers=headers)
            if response.status_code != 401 or not access:
                break
            access = self.tokens.renew(client, access)
        return response

    def _acknowledge(
        self, waiting: Sequence[Waiting], rejected: dict[int, str], duplicate: int
    ) -> None:
        now_us = to_us(self.clock.now())
        store = self.keeper.store

        def work() -> None:
            store.acknowledge([one.n for k, one in enumerate(waiting) if k not in rejected])
            for index, code in rejected.items():
                store.refuse(waiting[index], code, now_us)
            store.count("acknowledged", len(waiting) - len(rejected))
            store.count("known_at_centre", duplicate)

        urgent = "alarm" in self.lanes
        self.keeper.submit(work, backlog=not urgent).result(timeout=60)

    def _divide(
        self, client: httpx.Client, waiting: Sequence[Waiting], response: httpx.Response
    ) -> None:
        """The centre will not have the body as a whole: halves are tried, down to the one item."""
        if len(waiting) == 1:
            self._acknowledge(waiting, {0: code_of(response)}, 0)
            return
        middle = len(waiting) // 2
        self.send(client, waiting[:middle])
        self.send(client, waiting[middle:])

    def _note_skew(self, response: httpx.Response, sent_at: float) -> None:
        """How far this machine's clock is ahead of the centre's, to the second."""
        told = response.headers.get("date", "")
        try:
            centre = email.utils.parsedate_to_datetime(told).timestamp() + 0.5
        except (TypeError, ValueError):
            return
        skew = (sent_at + time.time()) / 2 - centre
        self.skew_s = round(skew, 1) if abs(skew) > 1.0 else 0.0

    def _back_off(self, error: Exception) -> None:
        if isinstance(error, httpx.HTTPStatusError):
            self.says = f"{error.response.status_code} {code_of(error.response)}"
        else:
            self.says = str(error) or type(error).__name__
        self._wait_s = min(LONGEST_WAIT_S, max(FIRST_WAIT_S, self._wait_s * 2))
        self._most = max(1, self._most // 2) if isinstance(error, httpx.TimeoutException) else BATCH
        self._stop.wait(self._wait_s * self._jitter.uniform(0.5, 1.0))


def code_of(response: httpx.Response) -> str:
    try:
        return str(response.json().get("code", response.status_code))
    except (ValueError, AttributeError):
        return str(response.status_code)
