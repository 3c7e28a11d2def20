"""Pictures of invented hazards in cities that exist, of a building cut open, of very many sensors, and of the desks of the field."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser.stage import Stage, staged  # noqa: E402
from field_desks import play_field  # noqa: E402
from real_cities import make_city_of, spring_of_2022  # noqa: E402
from twinward.core.clock import format_time  # noqa: E402
from twinward.service.city.scene import build_scene  # noqa: E402
from twinward.service.console.basemap import Basemap  # noqa: E402
from twinward.service.hazards import live  # noqa: E402
from twinward.service.hazards.forecasts import HazardRequest  # noqa: E402
from twinward.service.intake import observations  # noqa: E402
from twinward.service.platform import local_admin  # noqa: E402

Keep = Callable[[Page, str], None]
DESK, PHONE = (1440, 900), (390, 844)
PATIENCE_MS = 240_000
SETTLE_MS = 900
HOOK = "document.querySelector('[data-testid=scene]').scene"
# of a net of points the one nearest to the middle at which something stands
NEAREST = f"""() => {{
  const c = {HOOK}.map().getCanvas()
  const [w, h] = [c.clientWidth, c.clientHeight]
  const net = []
  for (let x = 40; x < w - 40; x += 24) for (let y = h / 3; y < h - 40; y += 24) net.push([x, y])
  net.sort((a, b) => Math.hypot(a[0] - w / 2, a[1] - h / 2) - Math.hypot(b[0] - w / 2, b[1] - h / 2))
  const found = {HOOK}.pick(net)
  return net[found.findIndex((one) => one)]
}}"""
MEMBERS, CELL_M, THREADS = 8, 250, 2
SENSORS, BATCH, RAIN_SEED = 100_000, 5_000, 3


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One picture: an hour of an invented hazard, seen from a camera; a day of its own, so that no two are seen together."""

    name: str
    city: str
    day: datetime
    hours: float  # of the forecast
    ahead: int  # steps of five minutes that the slider is moved
    camera: dict[str, float]
    hazard: str
    asked: dict[str, Any]
    language: str = "en"
    floors: int = 0  # which floor of a building in the middle is cut open


SCENES = (
    Scene(
        name="scene-porto-alegre-flood-en", city="porto-alegre",
        day=datetime(2025, 3, 10, 9, tzinfo=UTC), hours=6, ahead=36, hazard="flood",
        asked={"rain": "80"},
        camera={"lon": -51.222, "lat": -30.035, "zoom": 13.1, "pitch": 50, "bearing": 20},
    ),
    Scene(
        name="scene-porto-alegre-plume-zh", city="porto-alegre", language="zh",
        day=datetime(2025, 3, 11, 9, tzinfo=UTC), hours=2, ahead=6, hazard="chemical",
        asked={
            "given": {"lon": -51.205, "lat": -30.015, "rate_kg_s": 5.0, "duration_s": 1800.0, "wind_m_s": 3.0, "wind_from_deg": 300.0},
            "words": {"substance": "chlorine"},
        },
        camera={"lon": -51.190, "lat": -30.022, "zoom": 13.4, "pitch": 50, "bearing": 0},
    ),
    Scene(
        name="scene-porto-alegre-fire-en", city="porto-alegre",
        day=datetime(2025, 3, 12, 15, tzinfo=UTC), hours=6, ahead=36, hazard="fire",
        asked={"given": {"lon": -51.18, "lat": -30.08, "wind_m_s": 8.0, "wind_from_deg": 225.0}},
        camera={"lon": -51.172, "lat": -30.070, "zoom": 13.2, "pitch": 50, "bearing": 0},
    ),
    Scene(
        name="scene-monaco-floors-en", city="monaco", day=datetime(2025, 3, 10, 9, tzinfo=UTC),
        hours=6, ahead=36, hazard="flood", asked={"rain": "80"}, floors=1,
        camera={"lon": 7.4246, "lat": 43.7389, "zoom": 17.2, "pitch": 55, "bearing": 20},
    ),
)  # fmt: skip
FIELD = (  # name, place, size, language, theme
    ("field-alerts-en", "field/alerts", DESK, "en", "light"),
    ("field-alerts-phone-zh", "field/alerts", PHONE, "zh", "light"),
    ("field-intake-en", "field/intake", DESK, "en", "light"),
    ("field-intake-phone-en", "field/intake", PHONE, "en", "dark"),
    ("field-delivery-zh", "field/delivery", DESK, "zh", "light"),
    ("field-delivery-phone-en", "field/delivery", PHONE, "en", "light"),
    ("field-responders-en", "field/responders", DESK, "en", "light"),
    ("field-responders-phone-zh", "field/responders", PHONE, "zh", "dark"),
    ("field-edges-en", "field/edges", DESK, "en", "light"),
    ("field-edges-phone-en", "field/edges", PHONE, "en", "light"),
    ("supervise-zh", "supervision", DESK, "zh", "light"),
    ("supervise-hotels-en", "supervision/quarantine-hotels", DESK, "en", "light"),
    ("supervise-phone-zh", "supervision/quarantine-hotels", PHONE, "zh", "light"),
)
SENSED = (("city-shanghai-sensors-en",),)


