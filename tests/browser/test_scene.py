"""The scene: one instant for all that is drawn, a table that is its equal, floors, orders, rehearsals behind
their fence; and what is left when there are no graphics.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.made_scene import MIDDLE, keep_made_forecast, make_scene
from browser.stage import Stage
from twinward.core.clock import format_time
from twinward.decision.logistics.routing.rounds import Round, Visit
from twinward.service.city import rehearsals
from twinward.service.city.planned_vehicles import Door, KeptRounds, keep_rounds
from twinward.service.intake import observations
from twinward.service.platform import local_admin

Open = Callable[..., Page]
HOOK = "document.querySelector('[data-testid=scene]').scene"
LOADED_MS = 60_000
SPEED = 60
HALF_S, FAR = 1800.0, 0.01
NO_GRAPHICS = "HTMLCanvasElement.prototype.getContext = ((old) => function (kind, ...more) { return String(kind).startsWith('webgl') ? null : old.call(this, kind, ...more) })(HTMLCanvasElement.prototype.getContext)"


def prepare(stage: Stage) -> str:
    """Houses, a flood, a plume and a fire over the area of the middle, people and a bus; the area."""
    workspace = stage.platform.workspace
    make_scene(workspace)
    now = stage.clock.now()
    area = "05"
    keep_made_forecast(workspace, "flood", now, area, 4.0, "m")
    keep_made_forecast(workspace, "chemical", now, area, 20.0, "ppm")
    keep_made_forecast(workspace, "fire", now, area, 1.0, "share")
    told = [("crowd", "square", 400.0), ("crowd", "corner", 3.0), ("vehicle", "bus-7", 30.0)]
    items = [
        {"source_id": place, "type": kind, "occurred_at": format_time(now), "place": place, "value": value, "lon": MIDDLE[0], "lat": MIDDLE[1] + 0.001, "area": "0501"}
        for kind, place, value in told
    ]  # fmt: skip
    body = msgspec.json.encode({"source": "trial", "items": items})
    platform = stage.platform
    checks = observations.checks_of(platform)
    assert observations.submit(platform, local_admin(), checks, body).result().stored == len(told)
    return area


def stand(page: Page) -> None:
    page.wait_for_selector("[data-state=ready]", timeout=LOADED_MS)
    page.locator(".bar button").first.click()
    page.wait_for_function(f"() => {HOOK}?.map()")
    page.evaluate(f"(at) => {{ {HOOK}.map().jumpTo({{ center: at, zoom: 17, pitch: 50 }}) }}", list(MIDDLE))  # fmt: skip
    page.wait_for_function(f"() => {HOOK}.told().frames > 0 && {HOOK}.told().tiles > 0", timeout=LOADED_MS)  # fmt: skip


def rows(page: Page) -> list[str]:
    page.locator("details", has=page.get_by_test_id("scene-table")).evaluate("one => { one.open = true }")  # fmt: skip
    page.wait_for_selector("[data-testid=scene-table] tbody tr")
    return sorted(page.locator("[data-testid=scene-table] tbody tr").evaluate_all("all => all.map(one => one.dataset.id)"))  # fmt: skip


def drawn(page: Page) -> list[str]:
    told: dict[str, Any] = page.evaluate(f"() => {HOOK}.drawn()")
    return sorted(f"{kind} {name}" for kind, names in told.items() for name in names)


@pytest.mark.slow
def test_one_slider_moves_everything_and_the_table_is_equal(quiet: Stage, open_page: Open) -> None:
    area = prepare(quiet)
    page = open_page(quiet, "city", drawn=True)
    stand(page)
    slider = page.locator("#scene-at")
    slider.focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("scene-when")).to_contain_text("Forecast, not yet happened")
    expect(page.get_by_test_id("scene-flood")).to_contain_text("half of 20 runs")
    expect(page.get_by_test_id("scene-flood")).to_contain_text("the greatest 2 m")
    expect(page.get_by_test_id("scene-vehicles")).to_contain_text("nobody knows where they will be")
    ahead = [f"chemical {area}", f"fire {area}", f"flood {area}", "vehicles vehicle:bus-7"]
    assert rows(page) == ahead
    assert drawn(page) == ahead
    page.get_by_role("button", name="Now", exact=True).press("Enter")
    expect(page.get_by_test_id("scene-crowd")).to_contain_text("2 places counted, 1 below")
    now = ["crowd crowd:corner", "crowd crowd:square", "vehicles vehicle:bus-7"]
    page.wait_for_function(f"() => {HOOK}.drawn().crowd?.length === 2")
    assert [one for one in rows(page) if one.split()[0] in ("crowd", "vehicles")] == now
    assert drawn(page) == rows(page)
    expect(page.get_by_test_id("scene-table")).to_contain_text("fewer than")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.get_by_test_id("scene-when")).to_contain_text("Past: as it was known then")
    expect(page.get_by_test_id("scene-crowd")).to_contain_text("That is not zero")
    assert drawn(page) == []


@pytest.mark.slow
def test_two_instants_stand_side_by_side_with_what_differs(quiet: Stage, open_page: Open) -> None:
    area = prepare(quiet)
    page = open_page(quiet, "city", drawn=True)
    stand(page)
    compare = page.get_by_test_id("compare")
    both = compare.get_by_role("button", name="Show both")
    expect(both).to_be_disabled()  # one instant is no two
    page.locator("#scene-at").focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("scene-vehicles")).to_contain_text("nobody knows where they will be")
    page.wait_for_function(f"() => {HOOK}.drawn().flood && !{HOOK}.drawn().crowd")
    ahead = drawn(page)
    both.press("Enter")
    expect(compare).to_have_attribute("data-pictures", "2", timeout=LOADED_MS)
    sources = compare.locator("img").evaluate_all("all => all.map(one => one.src)")
    assert len(set(sources)) == 2
    assert all(one.startswith("data:image/jpeg") for one in sources)
    found = compare.locator("tbody tr").evaluate_all("all => all.map(one => one.dataset.id)")
    # the bus is held where it was: it does not differ
    assert sorted(found) == sorted([*(f"{one} {area}" for one in ("chemical", "fire", "flood")), "crowd crowd:corner", "crowd crowd:square"])  # fmt: skip
    expect(compare.locator(f"[data-id='flood {area}']")).to_contain_text("only in the second")
    expect(compare.locator("[data-id='crowd crowd:square']")).to_contain_text("only in the first")
    page.wait_for_function(f"(n) => Object.values({HOOK}.drawn()).flat().length === n", arg=len(ahead))  # fmt: skip
    assert drawn(page) == ahead  # the map shows again what the slider says
    assert_accessible(page, "city")


@pytest.mark.slow
def test_by_keys_a_building_is_cut_open_and_a_task_ordered(quiet: Stage, open_page: Open) -> None:
    prepare(quiet)
    quiet.report_case("050101")
    page = open_page(quiet, "city", drawn=True)
    stand(page)
    page.locator(".canvas canvas").first.focus()
    page.keyboard.press("Enter")
    entity = page.get_by_test_id("entity")
    expect(entity).to_contain_text("house-1")
    assert page.evaluate(f"() => {HOOK}.pick([[10, 10]])") == [""]
    page.locator("#scene-at").focus()
    for _ in range(24):
        page.keyboard.press("ArrowRight")
    floors = page.get_by_test_id("floors").locator("tr")
    expect(floors.last).to_contain_text("under water")
    expect(floors.last).to_contain_text("in the plume")
    expect(floors.last).to_contain_text("reached by the fire")
    expect(floors.nth(2)).to_contain_text("m of water")
    page.get_by_test_id("floor").focus()
    page.keyboard.press("ArrowRight")
    expect(floors.last.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    assert_accessible(page, "city")
    entity.get_by_role("button", name="Order a task here").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.locator("#deed-incident").select_option(index=1)
    dialog.locator("#deed-title").fill("Empty the ground floor")
    dialog.locator("#deed-department").select_option("transport")
    dialog.locator("button[type=submit]").press("Enter")
    expect(dialog).to_be_hidden()
    quiet.wait_until(lambda: "Empty the ground floor" in {one.title for one in quiet.open_tasks()})


def keep_a_round(stage: Stage) -> None:
    """A lorry that drives east for half an hour from now, and back."""
    here = stage.clock.now().astimezone(stage.platform.reference.zone)
    start = here.hour * 3600.0 + here.minute * 60
    visit = Visit(stop="a", arrive_s=start + HALF_S, leave_s=start + HALF_S, demand=1)
    driven = Round(vehicle="lorry-1", visits=[visit], distance_m=1, load=1, back_s=start + 2 * HALF_S)  # fmt: skip
    stop = Door(id="a", lon=MIDDLE[0] + FAR, lat=MIDDLE[1])
    plan = KeptRounds(depot=MIDDLE, stops=[stop], rounds=[driven])
    keep_rounds(stage.platform.workspace, here.date(), plan)


def wait_until_it_glides(page: Page) -> None:
    """The lorry is drawn where its plan has it between two minutes."""
    page.wait_for_function(
        f"""([west, far]) => {{
          const told = {HOOK}.map().getSource('scene-vehicles')?.serialize().data.features ?? []
          const lorry = told.find((one) => one.properties.id === 'plan:rounds/lorry-1')
          const minutes = lorry ? ((lorry.geometry.coordinates[0] - west) / far) * 30 : 0
          return Math.abs(minutes - Math.round(minutes)) > 0.05
        }}""",
        arg=[MIDDLE[0], FAR],
        timeout=LOADED_MS,
    )
    expect(page.get_by_test_id("scene-vehicles")).to_contain_text("along the way of the plan")


@pytest.mark.slow
def test_a_rehearsal_keeps_its_clock_and_its_orders(quiet: Stage, open_page: Open) -> None:
    prepare(quiet)
    keep_a_round(quiet)
    quiet.report_case("050101")
    page = open_page(quiet, "city", drawn=True)
    stand(page)
    page.locator(".canvas canvas").first.focus()
    page.keyboard.press("Enter")
    reh = page.get_by_test_id("rehearsal")
    reh.get_by_role("combobox").select_option("1")
    tokens: list[str] = []
    page.on("request", lambda one: tokens.append(one.headers["authorization"]) if "authorization" in one.headers else None)  # fmt: skip
    reh.get_by_role("button", name="Start a rehearsal").press("Enter")
    page.wait_for_selector("[data-testid=reh-at]")
    with quiet.platform.store.read() as reader:
        before = reader.last_seq()
    began = page.evaluate("() => [performance.now(), Number(document.querySelector('[data-testid=rehearsal]').dataset.offset)]")  # fmt: skip
    page.wait_for_timeout(4000)
    ended = page.evaluate("() => [performance.now(), Number(document.querySelector('[data-testid=rehearsal]').dataset.offset)]")  # fmt: skip
    wanted = (ended[0] - began[0]) / 1000 * SPEED
    assert abs((ended[1] - began[1]) - wanted) < 2 * SPEED  # one picture of a loaded machine
    wait_until_it_glides(page)
    page.locator("input[data-testid=reh-title]").fill("Close the underpass")
    page.get_by_test_id("reh-department").select_option("transport")
    reh.get_by_role("button", name="Order in the rehearsal").press("Enter")
    expect(page.get_by_test_id("reh-orders")).to_contain_text("Close the underpass")
    expect(page.get_by_test_id("reh-at")).to_contain_text("forked after event")
    assert len(tokens) > 0
    told = page.request.post(f"{quiet.url}/v1/commands", headers={"authorization": tokens[-1]}, data={"type": "CloseIncident"})  # fmt: skip
    assert (told.status, told.json()["code"]) == (403, "in_rehearsal")  # the server holds the fence
    assert drawn(page)[-1].split()[0] in ("orders", "vehicles")
    expect(page.locator("[data-testid^=team-]")).to_have_count(0)
    assert_accessible(page, "city")
    with quiet.platform.store.read() as reader:
        assert reader.last_seq() == before
    (kept,) = rehearsals.list_rehearsals(quiet.platform)
    assert [(one.title, one.fenced) for one in kept.orders] == [("Close the underpass", True)]
    reh.get_by_role("button", name="End the rehearsal").press("Enter")
    expect(page.locator("[data-testid^=team-]").first).to_be_visible()


@pytest.mark.slow
def test_graphics_that_stop_leave_the_table_and_come_back(quiet: Stage, open_page: Open) -> None:
    prepare(quiet)
    page = open_page(quiet, "city", drawn=True)
    stand(page)
    page.evaluate(f"() => {{ const map = {HOOK}.map(); window.lost = map.getCanvas().getContext('webgl2').getExtension('WEBGL_lose_context'); map.easeTo({{ bearing: 90, duration: 3000 }}); setTimeout(() => window.lost.loseContext(), 300) }}")  # fmt: skip
    expect(page.get_by_test_id("scene-lost")).to_be_visible()
    expect(page.get_by_test_id("buildings").locator("tbody tr")).to_have_count(3)
    page.evaluate("() => window.lost.restoreContext()")
    expect(page.get_by_test_id("scene-lost")).to_have_count(0, timeout=LOADED_MS)
    page.wait_for_function(f"() => {HOOK}.told().tiles > 0", timeout=LOADED_MS)
    page.evaluate(f"(at) => {{ {HOOK}.map().jumpTo({{ center: at, zoom: 17 }}) }}", list(MIDDLE))
    middle = f"() => {{ const c = {HOOK}.map().getCanvas(); return {HOOK}.pick([[c.clientWidth / 2, c.clientHeight / 2]])[0] }}"
    page.wait_for_function(f"() => ({middle})() === 'house-1'", timeout=LOADED_MS)


@pytest.mark.slow
def test_a_browser_without_graphics_has_the_same_table(quiet: Stage, open_page: Open) -> None:
    area = prepare(quiet)
    page = open_page(quiet, "city", drawn=True)
    page.context.add_init_script(NO_GRAPHICS)
    page.reload()
    expect(page.get_by_test_id("scene-nogl")).to_be_visible(timeout=LOADED_MS)
    page.get_by_text("Buildings in view").press("Enter")
    expect(page.get_by_test_id("buildings").locator("tbody tr")).to_have_count(3)
    page.get_by_test_id("buildings").get_by_role("button", name="house-2").press("Enter")
    expect(page.get_by_test_id("floors").locator("tr")).to_have_count(4)
    page.locator("#scene-at").focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("scene-flood")).to_be_visible()
    assert f"flood {area}" in rows(page)
