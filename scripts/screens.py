"""Writes the pictures of the console anew: a made-up city some weeks into an outbreak, in both languages and themes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser.made_city import make_city  # noqa: E402
from browser.stage import CHROMIUM, FLAGS, Stage, play_outbreak, staged  # noqa: E402

SCREENS = ROOT / "docs" / "screens"
DESK, PHONE, WALL = (1440, 900), (390, 844), (1920, 1080)
SETTLE_MS = 900
LARGEST = 300_000
# name, place, size, language, theme
PICTURES = (
    ("overview-light-en", "", DESK, "en", "light"),
    ("overview-dark-zh", "", DESK, "zh", "dark"),
    ("overview-past-en", "?at=2030-03-12T12:00:00Z", DESK, "en", "light"),
    ("overview-wall-zh", "", WALL, "zh", "dark"),
    ("overview-phone-en", "", PHONE, "en", "light"),
    ("incident-light-en", "incident", DESK, "en", "light"),
    ("incident-dark-zh", "incident", DESK, "zh", "dark"),
    ("tasks-phone-zh", "tasks", PHONE, "zh", "light"),
    ("tasks-phone-dark-en", "tasks", PHONE, "en", "dark"),
    ("trust-light-en", "trust", DESK, "en", "light"),
    ("public-light-zh", "public", DESK, "zh", "light"),
    ("public-phone-en", "public", PHONE, "en", "light"),
)


def take(
    browser: Browser, stage: Stage, name: str, place: str, size: tuple[int, int], language: str, theme: str
) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)  # type: ignore[arg-type]
    context.add_init_script(f"localStorage.setItem('twinward.language', '{language}')")
    page = context.new_page()
    page.goto(f"{stage.url}/#/{'' if place == 'incident' else place}")
    if place == "incident":
        page.get_by_test_id("incident").first.click()
    page.wait_for_selector("main h2")
    if place.startswith("?") or not place:
        page.wait_for_selector("[data-state=ready]")
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
        make_city(Path(folder) / "ws")
        with staged(Path(folder) / "ws") as stage:
            play_outbreak(stage)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for name, place, size, language, theme in PICTURES:
                take(browser, stage, name, place, size, language, theme)
            browser.close()


if __name__ == "__main__":
    main()
