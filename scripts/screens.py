"""Writes the pictures of the console anew: a made-up city some weeks into an outbreak, in both
languages and themes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser.made_city import make_city  # noqa: E402
from browser.people import play_people  # noqa: E402
from browser.stage import CHROMIUM, FLAGS, Stage, play_outbreak, report_day, staged  # noqa: E402

SCREENS = ROOT / "docs" / "screens"
DESK, PHONE, WALL = (1440, 900), (390, 844), (1920, 1080)
SETTLE_MS = 900
LOADING = ("Loading", "正在载入")
COMPARE_MS = 300_000
RESIDENTS = 60_000
WEEKS_D = 24
LARGEST = 400_000
# name, place, size, language, theme
PICTURES = (
    ("overview-light-en", "", DESK, "en", "light"),
    ("overview-dark-zh", "", DESK, "zh", "dark"),
    ("overview-past-en", "?at=2030-03-12T12:00:00Z", DESK, "en", "light"),
    ("overview-forecast-zh", "", DESK, "zh", "light"),
    ("overview-movement-en", "", DESK, "en", "dark"),
    ("overview-beside-en", "", DESK, "en", "light"),
    ("overview-wall-zh", "", WALL, "zh", "dark"),
    ("overview-phone-en", "", PHONE, "en", "light"),
    ("incident-light-en", "incident", DESK, "en", "light"),
    ("incident-dark-zh", "incident", DESK, "zh", "dark"),
    ("incident-timeline-en", "incident", DESK, "en", "light"),
    ("incident-phone-zh", "incident", PHONE, "zh", "light"),
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
    ("public-light-zh", "public", DESK, "zh", "light"),
    ("public-dark-en", "public", DESK, "en", "dark"),
    ("public-phone-en", "public", PHONE, "en", "light"),
)


def prepare(page: Page, name: str) -> None:
    """What a person does before the picture is worth taking."""
    if "forecast" in name:
        page.wait_for_selector(".track .ahead")
        page.locator("input[type=range]").focus()
        for _ in range(5):
            page.keyboard.press("PageUp")
        page.locator("#curve").evaluate("node => node.scrollIntoView()")
    elif "movement" in name:
        for box in page.locator(".ticks input").all():
            box.check()
        page.wait_for_selector("[data-testid=movement]")
        page.wait_for_timeout(SETTLE_MS * 4)
    elif "beside" in name:
        page.get_by_role("button", name="Hold this instant").click()
        page.locator("input[type=range]").focus()
        for _ in range(4):
            page.keyboard.press("PageDown")
    elif "timeline" in name:
        page.locator("#line").evaluate("node => node.scrollIntoView()")
    elif name.startswith("cases"):
        page.locator("main button").first.click()
        page.wait_for_selector("[data-testid=case]")
    elif name.startswith("case-"):
        page.wait_for_selector("[data-testid=chain]")
    elif name.startswith("foresee"):
        compare_plans(page)
    elif "paper" in name:
        page.evaluate("window.print = () => { window.printed = true }")
        page.get_by_role("button", name="Paper form").click()
        page.wait_for_function("window.printed")
        page.emulate_media(media="print")
    elif name.startswith("trust"):
        page.locator("section", has=page.locator("#audit")).get_by_role("button").click()
        page.wait_for_selector("[data-testid=chain-state]")
        if name.endswith("en"):
            page.locator("main").evaluate("node => { node.scrollTop = 0 }")


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
) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme
    )  # type: ignore[arg-type]
    context.add_init_script(f"localStorage.setItem('twinward.language', '{language}')")
    page = context.new_page()
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
    page.wait_for_timeout(SETTLE_MS)
    path = SCREENS / f"{name}.png"
    page.screenshot(path=path)
    context.close()
    print(f"{path.relative_to(ROOT)}\t{path.stat().st_size // 1000} kB")
    if path.stat().st_size > LARGEST:
        sys.exit(f"{path.name} is larger than {LARGEST // 1000} kB")


def main() -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        make_city(Path(folder) / "ws", residents=RESIDENTS)
        with staged(Path(folder) / "ws") as stage:
            play_outbreak(stage, WEEKS_D)
            play_people(stage)
            report_day(stage, WEEKS_D)
            stage.pass_time(hours=3)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            wanted = tuple(sys.argv[1:]) or ("",)  # beginnings of names; all when none is given
            for name, place, size, language, theme in (
                one for one in PICTURES if one[0].startswith(wanted)
            ):
                take(browser, stage, name, place, size, language, theme)
            browser.close()


if __name__ == "__main__":
    main()
