"""An officer does the day's work on the screen: reports, orders, decides, and takes back."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.stage import Stage
from twinward.service.incidents import queries

Open = Callable[..., Page]


class Hand:
    """Counts the clicks and choices that a thing takes."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, name: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
        self.count += 1

    def choose(self, label: str, option: str) -> None:
        self.page.get_by_test_id("deed").get_by_label(label, exact=True).select_option(label=option)
        self.count += 1


def incidents(stage: Stage) -> list[dict[str, object]]:
    return list(queries.list_incidents(stage.platform))


def test_a_case_is_reported_and_found_to_be_a_false_alarm(quiet: Stage, open_page: Open) -> None:
    page = open_page(quiet)
    hand = Hand(page)
    hand.press("Report")
    hand.press("Report a case")
    hand.choose("Area", "North Bank")
    page.get_by_label("Name (optional)").fill("Li Wei")
    page.get_by_label("Telephone (optional)").fill("13800001111")
    hand.press("Send")
    assert hand.count <= 6
    expect(page.get_by_test_id("deed")).to_have_count(0)
    quiet.platform.loop.catch_up()
    expect(page.get_by_test_id("fig-incidents")).to_have_attribute("data-value", "1")
    assert "Li Wei" not in page.content()

    page.get_by_test_id("incident").click()
    hand = Hand(page)
    hand.press("Decide")
    hand.press("Close as a false alarm")
    page.get_by_label("Why", exact=True).fill("The test was contaminated")
    hand.press("Send")
    assert hand.count <= 4
    quiet.platform.loop.catch_up()
    expect(page.get_by_test_id("status")).to_contain_text("closed")
    (incident,) = incidents(quiet)
    assert incident["outcome"] == "false_alarm"

    hand.press("Decide")
    page.get_by_label("Why", exact=True).fill("The second test is positive")
    hand.press("Send")
    quiet.platform.loop.catch_up()
    expect(page.get_by_test_id("status")).to_contain_text("open")


def test_work_is_ordered_by_hand(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    page = open_page(quiet)
    page.get_by_test_id("incident").click()
    hand = Hand(page)
    hand.press("Decide")
    hand.press("Order work by hand")
    page.get_by_label("What is to be done").fill("Bring food to the ferry passengers")
    hand.choose("Department", "Civil affairs and communities")
    hand.press("Send")
    assert hand.count <= 5
    quiet.platform.loop.catch_up()
    expect(page.get_by_text("Bring food to the ferry passengers").first).to_be_visible()


def test_what_the_server_will_not_do_is_said_in_the_dialog(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    page = open_page(quiet)
    page.get_by_test_id("incident").click()
    hand = Hand(page)
    hand.press("Decide")
    hand.press("Close on evidence")
    hand.press("Send")
    alert = page.get_by_test_id("deed").get_by_role("alert")
    expect(alert).to_contain_text("essential tasks are open")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("deed")).to_have_count(0)
    expect(page.get_by_role("button", name="Decide")).to_be_focused()
    hand.press("Decide")
    hand.press("Close as a false alarm")
    hand.press("Send")
    expect(alert).to_contain_text("Fill in: Why")


def test_a_clerks_typing_error_is_taken_back(quiet: Stage, open_page: Open) -> None:
    page = open_page(quiet)
    hand = Hand(page)
    for deed, number in (("Report a count of one day", "1400"), ("Take back a count", None)):
        hand.press("Report")
        hand.press(deed)
        hand.choose("Area", "Castle")
        if number:
            page.get_by_label("How many").fill(number)
        else:
            page.get_by_label("Why", exact=True).fill("It was 14, not 1,400")
        page.get_by_label("Day", exact=True).fill(quiet.clock.now().date().isoformat())
        hand.press("Send")
        expect(page.get_by_test_id("deed")).to_have_count(0)
    quiet.platform.loop.catch_up()
    expect(page.get_by_test_id("fig-new")).to_have_text("–")  # no number, which is not nought


def test_many_tasks_are_answered_at_once(quiet: Stage, open_page: Open) -> None:
    for number in range(30):
        quiet.report_case("010101", f"c{number}")
    page = open_page(quiet, "tasks")
    before = len(quiet.open_tasks())
    assert before > 30
    hand = Hand(page)
    hand.press("Choose all")
    page.get_by_role("button", name="Give receipt (").click()
    expect(page.get_by_role("button", name="Start work (")).to_be_visible()
    page.get_by_role("button", name="Start work (").click()
    assert hand.count + 2 <= 4
    expect(page.get_by_role("button", name="Mark done (")).to_be_visible()

    def acknowledged() -> int:  # the page shows what waits in its queue before the server has it
        quiet.platform.loop.catch_up()
        return sum(task.status == "acknowledged" for task in quiet.open_tasks())

    quiet.wait_until(lambda: acknowledged() >= 30)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_dialogs_are_sound_on_a_telephone(quiet: Stage, open_page: Open, language: str) -> None:
    page = open_page(quiet, size=(360, 740), language=language)
    page.get_by_role("button", name="上报" if language == "zh" else "Report", exact=True).click()
    page.get_by_role("button", name="上报病例" if language == "zh" else "Report a case").click()
    box = page.get_by_test_id("deed").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_picture_is_laid_to_a_task_and_looked_at(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    page = open_page(quiet, "tasks", size=(360, 740))
    card = page.get_by_test_id("task").first
    card.get_by_role("button", name="Add a picture or a file").click()
    drawing = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNiAAAABgADNjd8qAAAAABJRU5ErkJggg=="
    )
    chooser = card.get_by_label("Add a picture or a file")
    chooser.set_input_files({"name": "door.png", "mimeType": "image/png", "buffer": drawing})
    files = card.get_by_test_id("files")
    expect(files).to_contain_text("door.png")
    files.get_by_role("button", name="Open").click()
    expect(files.get_by_role("img", name="door.png")).to_be_visible()
    expect(files).to_contain_text("looked at 1 times")
    chooser.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"MZ\0\0"})
    expect(files.get_by_role("alert")).to_contain_text("no picture")
    assert_accessible(page, "files")
