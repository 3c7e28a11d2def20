"""Writes the pictures of the console anew, in both languages and themes: Shanghai in the spring of 2022, Monaco and
Porto Alegre from their published data. Persons, contacts and stocks are synthetic, for nobody's person is published.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser.people import Ground, play_people  # noqa: E402
from browser.stage import CHROMIUM, FLAGS, Stage, staged  # noqa: E402
from picture_colours import LARGEST, shrink  # noqa: E402
from real_cities import DATA, make_city_of, spring_of_2022  # noqa: E402
from real_cities import SPRING as SPRING_DATA  # noqa: E402
from scene_pictures import (  # noqa: E402
    FIELD,
    SCENES,
    SENSED,
    take_field,
    take_scenes,
    take_sensors,
)
from twinward.service.city.scene import build_scene  # noqa: E402

SCREENS = ROOT / "docs" / "screens"
DESK, PHONE, WALL, STRIP = (1440, 900), (390, 844), (1920, 1080), (1440, 900)
SETTLE_MS = 900
LOADING = ("Loading", "正在载入")
COMPARE_MS = 3_600_000  # of 25 million residents, on a machine that does other work
PATIENCE_MS = 120_000
HUANGPU = Ground(  # where the synthetic cluster lives
    home="310101002001",
    second="310101013",
    third="310101015",
    way={"home": (121.4693, 31.2409), "work": (121.4760, 31.2260), "market": (121.4719, 31.2340)},
    holders=(
        ("310101", "Example Hospital 1", 121.4690, 31.2330),
        ("310104", "Example Clinic 2", 121.4370, 31.1880),
        ("310106", "Example Depot", 121.4480, 31.2290),
        ("310115", "Example Hospital 3", 121.5440, 31.2220),
    ),
)
# name, place, size, language, theme
SPRING = (
    ("loop-1-report", "?at=2022-03-09T02:00:00Z", STRIP, "en", "light"),
    ("loop-2-incident", "incident", STRIP, "en", "light"),
    ("loop-3-foresee", "?at=2022-03-28T02:00:00Z", STRIP, "en", "light"),
    ("loop-4-orders", "incident", STRIP, "en", "light"),
    ("loop-5-late", "", STRIP, "en", "light"),
    ("loop-6-why", "incident", STRIP, "en", "light"),
    ("overview-light-en", "", DESK, "en", "light"),
    ("overview-dark-zh", "", DESK, "zh", "dark"),
    ("overview-past-en", "?at=2022-03-28T02:00:00Z", DESK, "en", "light"),
    ("overview-forecast-zh", "", DESK, "zh", "light"),
    ("overview-movement-en", "", DESK, "en", "dark"),
    ("overview-beside-en", "?at=2022-03-28T02:00:00Z", DESK, "en", "light"),
    ("wall-zh", "wall", WALL, "zh", "dark"),
    ("overview-phone-en", "", PHONE, "en", "light"),
    ("incident-light-en", "incident", DESK, "en", "light"),
    ("incident-dark-zh", "incident", DESK, "zh", "dark"),
    ("incident-timeline-en", "incident", DESK, "en", "light"),
    ("incident-phone-zh", "incident", PHONE, "zh", "light"),
    ("foresee-shanghai-en", "foresee?at=2022-03-28T02:00:00Z", DESK, "en", "light"),
    ("city-shanghai-patients-zh", "city", DESK, "zh", "light"),
    ("public-light-zh", "public", DESK, "zh", "light"),
    ("public-dark-en", "public", DESK, "en", "dark"),
    ("public-phone-en", "public", PHONE, "en", "light"),
)
PEOPLE = (
    ("cases-light-zh", "cases", DESK, "zh", "light"),
    ("case-light-en", "case/k1", DESK, "en", "light"),
    ("case-dark-zh", "case/k1", DESK, "zh", "dark"),
    ("case-phone-en", "case/k1", PHONE, "en", "light"),
    ("foresee-light-en", "foresee", DESK, "en", "light"),
    ("foresee-dark-zh", "foresee", DESK, "zh", "dark"),
    ("resources-light-en", "resources", DESK, "en", "light"),
    ("resources-dark-zh", "resources", DESK, "zh", "dark"),
    ("resources-phone-zh", "resources", PHONE, "zh", "light"),
    ("tasks-phone-zh", "tasks", PHONE, "zh", "light"),
    ("tasks-phone-dark-en", "tasks", PHONE, "en", "dark"),
    ("tasks-paper-en", "tasks", PHONE, "en", "light"),
    ("trust-light-en", "trust", DESK, "en", "light"),
    ("trust-dark-zh", "trust", DESK, "zh", "dark"),
)
MAPS = (  # city of the scenario, name, how near, theme, language
    ("monaco", "map-monaco-light-en", 2, "en", "light"),
    ("monaco", "map-monaco-dark-zh", 2, "zh", "dark"),
    ("porto-alegre", "map-porto-alegre-light-en", 3, "en", "light"),
)
CITY = (  # city of the scenario, name, language, theme, what is looked for, layer, three dimensions
    ("monaco", "city-monaco-scene-en", "en", "light", "7.4246, 43.7389", "", True),
    ("monaco", "city-monaco-search-zh", "zh", "dark", "grimaldi", "", False),
    ("porto-alegre", "city-porto-alegre-relief-en", "en", "light", "", "", False),
    ("shanghai-places", "city-shanghai-old-zh", "zh", "light", "", "old", False),
)


def prepare(page: Page, name: str) -> None:
    """What a person does before the picture is worth taking."""
    if name.startswith("loop-4"):
        page.locator("main h2", has_text="Tasks").first.evaluate("node => node.scrollIntoView()")
    elif name.startswith("loop-5"):
        page.locator("#late").evaluate("node => node.scrollIntoView()")
    elif name.startswith("loop-6"):
        page.locator("main h2", has_text="Why").first.evaluate("node => node.scrollIntoView()")
    elif "forecast" in name:
        page.wait_for_selector(".track .ahead")
        page.locator("input[type=range]").focus()
        for _ in range(5):
            page.keyboard.press("PageUp")
        page.locator("#curve").evaluate("node => node.scrollIntoView()")
    elif "movement" in name:
        page.locator(".ticks input").last.check()
        page.wait_for_selector("[data-testid=movement]")
        page.wait_for_timeout(SETTLE_MS * 4)
    elif "beside" in name:
        page.wait_for_selector(".note.past")
        page.get_by_role("button", name="Hold this instant").click()
        page.get_by_role("button", name="Back to now").click()
        page.wait_for_timeout(SETTLE_MS * 3)
    elif "timeline" in name:
        page.locator("#line").evaluate("node => node.scrollIntoView()")
    elif name.startswith("cases"):
        page.get_by_role("button", name=re.compile("Show cases|查看病例")).click()
        page.wait_for_selector("[data-testid=cases-row]")
    elif name.startswith("case-"):
        page.wait_for_selector("[data-testid=chain]")
    elif name.startswith("foresee"):
        compare_plans(page)
    elif "patients" in name:
        show_city(page, "", "patients", solid=False)
    elif "paper" in name:
        page.evaluate("window.print = () => { window.printed = true }")
        page.get_by_role("button", name="Paper form").click()
        page.wait_for_function("window.printed")
        page.emulate_media(media="print")
    elif name.startswith("trust"):
        page.locator("section", has=page.locator("#audit")).get_by_role("button").click()
        page.wait_for_selector("[data-testid=chain-state]")
        page.locator("main").evaluate("node => { node.scrollTop = 0 }")


def come_nearer(page: Page, steps: int) -> None:
    """The map over the whole window, and some turns of the wheel nearer."""
    page.add_style_tag(
        content=".grid { grid-template-columns: 1fr !important; grid-template-rows: 46rem !important; grid-template-areas: 'map' !important } .grid > .areas, .grid > .incidents, .figures { display: none !important }"
    )
    page.wait_for_timeout(SETTLE_MS)
    page.locator(".map .canvas canvas").first.hover()
    for _ in range(steps):
        page.mouse.wheel(0, -240)
        page.wait_for_timeout(SETTLE_MS // 2)
    page.mouse.move(0, 0)
    page.wait_for_timeout(SETTLE_MS * 3)


def compare_plans(page: Page) -> None:
    """Three plans over two weeks; the second picture finds the comparison of the first, for it
    asks the same.
    """
    page.wait_for_selector("fieldset label:nth-of-type(4)")
    page.locator("fieldset input[value=epidemic-i-whole-city]").check()
    for longest, wanted in (
        ("84", "14"),
        ("40", "5"),
    ):  # days ahead, runs of each: known by their last choice
        page.locator("form select", has=page.locator(f"option[value='{longest}']")).select_option(
            wanted
        )
    page.locator("form button[type=submit]").click()
    page.wait_for_selector("[data-testid=sheet]", timeout=COMPARE_MS)
    page.locator("#sheet").evaluate("node => node.scrollIntoView()")


def take(
    browser: Browser,
    stage: Stage,
    name: str,
    place: str,
    size: tuple[int, int],
    language: str,
    theme: str,
    steps: int = 0,
) -> None:
    """One picture; `steps` nearer to the middle of the map shows the map alone."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme
    )  # type: ignore[arg-type]
    context.add_init_script(f"localStorage.setItem('twinward.language', '{language}')")
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{stage.url}/#/{'' if place == 'incident' else place}")
    if place == "incident":
        page.get_by_test_id("incident").first.click()
    page.wait_for_selector("main h2")
    if place.startswith("?") or not place:
        page.wait_for_selector("[data-state=ready]")
    prepare(page, name)
    page.wait_for_function(
        "words => !words.some(word => document.body.innerText.includes(word))", arg=LOADING
    )
    page.wait_for_timeout(SETTLE_MS * (3 if not place or place.startswith("?") else 1))
    path = SCREENS / f"{name}.png"
    if steps:
        come_nearer(page, steps)
        page.locator(".map .map").first.screenshot(path=path)
    else:
        page.screenshot(path=path)
    context.close()
    shrink(path)
    print(f"{path.relative_to(ROOT)}\t{path.stat().st_size // 1000} kB")
    if path.stat().st_size > LARGEST:
        sys.exit(f"{path.name} is larger than {LARGEST // 1000} kB")


