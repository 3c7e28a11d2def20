"""Work on the city's map: by keys alone an area is found, drawn and given an order, which comes back
confirmed; a layer says what it knows; without graphics the lists go on.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import msgspec
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.stage import Stage
from helpers.transit import FeedMaker, zip_of
from twinward.core.clock import format_time
from twinward.service.city.transit import add_timetable, take_feed
from twinward.service.hazards import warnings
from twinward.service.intake import observations
from twinward.service.platform import local_admin

# of the console's map/sensors.ts
RAMP = ((38, 115, 140), (94, 156, 118), (216, 179, 62), (205, 110, 36), (163, 32, 32))

Open = Callable[..., Page]
MOVE_MS = 450  # the map glides after a key
CASTLE = "04"


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(MOVE_MS)


def draw_round_the_middle(page: Page) -> None:
    """Four corners about the middle of the map, by arrow keys and space."""
    page.locator(".canvas canvas").first.focus()
    press(page, "ArrowLeft", "ArrowUp", " ", "ArrowRight", "ArrowRight", " ")
    press(page, "ArrowDown", "ArrowDown", " ", "ArrowLeft", "ArrowLeft", " ", "Enter")


@pytest.mark.slow
def test_an_officer_without_a_mouse_finds_draws_orders_and_sees_it_confirmed(
    quiet: Stage, open_page: Open
) -> None:
    quiet.report_case(f"{CASTLE}0101")
    page = open_page(quiet, "city", drawn=True)
    page.wait_for_selector("[data-state=ready]")
    search = page.get_by_test_id("search")
    search.fill("castle")
    expect(page.get_by_role("option").first).to_contain_text("Castle")
    search.press("Enter")
    page.wait_for_timeout(MOVE_MS * 8)  # it flies there
    page.get_by_role("button", name="Draw an area").press("Enter")
    draw_round_the_middle(page)
    drawn = page.get_by_test_id("drawn")
    expect(drawn).to_contain_text("Castle")
    expect(drawn).to_contain_text("residents")
    assert_accessible(page, "city")
    drawn.get_by_role("button", name="Order a task here").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_test_id("deed-to")).to_contain_text("Castle")
    expect(dialog.locator("#deed-incident")).not_to_have_value("")  # the one that lies there
    dialog.locator("#deed-title").fill("Check the old pumps")
    dialog.locator("#deed-department").select_option("transport")
    dialog.locator("button[type=submit]").press("Enter")
    expect(dialog).to_be_hidden()
    (task,) = [one for one in quiet.open_tasks() if one.title == "Check the old pumps"]
    assert task.area == CASTLE
    for kind in ("ConfirmOrder", "AcknowledgeTask", "CompleteTask"):
        more = {"result": "they run"} if kind == "CompleteTask" else {}
        quiet.post({"type": kind, "task": task.id, "department": "transport", **more})
    assert task.id not in {one.id for one in quiet.open_tasks()}


def report_rain(quiet: Stage) -> None:
    """Three gauges in a row, with no rain, a little and more."""
    now = quiet.clock.now()
    items = [
        {
            "source_id": f"r{n}",
            "type": "rainfall",
            "occurred_at": format_time(now),
            "place": f"gauge-{n}",
            "value": 4.0 * n,
            "unit": "mm/h",
            "lon": 10.1 + n / 20,
            "lat": 50.1,
            "area": "0101",
        }
        for n in range(3)
    ]
    body = msgspec.json.encode({"source": "gauges", "items": items})
    platform = quiet.platform
    checks = observations.checks_of(platform)
    assert observations.submit(platform, local_admin(), checks, body).result().stored == 3


@pytest.mark.slow
def test_a_layer_tells_its_age_and_that_silence_is_not_zero(quiet: Stage, open_page: Open) -> None:
    report_rain(quiet)
    page = open_page(quiet, "city")  # its map cannot be drawn here: the lists do without
    page.get_by_test_id("layer-rain-gauges").check()
    shown = page.get_by_test_id("layer-shown")
    expect(shown).to_contain_text("median 4 mm/h, 0 to 8")
    expect(shown.locator("tbody tr")).to_have_count(3)
    shown.get_by_role("button", name="gauge-1").click()
    expect(page.get_by_test_id("history")).to_contain_text("Too short a past")
    slider = page.get_by_test_id("layer-time")
    slider.focus()
    slider.press("Home")
    expect(shown).to_contain_text("Nobody had told anything of this layer then")
    slider.press("End")
    expect(shown).to_contain_text("median 4 mm/h, 0 to 8")
    page.get_by_text("Not recorded here").click()
    expect(page.get_by_text("Traffic by road segment")).to_be_visible()
    assert_accessible(page, "city")


@pytest.mark.slow
def test_an_area_drawn_by_mouse_is_measured_warned_and_a_team_is_dragged_to_it(
    quiet: Stage, open_page: Open
) -> None:
    quiet.report_case(f"{CASTLE}0101")
    page = open_page(quiet, "city", drawn=True, language="zh", theme="dark")
    page.wait_for_selector("[data-state=ready]")
    box = page.locator(".canvas canvas").first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    page.get_by_role("button", name="量测", exact=True).click()
    page.mouse.click(x - 60, y)
    page.mouse.click(x + 60, y)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("measured")).to_contain_text("2个点 · 长度")

    page.get_by_role("button", name="绘制区域").click()
    for across, down in ((-90, -90), (90, -90), (90, 90), (-90, 90)):
        page.mouse.click(x + across, y + down)
    page.get_by_role("button", name="完成").click()
    drawn = page.get_by_test_id("drawn")
    expect(drawn).to_contain_text("居民")
    drawn.get_by_role("button", name="向此区域预警").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("#deed-title").fill("水位上涨")
    dialog.locator("#deed-because").fill("水位计超过警戒")
    dialog.locator("button[type=submit]").click()
    expect(dialog).to_be_hidden()
    (warned,) = warnings.list_warnings(quiet.platform, local_admin())
    assert warned.title == "水位上涨" and warned.areas

    page.get_by_test_id("team-health").drag_to(
        page.locator(".canvas"), target_position={"x": box["width"] / 2, "y": box["height"] / 2}
    )
    dialog.locator("#deed-incident").select_option(index=1)
    dialog.locator("button[type=submit]").click()
    expect(page.get_by_test_id("sent")).to_be_visible()
    sent = [one for one in quiet.open_tasks() if one.title.startswith("前往")]
    assert [one.department for one in sent] == ["health"]
    assert any(sent[0].area.startswith(code) for code in warned.areas)


def pixels_of_sensors(page: Page) -> int:
    """How many pixels of the map have about a colour that a class of sensors has."""
    shot = page.locator(".map .canvas canvas").first.screenshot()
    with Image.open(io.BytesIO(shot)) as picture:
        pixels = np.asarray(picture.convert("RGB"), np.int16).reshape(-1, 1, 3)
    away = np.abs(pixels - np.array(RAMP, np.int16)).max(axis=2)
    return int((away.min(axis=1) < 25).sum())


@pytest.mark.slow
def test_a_sensor_is_picked_from_the_map_as_from_the_list_and_views_are_kept_and_printed(
    quiet: Stage, open_page: Open
) -> None:
    report_rain(quiet)
    page = open_page(quiet, "city", drawn=True)
    page.wait_for_selector("[data-state=ready]")
    before = pixels_of_sensors(page)
    page.get_by_test_id("layer-rain-gauges").check()
    expect(page.locator("[data-sensors='3']")).to_have_count(1)
    page.wait_for_timeout(MOVE_MS)
    assert pixels_of_sensors(page) > before + 3 * 20  # three dots, their rims left out
    shown = page.get_by_test_id("layer-shown")
    chosen = shown.locator("tr[aria-current=true]")
    shown.get_by_role("button", name="gauge-2").click()
    expect(chosen).to_contain_text("gauge-2")

    search = page.get_by_test_id("search")
    search.fill("10.15, 50.1")
    expect(page.get_by_role("option").first).to_be_visible()
    search.press("Enter")
    page.wait_for_timeout(MOVE_MS * 8)  # it flies there
    box = page.locator(".canvas canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(chosen).to_contain_text("gauge-1")
    expect(page.get_by_test_id("history")).to_contain_text("gauge-1")

    shown.get_by_role("checkbox").first.uncheck()  # the lowest class
    expect(shown.locator("tbody tr")).to_have_count(2)
    assert_accessible(page, "city")

    page.get_by_test_id("mark-name").fill("Gauge one")
    page.get_by_role("button", name="Keep this view").click()
    page.get_by_text("Nothing shown").click()
    page.get_by_role("button", name="Whole city").click()
    page.get_by_role("button", name="Gauge one", exact=True).click()
    expect(page.get_by_test_id("layer-rain-gauges")).to_be_checked()
    kept = page.evaluate("JSON.parse(localStorage.getItem('twinward.views'))")
    assert kept[0]["at"] == pytest.approx([10.15, 50.1], abs=1e-3)

    page.evaluate("window.print = () => { window.printed = true }")
    page.get_by_role("button", name="Print the map").click()
    paper = page.get_by_test_id("paper")
    expect(paper).to_have_count(1)
    page.wait_for_timeout(MOVE_MS)  # the paper is laid out before it is printed
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    expect(paper).to_be_visible()
    for part in ("Scale about 1 : 6,000", "As of ", "Source: ", "200 m"):
        expect(paper).to_contain_text(part)
    wide = paper.locator("img").evaluate("(one) => one.naturalWidth")
    assert wide > 400


@pytest.mark.slow
def test_a_bus_is_followed_on_the_map_until_it_falls_silent(quiet: Stage, open_page: Open) -> None:
    add_timetable(quiet.platform, local_admin(), "bus", zip_of())
    for step in range(6):
        quiet.clock.advance(timedelta(seconds=30))
        at = quiet.clock.now()
        made = FeedMaker(at)
        made.vehicle("17", 10.2 + step / 500, 50.15, at, trip="t1", speed_ms=9.0).stop_id = "B"
        made.vehicle("", 10.2, 50.1, at)
        assert take_feed(quiet.platform, local_admin(), "bus", made.bytes()).stored == 1
    page = open_page(quiet, "city", drawn=True)
    page.wait_for_selector("[data-state=ready]")
    page.get_by_test_id("layer-transit-vehicles").check()
    shown = page.get_by_test_id("layer-shown")
    shown.get_by_role("button", name="bus/17").click()
    follow = page.get_by_test_id("follow")
    follow.get_by_role("button", name="Follow it").click()
    expect(follow).to_contain_text("32.4 km/h")
    expect(follow).to_contain_text("Route No. 7 to West Gate")
    expect(follow).to_contain_text("6 positions")
    expect(page.get_by_test_id("transit")).to_contain_text("1 refused of the last feed")
    assert_accessible(page, "city")
    quiet.clock.advance(timedelta(hours=1))
    expect(follow).to_contain_text("followed no longer", timeout=20_000)