def open_page(
    browser: Browser, url: str, size: tuple[int, int], language: str, theme: str = "light"
) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
    )
    context.add_init_script(f"localStorage.setItem('twinward.language', '{language}')")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(url)
    return page


def take_scenes(browser: Browser, folder: Path, chosen: list[Scene], keep: Keep) -> None:
    """Each hazard in its city, in three dimensions, at an instant that has not come."""
    for one in chosen:
        workspace = folder / one.city
        make_city_of(one.city, workspace)
        if not (workspace / "scene").exists():
            build_scene(workspace, None, None, [], "")
        with staged(workspace, start=one.day) as stage:
            foresee(stage, workspace, one)
            stage.clock.advance(timedelta(minutes=10))
            page = open_page(browser, f"{stage.url}/#/city", DESK, one.language)
            stand(page, one)
            keep(page, one.name)
            page.context.close()


def foresee(stage: Stage, workspace: Path, one: Scene) -> None:
    """The forecast of the hazard, made once."""
    made = (workspace / "hazard-forecasts").glob(f"fc-{one.hazard}-*.json")
    if any(f'"issued_at":"{format_time(one.day)}"' in path.read_text("utf-8") for path in made):
        return
    request = HazardRequest(
        hazard=one.hazard, city=workspace / "city", members=MEMBERS, cell_m=CELL_M, threads=THREADS,
        hours=one.hours, **one.asked,
    )  # fmt: skip
    live.make_forecast(stage.platform, local_admin(), request, "invented for a picture")


def stand(page: Page, one: Scene) -> None:
    """Camera, instant, and where it is wanted a building cut open."""
    page.wait_for_selector("[data-state=ready]")
    page.wait_for_function(f"() => {HOOK}")
    page.locator(".bar button").first.click()
    page.wait_for_function(f"() => {HOOK}.map()")
    page.wait_for_timeout(SETTLE_MS * 3)
    camera = one.camera
    page.evaluate(
        f"""(c) => {{ {HOOK}.map().jumpTo({{ center: [c.lon, c.lat], zoom: c.zoom, pitch: c.pitch, bearing: c.bearing }}) }}""",
        camera,
    )
    page.wait_for_timeout(SETTLE_MS * 6)
    slider = page.locator("#scene-at")
    slider.focus()
    for _ in range(one.ahead):
        page.keyboard.press("ArrowRight")
    page.get_by_test_id(f"scene-{one.hazard}").wait_for()
    if one.floors:
        cut_open(page)
        page.get_by_test_id("floor").focus()
        for _ in range(one.floors):
            page.keyboard.press("ArrowRight")
    page.wait_for_timeout(SETTLE_MS * 12)
    shown = "entity" if one.floors else "scene-time"
    page.get_by_test_id(shown).evaluate("node => node.scrollIntoView()")
    page.mouse.move(0, 0)


