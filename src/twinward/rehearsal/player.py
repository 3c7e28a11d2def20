"""Plays days against a running platform through its public API, on a clock of its own, and
measures what it sees.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from twinward.core.clock import SetClock
from twinward.core.errors import TwinwardError
from twinward.rehearsal.officer import Officer
from twinward.rehearsal.responders import Responders
from twinward.rehearsal.shown import SentCommand

if TYPE_CHECKING:
    from twinward.rehearsal.shown import ShownTask

BATCH = 1000
PAGE = 10_000  # the most orders that the API gives at once
ROUNDS_H = (
    1,
    3,
    6,
    10,
    14,
)  # hours after the morning's reports at which departments look at their orders
IDLE_TIMEOUT_S = 120.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.0005, 0.02  # between two looks whether the loop is idle


class FeedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a feed: its source, when it was published, what it asks."""

    source: str
    published_at: datetime
    command: dict[str, Any]


class ReplayTally(msgspec.Struct, kw_only=True):
    """What the player has seen so far."""

    day: datetime | None = None
    days: int = 0
    latencies_ms: list[float] = []
    rejections: list[dict[str, Any]] = []
    triggered: set[str] = set()


class Player:
    """One rehearsal. `tick` lets time itself act on the platform after the clock has moved."""

    def __init__(
        self,
        client: httpx.Client,
        clock: SetClock,
        tick: Callable[[datetime], object],
        responders: Responders,
        departments: Iterable[str],
        home_of: Callable[[str], str],
        officer: Officer | None = None,
    ) -> None:
        self.client = client
        self.clock = clock
        self.tick = tick
        self.responders = responders
        self.departments = tuple(departments)
        self.home_of = home_of
        self.officer = officer or Officer(responders.seed)
        self.tally = ReplayTally()

    def play(
        self, deliveries: list[FeedItem], on_round: Callable[[ReplayTally], None]
    ) -> ReplayTally:
        """Every morning's deliveries, then the rounds of its day, from the first day to the
        last.
        """
        mornings = sorted({item.published_at for item in deliveries})
        by_morning: dict[datetime, list[FeedItem]] = {}
        for item in deliveries:
            by_morning.setdefault(item.published_at, []).append(item)
        if mornings:
            morning, last = mornings[0], mornings[-1]
            while morning <= last:
                self.play_day(morning, by_morning.pop(morning, []), on_round)
                morning += timedelta(days=1)
        return self.tally

    def play_day(
        self, morning: datetime, items: list[FeedItem], on_round: Callable[[ReplayTally], None]
    ) -> None:
        self.tally.day = morning
        self.tally.days += 1
        self.move_to(morning)
        self.report(items)
        on_round(self.tally)
        for hours in ROUNDS_H:
            self.move_to(morning + timedelta(hours=hours))
            self.decide()
            self.respond()
            on_round(self.tally)

    def move_to(self, at: datetime) -> None:
        self.wait_idle()
        self.clock.at = at
        self.tick(at)
        self.wait_idle()

    def report(self, items: list[FeedItem]) -> None:
        """First, alone and timed, one report of each area that has no incident yet; then
        everything else in batches.
        """
        by_source: dict[str, list[dict[str, Any]]] = {}
        for item in items:
            home = self.home_of(item.command.get("area", ""))
            opens = (
                item.command["type"] in ("ReportCase", "ReportCount")
                and item.command.get("count", 1) != 0
            )
            if opens and home not in self.tally.triggered:
                self.tally.triggered.add(home)
                self.trigger(item, home)
            else:
                by_source.setdefault(item.source, []).append(item.command)
        for source, commands in by_source.items():
            for start in range(0, len(commands), BATCH):
                self.post(commands[start : start + BATCH], source)

    def trigger(self, item: FeedItem, home: str) -> None:
        """From the report's departure to the moment when all its orders can be read."""
        began = time.perf_counter()
        self.post([item.command], item.source)
        self.wait_idle()
        orders = self.get("/v1/tasks", area=home, status="ordered")["items"]
        if orders:
            self.tally.latencies_ms.append((time.perf_counter() - began) * 1000)

    def respond(self) -> None:
        """The departments, one after the other, send what they have to say of their open
        orders.
        """
        now = self.clock.now()
        by_department: dict[str, list[ShownTask]] = {}
        for task in self.list_at_work():
            by_department.setdefault(task["department"], []).append(task)
        answers = [
            item
            for department in self.departments
            for task in by_department.get(department, ())
            for item in self.responders.answer(task, now)
        ]
        for start in range(0, len(answers), BATCH):
            self.post(answers[start : start + BATCH], "responders")

    def list_at_work(self) -> list[ShownTask]:
        """All orders that are out, by deadline."""
        tasks: list[ShownTask] = []
        while True:
            page = self.get("/v1/tasks", status="at_work", limit=PAGE, offset=len(tasks))["items"]
            tasks += page
            if len(page) < PAGE:
                return tasks

    def decide(self) -> None:
        """The duty officer looks at what waits for a person."""
        now = self.clock.now()
        items = [
            item
            for shown in self.get("/v1/incidents", status="open", details=True)["items"]
            if self.is_mine(shown)
            for item in self.officer.decide(shown, now)
        ]
        if items:
            self.post(items, "duty-officer")

    def is_mine(self, shown: dict[str, object]) -> bool:
        """Whether the duty officer decides about this incident."""
        return True

    def post(self, commands: Sequence[SentCommand], source: str) -> None:
        body = msgspec.json.encode({"items": commands, "source": source})
        response = self.client.post("/v1/commands", content=body)
        answer = read(response)
        for rejection in answer["rejected"]:
            self.tally.rejections.append(
                rejection | {"source": source, "item": commands[rejection["index"]]}
            )

    def get(self, path: str, **query: Any) -> Any:
        return read(self.client.get(path, params=query))

    def wait_idle(self) -> None:
        """Until the loop has answered the whole log."""
        deadline, pause_s = time.monotonic() + IDLE_TIMEOUT_S, SHORTEST_PAUSE_S
        while True:
            status = self.get("/v1/status")
            if status["loop_seq"] >= status["last_seq"]:
                return
            if time.monotonic() > deadline:
                raise TwinwardError(
                    "the loop does not catch up", "see /health for its reason", code="loop_stalled"
                )
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)


def read(response: httpx.Response) -> Any:
    body = msgspec.json.decode(response.content)
    if response.status_code >= 400:
        raise TwinwardError(
            body.get("message", "the API failed"), body.get("advice", ""), code=body.get("code")
        )
    return body
