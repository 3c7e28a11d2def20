"""The desk on a loaded workspace, in Chromium: how soon each page is usable after navigation, what a
deed costs in clicks and seconds, and the table of many cases as the screen filters and sorts it.

`python -m benchmarks.bench_desk WORKSPACE` on a workspace in which an outbreak has been played (it is
copied); `--cases 300000` in place of it fills a made city with so many persons.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from benchmarks.bench_case_table import START, fill
from benchmarks.bench_console import link_copy, quantiles
from browser.made_city import make_city
from browser.stage import CHROMIUM, FLAGS, Stage, staged
from twinward.core.clock import SetClock
from twinward.service.operations.preparing import Preparing

# a page is usable when this is there and nothing says that it is loading
PAGES = {
    "start/duty": "[data-testid=start] section",
    "start/leader": "[data-testid=start] .figures b",
    "overview": "[data-testid=fig-total]",
    "duty/inbox": "[data-testid=alerts-row], .none",
    "duty/log": "[data-testid=journal-row]",
    "duty/incidents": "[data-testid=incidents-row]",
    "duty/tasks": "[data-testid=tasks-row], .none",
    "duty/shift": "[data-testid=shift-page] section",
    "surveillance/situation": "main section h2",
    "surveillance/control": "#control",
    "cases": "#cases",
    "foresee": "main form, main h2",
    "hazards": "main h2",
    "resources": "#requests",
    "tasks": "[data-testid=my-count]",
    "trust": "#sources",
    "public": "main table",
}
GO = """async ([hash, wanted]) => {
  const begun = performance.now()
  location.hash = hash
  const usable = () => document.querySelector(wanted)
    && ![...document.querySelectorAll('main [role=status]')].some((one) => one.textContent.trim() === 'Loading')
  while (performance.now() - begun < 30000) {
    await new Promise((next) => requestAnimationFrame(() => setTimeout(next)))
    if (usable()) return performance.now() - begun
  }
  return null
}"""
WATCH = """() => { window.count = document.querySelector('[data-testid=cases-count]')
  let asked = false
  window.told = new Promise((done) => { new MutationObserver((_, watch) => {
    const busy = window.count.getAttribute('aria-busy') === 'true'
    asked ||= busy
    if (busy || !asked) return
    watch.disconnect(); requestAnimationFrame(() => done(performance.now())) })
    .observe(window.count, { attributes: true, childList: true, subtree: true, characterData: true }) })
  window.begun = 0
  const begin = () => { window.begun ||= performance.now() } // the hand, not what finds its place
  for (const kind of ['click', 'change']) addEventListener(kind, begin, { capture: true, once: true }) }"""
ANSWERED = "async () => (await window.told) - window.begun"


def visit_pages(page: Page, incident: str, rounds: int) -> dict[str, Any]:
    """Milliseconds until each page is usable, from another page; median and slowest."""
    found: dict[str, list[float | None]] = {}
    pages = PAGES | {f"incident/{incident}": "[data-testid=status]"}
    for _ in range(rounds):
        for place, wanted in pages.items():
            page.evaluate(GO, ["#/trust", "main h2"])
            took = page.evaluate(GO, [f"#/{place}", wanted])
            found.setdefault(place.partition("/inc-")[0], []).append(took)
    return {
        place: {"ms": [None if t is None else round(t) for t in times]}
        | {"median": round(statistics.median(t for t in times if t is not None))}
        for place, times in found.items()
        if any(t is not None for t in times)
    }


def time_answers(page: Page, stage: Stage, incident: str, rounds: int) -> dict[str, list[float]]:
    """Milliseconds from a click to its answer on the screen."""
    found: dict[str, list[float]] = {}

    def note(name: str, act: Callable[[], None], then: Callable[[], None]) -> None:
        begun = time.perf_counter()
        act()
        then()
        found.setdefault(name, []).append(round(1000 * (time.perf_counter() - begun), 1))

    dialog = page.get_by_test_id("deed")
    for number in range(rounds):
        page.goto(f"{stage.url}/#/incident/{incident}")
        page.get_by_test_id("status").wait_for()
        read = page.get_by_role("button", name="Read the plan").first
        if read.count():
            note(
                "read a plan", read.click, page.get_by_role("heading", name="Legal bound").wait_for
            )
            page.get_by_test_id("plan").get_by_role("button", name="Close").click()
        page.get_by_role("button", name="Decide").click()
        page.get_by_role("button", name="Order work by hand").click()
        dialog.get_by_label("What is to be done").fill(f"Bring water, round {number}")
        dialog.get_by_label("Department", exact=True).select_option(index=1)
        send = dialog.get_by_role("button", name="Send")
        note("order work by hand", send.click, lambda: dialog.wait_for(state="detached"))
        page.goto(f"{stage.url}/#/duty/log")
        page.get_by_test_id("journal-row").first.wait_for()
        page.get_by_role("button", name="Write in the log").first.click()
        dialog.get_by_label("Entry").fill(f"Round {number}")
        note("write in the log", send.click, lambda: dialog.wait_for(state="detached"))
        page.goto(f"{stage.url}/#/overview")
        page.get_by_role("button", name="Report", exact=True).click()
        page.get_by_role("button", name="Report a case").click()
        dialog.get_by_label("Area", exact=True).select_option(index=1)
        note("report a case", send.click, lambda: dialog.wait_for(state="detached"))
    return found


def run(workspace: Path, rounds: int, settle_s: float = 0.0) -> dict[str, Any]:
    """Pages and deeds on a played outbreak, so many seconds after the server has started."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        copy = Path(folder) / "ws"
        link_copy(workspace, copy)
        with staged(copy) as stage:
            with stage.platform.store.read() as reader:
                last = reader.events_after(reader.last_seq() - 1, 1)[0].occurred_at
                incident = reader.list_rows("incidents", status="open")[0].id
                events = int(reader.last_seq())
            assert isinstance(stage.clock, SetClock)
            stage.clock.at = last + timedelta(hours=1)
            preparing = Preparing(stage.platform)  # as `serve` does
            preparing.start()
            time.sleep(settle_s)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = open_desk(browser, stage)
            result: dict[str, Any] = {"events": events, "load_1min": os.getloadavg()[0]}
            result["pages"] = visit_pages(page, incident, rounds)
            result["answers_ms"] = {
                name: quantiles(times)
                for name, times in time_answers(page, stage, incident, rounds).items()
            }
            result["load_1min_after"] = os.getloadavg()[0]
            browser.close()
            preparing.stop()
    return result


