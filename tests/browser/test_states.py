"""The states that are easily forgotten: drill, stale, partial, empty, on paper; and the chain of
the log, checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from browser.made_city import make_city
from browser.stage import Stage, staged
from twinward.app.workspace import init_workspace
from twinward.service.incidents import queries

Open = Callable[..., Page]
PHONE = (390, 844)
SILENT_MS = 120_000
HEARTBEATS = 4


def test_a_drill_cannot_be_mistaken_for_an_emergency(tmp_path: Path, open_page: Open) -> None:
    make_city(tmp_path / "ws", kind="drill")
    with staged(tmp_path / "ws") as stage:
        page = open_page(stage)
        for place in ("", "cases", "foresee", "tasks", "trust", "public", "resources"):
            page.goto(f"{stage.url}/#/{place}")
            expect(page.get_by_text("DRILL. This is an exercise")).to_be_visible()
            expect(page.get_by_test_id("drill")).to_contain_text("made-drill")
            expect(page.get_by_test_id("drill").get_by_role("button")).to_have_count(
                0
            )  # it cannot be closed
            expect(page.locator("[data-kind=drill]")).to_be_visible()
            expect(page).to_have_title(re.compile("^DRILL"))
        page.emulate_media(media="print")
        expect(page.get_by_text("DRILL. This is an exercise")).to_be_visible()


def test_a_drill_says_so_at_its_door_in_both_languages_and_on_paper(
    tmp_path: Path, open_page: Open
) -> None:
    make_city(tmp_path / "door", kind="drill", managed=True)
    with staged(tmp_path / "door") as stage:
        page = open_page(stage)
        expect(page.get_by_label("Password")).to_be_visible()
        expect(page.get_by_test_id("drill")).to_contain_text("DRILL")
        page.get_by_role("button", name="中文").click()
        expect(page.get_by_test_id("drill")).to_contain_text("演练")
    make_city(tmp_path / "open", kind="drill")
    with staged(tmp_path / "open") as stage:
        stage.report_case()
        page = open_page(stage, "tasks", size=PHONE)
        expect(page.get_by_test_id("drill")).to_be_visible()
        page.evaluate("window.print = () => { window.printed = true }")
        page.get_by_role("button", name="Paper form").click()
        page.wait_for_function("window.printed")
        page.emulate_media(media="print")
        expect(page.get_by_test_id("paper").first).to_contain_text("DRILL. This is an exercise")


def hear_nothing(page: Page) -> None:
    """Two minutes without a word; where a heartbeat (one in 15 s) fell just then, once more."""
    silent = page.get_by_text("The connection has been silent for 2 min")
    for _ in range(HEARTBEATS):
        page.clock.fast_forward(SILENT_MS)
        try:
            expect(silent).to_be_visible(timeout=3000)
            return
        except AssertionError:
            continue
    expect(silent).to_be_visible()


def test_a_screen_that_is_cut_off_says_how_old_it_is(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    page = open_page(quiet)
    page.clock.install()
    page.reload()
    expect(page.get_by_test_id("feed")).to_contain_text("Live")
    hear_nothing(page)
    expect(page.get_by_test_id("fig-incidents")).to_have_attribute("data-value", "1")
    quiet.report_case("040101", "c2")
    page.clock.run_for(1000)
    expect(page.get_by_test_id("fig-incidents")).to_have_attribute("data-value", "2")
    page.clock.run_for(6000)
    expect(page.get_by_text("The connection has been silent")).to_have_count(0)


def test_one_part_that_fails_leaves_the_rest_of_the_page(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    page = open_page(quiet)
    page.route("**/v1/supplies/demand*", lambda route: route.fulfill(status=503, body="{}"))
    page.reload()
    expect(page.get_by_test_id("fig-incidents")).to_have_attribute("data-value", "1")
    needs = page.locator("section", has=page.locator("#needs"))
    expect(needs.get_by_test_id("shut")).to_contain_text("could not be loaded")


def test_a_workspace_without_a_city_says_what_to_do(tmp_path: Path, open_page: Open) -> None:
    init_workspace(tmp_path / "ws")
    with staged(tmp_path / "ws") as stage:
        page = open_page(stage)
        expect(page.get_by_test_id("empty")).to_contain_text(
            "The operator of the server builds one"
        )


def test_every_task_has_a_paper_form_with_its_code(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    page = open_page(quiet, "tasks", size=PHONE)
    expect(page.get_by_test_id("task").first).to_be_visible()
    page.evaluate("window.print = () => { window.printed = true }")
    page.get_by_role("button", name="Paper form").click()
    page.wait_for_function("window.printed")
    page.emulate_media(media="print")
    forms = page.get_by_test_id("paper")
    waiting = [
        task
        for task in queries.list_tasks(quiet.platform, status="open")
        if task.status != "waiting"
    ]
    expect(forms).to_have_count(len(waiting))
    expect(forms.first.locator("svg path")).to_be_visible()
    expect(page.locator("nav")).to_be_hidden()
    expect(page.get_by_test_id("task").first).to_be_hidden()
    page.emulate_media(media="screen")
    found = waiting[-1].id
    page.goto(f"{quiet.url}/#/tasks/{found}")
    expect(page.locator(".found")).to_have_count(1)


def test_the_chain_of_the_log_is_checked_when_asked(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    page = open_page(quiet, "trust")
    page.get_by_role("button", name="Check it now").click()
    with quiet.platform.store.read() as reader:
        entries = reader.last_seq()
    expect(page.get_by_test_id("chain-state")).to_contain_text(
        f"{entries:,} entries, each bound to the one before"
    )


def test_the_situation_report_comes_with_one_click(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    page = open_page(quiet)
    page.get_by_test_id("incident").click()
    with page.expect_download() as given:
        page.get_by_role("button", name="PDF").click()
    assert given.value.path().read_bytes().startswith(b"%PDF")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="HTML").click()
    expect(opened.value.locator("h1").first).to_be_visible()
