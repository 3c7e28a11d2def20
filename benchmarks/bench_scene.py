"""The scene in a browser: first picture and bytes, random flights (heap, bare frames), and random picks held against rays.

`python benchmarks/bench_scene.py WORKSPACE [--flights 200] [--picks 1000] [--first 3]`, WORKSPACE with a city and a scene. The rays are
reckoned here from the tiles and the camera, and share nothing with the console but these.
"""

from __future__ import annotations

import argparse
import itertools
import json
import struct
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser.stage import CHROMIUM, FLAGS, Stage, staged  # noqa: E402

SIZE = (1440, 900)
FOV = 0.6435011087932844  # of MapLibre, in radians
ROUND_M = 2 * np.pi * 6_371_008.8  # by which MapLibre turns metres into heights
PATIENCE_MS = 180_000
NEAR = (15.0, 17.5)  # zooms of the flights
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


class Solids:
    """Every triangle of a scene in the square of the map (x, y from 0 to 1, metres up), and whose it is."""

    def __init__(self, scene: Path) -> None:
        tiles = list(leaves(json.loads((scene / "tileset.json").read_text("utf-8"))["root"]))
        parts = [read_tile(scene / uri, transform) for uri, transform in tiles]
        self.corners = np.concatenate([part for part, _ in parts if len(part)])
        self.names = np.concatenate([names for part, names in parts if len(part)])
        self.middle = self.corners[:, :, :2].mean(axis=1)

    def hit(self, camera: dict[str, float], x: float, y: float) -> str:
        """The nearest object on the ray through a pixel; empty where it meets the ground first."""
        p, b = np.radians([camera["pitch"], camera["bearing"]])
        world = 512 * 2 ** camera["zoom"]
        metre = world / (ROUND_M * np.cos(np.radians(camera["lat"])))
        centre = np.array([*to_square(camera["lon"], camera["lat"]), 0.0]) * [world, world, 1]
        ahead = np.array([np.sin(b) * np.sin(p), -np.cos(b) * np.sin(p), -np.cos(p)])
        right = np.array([np.cos(b), np.sin(b), 0.0])
        up = np.array([np.sin(b) * np.cos(p), -np.cos(b) * np.cos(p), np.sin(p)])
        away = camera["high"] / 2 / np.tan(FOV / 2)
        # the pixel's middle, as the picture is drawn
        way = (
            away * ahead
            + (x + 0.5 - camera["wide"] / 2) * right
            + (camera["high"] / 2 - y - 0.5) * up
        )
        eye = centre - ahead * away
        reach = away * 12
        near = np.abs(self.middle * world - eye[:2]).max(axis=1) < reach
        solid = self.corners[near] * [world, world, metre] - eye
        found = meet(solid, way)
        return str(self.names[near][found]) if found is not None else ""


def meet(corners: NDArray[Any], way: NDArray[Any]) -> int | None:
    """The triangle that a ray from the origin meets first (Moeller and Trumbore 1997)."""
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    across = np.cross(way, b)
    flat = (a * across).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = 1 / flat
        u = -(corners[:, 0] * across).sum(axis=1) * turn
        over = np.cross(-corners[:, 0], a)
        v = (over @ way) * turn
        far = (b * over).sum(axis=1) * turn
        inside = (u >= 0) & (v >= 0) & (u + v <= 1) & (far > 1e-6) & (np.abs(flat) > 1e-12)
    if not inside.any():
        return None
    return int(np.flatnonzero(inside)[np.argmin(far[inside])])


def to_square(lon: Any, lat: Any) -> tuple[Any, Any]:
    return lon / 360 + 0.5, 0.5 - np.log(np.tan(np.pi / 4 + np.radians(lat) / 2)) / (2 * np.pi)


def leaves(node: dict[str, Any]) -> Any:
    if "content" in node:
        yield node["content"]["uri"], np.array(node["transform"]).reshape(4, 4).T
    for child in node.get("children", []):
        yield from leaves(child)