ASKED = (
    "screen",
    "incidents/{incident}/room",
    "incidents/{incident}/diagnose",
    "incidents/{incident}/guide",
    "incidents/{incident}/predict",
    "incidents/{incident}/analyse",
    "alerts",
    "journal?limit=100",
    "shifts",
    "my-tasks",
    "supplies/stocks",
    "supplies/requests?status=all",
    "supplies/demand",
    "trust",
    "public",
    "surveillance/situation",
    "movement/control",
)


def run_server(workspace: Path, rounds: int, *, prepared: bool = False) -> dict[str, Any]:
    """Milliseconds of processor time that the server spends on what each page asks: first, then
    the median of the others; another program's load does not change them. `prepared`: after what
    `serve` works out by itself when reports have come, whose time is told as well.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "ws"
        link_copy(workspace, copy)
        with staged(copy) as stage:
            with stage.platform.store.read() as reader:
                last = reader.events_after(reader.last_seq() - 1, 1)[0].occurred_at
                incident = reader.list_rows("incidents", status="open")[0].id
            assert isinstance(stage.clock, SetClock)
            stage.clock.at = last + timedelta(hours=1)
            found: dict[str, Any] = {}
            if prepared:
                begun = time.process_time()
                pieces = Preparing(stage.platform).look()
                spent = round(1000 * (time.process_time() - begun), 1)
                found["preparing"] = {"pieces": pieces, "cpu_ms": spent}
            for path in ASKED:
                times = []
                for _ in range(rounds + 1):
                    begun = time.process_time()
                    with urlopen(f"{stage.url}/v1/{path.format(incident=incident)}") as answer:
                        answer.read()
                    times.append(round(1000 * (time.process_time() - begun), 1))
                found[path] = {"first": times[0], "then": statistics.median(times[1:])}
    return found


def open_desk(browser: Browser, stage: Stage) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{stage.url}/#/overview")
    page.get_by_test_id("fig-total").wait_for()
    return page


def time_table(page: Page, change: Callable[[], object]) -> float:
    """Milliseconds from a wish to its rows on the screen."""
    page.evaluate(WATCH)
    change()
    return round(float(page.evaluate(ANSWERED)), 1)


def run_table(rows: int, rounds: int) -> dict[str, Any]:
    """A table of so many persons: filtered and sorted on the screen."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        workspace = Path(folder) / "ws"
        make_city(workspace, kind="ordinary")
        with staged(workspace, START) as stage:
            leaves = [
                code
                for code, area in stage.platform.reference.areas.by_code.items()
                if area.level == "block"
            ]
            fill(stage.platform, leaves, rows)
            stage.open_activation()
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = open_desk(browser, stage)
            page.goto(f"{stage.url}/#/cases")
            page.get_by_role("button", name="Show cases").click()
            page.get_by_test_id("cases-row").first.wait_for()
            status = page.get_by_role("combobox", name="Status")
            area = page.get_by_role("combobox", name="Area").first
            head = page.get_by_role("columnheader")
            acts: dict[str, Callable[[], object]] = {
                "dead": lambda: status.select_option(label="dead"),
                "confirmed": lambda: status.select_option(label="confirmed"),
                "by area": lambda: head.get_by_role("button", name="Area").click(),
                "by case": lambda: head.get_by_role("button", name="Case").click(),
                "all": lambda: status.select_option(label="All"),
                "of a district": lambda: area.select_option(index=3),
                "by status": lambda: head.get_by_role("button", name="Status").click(),
            }
            found: dict[str, list[float]] = {}
            for _ in range(rounds):
                for name, act in acts.items():
                    found.setdefault(name, []).append(time_table(page, act))
                page.get_by_role("button", name="Clear filters").click()
                page.wait_for_timeout(1500)
            total = page.get_by_test_id("cases-count").get_attribute("data-total")
            browser.close()
    return {
        "rows": int(total or 0),
        "load_1min": os.getloadavg()[0],
        "ms": {name: quantiles(times) for name, times in found.items()},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path, nargs="?")
    parser.add_argument("--cases", type=int)
    parser.add_argument("--server", action="store_true", help="processor time of the server only")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prepared", action="store_true", help="with --server, as serve prepares")
    parser.add_argument("--settle", type=float, default=0.0, help="seconds before the first page")
    options = parser.parse_args()
    if options.server:
        told = run_server(options.workspace, options.rounds, prepared=options.prepared)
    elif options.cases:
        told = run_table(options.cases, options.rounds)
    else:
        told = run(options.workspace, options.rounds, options.settle)
    print(json.dumps(told, indent=1))
