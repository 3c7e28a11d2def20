"""The console on a loaded workspace, in Chromium with software rendering: how soon, how live, how
light.

Run on a workspace in which an outbreak has been played: `python -m benchmarks.bench_console
WORKSPACE`. The workspace itself is not written to: its tables are copied, its city is linked.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import selectors
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from browser.stage import CHROMIUM, FLAGS, Stage, staged
from twinward.core.clock import SetClock

CLIENTS = 200
EVENTS = 40
STEPS = 20
VISITS = 7
REPLAYED = 10_000
BATCH = 500
WATCH_TOTAL = """() => {
  window.changes = []
  const cell = document.querySelector('[data-testid=fig-total]')
  new MutationObserver(() => requestAnimationFrame(() => window.changes.push([cell.dataset.value, Date.now()])))
    .observe(cell, { attributes: true, attributeFilter: ['data-value'] })
}"""
STEP = """async (hour) => {
  const slider = document.querySelector('input[type=range]')
  const cell = document.querySelector('[data-testid=fig-total]')
  const before = performance.now()
  const done = new Promise((resolve) => new MutationObserver((_, watch) => {
    watch.disconnect(); requestAnimationFrame(() => resolve(performance.now() - before)) })
    .observe(cell, { attributes: true, attributeFilter: ['data-value'] }))
  slider.value = String(hour); slider.dispatchEvent(new Event('input', { bubbles: true }))
  return Promise.race([done, new Promise((resolve) => setTimeout(() => resolve(null), 5000))])
}"""


def link_copy(source: Path, target: Path) -> None:
    """A workspace to write to, without copying the residents."""
    target.mkdir()
    for entry in source.iterdir():
        if entry.name == "city":
            (target / "city").symlink_to(entry.resolve())
        elif entry.is_dir():
            shutil.copytree(entry, target / entry.name)
        else:
            shutil.copy2(entry, target / entry.name)


def open_page(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(url)
    page.wait_for_selector("[data-testid=fig-total]")
    return page


def measure_visit(browser: Browser, url: str) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, service_workers="block")
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector("[data-testid=fig-total]")
    usable = time.perf_counter() - begun
    page.wait_for_selector("[data-state=ready]")
    drawn = time.perf_counter() - begun
    page.wait_for_timeout(500)
    sizes = page.evaluate(
        "[...performance.getEntriesByType('resource'), "
        "...performance.getEntriesByType('navigation')]"
        ".map(entry => [entry.name, entry.transferSize])"
    )
    assets = sum(size for name, size in sizes if "/v1/" not in name)
    context.close()
    return {
        "usable_s": usable,
        "map_s": drawn,
        "pages_kb": assets / 1e3,
        "all_kb": sum(s for _, s in sizes) / 1e3,
    }


def hold_streams(url: str, count: int) -> None:
    """So many open streams in a process of its own, read and thrown away; ends with its parent."""
    where = urlsplit(url)
    asked = f"GET /v1/events?follow=true&after=999999999 HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode()
    with selectors.DefaultSelector() as chosen:
        for _ in range(count):
            held = socket.create_connection((where.hostname or "", where.port or 80))
            held.sendall(asked)
            chosen.register(held, selectors.EVENT_READ)
        while True:
            for key, _ in chosen.select():
                cast("socket.socket", key.fileobj).recv(65_536)


@contextmanager
def streams(url: str, count: int) -> Iterator[None]:
    holder = multiprocessing.get_context("spawn").Process(
        target=hold_streams, args=(url, count), daemon=True
    )
    holder.start()
    time.sleep(4)
    try:
        yield
    finally:
        holder.terminate()
        holder.join()


def measure_events(stage: Stage, page: Page, incident: Any) -> list[float]:
    """From the moment that a report is durable until its number is on the screen, ms."""
    page.evaluate(WATCH_TOTAL)
    stored: list[float] = []
    for number in range(EVENTS):
        item = {
            "type": "ReportCount",
            "hazard": incident.hazard,
            "area": incident.area,
            "status": "confirmed",
            "day": stage.clock.now().date().isoformat(),
            "found_in": "community",
            "count": number + 1,
            "source": "bench",
        }
        assert stage.post(item).stored == 1
        stored.append(time.time() * 1000)
        page.wait_for_timeout(400)
    changes = page.evaluate("window.changes")
    return [
        min((seen for _, seen in changes if seen >= at - 50), default=at + 1e4) - at
        for at in stored
    ]


def measure_slider(page: Page) -> dict[str, Any]:
    """Steps of one length, as by Play or the arrow keys, and jumps to instants that nobody could
    guess.
    """
    low, high = (
        int(page.locator("input[type=range]").get_attribute(name) or 0) for name in ("min", "max")
    )
    hours = [low + (high - low) * step // (STEPS * 2) for step in range(4, STEPS + 4)]
    jumps = [low + (high - low) * (step * 7919 % 1000) // 1000 for step in range(1, STEPS + 1)]
    found = {}
    for name, wanted in (("steps_ms", hours), ("jumps_ms", jumps)):
        found[name] = quantiles(
            [took for hour in wanted if (took := step_to(page, hour)) is not None]
        )
    return found


def step_to(page: Page, hour: int) -> float | None:
    """ms until the figures of the hour are on the screen; None when they are the same as before."""
    took: float | None = page.evaluate(STEP, hour)
    page.wait_for_timeout(250)
    return took


def measure_heap(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def measure_replay(stage: Stage, page: Page, area: str) -> dict[str, float]:
    page.wait_for_timeout(1500)
    before = measure_heap(page)
    for start in range(0, REPLAYED, BATCH):
        items = [
            {
                "type": "ReportFigures",
                "hazard": "epidemic",
                "area": area,
                "day": "2022-05-01",
                "figures": {"in_hospital": float(number)},
                "source": "bench",
            }
            for number in range(start, start + BATCH)
        ]
        stage.post(*items)
        page.wait_for_timeout(250)
    page.wait_for_timeout(2000)
    after = measure_heap(page)
    return {"before_mb": before, "after_mb": after, "growth": after / before - 1}


def measure_frames(page: Page) -> dict[str, float]:
    """Main-thread time a frame while residents move on the map with all places; then while it is
    dragged too.
    """
    page.get_by_label("Affected places", exact=True).check()
    page.get_by_label("Movement", exact=True).check()
    points = int(page.get_by_test_id("movement").get_attribute("data-points") or 0)
    page.wait_for_timeout(4000)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    page.evaluate(
        "() => { window.frames_n = 0; const f = () => { window.frames_n++; "
        "requestAnimationFrame(f) }; f() }"
    )
    box = page.locator(".maplibregl-canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def task_s() -> float:
        found = session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == "TaskDuration"))

    def during(act: Callable[[], None]) -> float:
        frames, busy = page.evaluate("window.frames_n"), task_s()
        act()
        frames, busy = page.evaluate("window.frames_n") - frames, task_s() - busy
        return float(busy * 1000 / max(1, frames))

    def drag() -> None:
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(40):
            page.mouse.move(x + 60 * (step % 5 - 2), y + 40 * (step % 3 - 1))
            page.wait_for_timeout(30)
        page.mouse.up()

    moving = during(lambda: page.wait_for_timeout(3000))
    return {"points": points, "moving_ms_per_frame": moving, "dragged_ms_per_frame": during(drag)}


def quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "n": len(ordered),
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 1),
    }


def run(workspace: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        copy = Path(folder) / "ws"
        link_copy(workspace, copy)
        with staged(copy) as stage:
            with stage.platform.store.read() as reader:
                last = reader.events_after(reader.last_seq() - 1, 1)[0].occurred_at
                incident = reader.list_rows("incidents", status="open")[0]
            assert isinstance(stage.clock, SetClock)
            stage.clock.at = last + timedelta(hours=1)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            measure_visit(browser, stage.url)
            visits = [measure_visit(browser, stage.url) for _ in range(VISITS)]
            result: dict[str, Any] = {"events": reader_seq(stage), "load_1min": os.getloadavg()[0]}
            result["visit"] = {
                name: round(statistics.median(v[name] for v in visits), 2) for name in visits[0]
            }
            page = open_page(browser, stage.url)
            result["slider"] = measure_slider(page)
            page.close()
            page = open_page(browser, stage.url)
            page.wait_for_selector("[data-state=ready]")
            with streams(stage.url, CLIENTS):
                result["event_to_pixel_ms"] = quantiles(measure_events(stage, page, incident))
            result["replay"] = {
                k: round(v, 3) for k, v in measure_replay(stage, page, incident.area).items()
            }
            result["map"] = {k: round(v, 2) for k, v in measure_frames(page).items()}
            browser.close()
    return result


def reader_seq(stage: Stage) -> int:
    with stage.platform.store.read() as reader:
        return int(reader.last_seq())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    print(json.dumps(run(parser.parse_args().workspace), indent=1))
