"""One person, one file: contacts with their evidence, chain, places; and a case handed over
through the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.made_city import make_city
from browser.people import LINKS, play_people
from browser.stage import Stage, staged

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Twelve cases with contacts, stocks and requests, under an activation."""
    workspace = tmp_path_factory.mktemp("cluster") / "ws"
    make_city(workspace)
    with staged(workspace) as stage:
        stage.open_activation()
        play_people(stage)
        yield stage


def test_a_file_shows_contacts_chain_and_places(cluster: Stage, open_page: Open) -> None:
    page = open_page(cluster, "cases")
    page.get_by_role("button", name="Show cases").click()
    page.get_by_role("link", name="k1", exact=True).click()
    expect(page.get_by_role("heading", name="Case k1")).to_be_visible()
    contacts = page.locator("section", has=page.locator("#contacts"))
    mine = sum(link[0] == "k1" for link in LINKS) + 6
    expect(contacts).to_contain_text(f"{mine} contacts")
    expect(contacts).to_contain_text("meetings")
    places = page.locator("section", has=page.locator("#places"))
    expect(places.locator("tbody tr")).to_have_count(3)
    chain = page.get_by_test_id("chain")
    expect(chain.locator("circle")).to_have_count(len(LINKS) + 1)
    expect(chain).to_contain_text("Generation 4")
    assert_accessible(page, "case")
    assert chain.locator("path").count() == len(LINKS)
    chain.get_by_role("link", name="k7").click()
    expect(page.get_by_role("heading", name="Case k7")).to_be_visible()


def test_the_chain_as_a_table_says_the_same(cluster: Stage, open_page: Open) -> None:
    page = open_page(cluster, "case/k1")
    chain = page.locator("section", has=page.locator("#chain"))
    chain.get_by_label("Table").check()
    expect(chain.locator("tbody tr")).to_have_count(len(LINKS))


def test_a_case_is_handed_over_returned_offered_again_and_accepted(
    cluster: Stage, open_page: Open
) -> None:
    page = open_page(cluster, "case/k12")
    for answer in ("Return", "Accept"):
        page.get_by_role("combobox").select_option(label="Lake")
        page.get_by_label("Reason").fill("has moved there")
        page.get_by_role("button", name="Offer the case").click()
        offer = page.get_by_test_id("handover").filter(
            has=page.get_by_role("button", name="Accept")
        )
        offer.get_by_role("button", name=answer, exact=True).click()
        if answer == "Return":
            page.get_by_label("Why").fill("which street?")
            page.get_by_role("button", name="Return").click()
            expect(page.locator("[data-status=returned]")).to_have_count(1)
    expect(page.locator("[data-status=accepted]")).to_have_count(1)
    expect(page.locator("dl").first).to_contain_text("Lake")


def test_in_peacetime_no_case_can_be_seen(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    page = open_page(quiet, "cases")
    page.get_by_role("button", name="Show cases").click()
    expect(page.get_by_test_id("shut")).to_contain_text("No power in use opens this")
    page.goto(f"{quiet.url}/#/case/c1")
    expect(page.get_by_test_id("shut")).to_be_visible()


def test_stocks_rows_sum_and_gauge_agree_and_a_delivery_is_noted(
    cluster: Stage, open_page: Open
) -> None:
    page = open_page(cluster, "resources")
    page.get_by_role("group", name="Kind").get_by_role("button", name="Masks").click()
    free = (
        "[...document.querySelectorAll('[data-free]')].reduce((sum, cell) => sum + "
        "Number(cell.dataset.free), 0)"
    )
    page.wait_for_selector("[data-testid=stock-sum]")
    said = {
        float(page.get_by_test_id(name).get_attribute("data-value") or -1)
        for name in ("stock-sum", "gauge-masks")
    }
    assert said == {float(page.evaluate(free))}
    on_way = page.locator("[data-testid=request][data-status=sent]")
    expect(on_way).to_have_count(1)
    on_way.get_by_role("button", name="Note its arrival").click()
    expect(on_way).to_have_count(0)
