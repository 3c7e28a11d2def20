"""Each role begins with what waits for it; the wall view turns by itself and can be stopped; what
is printed has its map.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.stage import Stage
from twinward.service.incidents import alerts
from twinward.service.platform import local_admin

Open = Callable[..., Page]
VIEWS = ("duty", "investigator", "planner", "street", "auditor", "leader")


@pytest.mark.parametrize(
    ("size", "language", "theme"), [((1440, 900), "en", "light"), ((360, 740), "zh", "dark")]
)
def test_every_start_page_is_sound(
    outbreak: Stage, open_page: Open, size: tuple[int, int], language: str, theme: str
) -> None:
    page = open_page(outbreak, "start", size=size, language=language, theme=theme)
    for view in VIEWS:
        page.goto(f"{outbreak.url}/#/start/{view}")
        expect(page.locator(f"[data-testid=start][data-view={view}]")).to_be_visible()
        expect(page.locator("section h2").first).to_be_visible()
        assert_accessible(page, f"start/{view}")


def test_the_duty_officer_begins_with_what_is_unread(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak, "start")
    unread = [
        one for one in alerts.list_alerts(outbreak.platform, local_admin()) if not one.seen_by
    ]
    read = page.locator("section", has=page.locator("#start-read"))
    expect(read.get_by_role("link", name=f"{len(unread)} in all")).to_be_visible()
    page.get_by_label("Start page for").select_option(label="Auditor")
    expect(page.locator("[data-view=auditor]")).to_contain_text("City emergency committee")
    page.goto(f"{outbreak.url}/#/overview")
    page.get_by_role("link", name="Start", exact=True).click()
    expect(page.locator("[data-view=auditor]")).to_be_visible()


def assert_no_name_lies_over_another(page: Page) -> None:
    """Every area is named, in it or beside the map."""
    names = page.get_by_test_id("drawn-map").locator("text")
    expect(names).to_have_count(9)
    boxes = names.evaluate_all(
        "all => all.map(one => one.getBBox()).map(box => [box.x, box.y, box.width, box.height])"
    )
    for (x1, y1, w1, h1), (x2, y2, w2, h2) in combinations(boxes, 2):
        assert x1 + w1 < x2 or x2 + w2 < x1 or y1 + h1 < y2 + 3 or y2 + h2 < y1 + 3


def test_the_wall_shows_the_figures_of_the_screen_and_stops_when_asked(
    outbreak: Stage, open_page: Open
) -> None:
    page = open_page(outbreak, "wall", size=(1920, 1080), theme="dark")
    wall = page.get_by_test_id("wall")
    expect(wall).to_have_attribute("data-part", "map")
    expect(page.get_by_test_id("wall-kind")).to_contain_text("Demonstration")
    expect(page.get_by_test_id("drawn-map").locator("path[data-area]")).to_have_count(9)
    assert_no_name_lies_over_another(page)
    expect(page.get_by_role("navigation", name="Places to work")).to_have_count(0)
    assert_accessible(page, "wall")
    page.get_by_role("button", name="Late work").click()
    expect(wall).to_have_attribute("data-part", "late")
    expect(page.get_by_role("button", name="Turn by itself")).to_be_visible()
    page.get_by_role("link", name="Leave the wall view").click()
    expect(page.get_by_test_id("fig-new")).to_be_visible()


def test_a_printed_overview_has_its_map_and_no_switches(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak)
    expect(page.get_by_test_id("fig-new")).to_be_visible()
    expect(page.get_by_test_id("drawn-map")).to_be_hidden()
    page.emulate_media(media="print")
    drawn = page.get_by_test_id("drawn-map")
    expect(drawn.locator("path[data-area]")).to_have_count(9)
    expect(drawn).to_contain_text("North Bank")
    expect(page.locator("footer")).to_be_hidden()
