"""Plays a drill's script against a running platform through its public API, on a clock of its
own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import numpy as np

from twinward.core.clock import SetClock
from twinward.library.drills.drill import DrillScript, DrillTruth
from twinward.rehearsal.drills.feeds import Feeds
from twinward.rehearsal.drills.responders import DrillResponders
from twinward.rehearsal.officer import Officer
from twinward.rehearsal.player import BATCH, Player


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a drill stands: hours played of all, items sent."""

    hour: float
    hours: float
    sent: int


class DrillPlayer(Player):
    """One run of a script. `apart` tells since which hour each person has been kept apart, as the
    log has it.

    Without `seeded` nobody answers orders and nobody adopts plans but the people who take part.
    """

    responders: DrillResponders

    def __init__(
        self,
        client: httpx.Client,
        clock: SetClock,
        tick: Callable[[datetime], object],
        responders: DrillResponders,
        departments: Iterable[str],
        feeds: Feeds,
        apart: Callable[[], Mapping[str, float]],
        *,
        seeded: bool,
    ) -> None:
        super().__init__(
            client,
            clock,
            tick,
            responders,
            departments,
            lambda area: area,
            Officer(responders.seed, prompt=True),
        )
        self.feeds, self.apart, self.seeded = feeds, apart, seeded
        self.inherited: dict[
            str, str
        ] = {}  # incident that came along with the state -> since when it has its level

    def run(
        self, script: DrillScript, truth: DrillTruth, on_step: Callable[[Progress], None]
    ) -> int:
        """From the first hour to the last; how many items were sent."""
        rounds = {
            round(float(h), 4) for h in np.arange(script.step_h, script.hours + 1e-9, script.step_h)
        }
        self.inherited = {
            row["id"]: row["level_since"]
            for row in self.get("/v1/incidents", status="open")["items"]
        }
        sent = 0
        for hour in sorted(self.feeds.hours() | rounds):
            if hour > script.hours:
                break
            self.move_to(truth.start + timedelta(hours=max(hour, 0.0)))
            sent += self.send_due(hour)
            if hour in rounds and self.seeded:
                self.decide()
                self.wait_idle()
                self.respond()
                self.ask_for_help()
            on_step(Progress(hour=hour, hours=script.hours, sent=sent))
        self.wait_idle()
        return sent

    def is_mine(self, shown: dict[str, Any]) -> bool:
        """What persons decided before the drill stands until the incident's level changes."""
        return bool(self.inherited.get(shown["id"]) != shown["level_since"])

    def send_due(self, hour: float) -> int:
        by_source: dict[str, list[dict[str, object]]] = {}
        for item in self.feeds.due(hour, self.apart()):
            by_source.setdefault(item.source, []).append(item.command)
        for source, commands in by_source.items():
            for start in range(0, len(commands), BATCH):
                self.post(commands[start : start + BATCH], source)
        self.wait_idle()
        return sum(map(len, by_source.values()))

    def ask_for_help(self) -> None:
        requests = list(self.responders.requests(self.clock.now()))
        if requests:
            self.post(requests, f"{self.feeds.mark}/responders")
