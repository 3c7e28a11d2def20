"""The live screen of a demonstration: the five stages of the loop, what is late, the latest
events.
"""

from __future__ import annotations

import time
from typing import Self

import httpx
import msgspec
from rich.console import Console
from rich.layout import Layout
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from twinward.rehearsal.player import ReplayTally, read
from twinward.service.incidents.answers import Overview

EVENTS = 12


class DemoScreen:
    """Draws on standard error where that is a terminal; headless it only keeps the time of the
    first look.
    """

    def __init__(self, client: httpx.Client, days: int, *, headless: bool, began: float) -> None:
        self.client = client
        self.days = days
        self.began = began
        console = Console(stderr=True)
        self.headless = headless or not console.is_terminal
        self.first_look_s: float | None = None
        self.live = Live(console=console, refresh_per_second=8, screen=False, transient=False)

    def __enter__(self) -> Self:
        if not self.headless:
            self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if not self.headless:
            self.live.stop()

    def update(self, tally: ReplayTally) -> None:
        """After each round: what the API says now."""
        if self.first_look_s is None:
            self.first_look_s = time.perf_counter() - self.began
        if self.headless:
            return
        overview = msgspec.convert(read(self.client.get("/v1/overview")), Overview)
        status = read(self.client.get("/v1/status"))
        after = max(0, status["last_seq"] - EVENTS)
        events = read(self.client.get("/v1/events", params={"after": after}))["items"]
        incidents = read(self.client.get("/v1/incidents", params={"status": "open"}))["items"]
        lines = msgspec.convert(events, list[EventLine])
        rows = msgspec.convert(incidents, list[OpenLine])
        self.live.update(draw(tally, self.days, overview, lines, rows))


class EventLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of an event."""

    seq: int
    type: str
    area: str
    actor: str


class OpenLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of an open incident."""

    area_name: str
    level: str | None = None
    figures: dict[str, float] = {}
    affected: list[str] = []


def draw(
    tally: ReplayTally,
    days: int,
    overview: Overview,
    events: list[EventLine],
    incidents: list[OpenLine],
) -> Layout:
    lines = "\n".join(f"{e.seq:>8}  {e.type:<18} {e.area:<14} {e.actor}" for e in events[-EVENTS:])
    layout = Layout()
    day = f"{tally.day:%Y-%m-%d}" if tally.day else ""
    layout.split_column(
        Layout(
            Panel(
                draw_stages(overview),
                title=f"Twinward  day {tally.days} of {days}  {day}  {overview.as_of:%H:%M} UTC",
            ),
            size=7,
        ),
        Layout(Panel(draw_incidents(incidents), title="open incidents"), size=14),
        Layout(Panel(lines, title="the log (persons are synthetic)"), size=EVENTS + 2),
    )
    return layout


def draw_stages(overview: Overview) -> Table:
    """The stages of the circle, each with its counts."""
    tasks, incidents = overview.tasks, overview.incidents
    ordered = sum(tasks.get(word, 0) for word in ("ordered", "confirmed", "acknowledged", "failed"))
    levels = (
        ", ".join(f"{count} at {level}" for level, count in sorted(overview.levels.items()))
        or "none"
    )
    stages = Table.grid(padding=(0, 2))
    for words in (
        (
            "trigger",
            f"{incidents.open} open of {incidents.all} incidents",
            f"levels: {levels}",
        ),
        (
            "link",
            f"{overview.affected_areas} affected areas",
            f"{overview.places_affected:,} places",
        ),
        (
            "schedule",
            f"{tasks.get('waiting', 0):,} tasks wait for others",
            f"{sum(tasks.values()):,} in all",
        ),
        ("divide", f"{ordered:,} orders with departments", f"late: {late_words(overview.late)}"),
        (
            "feed back",
            f"{tasks.get('done', 0):,} done",
            f"{incidents.all - incidents.open} closed",
        ),
    ):
        stages.add_row(f"[bold]{words[0]}", *words[1:])
    return stages


def draw_incidents(incidents: list[OpenLine]) -> Table:
    """The ten open incidents with the most reports."""
    table = Table(expand=True, box=None)
    for name in ("incident", "level", "reports", "last 7 days", "areas"):
        table.add_column(name)
    for row in sorted(incidents, key=lambda row: -row.figures.get("new_total", 0))[:10]:
        figures = row.figures
        new, recent = int(figures.get("new_total", 0)), int(figures.get("new_7d", 0))
        table.add_row(
            row.area_name,
            row.level or "-",
            f"{new:,}",
            f"{recent:,}",
            str(len(row.affected)),
        )
    return table


def late_words(late: dict[str, int]) -> str:
    return (
        ", ".join(
            f"{name} {count}" for name, count in sorted(late.items(), key=lambda pair: -pair[1])[:3]
        )
        or "nobody"
    )