def read_tile(path: Path, transform: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Triangles float64[n, 3, 3] and the id of each; read by the letter of the glTF."""
    body = path.read_bytes()
    size = struct.unpack_from("<I", body, 12)[0]
    told = json.loads(body[20 : 20 + size])
    start = 28 + size
    kinds = {5126: np.float32, 5125: np.uint32, 5123: np.uint16, 5121: np.uint8}

    def column(number: int, wide: int) -> NDArray[Any]:
        accessor = told["accessors"][number]
        view = told["bufferViews"][accessor["bufferView"]]
        at = start + view["byteOffset"] + accessor.get("byteOffset", 0)
        kind = kinds[accessor["componentType"]]
        return np.frombuffer(body, kind, accessor["count"] * wide, at).reshape(-1, wide)

    if not told.get("meshes"):
        return np.empty((0, 3, 3)), np.empty(0, object)
    table = told["extensions"]["EXT_structural_metadata"]["propertyTables"][0]
    ids = table["properties"]["id"]
    views = told["bufferViews"]
    ends = np.frombuffer(
        body, np.uint32, table["count"] + 1, start + views[ids["stringOffsets"]]["byteOffset"]
    )
    text = start + views[ids["values"]]["byteOffset"]
    names = np.array(
        [body[text + a : text + b].decode() for a, b in itertools.pairwise(ends)], object
    )
    ground = np.zeros(table["count"])
    if (
        "ground_m" in table["properties"]
    ):  # the map is flat: the console lets buildings down onto it
        at = start + views[table["properties"]["ground_m"]["values"]]["byteOffset"]
        ground = np.frombuffer(body, np.float32, table["count"], at).astype(np.float64)
    parts, owners = [], []
    for primitive in told["meshes"][0]["primitives"]:
        place = column(primitive["attributes"]["POSITION"], 3).astype(np.float64)
        owner = column(primitive["attributes"]["_FEATURE_ID_0"], 1)[:, 0].astype(np.int64)
        index = column(primitive["indices"], 1)[:, 0].astype(np.int64).reshape(-1, 3)
        up = place[:, 1] - ground[owner]
        local = np.column_stack([place[:, 0], -place[:, 2], up, np.ones(len(place))])
        earth = local @ transform.T
        to_degrees = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True)
        lon, lat, high = to_degrees.transform(earth[:, 0], earth[:, 1], earth[:, 2])
        square = np.column_stack([*to_square(lon, lat), high])
        parts.append(square[index])
        owners.append(names[owner[index[:, 0]]])
    return np.concatenate(parts), np.concatenate(owners)


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
    page.evaluate(f"(c) => {HOOK}.map().{how}({{ center: [c.lon, c.lat], zoom: c.zoom, pitch: c.pitch, bearing: c.bearing {more} }})", camera)  # fmt: skip


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
    """Random pixels of random cameras, by the way of a click, against rays."""
    random = np.random.Generator(np.random.PCG64(2))
    tally: Counter[str] = Counter()
    spent = 0.0
    while tally.total() < picks:
        go(page, random_camera(random, middles))
        page.wait_for_function(MOVED)
        page.wait_for_timeout(300)
        camera = page.evaluate(f"() => {{ const m = {HOOK}.map(); const c = m.getCenter(); return {{ lon: c.lng, lat: c.lat, zoom: m.getZoom(), pitch: m.getPitch(), bearing: m.getBearing(), wide: m.getCanvas().clientWidth, high: m.getCanvas().clientHeight }} }}")  # fmt: skip
        some = min(A_VIEW, picks - tally.total())
        points = [[int(random.integers(0, int(camera["wide"]))), int(random.integers(0, int(camera["high"])))] for _ in range(some)]  # fmt: skip
        began = time.perf_counter()
        found = page.evaluate(f"(points) => {HOOK}.pick(points)", points)
        spent += time.perf_counter() - began
        for (x, y), name in zip(points, found, strict=True):
            tally[judge(solids, camera, x, y, name)] += 1
    print(f"{picks} picks: {dict(tally)}; {1000 * spent / picks:.1f} ms each", flush=True)


def judge(solids: Solids, camera: dict[str, float], x: int, y: int, name: str) -> str:
    if solids.hit(camera, x, y) == name:
        return "same building" if name else "same ground"
    around = [(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    return "within a pixel of an edge" if any(solids.hit(camera, *one) == name for one in around) else "wrong"  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path, help="with a city and a scene")
    parser.add_argument("--first", type=int, default=0, help="how often the first scene is timed")
    parser.add_argument("--flights", type=int, default=0, help="random flights")
    parser.add_argument("--fly-ms", type=int, default=400, help="how long a flight lasts")
    parser.add_argument("--picks", type=int, default=0, help="random picks, against rays")
    options = parser.parse_args()
    with staged(options.workspace) as stage, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--enable-precise-memory-info"])  # fmt: skip
        if options.first:
            measure_first(browser, stage, options.first)
        if options.flights or options.picks:
            page = open_city(browser, stage)
            stand(page)
            middles = middles_of(options.workspace / "scene")
            if options.picks:
                measure_picks(page, middles, options.picks, Solids(options.workspace / "scene"))
            if options.flights:
                measure_flights(page, middles, options.flights, options.fly_ms)
        browser.close()


if __name__ == "__main__":
    main()
