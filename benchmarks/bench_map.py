"""The map in Chromium with software rendering: how soon a city is seen, what a frame of panning and
zooming costs the main thread, and how soon so many sensors are drawn.

`python -m benchmarks.bench_map WORKSPACE [...]` on workspaces with a city (they are copied);
`--sensors 100000` fills a made city with so many in place of them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from benchmarks.bench_console import link_copy
from browser.made_city import HEIGHT, SOUTH, WEST, WIDTH, make_city
from browser.stage import CHROMIUM, FLAGS, Stage, staged
from twinward.core.clock import format_time
from twinward.service.intake import observations
from twinward.service.platform import local_admin

VISITS = 5
SIZE = {"width": 1440, "height": 900}
PATIENCE_MS = 120_000
BATCH = 5_000
TICK = os.sysconf("SC_CLK_TCK")
PLACES = ("city", "overview")
# when the map was first whole, on the clock of the page, which begins with the navigation
READY = """() => new Promise((done) => {
  const look = () => { if (document.querySelector('[data-state=ready]')) done(performance.now())
    else requestAnimationFrame(look) }
  look() })"""
PANELS = """() => new Promise((done) => {
  const look = () => { if (document.querySelector('aside [type=radio][data-testid]')) done(performance.now())
    else requestAnimationFrame(look) }
  look() })"""
WATCH = """() => { window.frames = []; window.long = []
  let last = 0
  const step = (now) => { if (last) window.frames.push(now - last); last = now
    if (window.watching) requestAnimationFrame(step) }
  window.watching = true; requestAnimationFrame(step)
  window.longs = new PerformanceObserver((all) => window.long.push(...all.getEntries().map((one) => one.duration)))
  window.longs.observe({ type: 'longtask' }) }"""
STOP = "() => { window.watching = false; window.longs.disconnect(); return [window.frames, window.long] }"
DRAWN = """(layer) => new Promise((done) => {
  const box = document.querySelector('[data-sensors], .map[data-state]')
  let drawn = 0
  const begun = performance.now()
  const look = () => { const many = box.dataset.sensors
    if (many !== undefined) drawn ||= performance.now()
    // when the answer came is told by the browser some time after what was made of it is drawn
    const answer = performance.getEntriesByType('resource').find((one) => one.startTime >= begun && one.name.endsWith('/map'))
    if (drawn && answer) done({ drawn: drawn - begun, answered: answer.responseEnd - begun, sensors: Number(many) })
    else requestAnimationFrame(look) }
  document.querySelector(`[data-testid=layer-${layer}]`).click()
  requestAnimationFrame(look) })"""


def spent(pid: int) -> float:
    """Seconds of processor that a browser and all its processes have used."""
    below: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            below.setdefault(int(fields[1]), []).append(int(entry.name))
            used[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICK
    total, left = 0.0, [pid]
    while left:
        one = left.pop()
        total += used.get(one, 0.0)
        left += below.get(one, [])
    return total


@contextmanager
def page_of(browser: Browser) -> Iterator[tuple[BrowserContext, Page, CDPSession]]:
    context = browser.new_context(viewport=SIZE, service_workers="block")  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    yield context, page, session
    context.close()


def task_s(session: CDPSession) -> float:
    told = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in told if one["name"] == "TaskDuration"))


def visit(browser: Browser, url: str, place: str) -> dict[str, float]:
    """One first visit with nothing kept: seconds until the map is whole, and what it cost."""
    with page_of(browser) as (_, page, session):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        begun = spent(os.getpid())
        page.goto(f"{url}/#/{place}", wait_until="commit")
        ready = float(page.evaluate(READY)) / 1000
        panels = float(page.evaluate(PANELS)) / 1000 if place == "city" else ready
        used = spent(os.getpid()) - begun
        tasks = task_s(session)
        sizes = page.evaluate(
            "[...performance.getEntriesByType('resource'),"
            " ...performance.getEntriesByType('navigation')].map((one) => one.transferSize)"
        )
    return {
        "map_s": round(ready, 2),
        "panels_s": round(panels, 2),
        "cpu_s": round(used, 2),
        "main_thread_s": round(tasks, 2),
        "requests": len(asked),
        "kb": round(sum(sizes) / 1e3),
        "left": sum(not one.startswith((url, "blob:", "data:")) for one in asked),
    }


def move(browser: Browser, url: str, place: str) -> dict[str, Any]:
    """The map dragged and zoomed by the mouse: milliseconds between frames, long tasks, and how
    long the main thread worked for a frame.
    """
    with page_of(browser) as (_, page, session):
        page.goto(f"{url}/#/{place}")
        page.wait_for_selector("[data-state=ready]")
        page.wait_for_timeout(1500)
        box = page.locator(".canvas canvas").first.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        found: dict[str, Any] = {}
        for name in ("pan", "zoom"):
            page.mouse.move(x, y)
            page.evaluate(WATCH)
            begun = task_s(session)
            if name == "pan":
                page.mouse.down()
                for step in range(60):
                    page.mouse.move(x + 3 * (step % 30), y + 2 * (step % 20))
                page.mouse.up()
            else:
                for step in range(24):
                    page.mouse.wheel(0, -120 if step < 12 else 120)
                    page.wait_for_timeout(30)
            page.wait_for_timeout(600)
            used = task_s(session) - begun
            frames, long = page.evaluate(STOP)
            found[name] = {
                "frames": len(frames),
                "frame_ms_median": round(statistics.median(frames), 1),
                "frame_ms_95": round(float(np.quantile(frames, 0.95)), 1),
                "main_thread_ms_a_frame": round(1000 * used / max(1, len(frames)), 1),
                "long_tasks": len(long),
                "longest_ms": round(max(long, default=0.0)),
            }
    return found


def run(workspace: Path, visits: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        copy = Path(folder) / "ws"
        link_copy(workspace, copy)
        with staged(copy, start=datetime.now(UTC)) as stage:
            found: dict[str, Any] = {"load_1min": os.getloadavg()[0]}
            for place in PLACES:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                found[place] = [visit(browser, stage.url, place) for _ in range(visits)]
                found[f"{place} moved"] = move(browser, stage.url, place)
                browser.close()
            found["load_1min_after"] = os.getloadavg()[0]
    return found


def fill(stage: Stage, count: int) -> None:
    """So many rain gauges all over the made city, each with a reading of now."""
    chance = np.random.Generator(np.random.PCG64(3))
    lon, lat = WEST + WIDTH * chance.random(count), SOUTH + HEIGHT * chance.random(count)
    value = np.round(chance.gamma(2, 3, count), 1)
    now = format_time(stage.clock.now())
    platform = stage.platform
    checks = observations.checks_of(platform)
    for first in range(0, count, BATCH):
        items = [
            {
                "source_id": f"r{n}",
                "type": "rainfall",
                "occurred_at": now,
                "place": f"gauge-{n}",
                "value": float(value[n]),
                "unit": "mm/h",
                "lon": float(lon[n]),
                "lat": float(lat[n]),
            }
            for n in range(first, min(count, first + BATCH))
        ]
        body = msgspec.json.encode({"source": "gauges", "items": items})
        observations.submit(platform, local_admin(), checks, body).result()


def run_sensors(count: int, visits: int) -> dict[str, Any]:
    """So many sensors: from the click on their layer, and from the answer, until they are drawn."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        workspace = Path(folder) / "ws"
        make_city(workspace)
        with staged(workspace, start=datetime.now(UTC)) as stage:
            fill(stage, count)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            found: dict[str, Any] = {"load_1min": os.getloadavg()[0], "shown": []}
            for _ in range(visits):
                with page_of(browser) as (_, page, session):
                    page.goto(f"{stage.url}/#/city")
                    page.wait_for_selector("[data-state=ready]")
                    page.get_by_test_id("layer-rain-gauges").wait_for()
                    page.wait_for_timeout(1500)
                    begun = task_s(session)
                    told = page.evaluate(DRAWN, "rain-gauges")
                    found["shown"].append(
                        {
                            "sensors": told["sensors"],
                            "request_to_drawn_ms": round(told["drawn"]),
                            "answer_to_drawn_ms": round(told["drawn"] - told["answered"]),
                            "main_thread_ms": round(1000 * (task_s(session) - begun)),
                        }
                    )
            browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspaces", type=Path, nargs="*", help="workspaces with a city")
    parser.add_argument("--sensors", type=int, default=0, help="draw so many in a made city")
    parser.add_argument("--visits", type=int, default=VISITS, help="how often each is looked at")
    asked = parser.parse_args()
    if asked.sensors:
        print(json.dumps(run_sensors(asked.sensors, asked.visits), indent=1))
    for workspace in asked.workspaces:
        print(json.dumps({workspace.name: run(workspace, asked.visits)}, indent=1))


if __name__ == "__main__":
    main()
