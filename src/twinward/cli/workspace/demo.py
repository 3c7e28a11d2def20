"""`twinward demo`: a real city, an activation, an outbreak through the public API, the loop live
in the terminal.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
import numpy as np

from twinward.app import compose
from twinward.app.server import make_server
from twinward.app.workspace import city_of, city_timezone, scenarios_folder, write_demo_report
from twinward.cli.framework.output import emit_json, emit_text, say
from twinward.cli.main import add_common
from twinward.cli.workspace.demo_screen import DemoScreen
from twinward.cli.workspace.demo_workspace import prepare_workspace
from twinward.core.clock import SetClock
from twinward.core.errors import TwinwardError
from twinward.rehearsal.outbreak import SOURCE, Drawn, draw_cases
from twinward.rehearsal.player import FeedItem, Player, ReplayTally
from twinward.rehearsal.responders import Responders
from twinward.service.access import activations
from twinward.service.console.dashboard import SOURCE_TITLES
from twinward.service.intake.outbreak_import import load_outbreak
from twinward.service.operations.run_totals import count_outcome
from twinward.service.platform import Platform, local_admin

DRAWN_START = date(2026, 3, 2)
DRAWN_HAZARD = "epidemic/drawn"
QUIET_DAYS_AFTER = 28  # a drawn outbreak is followed until its incidents can close


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.add_argument(
        "--city", type=Path, help="folder with a city.toml, or a workspace that has a city"
    )
    parser.add_argument(
        "--outbreak", type=Path, help="folder of a recorded outbreak; default: a small drawn one"
    )
    parser.add_argument(
        "--outbreak-config", type=Path, help="what its files mean, when the folder does not say"
    )
    parser.add_argument("--headless", action="store_true", help="no live screen")
    parser.add_argument(
        "--speed", type=float, default=0.0, help="days a second at most; 0 is as fast as it goes"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--silent", default="", help="department or department@area, …, that never answers"
    )
    parser.add_argument("--serve", action="store_true", help="keep serving the result afterwards")


def run(options: argparse.Namespace) -> int:
    began = time.perf_counter()
    headless = options.headless or options.json
    build_s = prepare_workspace(options.workspace, options.city, options.seed, say)
    clock = SetClock(datetime(2020, 1, 1, tzinfo=ZoneInfo("UTC")))
    platform = compose.open_platform(options.workspace, clock)
    try:
        result = play(platform, clock, options, began, headless=headless) | {
            "build_s": round(build_s, 3)
        }
        result["wall_s"] = round(time.perf_counter() - began, 3)
        path = write_demo_report(options.workspace, result)
        if options.json:
            emit_json(result)
        else:
            emit_text(describe(result, path))
    finally:
        platform.close()
    if options.serve:
        from twinward.cli.workspace import serve

        return serve.run(
            argparse.Namespace(workspace=options.workspace, host="127.0.0.1", port=8420)
        )
    return 0


def play(
    platform: Platform,
    clock: SetClock,
    options: argparse.Namespace,
    began: float,
    *,
    headless: bool,
) -> dict[str, object]:
    deliveries, hazard = choose_deliveries(platform, options)
    clock.at = deliveries[0].published_at
    open_demo_activation(platform, hazard, deliveries)
    silent = frozenset(word for word in options.silent.split(",") if word)
    responders = Responders(options.seed, hazard, silent)
    with serving(platform) as url, httpx.Client(base_url=url, timeout=120) as client:
        player = Player(
            client,
            clock,
            platform.loop.tick,
            responders,
            platform.reference.library.departments,
            home_finder(platform),
        )
        days = len({item.published_at for item in deliveries})
        with DemoScreen(client, days, headless=headless, began=began) as screen:
            tally = player.play(deliveries, paced(screen.update, options.speed))
        player.wait_idle()
    write_rejections(options.workspace, tally)
    return summary(platform, hazard, tally)


def choose_deliveries(
    platform: Platform, options: argparse.Namespace
) -> tuple[list[FeedItem], str]:
    if options.outbreak is not None:
        feed = load_outbreak(
            options.outbreak, options.outbreak_config, scenarios_folder(), platform
        )
        write_titles(options.workspace, feed.titles())
        items = [
            FeedItem(source=item.source, published_at=item.published_at, command=item.command)
            for item in feed.list_items()
        ]
        return items, feed.about.hazard
    zone = ZoneInfo(city_timezone(options.workspace))
    tree = platform.reference.areas
    leaves = [code for code in tree.by_code if code not in tree.children] or [tree.root]
    cases = draw_cases(Drawn(), leaves, options.seed, DRAWN_START, zone, DRAWN_HAZARD)
    items = [FeedItem(source=SOURCE, published_at=at, command=command) for at, command in cases]
    zeros = daily_zeros(items, home_finder(platform), QUIET_DAYS_AFTER)
    return sorted(items + zeros, key=lambda item: item.published_at), DRAWN_HAZARD


def write_titles(workspace: Path, titles: dict[str, dict[str, str]]) -> None:
    """Sources as people know them, by language, for the screens."""
    (workspace / SOURCE_TITLES).write_bytes(msgspec.json.encode(titles))


def daily_zeros(
    items: list[FeedItem], home_of: Callable[[str], str], after_days: int
) -> list[FeedItem]:
    """Every morning each district once named says that its count is complete: silence would not
    be evidence.
    """
    first: dict[str, datetime] = {}
    for item in items:
        first.setdefault(home_of(item.command["area"]), item.published_at)
    last = max(item.published_at for item in items) + timedelta(days=after_days)
    zeros = []
    for home, start in first.items():
        at = start + timedelta(days=1)
        while at <= last:
            command = {
                "id": f"zero-{home}-{at.date()}",
                "type": "ReportCount",
                "hazard": DRAWN_HAZARD,
                "area": home,
                "day": at.date().isoformat(),
                "status": "confirmed",
                "found_in": "community",
                "count": 0,
                "source": f"{SOURCE}/complete",
            }
            zeros.append(FeedItem(source=f"{SOURCE}/complete", published_at=at, command=command))
            at += timedelta(days=1)
    return zeros


def home_finder(platform: Platform) -> Callable[[str], str]:
    tree = platform.reference.areas
    return lambda area: tree.at_depth(area, 1) if area in tree else area


def open_demo_activation(platform: Platform, hazard: str, deliveries: list[FeedItem]) -> None:
    activations.open_activation(
        platform,
        local_admin(),
        hazard=hazard,
        areas=["all"],
        purposes=["trace", "vault"],
        days=30,
        by="demonstration",
        basis="a demonstration on synthetic persons",
        data_from=deliveries[0].published_at,
        data_to=deliveries[-1].published_at + timedelta(days=30),
    )


@contextmanager
def serving(platform: Platform, port: int = 0) -> Iterator[str]:
    """The platform's API on a port of the loopback (0: a free one), with the loop following the
    log.
    """
    server = make_server(platform, "127.0.0.1", port)
    thread = threading.Thread(target=server.run, name="api", daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise TwinwardError(
                "the API did not start", "is a port of 127.0.0.1 free?", code="no_port"
            )
        time.sleep(0.01)
    platform.loop.start()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        platform.loop.stop()
        server.should_exit = True
        thread.join(timeout=30)


def paced(
    update: Callable[[ReplayTally], None], days_per_s: float
) -> Callable[[ReplayTally], None]:
    """Hold the play to at most `days_per_s`."""
    began = time.monotonic()

    def paced_update(tally: ReplayTally) -> None:
        update(tally)
        if days_per_s > 0:
            ahead = tally.days / days_per_s - (time.monotonic() - began)
            if ahead > 0:
                time.sleep(min(ahead, 1.0 / days_per_s))

    return paced_update


def write_rejections(workspace: Path, tally: ReplayTally) -> None:
    """Every rejected item with its reason, beside the workspace's data."""
    import json

    with (workspace / "rejected-commands.jsonl").open("w", encoding="utf-8") as file:
        for row in tally.rejections:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def summary(platform: Platform, hazard: str, tally: ReplayTally) -> dict[str, Any]:
    latencies = np.array(tally.latencies_ms or [0.0])
    city, residents = city_of(platform.workspace)
    return (
        {"city": city, "residents": residents, "days": tally.days}
        | count_outcome(platform, hazard)
        | {
            "trigger_to_orders_ms": {
                "n": len(tally.latencies_ms),
                "p50": round(float(np.percentile(latencies, 50)), 2),
                "p99": round(float(np.percentile(latencies, 99)), 2),
            }
        }
    )


def describe(result: dict[str, Any], path: Path) -> str:
    late = result["trigger_to_orders_ms"]
    lines = [
        f"{result['city']}: {result['residents']:,} residents, {result['days']} days in "
        f"{result['wall_s']:.1f} s",
        f"{result['reports']:,} reports, {result['cases']:,} persons, "
        f"{result['places_affected']:,} places",
        f"{result['incidents']} incidents, {result['incidents_closed']} closed on evidence, "
        f"{result['incidents_reopened']} reopened",
        f"{result['orders']:,} orders, {result['orders_confirmed']:,} confirmed, "
        f"{result['escalations']:,} escalations",
        f"from a report to all its orders: {late['p50']:.0f} ms (median), {late['p99']:.0f} ms "
        f"(99 %), n = {late['n']}",
        *(
            f"  {row['source']}: received {row['received']:,} = stored {row['stored']:,} + "
            f"rejected {row['rejected']:,} + duplicate {row['duplicate']:,}"
            for row in result["counts"]
        ),
        "persons, contacts and receipts are synthetic: seeded responders made them",
        f"report: {path}",
    ]
    return "\n".join(lines)
