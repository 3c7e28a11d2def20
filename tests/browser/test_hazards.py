"""An officer asks for a forecast of a hazard on the screen, and reads who is hit and when."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.stage import Stage

Open = Callable[..., Page]
RUN_MS = 90_000


def ask_for(page: Page, hazard: str, **fields: str) -> None:
    page.get_by_role("button", name="Ask for a forecast").click()
    form = page.get_by_test_id("hz-ask")
    form.get_by_label("Hazard").select_option(hazard)
    for label, value in fields.items():
        form.get_by_label(label).fill(value)
    form.get_by_role("button", name="Run the model").click()
    expect(form).to_be_hidden(timeout=RUN_MS)


def test_an_officer_asks_what_a_quake_would_do_and_reads_the_answer_on_the_map(
    quiet: Stage, open_page: Open
) -> None:
    page = open_page(quiet, "hazards", drawn=True)
    expect(page.get_by_text("No forecast yet")).to_be_visible()
    ask_for(page, "earthquake", Magnitude="6.5")
    page.wait_for_selector("[data-state=ready]")
    expect(page.locator("#hz-exposed")).to_be_visible()
    exposed = page.locator("section", has=page.locator("#hz-exposed"))
    expect(exposed.get_by_role("columnheader")).to_have_count(5)  # what, and four levels
    expect(exposed.get_by_role("rowheader", name="People by day")).to_be_visible()
    expect(page.get_by_test_id("hz-multiples").get_by_role("listitem")).to_have_count(9)
    expect(page.get_by_test_id("hz-tree").locator(".tree")).not_to_have_count(0)
    expect(page.get_by_text("not calibrated here")).to_be_visible()
    arrivals = page.locator("section", has=page.locator("#hz-arrival"))
    first = arrivals.get_by_role("button").first
    first.click()
    expect(arrivals.locator("tr.on")).to_have_count(1)
    assert_accessible(page, "hazards")


def test_what_cannot_be_run_says_why_and_keeps_the_question(quiet: Stage, open_page: Open) -> None:
    page = open_page(quiet, "hazards")
    page.route(
        "**/v1/hazard-forecasts",
        lambda route: (
            route.fulfill(
                status=400,
                content_type="application/problem+json",
                body='{"code": "bad_ask", "message": "no wind", "advice": "give wind"}',
            )
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    page.get_by_role("button", name="Ask for a forecast").click()
    form = page.get_by_test_id("hz-ask")
    form.get_by_role("button", name="Run the model").click()
    expect(form.get_by_role("alert")).to_contain_text("no wind")
    expect(form.get_by_label("Hazard")).to_have_value("flood")
