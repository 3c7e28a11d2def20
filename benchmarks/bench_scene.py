"""The scene in a browser: first picture and bytes, random flights (heap, bare frames), and random picks held against rays.

`python benchmarks/bench_scene.py WORKSPACE [--flights 200] [--picks 1000] [--first 3] [--rehearse 24 --at INSTANT]`, WORKSPACE with a city and a scene. The rays are
reckoned here from the tiles and the camera, and share nothing with the console but these.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser.stage import CHROMIUM, FLAGS, START, Stage, staged  # noqa: E402
from scene_rays import Solids, to_degrees  # noqa: E402

SIZE = (1440, 900)
PATIENCE_MS = 180_000
NEAR = (15.0, 17.5)  # zooms of the flights
EACH_MS = 30_000  # between two looks at a rehearsal
A_VIEW = 40  # picks of one camera
HOOK = "document.querySelector('[data-testid=scene]').scene"
STILL = f"() => {{ const s = document.querySelector('[data-testid=scene]'); const m = {HOOK}.map(); return s.dataset.loaded === s.dataset.wanted && Number(s.dataset.wanted) > 0 && !m.isMoving() && m.loaded() }}"
# a view may have no tiles at all; the flat map beneath may go on loading
MOVED = STILL.replace(" && Number(s.dataset.wanted) > 0", "").replace(" && m.loaded()", "")
# from the click to the first frame with a tile, and to the one with all of them; both by the page's own clock
FIRST = f"""async () => {{
  const node = document.querySelector('[data-testid=scene]')
  const button = document.querySelector('.bar button')
  const began = performance.now()
  button.click()
  let first = 0
  for (;;) {{
    await new Promise((done) => requestAnimationFrame(done))
    const told = node.scene.told()
    if (!first && told.frames > 0 && Number(node.dataset.loaded) > 0) first = performance.now() - began
    if (first && node.dataset.loaded === node.dataset.wanted) return {{ first, all: performance.now() - began, ...told }}
    if (performance.now() - began > {PATIENCE_MS}) return {{ first, all: NaN, ...told }}
  }}
}}"""


def open_city(browser: Browser, stage: Stage) -> Page:
    page = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{stage.url}/#/city")
    page.wait_for_selector("[data-state=ready]")
    page.wait_for_function(f"() => {HOOK}", timeout=PATIENCE_MS)
    return page


def measure_first(browser: Browser, stage: Stage, times: int) -> None:
    for _ in range(times):
        page = open_city(browser, stage)
        page.wait_for_timeout(3000)  # the flat map is looked at for a moment
        told = page.evaluate(FIRST)
        print(f"first tile {told['first'] / 1000:.2f} s, all in view {told['all'] / 1000:.2f} s, {told['bytes'] / 1e6:.2f} MB of tiles", flush=True)  # fmt: skip
        page.context.close()


def stand(page: Page) -> None:
    page.locator(".bar button").first.click()
    page.wait_for_function(STILL)


def go(page: Page, camera: dict[str, float], how: str = "jumpTo", more: str = "") -> None:
    """Moves the camera, until it was drawn there for the first time. What the map answers is itself, which would be carried out of the page whole: nothing is answered."""
    page.evaluate(f"""async (c) => {{
      const map = {HOOK}.map()
      const drawn = new Promise((done) => map.once('render', done))
      map.{how}({{ center: [c.lon, c.lat], zoom: c.zoom, pitch: c.pitch, bearing: c.bearing {more} }})
      map.triggerRepaint()
      await drawn
    }}""", camera)  # fmt: skip


def random_camera(random: Any, middles: NDArray[Any]) -> dict[str, float]:
    """Over some tile of the scene: elsewhere is nothing to see."""
    lon, lat = middles[random.integers(len(middles))] + random.uniform(-0.0015, 0.0015, 2)
    return {
        "lon": float(lon),
        "lat": float(lat),
        "zoom": random.uniform(*NEAR),
        "pitch": random.uniform(20, 65),
        "bearing": random.uniform(-180, 180),
    }


def middles_of(scene: Path) -> NDArray[Any]:
    """lon, lat float64[n, 2] of the middles of the tiles."""
    regions, todo = [], [json.loads((scene / "tileset.json").read_text("utf-8"))["root"]]
    while todo:
        node = todo.pop()
        todo += node.get("children", [])
        if "content" in node:
            west, south, east, north = np.degrees(node["boundingVolume"]["region"][:4])
            regions.append([(west + east) / 2, (south + north) / 2])
    return np.array(regions)


def measure_flights(page: Page, middles: NDArray[Any], flights: int, fly_ms: int) -> None:
    """Heap after a collection, each 20 flights; and frames in which a tile in view was bare."""
    random = np.random.Generator(np.random.PCG64(1))
    session = page.context.new_cdp_session(page)
    heaps: list[float] = []
    for n in range(1, flights + 1):
        go(page, random_camera(random, middles), "easeTo", f", duration: {fly_ms}")
        page.wait_for_timeout(fly_ms)
        page.wait_for_function(MOVED)
        if n % 20 == 0 or n == flights:
            for _ in range(2):
                session.send("HeapProfiler.collectGarbage")
            heaps.append(session.send("Runtime.getHeapUsage")["usedSize"] / 1e6)
            told = page.evaluate(f"() => {HOOK}.told()")
            print(f"{n} flights: heap {heaps[-1]:.1f} MB, {told['tiles']} tiles of {told['bytes'] / 1e6:.1f} MB held, {told['frames']} frames, {told['bare']} bare", flush=True)  # fmt: skip
    print(f"heap growth from {min(20, flights)} flights to {flights}: {100 * (heaps[-1] / heaps[0] - 1):.1f} %")  # fmt: skip


def measure_picks(page: Page, middles: NDArray[Any], picks: int, solids: Solids) -> None:
    """Pixels of random cameras, by the way of a click, against rays: half of the cameras over some tile, with pixels anywhere in the picture; half over some building, with pixels aimed at random buildings."""
    random = np.random.Generator(np.random.PCG64(2))
    tallies: dict[str, Counter[str]] = {"anywhere": Counter(), "aimed": Counter()}
    houses = to_degrees(solids.middle)
    spent = reckoned = 0.0
    alike = checked = 0
    for view in itertools.count():
        if (done := sum(one.total() for one in tallies.values())) >= picks:
            break
        go(page, random_camera(random, houses if view % 2 else middles))
        page.wait_for_function(MOVED)
        page.wait_for_timeout(300)
        camera = page.evaluate(f"() => {{ const m = {HOOK}.map(); const c = m.getCenter(); return {{ lon: c.lng, lat: c.lat, zoom: m.getZoom(), pitch: m.getPitch(), bearing: m.getBearing(), wide: m.getCanvas().clientWidth, high: m.getCanvas().clientHeight }} }}")  # fmt: skip
        points: list[tuple[str, int, int]] = []
        for _ in range(min(A_VIEW, picks - done)):
            aimed = solids.aim(camera, random) if view % 2 else None
            x, y = aimed or (random.integers(0, int(camera["wide"])), random.integers(0, int(camera["high"])))  # fmt: skip
            points.append(("aimed" if aimed else "anywhere", int(x), int(y)))
        began = time.perf_counter()
        found = page.evaluate(f"(points) => {HOOK}.pick(points)", [[x, y] for _, x, y in points])
        spent += time.perf_counter() - began
        began = time.perf_counter()
        for (how, x, y), name in zip(points, found, strict=True):
            tallies[how][judge(solids, camera, x, y, name)] += 1
        reckoned += time.perf_counter() - began
        if view % 5 == 4:
            print(f"{done + len(points)} picks: {', '.join(f'{how} {dict(one)}' for how, one in tallies.items())}", flush=True)  # fmt: skip
        for _, x, y in points[:2]:  # the quick rays against the slow ones
            checked += 1
            alike += solids.hit(camera, x, y) == solids.hit(camera, x, y, slowly=True)
    for how, tally in tallies.items():
        print(f"{tally.total()} picks {how}: {dict(tally)}", flush=True)
    print(f"a pick {1000 * spent / picks:.1f} ms, its ray {1000 * reckoned / picks:.1f} ms; {alike} of {checked} rays as reckoned slowly", flush=True)  # fmt: skip


def judge(solids: Solids, camera: dict[str, float], x: int, y: int, name: str) -> str:
    if solids.hit(camera, x, y) == name:
        return "same building" if name else "same ground"
    around = [(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    return "within a pixel of an edge" if any(solids.hit(camera, *one) == name for one in around) else "wrong"  # fmt: skip


def measure_rehearsal(page: Page, stage: Stage, hours: int) -> None:
    """A whole rehearsal at 60 times: its offset against the page's own clock, how old the picture is, the heap; orders stay inside it, and what is tried with its token is refused."""
    tokens: list[str] = []
    page.on("request", lambda one: tokens.append(one.headers["authorization"]) if "authorization" in one.headers else None)  # fmt: skip
    session = page.context.new_cdp_session(page)
    with stage.platform.store.read() as reader:
        before = reader.last_seq()
    box = page.get_by_test_id("rehearsal")
    box.get_by_role("combobox").first.select_option(str(hours))
    box.get_by_role("button", name="Start a rehearsal").press("Enter")
    page.wait_for_selector("[data-testid=reh-at]")
    look = "() => { const d = document.querySelector('[data-testid=rehearsal]').dataset; return [performance.now(), Number(d.offset), Number(d.behind), Number(d.worst), d.over] }"
    first = page.evaluate(look)
    (name,) = {one["id"] for one in page.request.get(f"{stage.url}/v1/scene/rehearsals?limit=1").json()["items"]}  # fmt: skip
    area = next(iter(stage.platform.reference.areas.by_code))
    off, refused, given = 0.0, 0, 0
    while True:
        page.wait_for_timeout(EACH_MS)
        clock, offset, behind, worst, over = page.evaluate(look)
        wanted = min(hours * 3600, first[1] + (clock - first[0]) / 1000 * 60)
        off = max(off, abs(offset - wanted))
        inside = {"authorization": tokens[-1]}
        if offset < hours * 3600 - 600:
            order = {"offset_s": offset, "title": f"Order {given}", "department": "transport", "area": area}  # fmt: skip
            told = page.request.post(f"{stage.url}/v1/scene/rehearsals/{name}/orders", headers=inside, data=order)  # fmt: skip
            given += told.status == 201
        told = page.request.post(f"{stage.url}/v1/commands", headers=inside, data={"items": []})
        refused += told.status == 403
        session.send("HeapProfiler.collectGarbage")
        heap = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
        kinds = page.evaluate(f"() => Object.entries({HOOK}.drawn()).map(([kind, all]) => kind + ' ' + all.length).join(', ')")  # fmt: skip
        print(f"{offset / 3600:.2f} h played, off its clock by {abs(offset - wanted):.1f} s, picture {behind:.0f} s old (worst {worst:.0f}) of the rehearsal; heap {heap:.1f} MB; drawn: {kinds}", flush=True)  # fmt: skip
        if over == "true":
            break
    with stage.platform.store.read() as reader:
        moved = reader.last_seq() - before
    print(f"{hours} h played in {(clock - first[0]) / 60_000:.1f} min; at most {off:.1f} s off its clock; {given} orders kept inside, {refused} tries with its token refused, log moved by {moved}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path, help="with a city and a scene")
    parser.add_argument("--first", type=int, default=0, help="how often the first scene is timed")
    parser.add_argument("--flights", type=int, default=0, help="random flights")
    parser.add_argument("--fly-ms", type=int, default=400, help="how long a flight lasts")
    parser.add_argument("--picks", type=int, default=0, help="random picks, against rays")
    parser.add_argument(
        "--rehearse",
        type=int,
        default=0,
        help="hours of a rehearsal; it needs a forecast that goes on",
    )
    parser.add_argument(
        "--at", type=datetime.fromisoformat, default=START, help="the instant of the workspace"
    )
    options = parser.parse_args()
    with staged(options.workspace, options.at) as stage, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--enable-precise-memory-info"])  # fmt: skip
        if options.first:
            measure_first(browser, stage, options.first)
        if options.flights or options.picks or options.rehearse:
            page = open_city(browser, stage)
            stand(page)
            middles = middles_of(options.workspace / "scene")
            if options.picks:
                measure_picks(page, middles, options.picks, Solids(options.workspace / "scene"))
            if options.flights:
                measure_flights(page, middles, options.flights, options.fly_ms)
            if options.rehearse:
                measure_rehearsal(page, stage, options.rehearse)
        browser.close()


if __name__ == "__main__":
    main()