def keep(page: Page, name: str) -> None:
    """The window as it is now, as a picture of the docs."""
    path = SCREENS / f"{name}.png"
    page.screenshot(path=path)
    shrink(path)
    print(f"docs/screens/{path.name}\t{path.stat().st_size // 1000} kB", flush=True)
    if path.stat().st_size > LARGEST:
        sys.exit(f"{path.name} is larger than {LARGEST // 1000} kB")


def wanted(pictures: tuple[tuple[str, ...], ...], at: int = 0) -> list[tuple[Any, ...]]:
    """Those whose names begin as the command line says; all when it says nothing."""
    begins = tuple(sys.argv[1:]) or ("",)
    return [one for one in pictures if one[at].startswith(begins)]


def take_people(browser: Browser, folder: Path) -> None:
    """Persons, their contacts, stocks and tasks: a synthetic cluster on 14 April, in a copy of its own."""
    if not (chosen := wanted(PEOPLE)):
        return
    shutil.rmtree(folder / "people", ignore_errors=True)
    with spring_of_2022(folder / "spring-2022"):
        pass
    shutil.copytree(folder / "spring-2022", folder / "people")
    with spring_of_2022(folder / "people") as stage:
        stage.open_activation()  # that of March has run out: none lasts more than thirty days
        play_people(stage, HUANGPU)
        stage.pass_time(hours=3)
        for one in chosen:
            take(browser, stage, *one)


