"""The whole story on one open screen: a case is reported, the loop is worked through, evidence closes the incident."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from browser.stage import Stage

MORE_STEPS_THAN_NEEDED = 60


def work_through(page: Page) -> None:
    """Press the next thing to do on each card until no card has any."""
    steps = page.get_by_role("button", name="Give receipt").or_(page.get_by_role("button", name="Start work"))
    steps = steps.or_(page.get_by_role("button", name="Mark done"))
    for _ in range(MORE_STEPS_THAN_NEEDED):
        page.wait_for_timeout(250)
        if steps.count() == 0:
            return
        press = steps.first
        ends = press.inner_text() == "Mark done"
        press.click()
        if ends:
            page.get_by_role("button", name="Send").click()
    raise AssertionError("the tasks never end")


def test_from_a_case_report_to_a_closed_incident_through_the_screen(
    quiet: Stage, open_page: Callable[..., Page]
) -> None:
    page = open_page(quiet)
    expect(page.get_by_test_id("mode")).to_have_text("Peacetime")
    expect(page.get_by_test_id("fig-incidents")).to_have_attribute("data-value", "0")

    quiet.report_case()
    expect(page.get_by_test_id("fig-incidents")).to_have_attribute("data-value", "1")
    expect(page.get_by_test_id("mode")).to_have_text("Emergency")
    page.get_by_test_id("incident").click()
    expect(page.get_by_role("heading", name="Epidemic, North Bank")).to_be_visible()
    expect(page.get_by_test_id("station-divided")).to_contain_text("ordered")
    expect(page.locator("#evidence")).to_be_visible()

    work_through(page)
    expect(page.get_by_text("every essential task is done")).to_be_visible()
    for _ in range(16):
        quiet.pass_time(days=1)
        quiet.report_count("01", 0)
    quiet.pass_time(hours=1)
    expect(page.get_by_test_id("status")).to_contain_text("closed")
    page.get_by_role("link", name="Overview").first.click()
    expect(page.get_by_test_id("mode")).to_have_text("Peacetime")


def test_a_proposed_plan_is_adopted_by_a_person(outbreak: Stage, open_page: Callable[..., Page]) -> None:
    waiting = page_of_waiting_incident(outbreak)
    page = open_page(outbreak, f"incident/{waiting['id']}")
    page.get_by_role("button", name="Adopt the plan").click()
    page.get_by_role("button", name="Adopt", exact=True).click()
    expect(page.get_by_role("button", name="Adopt the plan")).to_have_count(0)
    expect(page.locator("section", has=page.locator("#evidence"))).to_contain_text("adopted by local-admin")


def page_of_waiting_incident(stage: Stage) -> dict[str, object]:
    from twinward.service import views

    for row in views.list_incidents(stage.platform, status="open"):
        found = views.get_incident(stage.platform, row["id"])
        if found["proposed_plan"]:
            return found
    raise AssertionError("no incident waits for a plan")
