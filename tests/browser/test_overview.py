"""Map, list and totals agree at every instant; the slider moves the whole screen; languages,
themes, keyboard.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.stage import Stage

Open = Callable[..., Page]
FIRST_DAY_TOTAL = 9
MOVING_POINTS = 100_000
AT = re.compile("at=")
LOADING = {"en": "Loading", "zh": "正在载入"}
SETTLED_MS = 300  # colours turn for a moment after a page is there
PAIRS = (
    ("New", "fig-new"),
    ("In all", "fig-total"),
    ("Late", "fig-late"),
    ("Places", "fig-places"),
)


def value_of(page: Page, name: str) -> int:
    return int(page.get_by_test_id(name).get_attribute("data-value") or "-1")


# one read of the whole screen: between two reads it could have moved on
SUMS = """figure => {
    const value = cell => Number(cell.dataset.value)
    const said = name => value(document.querySelector(`[data-testid=${name}]`))
    const rows = [...document.querySelectorAll('[data-testid=area-value]')].map(value)
    return [rows.reduce((sum, one) => sum + one, 0), said('area-sum'), said(figure)]
}"""


def assert_agreement(page: Page) -> None:
    """The key figure, the rows behind it, their printed sum and the list of incidents say the
    same.
    """
    for button, figure in PAIRS:
        shown = page.get_by_role("group", name="Figure shown on the map").get_by_role(
            "button", name=button, exact=True
        )
        shown.click()
        expect(shown).to_have_attribute("aria-pressed", "true")
        rows, printed, above = page.evaluate(SUMS, figure)
        assert rows == printed == above, button
    expect(page.get_by_test_id("incident")).to_have_count(value_of(page, "fig-incidents"))


def test_map_list_and_figure_agree_now_and_in_the_past(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak)
    expect(page.get_by_test_id("fig-new")).to_be_visible()
    assert value_of(page, "fig-total") > 1000
    assert_agreement(page)
    total = value_of(page, "fig-total")
    page.get_by_role("button", name="One day back").click(click_count=3, delay=60)
    expect(page.get_by_test_id("feed")).to_contain_text("Past")
    page.wait_for_function(
        "n => Number(document.querySelector('[data-testid=fig-total]').dataset.value) < n",
        arg=total,
    )
    assert_agreement(page)


def test_the_slider_moves_the_whole_screen_and_back(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak)
    total = page.get_by_test_id("fig-total")
    expect(total).to_be_visible()
    now = total.get_attribute("data-value")
    slider = page.get_by_role("slider", name="Instant shown")
    slider.focus()
    page.keyboard.press("Home")
    expect(total).to_have_attribute("data-value", str(FIRST_DAY_TOTAL))
    expect(page).to_have_url(AT)
    expect(page.get_by_text("Nothing here can be changed")).to_be_visible()
    page.get_by_role("button", name="Back to now").click()
    expect(total).to_have_attribute("data-value", str(now))
    expect(page).not_to_have_url(AT)


def test_the_slider_goes_on_into_the_forecast(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak)
    total = int(page.get_by_test_id("fig-total").get_attribute("data-value") or 0)
    expect(page.get_by_text("Dashed: the middle forecast")).to_be_visible()
    page.get_by_role("slider", name="Instant shown").focus()
    page.keyboard.press("End")
    expect(page.get_by_test_id("ahead")).to_contain_text("simulated")
    ahead = page.get_by_test_id("fig-total-ahead")
    assert int(ahead.get_attribute("data-value") or 0) > total
    page.get_by_role("button", name="Back to now").click()
    expect(ahead).to_have_count(0)


def test_two_instants_are_held_side_by_side(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak)
    expect(page.get_by_test_id("fig-total")).to_be_visible()
    now = value_of(page, "fig-total")
    page.get_by_role("button", name="Hold this instant").click()
    page.get_by_role("slider", name="Instant shown").focus()
    page.keyboard.press("Home")
    row = page.get_by_test_id("beside").locator("tr", has_text="Reported in all")
    expect(row.locator("[data-value]")).to_have_attribute("data-value", str(FIRST_DAY_TOTAL))
    expect(row).to_contain_text(f"{now:,}")
    expect(row).to_contain_text(f"-{now - FIRST_DAY_TOTAL:,}")


def test_without_a_map_the_list_still_says_everything(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak)
    expect(page.get_by_text("The map cannot be drawn on this screen")).to_be_visible()
    expect(page.get_by_test_id("fig-new")).to_be_visible()
    rows, printed, above = page.evaluate(SUMS, "fig-new")
    assert rows == printed == above > 0


def test_a_click_on_the_map_chooses_an_area_for_the_page(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak, drawn=True)
    page.wait_for_selector("[data-state=ready]")
    box = page.locator(".maplibregl-canvas").bounding_box()
    assert box is not None and box["width"] > 300
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("button", name="Show all areas")).to_be_visible()


def test_the_tiles_of_the_base_map_are_asked_for_and_given(
    outbreak: Stage, open_page: Open
) -> None:
    page = open_page(outbreak, drawn=True)
    with page.expect_response("**/v1/map/tiles/**") as told:
        page.reload()
    assert told.value.status == 200, told.value.text()


def test_movement_is_shown_as_synthetic_and_can_be_stopped(
    outbreak: Stage, open_page: Open
) -> None:
    page = open_page(outbreak, drawn=True)
    page.get_by_label("Movement", exact=True).check()
    says = page.get_by_test_id("movement")
    expect(says).to_contain_text("synthetic residents")
    expect(says).to_have_attribute("data-points", str(MOVING_POINTS))
    expect(says).not_to_have_text(says.inner_text())
    says.get_by_role("button", name="Pause").click()
    expect(says.get_by_role("button", name="Play")).to_be_visible()
    stopped = says.inner_text()
    page.wait_for_timeout(300)
    assert says.inner_text() == stopped


@pytest.mark.parametrize(
    ("language", "theme", "size"),
    [
        ("en", "light", (1440, 900)),
        pytest.param("zh", "dark", (390, 844), marks=pytest.mark.slow),
    ],
)
def test_no_page_has_an_accessibility_violation(
    outbreak: Stage, open_page: Open, language: str, theme: str, size: tuple[int, int]
) -> None:
    page = open_page(outbreak, size=size, language=language, theme=theme, drawn=True)
    page.get_by_test_id("incident").first.wait_for()
    room = page.get_by_test_id("incident").first.get_attribute("href")
    title = page.locator("main h1")
    for place in (
        "#/",
        room,
        "#/tasks",
        "#/cases",
        "#/foresee",
        "#/resources",
        "#/trust",
        "#/public",
    ):
        before = title.inner_text()
        page.evaluate("place => { location.hash = place }", place)
        if place != "#/":  # where it is already
            expect(title).not_to_have_text(before)
        page.wait_for_selector("main h2")
        expect(page.get_by_text(LOADING[language])).to_have_count(0)
        page.wait_for_timeout(SETTLED_MS)
        assert_accessible(page, place or "")


def test_chinese_has_no_english_words_left(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak, language="zh")
    expect(page.get_by_role("heading", name="逾期事项及责任部门")).to_be_visible()
    for word in ("Late", "Open", "Overview", "Reports", "Level", "Table", "Incident"):
        assert word not in page.locator("main").inner_text(), word


def test_everything_is_reached_by_keyboard_alone(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak)
    expect(page.get_by_test_id("fig-new")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.dataset.testid === 'incident'"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The loop")).to_be_visible()


def test_a_stretch_of_time_is_drawn_on_the_bar_and_becomes_its_window(
    outbreak: Stage, open_page: Callable[..., Page]
) -> None:
    page = open_page(outbreak)
    brush = page.get_by_test_id("brush")
    expect(page.get_by_test_id("marks").locator(".plan").first).to_be_attached()
    expect(page.get_by_test_id("marks").locator(".up").first).to_be_attached()
    box = brush.bounding_box()
    assert box is not None
    slider = page.get_by_role("slider", name="Instant shown")
    before = float(slider.get_attribute("max") or 0) - float(slider.get_attribute("min") or 0)
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 8, steps=4)
    page.mouse.up()
    expect(page.get_by_label("From", exact=True)).to_be_visible()
    width = float(slider.get_attribute("max") or 0) - float(slider.get_attribute("min") or 0)
    assert 0.2 * before < width < 0.8 * before
    page.get_by_label("Window").select_option(label="All")
    expect(slider).to_have_attribute("min", str(int(float(slider.get_attribute("min") or 0))))
    expect(page.get_by_label("From", exact=True)).to_have_count(0)
