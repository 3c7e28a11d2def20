"""One person, one file: contacts with their evidence, chain, places; and a case handed over
through the screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.axe import assert_accessible
from browser.made_city import make_city
from browser.people import LINKS, play_people
from browser.stage import Stage, staged
from twinward.twins.emergency.contacts.rows import CONTACTS

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
    hand = page.locator("section", has=page.locator("#hand"))
    for answer in ("Return", "Accept"):
        hand.get_by_role("combobox").select_option(label="Lake")
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


def choose(page: Page, table: str, text: str) -> None:
    row = page.get_by_test_id(f"{table}-row").filter(has_text=text)
    row.get_by_role("checkbox").check()


def acts(page: Page, table: str) -> Locator:
    return page.get_by_test_id(f"{table}-count")


def test_stocks_rows_and_gauge_agree_and_a_delivery_is_noted(
    cluster: Stage, open_page: Open
) -> None:
    page = open_page(cluster, "resources")
    page.get_by_role("group", name="Kind").get_by_role("button", name="Masks").click()
    rows = page.get_by_test_id("stock-row")
    expect(rows).to_have_count(4)
    panel = page.locator("section", has=page.locator("#stock"))
    heads = [one.rstrip(" ▲▼") for one in panel.locator("thead th").all_inner_texts()]
    place = heads.index("Free")
    free = [rows.nth(n).locator("td").nth(place).inner_text() for n in range(rows.count())]
    said = float(page.get_by_test_id("gauge-masks").get_attribute("data-value") or -1)
    assert said == sum(float(one.replace(",", "")) for one in free)
    choose(page, "requests", "on its way")
    acts(page, "requests").get_by_role("button", name="Note its arrival (1)").click()
    expect(page.get_by_test_id("requests-row").filter(has_text="received")).to_have_count(1)


def test_a_stock_is_counted_anew_and_supplies_are_asked_for(
    cluster: Stage, open_page: Open
) -> None:
    page = open_page(cluster, "resources")
    choose(page, "stock", "City Depot")
    acts(page, "stock").get_by_role("button", name="Count anew").click()
    dialog = page.get_by_test_id("deed")
    dialog.get_by_label("Quantity").fill("90000")
    dialog.get_by_role("button", name="Send").click()
    expect(page.get_by_test_id("stock-row").filter(has_text="90,000")).to_have_count(1)
    page.get_by_role("button", name="State, ask, move").click()
    page.get_by_role("button", name="Ask for supplies").click()
    dialog.get_by_label("Kind").select_option(label="Test kits")
    dialog.get_by_label("Quantity").fill("700")
    dialog.get_by_label("For which area").select_option(label="Castle")
    dialog.get_by_label("What it is for").fill("the fever clinic")
    dialog.get_by_role("button", name="Send").click()
    asked = page.get_by_test_id("requests-row").filter(has_text="the fever clinic")
    expect(asked).to_contain_text("whoever can")
    expect(asked).to_contain_text("700")


def test_contacts_are_named_moved_on_together_and_asked_how_they_are(
    cluster: Stage, open_page: Open
) -> None:
    page = open_page(cluster, "case/k4")
    rows = page.get_by_test_id("contacts-list-row")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Name a contact").click()
    dialog = page.get_by_test_id("deed")
    dialog.get_by_label("Name (optional)").fill("Wang Fang")
    dialog.get_by_label("Area", exact=True).select_option(label="Castle")
    dialog.get_by_role("button", name="Send").click()
    expect(rows).to_have_count(2)
    expect(page.locator("main")).not_to_contain_text("Wang Fang")
    for step in ("located (2)", "isolated (2)"):
        page.get_by_role("checkbox", name="Choose all").check()
        page.get_by_role("combobox", name="Move on").select_option(label=step)
        expect(rows.filter(has_text=step.split(" ")[0])).to_have_count(2)
    page.get_by_role("checkbox", name="Choose all").check()
    page.get_by_role("combobox", name="How they are today").select_option(label="has symptoms")
    expect(rows.filter(has_text="has symptoms")).to_have_count(2)
    with cluster.platform.store.read() as reader:
        found = reader.list_rows(CONTACTS, case="k4")
    assert {(one.step, one.condition) for one in found} == {("isolated", "symptoms")}
    assert_accessible(page, "contacts")