def take_maps(browser: Browser, folder: Path) -> None:
    """The map alone, near, of cities that OpenStreetMap draws."""
    for scenario, name, steps, language, theme in wanted(MAPS, 1):
        make_city_of(scenario, folder / scenario)
        with staged(folder / scenario) as stage:
            take(browser, stage, name, "", DESK, language, theme, steps)


def take_city(browser: Browser, folder: Path) -> None:
    """The city map at work: the scene, a search, the relief, a layer that the city base itself knows."""
    for scenario, name, language, theme, text, layer, solid in wanted(CITY, 1):
        workspace = folder / scenario
        make_city_of(scenario, workspace)
        if solid and not (workspace / "scene").exists():
            build_scene(workspace, None, None, [], "")
        with staged(workspace) as stage:
            context = browser.new_context(
                viewport={"width": DESK[0], "height": DESK[1]}, color_scheme=theme
            )  # type: ignore[arg-type]
            context.add_init_script(f"localStorage.setItem('twinward.language', '{language}')")
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.goto(f"{stage.url}/#/city")
            page.wait_for_selector("[data-state=ready]")
            show_city(page, text, layer, solid)
            keep(page, name)
            context.close()


def show_city(page: Page, text: str, layer: str, solid: bool) -> None:
    """What an officer does on the map before the picture is taken."""
    if text:
        page.get_by_test_id("search").fill(text)
        page.wait_for_timeout(SETTLE_MS * 2)
    if solid:
        page.keyboard.press("Enter")
        page.wait_for_timeout(SETTLE_MS * 2)
        page.locator(".bar button").first.click()
        page.wait_for_selector(
            "[data-testid=scene][data-loaded]:not([data-wanted='0'])", state="attached"
        )
        page.wait_for_timeout(SETTLE_MS * 8)
    page.wait_for_selector("[data-testid^='layer-']")  # the layers are told
    if layer:
        page.get_by_test_id(f"layer-{layer}").check()
        page.wait_for_selector("[data-testid=layer-shown] tbody tr")
        page.wait_for_selector("[data-sensors]")  # they are in the picture, and no earlier
    page.wait_for_timeout(SETTLE_MS * 20)  # tiles of the ground are made when asked for


def main() -> None:
    if not SPRING_DATA.exists():
        sys.exit(f"{DATA} is not here: the pictures stay as they are")
    SCREENS.mkdir(parents=True, exist_ok=True)
    kept = os.environ.get(
        "TWINWARD_SCREENS"
    )  # a folder that keeps the built cities from one run to the next
    with tempfile.TemporaryDirectory() as new, sync_playwright() as playwright:
        folder = Path(kept or new)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        if chosen := wanted(SPRING):
            with spring_of_2022(folder / "spring-2022") as stage:
                for one in chosen:
                    take(browser, stage, *one)
        take_people(browser, folder)
        take_maps(browser, folder)
        take_city(browser, folder)
        take_field(browser, folder, wanted(FIELD), keep)
        take_scenes(browser, folder, [one for one in SCENES if wanted(((one.name,),))], keep)
        take_sensors(browser, folder, wanted(SENSED), keep)
        browser.close()


if __name__ == "__main__":
    main()
