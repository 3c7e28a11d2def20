"""Stages of real cities for the pictures: Shanghai in the spring of 2022, and cities of OpenStreetMap; the data stay where they are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser.stage import Stage, staged  # noqa: E402
from twinward.app.workspace import init_workspace, scenarios_folder  # noqa: E402
from twinward.cli.workspace.demo import home_finder, open_demo_activation, write_titles  # noqa: E402
from twinward.rehearsal.player import FeedItem, Player  # noqa: E402
from twinward.rehearsal.responders import Responders  # noqa: E402
from twinward.service.city.build import build_city  # noqa: E402
from twinward.service.intake.outbreak_import import load_outbreak  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
SPRING = DATA / "shanghai" / "outbreak-2022"
UNTIL = datetime(
    2022, 4, 14, 2, tzinfo=UTC
)  # 10:00 in Shanghai: the figures of 13 April, the highest, are out
FIRST = datetime(2022, 2, 28, tzinfo=UTC)
LATE = "health@310115,street_offices@310112,transport"  # who never answers, so that there is something to chase
SEED = 1


def make_city_of(scenario: str, workspace: Path) -> None:
    """A workspace with the city of a bundled scenario, base map and all."""
    if not (workspace / "workspace.json").exists():
        init_workspace(workspace, kind="demonstration")
    if not (workspace / "city").exists():
        build_city(ROOT / "scenarios" / scenario / "city.toml", workspace)


@contextmanager
def spring_of_2022(workspace: Path) -> Iterator[Stage]:
    """Shanghai on the evening of 14 April 2022: the published figures played through the whole loop; played once."""
    make_city_of("shanghai-places", workspace)
    played = workspace / "played"
    with staged(
        workspace,
        start=datetime.fromisoformat(played.read_text()) if played.exists() else FIRST,
    ) as stage:
        if not played.exists():
            play(stage, workspace)
            played.write_text(stage.clock.now().isoformat())
        yield stage


def play(stage: Stage, workspace: Path) -> None:
    platform = stage.platform
    feed = load_outbreak(SPRING, None, scenarios_folder(), platform)
    write_titles(workspace, feed.titles())
    items = [
        FeedItem(source=i.source, published_at=i.published_at, command=i.command)
        for i in feed.list_items()
        if i.published_at <= UNTIL
    ]
    stage.clock.at = items[0].published_at
    open_demo_activation(platform, feed.about.hazard, items)
    with httpx.Client(base_url=stage.url, timeout=300) as client:
        player = Player(
            client, stage.clock, platform.loop.tick, Responders(SEED, feed.about.hazard, frozenset(LATE.split(","))),
            platform.reference.library.departments, home_finder(platform),
        )  # fmt: skip
        player.play(items, lambda _: None)
        player.wait_idle()
    stage.clock.at = max(stage.clock.at, UNTIL)
    platform.loop.tick(stage.clock.at)
    platform.loop.catch_up()
