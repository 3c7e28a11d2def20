"""Plays a drill: the script through the drill's own API, seeded departments or people, then the
score.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec

from twinward.app import compose
from twinward.cli.drills.drill_workspace import places_of
from twinward.cli.framework.output import say
from twinward.cli.framework.progress import progress_bar
from twinward.cli.workspace.demo import serving
from twinward.core.clock import SetClock, SystemClock
from twinward.core.errors import ConflictError, InputError
from twinward.rehearsal.drills.feeds import Feeds
from twinward.rehearsal.drills.player import DrillPlayer, Progress
from twinward.rehearsal.drills.responders import DrillResponders
from twinward.service.access import activations
from twinward.service.drills.drills import (
    ABOUT,
    FOLDER,
    SCRIPT,
    TRUTH,
    DrillAbout,
    DrillScript,
    DrillTruth,
    load_script,
    read_about,
    read_part,
    write_part,
)
from twinward.service.platform import Platform, local_admin

MOST_ACTIVATION_D = 30


class Apart:
    """Since which hour of the drill each person has been kept apart, as the log says; it grows
    with the log.
    """

    def __init__(self, platform: Platform, truth: DrillTruth) -> None:
        self.platform, self.truth = platform, truth
        self.since: dict[str, float] = {}
        self.seq = 0

    def __call__(self) -> dict[str, float]:
        with self.platform.store.read() as reader:
            events = reader.events_after(self.seq, 100_000, types=("ContactUpdated",))
        for event in events:
            self.seq = event.seq
            if event.fact is not None and getattr(event.fact, "step", "") == "isolated":
                hour = (event.recorded_at - self.truth.start) / timedelta(hours=1)
                self.since.setdefault(event.subject or "", hour)
        return self.since


def play_drill(folder: Path, options: argparse.Namespace) -> DrillAbout:
    """Plays a drill that was started and not played yet."""
    about, truth = read_about(folder), read_part(folder, TRUTH, DrillTruth)
    if truth is None:
        raise InputError(f"{folder} has no truth to play", "start the drill anew", code="broken")
    if about.played_at is not None:
        raise ConflictError(f"drill {about.drill} was played", "start another one", code="played")
    clock = SetClock(truth.start)
    platform = compose.open_platform(folder, clock)
    try:
        script, _ = load_script(folder / FOLDER / SCRIPT, platform.reference.library)
        open_activation(platform, script, about)
        play(platform, clock, script, truth, about, options)
    finally:
        platform.close()
    played = msgspec.structs.replace(
        about, played_at=SystemClock().now(), responders=options.responders
    )
    write_part(folder, ABOUT, played)
    return played


def play(
    platform: Platform,
    clock: SetClock,
    script: DrillScript,
    truth: DrillTruth,
    about: DrillAbout,
    options: argparse.Namespace,
) -> None:
    places = places_of(platform, script)
    responders = DrillResponders(script, truth, places, about.seed, frozenset(options.people))
    feeds = Feeds(script, truth, places, about.seed)
    seeded = options.responders == "seeded"
    port = options.port if options.serve else 0
    with serving(platform, port) as url, httpx.Client(base_url=url, timeout=120) as client:
        if options.serve:
            say(f"twinward: DRILL {about.drill} at {url}/ at {options.speed:g} hours a second")
        player = DrillPlayer(
            client,
            clock,
            platform.loop.tick,
            responders,
            platform.reference.library.departments,
            feeds,
            Apart(platform, truth),
            seeded=seeded,
        )
        with progress_bar("drill") as move:
            player.run(
                script, truth, paced(lambda at: move("drill", at.hour / at.hours), options.speed)
            )


def open_activation(platform: Platform, script: DrillScript, about: DrillAbout) -> None:
    """What the drill's departments may look at: persons who do not exist."""
    activations.open_activation(
        platform,
        local_admin(),
        hazard=script.hazard,
        areas=["all"],
        purposes=["trace", "care"],
        days=min(MOST_ACTIVATION_D, max(1, round(script.hours / 24) + 1)),
        by="drill",
        basis=f"drill {about.drill}: synthetic persons",
        data_from=about.start,
        data_to=about.start + timedelta(hours=script.hours),
    )


def paced(update: Callable[[Progress], None], hours_per_s: float) -> Callable[[Progress], None]:
    """Hold the play to at most so many hours of the drill a second; 0 is as fast as it goes."""
    began = time.monotonic()

    def paced_update(at: Progress) -> None:
        update(at)
        while hours_per_s > 0 and (ahead := at.hour / hours_per_s - (time.monotonic() - began)) > 0:
            time.sleep(min(ahead, 1.0))

    return paced_update
