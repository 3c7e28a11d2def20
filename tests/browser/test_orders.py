"""What a commander changes of an order, and a clerk of a case, on the screen: who, until when,
which department, what it was, and that it was none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from browser.stage import Stage
from twinward.service.incidents import queries

Open = Callable[..., Page]


def decide(page: Page, deed: str, fields: dict[str, str], choices: dict[str, str]) -> None:
    """One deed of an open menu: filled in and sent."""
    page.get_by_role("button", name=deed, exact=True).click()
    dialog = page.get_by_test_id("deed")
    for label, text in fields.items():
        dialog.get_by_label(label, exact=True).fill(text)
    for label, option in choices.items():
        dialog.get_by_label(label, exact=True).select_option(label=option)
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)


def test_an_order_gets_a_person_more_time_and_another_department(
    quiet: Stage, open_page: Open
) -> None:
    quiet.report_case()
    first = next(task for task in quiet.open_tasks() if task.key == "case")
    page = open_page(quiet, f"tasks/{first.id}")
    card = page.locator(".found")
    expect(card).to_contain_text("case c1")
    menu = card.get_by_role("button", name="Who, until when")
    menu.click()
    decide(page, "Give to a person", {"Who does it (optional)": "Chen"}, {})
    expect(card).to_contain_text("Chen")
    menu.click()
    late = {"Within how many hours": "200", "Why": "Two teams are ill"}
    decide(page, "Change the deadline", late, {})
    menu.click()
    decide(
        page, "Give to another department", {"Why": "Theirs"}, {"Department": "Health commission"}
    )
    expect(card).to_contain_text("Health commission")
    after = queries.get_task(quiet.platform, first.id)
    assert (after.department, after.status, after.assignee) == ("health", "ordered", "")
    assert after.due_at is not None
    assert after.due_at - quiet.clock.now() > timedelta(hours=190)
    page.get_by_label("Only mine").check()
    expect(page.get_by_test_id("my-count")).to_have_text("0")
    page.goto(f"{quiet.url}/#/duty/tasks")
    row = page.get_by_test_id("tasks-row").filter(has_text="Health commission").first
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Give to a person").click()
    page.get_by_test_id("deed").get_by_role("button", name="Send").click()
    expect(page.get_by_test_id("tasks-row").filter(has_text="local-admin")).to_have_count(1)
    page.goto(f"{quiet.url}/#/incident/{after.incident}")
    log = page.get_by_test_id("journal-row")
    expect(log.filter(has_text="Two teams are ill")).to_contain_text("local-admin")


def test_a_case_is_corrected_and_then_found_to_be_none(quiet: Stage, open_page: Open) -> None:
    quiet.open_activation()
    told = {"case": "c1", "area": "010101", "hazard": "epidemic", "status": "confirmed"}
    person = {"name": "Li Wei", "phone": "13800001111"}
    quiet.post({"type": "ReportCase", "found_in": "community", "person": person, **told})
    page = open_page(quiet, "case/c1")
    page.get_by_role("button", name="Open the name").click()
    dialog = page.get_by_test_id("deed")
    dialog.get_by_label("Why", exact=True).fill("To call about the test")
    dialog.get_by_role("button", name="Send").click()
    expect(page.get_by_test_id("told")).to_contain_text("Li Wei")
    dialog.get_by_role("button", name="Close").click()
    assert "Li Wei" not in page.content()
    menu = page.get_by_role("button", name="Correct", exact=True)
    menu.click()
    decide(page, "Correct the case", {}, {"Status": "without symptoms"})
    expect(page.locator("section", has=page.locator("#file"))).to_be_visible()
    expect(page.get_by_text("without symptoms")).to_be_visible()
    menu.click()
    decide(page, "Discard the case", {"Why": "The sample was contaminated"}, {})
    expect(page.get_by_text("discarded", exact=True)).to_be_visible()
    expect(menu).to_have_count(0)
    (incident,) = queries.list_incidents(quiet.platform)
    assert incident["figures"]["new_total"] == 0
