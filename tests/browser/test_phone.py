"""The street officer's phone: works without a network and catches up without loss or doubles."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from browser.stage import Stage
from twinward.service.incidents import queries


def test_what_is_done_offline_is_sent_once_when_the_network_is_back(
    quiet: Stage, open_page: Callable[..., Page]
) -> None:
    quiet.report_case()
    page = open_page(quiet, "tasks", size=(390, 844), drawn=True)
    expect(page.get_by_test_id("task").first).to_be_visible()
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)
    task = page.get_by_test_id("task").first
    task.get_by_role("button", name="Give receipt").click()
    expect(page.get_by_test_id("queue")).to_have_attribute("data-value", "1")
    task.get_by_role("button", name="Start work").click()
    expect(page.get_by_test_id("queue")).to_have_attribute("data-value", "2")
    page.reload()
    expect(page.get_by_test_id("queue")).to_have_attribute("data-value", "2")
    expect(page.get_by_test_id("task").first).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_test_id("queue")).to_have_count(0)
    expect(page.locator("[data-status=acknowledged]")).to_have_count(1)
    with quiet.platform.store.read() as reader:
        kinds = [event.type for event in reader.events_after(0, 1000)]
    assert kinds.count("OrderConfirmed") == 1 and kinds.count("TaskAcknowledged") == 1


def test_the_phone_lists_the_tasks_of_one_department_in_one_area(
    quiet: Stage, open_page: Callable[..., Page]
) -> None:
    quiet.report_case()
    quiet.report_case("040101", "c2")
    page = open_page(quiet, "tasks", size=(390, 844))
    page.get_by_label("Department").select_option("disease_control")
    page.get_by_role("combobox", name="Area").select_option("04")
    mine = [
        t
        for t in queries.list_tasks(
            quiet.platform, department="disease_control", area="04", status="open"
        )
        if t.status != "waiting"
    ]
    expect(page.get_by_test_id("my-count")).to_have_text(str(len(mine)))
    expect(page.get_by_test_id("task")).to_have_count(len(mine))
