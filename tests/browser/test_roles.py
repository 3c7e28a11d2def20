"""Stories by role through the screen alone: two officers decide on a plan and on isolation, and an
officer who has only a keyboard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.made_city import make_city
from browser.stage import Stage, staged
from twinward.security.identity.people import Caller
from twinward.service.access import accounts, activations
from twinward.service.incidents import queries
from twinward.service.intake.commands import submit_objects
from twinward.service.platform import local_admin

Open = Callable[..., Page]
PASSWORD = "river lantern quiet orchard"
OFFICERS = ("ann", "bo")
MOST_TABS = 120


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Stage]:
    """A managed workspace with two duty officers."""
    make_city(tmp_path / "ws", kind="ordinary", managed=True)
    with staged(tmp_path / "ws") as stage:
        for name in OFFICERS:
            secret = accounts.add_account(
                stage.platform, local_admin(), name, "duty_officer", second_factor=False
            )
            accounts.set_first_password(stage.platform, name, secret, PASSWORD)
        yield stage


def enter(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_label("Password")).to_have_count(0)


@pytest.mark.slow
def test_a_plan_takes_two_and_the_second_reads_it_first(office: Stage, open_page: Open) -> None:
    office.report_count("01", 1200)
    (incident,) = queries.list_incidents(office.platform)
    first = open_page(office, f"incident/{incident['id']}")
    enter(first, "ann")
    first.get_by_role("button", name="Adopt the plan").click()
    first.get_by_role("button", name="Adopt", exact=True).click()
    expect(first.get_by_test_id("waits")).to_contain_text("chg-")
    second = open_page(office, f"incident/{incident['id']}")
    enter(second, "bo")
    waiting = second.locator("section", has=second.locator("#second"))
    expect(waiting).to_contain_text("Whole-city response")
    waiting.get_by_role("button", name="Read the plan").click()
    plan = second.get_by_test_id("plan")
    expect(plan).to_contain_text("Takes from people: ")
    expect(plan.get_by_test_id("plan-cost")).to_contain_text("No comparison has priced")
    plan.get_by_role("button", name="Close").click()
    waiting.get_by_role("button", name="Confirm").click()
    expect(second.get_by_role("button", name="Adopt the plan")).to_have_count(0)
    office.platform.loop.catch_up()
    shown = queries.get_incident(office.platform, str(incident["id"]))
    assert shown["plan"] is not None
    assert shown["plan"].plan == "epidemic-i-whole-city"


@pytest.mark.slow
def test_isolation_is_proposed_by_one_and_confirmed_by_another(
    office: Stage, open_page: Open
) -> None:
    ann = Caller(name="ann", role="duty_officer")
    activations.open_activation(
        office.platform,
        ann,
        hazard="epidemic",
        areas=["all"],
        purposes=["trace", "care"],
        days=14,
        by="City emergency committee",
        basis="Infectious diseases act, article 39",
    )
    office.report_case()
    named = {"contact": "k1", "case": "c1", "subject": "p-k1", "area": "010101"}
    steps = [
        {"type": "NameContact", "id": "n1", **named},
        {"type": "UpdateContact", "id": "n2", "contact": "k1", "step": "located"},
    ]
    assert submit_objects(office.platform, ann, steps, "desk").stored == 2
    first = open_page(office, "case/c1")
    enter(first, "ann")
    row = first.get_by_test_id("contacts-list-row").first
    row.get_by_role("checkbox").check()
    first.get_by_label("Move on").select_option(value="isolated")
    dialog = first.get_by_test_id("deed")
    dialog.get_by_label("Why", exact=True).fill("Lives with a case")
    dialog.get_by_label("Basis").fill("Infectious diseases act, article 39")
    dialog.get_by_role("button", name="Send").click()
    expect(first.get_by_test_id("told")).to_contain_text("waits for a second person")
    second = open_page(office, "start/duty")
    enter(second, "bo")
    waiting = second.get_by_role("region", name="Waits for a second person")
    expect(waiting).to_contain_text("quarantine order")
    waiting.get_by_role("button", name="Confirm").click()
    office.wait_until(lambda: is_isolated(office))


def is_isolated(stage: Stage) -> bool:
    with stage.platform.store.read() as reader:
        return any(one.step == "isolated" for one in reader.list_rows("contacts"))


def tab_to(page: Page, name: str) -> None:
    """The Tab key alone, until what is called so has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        said = page.evaluate(
            "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
            " ?? '').trim() || (document.activeElement.labels?.[0]?.innerText ?? '')"
        )
        if said.startswith(name):
            return
    raise AssertionError(f"no {name!r} after {MOST_TABS} tabs")


@pytest.mark.slow
def test_a_day_is_worked_with_the_keyboard_alone(quiet: Stage, open_page: Open) -> None:
    page = open_page(quiet)
    expect(page.get_by_test_id("fig-incidents")).to_have_attribute("data-value", "0")
    keys = page.keyboard
    tab_to(page, "Report")
    keys.press("Enter")
    tab_to(page, "Report a case")
    keys.press("Enter")
    expect(page.get_by_test_id("deed").get_by_label("Area", exact=True)).to_be_focused()
    expect(page.get_by_role("option", name="Mill Quarter")).to_be_attached()
    keys.type("Mill")
    tab_to(page, "Send")
    keys.press("Enter")
    expect(page.get_by_test_id("deed")).to_have_count(0)
    quiet.platform.loop.catch_up()
    expect(page.get_by_test_id("fig-incidents")).to_have_attribute("data-value", "1")
    expect(page.get_by_role("button", name="Report", exact=True)).to_be_focused()
    tab_to(page, "Duty desk")
    keys.press("Enter")
    tab_to(page, "Tasks")
    keys.press("Enter")
    expect(page.get_by_test_id("tasks-row").first).to_be_visible()
    tab_to(page, "Choose all")
    keys.press("Space")
    tab_to(page, "Give receipt")
    keys.press("Enter")
    quiet.wait_until(lambda: any(one.status == "confirmed" for one in quiet.open_tasks()))
    tab_to(page, "Overview")
    keys.press("Enter")
    tab_to(page, "Level IV")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Epidemic, Mill Quarter")).to_be_visible()
    tab_to(page, "Decide")
    keys.press("Enter")
    tab_to(page, "Close as a false alarm")
    keys.press("Enter")
    expect(page.get_by_label("Why", exact=True)).to_be_focused()
    keys.type("The test was contaminated")
    tab_to(page, "Send")
    keys.press("Enter")
    expect(page.get_by_test_id("status")).to_contain_text("closed")
