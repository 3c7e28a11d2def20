"""Work on the city's map: by keys alone an area is found, drawn and given an order, which comes back
confirmed; a layer says what it knows; without graphics the lists go on.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.stage import Stage
from twinward.core.clock import format_time
from twinward.service.intake import observations
from twinward.service.platform import local_admin

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
    dialog.locator("#deed-incident").select_option(index=1)
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


@pytest.mark.slow
def test_a_layer_tells_its_age_and_that_silence_is_not_zero(quiet: Stage, open_page: Open) -> None:
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
    page = open_page(quiet, "city")  # its map cannot be drawn here: the lists do without
    page.get_by_test_id("layer-rain-gauges").check()
    shown = page.get_by_test_id("layer-shown")
    expect(shown).to_contain_text("median 4 mm/h, 0 to 8")
    expect(shown.locator("tbody tr")).to_have_count(3)
    shown.get_by_role("button", name="gauge-1").click()
    expect(page.get_by_test_id("history")).to_contain_text("Too short a past")
    page.get_by_text("Not recorded here").click()
    expect(page.get_by_text("Traffic by road segment")).to_be_visible()
    assert_accessible(page, "city")
