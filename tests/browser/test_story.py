"""The whole story on one open screen: a case is reported, the loop is worked through, evidence
closes the incident.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from playwright.sync_api import Page, TimeoutError, expect

from browser.stage import Stage, answer_to

OFFICER_STEPS = 20
PRESSES, PRESS_MS = 5, 5_000


def press(page: Page, name: str, then: str) -> None:
    """Press until the next button is there: a card that moves to its new column under the hand
    takes no press, and a person presses again.
    """
    after = page.get_by_role("button", name=then).first
    for _ in range(PRESSES):
        with suppress(TimeoutError):
            page.get_by_role("button", name=name).first.click(timeout=PRESS_MS)
        with suppress(AssertionError):
            return expect(after).to_be_visible(timeout=PRESS_MS)
    return expect(after).to_be_visible()


def do_first_task(page: Page) -> None:
    """One officer works through one task on the screen, with a comment on the way."""
    page.get_by_role("button", name="Comment").first.click()
    page.get_by_label("Your comment").fill("Team is on the way")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Comments: 1")).to_be_visible()
    # each is there only when the one before has come back
    press(page, "Give receipt", "Start work")
    press(page, "Start work", "Mark done")
    press(page, "Mark done", "Send")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_test_id("station-fed_back")).to_contain_text("done")


def second_officer_answers(stage: Stage) -> None:
    """Everything else is answered elsewhere, through the API."""
    for _ in range(OFFICER_STEPS):
        answers = [answer_to(task, 0) for task in stage.open_tasks()]
        if not any(answers):
            return
        stage.post(*[one for one in answers if one is not None], source="officers")
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

    page.get_by_role("button", name="Centre for disease control").click()
    do_first_task(page)
    quiet.follow_contact("k1", case="c1")
    second_officer_answers(quiet)
    expect(page.get_by_text("every essential task is done")).to_be_visible()

    for _ in range(16):
        quiet.pass_time(days=1)
        quiet.report_count("01", 0)
    quiet.pass_time(hours=1)
    expect(page.get_by_test_id("status")).to_contain_text("closed")
    page.get_by_role("link", name="Overview").first.click()
    expect(page.get_by_test_id("mode")).to_have_text("Peacetime")


def test_a_proposed_plan_is_adopted_by_a_person(
    outbreak: Stage, open_page: Callable[..., Page]
) -> None:
    waiting = page_of_waiting_incident(outbreak)
    page = open_page(outbreak, f"incident/{waiting['id']}")
    page.get_by_role("button", name="Adopt the plan").click()
    page.get_by_role("button", name="Adopt", exact=True).click()
    expect(page.get_by_role("button", name="Adopt the plan")).to_have_count(0)
    expect(page.locator("section", has=page.locator("#evidence"))).to_contain_text(
        "adopted by local-admin"
    )


def page_of_waiting_incident(stage: Stage) -> dict[str, object]:
    from twinward.service.incidents import queries

    for row in queries.list_incidents(stage.platform, status="open"):
        found = queries.get_incident(stage.platform, row["id"])
        if found["proposed_plan"]:
            return found
    raise AssertionError("no incident waits for a plan")
