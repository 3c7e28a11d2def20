"""A running Twinward on a made city with a clock that tests set: what the browser tests and the
pictures play on.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from twinward.app import compose
from twinward.app.server import make_server
from twinward.core.clock import SetClock
from twinward.service.access import activations
from twinward.service.incidents import queries
from twinward.service.intake import commands
from twinward.service.platform import Platform, local_admin

LAST_DILIGENT_DAY = 12
TOP_DAY = 17
START = datetime(2030, 3, 1, 8, tzinfo=UTC)
CHROMIUM = "/usr/bin/chromium"
BARE = [
    "--headless=new",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
FLAGS = [*BARE, "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # maps and scenes draw
PLAIN = [*BARE, "--disable-gpu"]  # half the work for a page that has no map to draw
DEPARTMENTS = 9


class Stage:
    """One platform and its server. `post` speaks for anybody; `pass_time` moves the clock and
    lets the loop tick.
    """

    def __init__(self, platform: Platform, clock: SetClock, port: int) -> None:
        self.platform = platform
        self.clock = clock
        self.url = f"http://127.0.0.1:{port}"
        self.count = 0
        self.visits: list[
            Callable[[], None]
        ] = []  # closed before the server, so that no page asks one that is gone

    def post(self, *items: dict[str, Any], source: str = "test") -> commands.BatchAccount:
        for item in items:
            self.count += 1
            item.setdefault("id", f"stage-{self.count}")
        account = commands.submit_objects(self.platform, local_admin(), items, source)
        self.platform.loop.catch_up()
        return account

    def pass_time(self, **stretch: float) -> None:
        self.clock.advance(timedelta(**stretch))
        self.platform.loop.tick(self.clock.now())
        self.platform.loop.catch_up()

    def report_case(self, area: str = "010101", case: str = "c1") -> None:
        self.post(
            {
                "type": "ReportCase",
                "case": case,
                "subject": f"p-{case}",
                "hazard": "epidemic",
                "area": area,
                "status": "confirmed",
                "found_in": "community",
            }
        )

    def follow_contact(self, contact: str, case: str, area: str = "010101") -> None:
        """A contact is named, found, isolated and tested: without one, nobody is followed."""
        named = {"contact": contact, "case": case, "subject": f"p-{contact}", "area": area}
        self.post({"type": "NameContact", **named})
        for step in ("located", "isolated", "tested_negative"):
            self.post({"type": "UpdateContact", "contact": contact, "step": step})

    def report_count(
        self, area: str, count: int, found_in: str = "community", status: str = "confirmed"
    ) -> None:
        day = self.clock.now().date().isoformat()
        self.post(
            {
                "type": "ReportCount",
                "hazard": "epidemic",
                "area": area,
                "day": day,
                "status": status,
                "found_in": found_in,
                "count": count,
                "source": "bulletin",
            },
            source="bulletin",
        )

    def report_place(self, area: str, number: int, lon: float, lat: float) -> None:
        self.post(
            {
                "type": "ReportAffectedPlace",
                "hazard": "epidemic",
                "area": area,
                "place": f"place-{number}",
                "name": f"{number} Quay Street",
                "day": self.clock.now().date().isoformat(),
                "lon": lon,
                "lat": lat,
            },
            source="notices",
        )

    def open_tasks(self) -> list[Any]:
        return list(queries.list_tasks(self.platform, status="open", limit=5000))

    def wait_until(self, holds: Callable[[], bool], seconds: float = 90.0) -> None:
        """What the screen sends arrives a moment after it shows it."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"not so after {seconds} s"
            time.sleep(0.05)

    def open_activation(self) -> None:
        activations.open_activation(
            self.platform,
            local_admin(),
            hazard="epidemic",
            areas=["all"],
            purposes=["trace", "vault"],
            days=30,
            by="City emergency committee",
            basis="Infectious diseases act, article 39",
        )


@contextmanager
def staged(workspace: Path, start: datetime = START) -> Iterator[Stage]:
    """The server of a workspace in a thread of its own, on a free port."""
    clock = SetClock(start)
    platform = compose.open_platform(workspace, clock)
    line = socket.socket()  # handed over bound: nobody else can take its port in between
    line.bind(("127.0.0.1", 0))
    port = line.getsockname()[1]
    platform.loop.start()
    server = make_server(platform, "127.0.0.1", port)
    thread = threading.Thread(target=server.run, args=([line],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    stage = Stage(platform, clock, port)
    try:
        yield stage
    finally:
        for visit in stage.visits:
            visit()
        server.should_exit = server.force_exit = True
        thread.join(timeout=20)
        platform.close()


def play_outbreak(stage: Stage, days: int = 24) -> None:
    """Some weeks of an outbreak that spreads from district to district; officers answer, some of
    them late.
    """
    stage.open_activation()
    for day in range(days):
        report_day(stage, day)
        for _ in range(3):
            stage.pass_time(hours=8)
            answers = [answer_to(task, day) for task in stage.open_tasks()]
            stage.post(*[one for one in answers if one is not None], source="officers")


def report_day(stage: Stage, day: int) -> None:
    """What the districts report of one day: it doubles, reaches a height and falls."""
    for district in range(1, 10):
        start = (district - 1) * 2
        if day < start:
            continue
        grown = int(3 * 1.32 ** (min(day, TOP_DAY) - start) * 0.8 ** max(0, day - TOP_DAY))
        stage.report_count(f"{district:02d}", min(grown, 900), "community", "confirmed")
        stage.report_count(f"{district:02d}", min(grown * 2, 1700), "control", "asymptomatic")
        place = district * 100 + day
        stage.report_place(
            f"{district:02d}01",
            place,
            10.05 + (place * 37 % 400) / 1000,
            50.03 + (place * 53 % 240) / 1000,
        )


def answer_to(task: Any, day: int) -> dict[str, Any] | None:
    """What a department answers to a task, if it answers today: one in seven is left lying."""
    lazy = sum(task.id.encode()) % 4 == 0
    steps = {
        "ordered": "ConfirmOrder",
        "confirmed": "AcknowledgeTask",
        "acknowledged": "CompleteTask",
    }
    if task.status not in steps or (lazy and (day % 5 or day > LAST_DILIGENT_DAY)):
        return None
    answer = {"type": steps[task.status], "task": task.id, "department": task.department}
    return answer | ({"result": "done"} if task.status == "acknowledged" else {})