def cut_open(page: Page) -> None:
    """Takes the building nearest to the middle of the picture."""
    page.wait_for_selector(
        "[data-testid=scene][data-loaded]:not([data-wanted='0'])", state="attached"
    )
    page.wait_for_timeout(SETTLE_MS * 8)
    x, y = page.evaluate(NEAREST)
    box = page.locator(".canvas canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + y)
    page.get_by_test_id("entity").wait_for()


def take_field(browser: Browser, folder: Path, chosen: list[Any], keep: Keep) -> None:
    """The desks of the field and of supervision in Shanghai, in April 2022, on a desk and on a telephone."""
    if not chosen:
        return
    with spring_of_2022(folder / "spring-2022"):
        pass
    shutil.rmtree(folder / "field", ignore_errors=True)
    shutil.copytree(folder / "spring-2022", folder / "field")
    with spring_of_2022(folder / "field") as stage:
        play_field(stage)
        for name, place, size, language, theme in chosen:
            page = open_page(browser, f"{stage.url}/#/{place}", size, language, theme)
            page.wait_for_selector("main h2")
            page.wait_for_timeout(SETTLE_MS * 2)
            if place.endswith("delivery"):
                page.get_by_test_id("parcel").get_by_role("button").first.click()
                page.get_by_test_id("code").wait_for()
            keep(page, name)
            page.context.close()


def take_sensors(browser: Browser, folder: Path, chosen: list[Any], keep: Keep) -> None:
    """Very many invented rain gauges, all over Shanghai, each with a reading of now."""
    if not chosen:
        return
    make_city_of("shanghai-places", folder / "shanghai-places")
    shutil.rmtree(folder / "sensed", ignore_errors=True)
    shutil.copytree(folder / "shanghai-places", folder / "sensed")
    with staged(folder / "sensed", start=datetime(2025, 6, 20, 9, tzinfo=UTC)) as stage:
        rain(stage)
        page = open_page(browser, f"{stage.url}/#/city", DESK, "en")
        page.wait_for_selector("[data-state=ready]")
        page.get_by_test_id("layer-rain-gauges").check()
        page.wait_for_selector("[data-sensors]")
        page.wait_for_selector("[data-testid=layer-shown] tbody tr")
        page.wait_for_timeout(SETTLE_MS * 6)
        keep(page, chosen[0][0])
        page.context.close()


def rain(stage: Stage) -> None:
    """Gauges inside the districts; a belt of rain lies across the city from the south-west."""
    ground = Basemap(stage.platform)
    outlines = [
        shapely.from_geojson(msgspec.json.encode(one)) for one, _ in ground.outlines.values()
    ]
    city = shapely.union_all([one for one in outlines if one.geom_type.endswith("Polygon")])
    shapely.prepare(city)
    chance = np.random.Generator(np.random.PCG64(RAIN_SEED))
    west, south, east, north = city.bounds
    lon = west + (east - west) * chance.random(SENSORS * 4)
    lat = south + (north - south) * chance.random(SENSORS * 4)
    inside = np.flatnonzero(shapely.contains_xy(city, lon, lat))[:SENSORS]
    lon, lat = lon[inside], lat[inside]
    away = (lat - south) / (north - south) - 0.9 * (lon - west) / (east - west) - 0.1
    value = np.round(28 * np.exp(-((away / 0.16) ** 2)) * chance.gamma(6, 1 / 6, len(lon)), 1)
    checks = observations.checks_of(stage.platform)
    now = format_time(stage.clock.now())
    for first in range(0, len(lon), BATCH):
        items = [
            {
                "source_id": f"r{n}", "type": "rainfall", "occurred_at": now, "place": f"gauge-{n}",
                "value": float(value[n]), "unit": "mm/h", "lon": float(lon[n]), "lat": float(lat[n]),
            }
            for n in range(first, min(len(lon), first + BATCH))
        ]  # fmt: skip
        body = msgspec.json.encode({"source": "gauges", "items": items})
        observations.submit(stage.platform, local_admin(), checks, body).result()
