"""Supervision on the screen: what was not heard from, what is wrong, and a form that a street officer
fills in on the phone, also without a network.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.conftest import Open
from browser.made_city import make_city
from browser.stage import Stage, staged
from twinward.twins.emergency.supervision.rows import DEFECTS, SUPERVISED

PHONE = (390, 844)
PICTURES = os.environ.get("TWINWARD_PICTURES")  # a folder: each screen is kept as a picture there
GOOD: dict[str, Any] = {"zones_apart": True, "waste_sealed": True, "staff_closed_loop": True}


def keep(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


@pytest.fixture(scope="module")
def supervised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Three hotels and two cold stores: one late, one never heard, one that failed."""
    workspace = tmp_path_factory.mktemp("supervised") / "ws"
    make_city(workspace, kind="ordinary")
    with staged(workspace) as stage:
        for n, name in enumerate(("Riverside", "Harbour", "Station"), 1):
            stage.post(
                {"type": "RegisterObject", "object": f"hotel-{n}", "name": name, "kind": "hotel"}
                | {
                    "module": "quarantine-hotels",
                    "area": ("010101", "010102", "020101")[n - 1],
                    "facts": {"rooms": 60},
                }
            )
        for n in (1, 2):
            stage.post(
                {"type": "RegisterObject", "object": f"store-{n}", "kind": "freezer"}
                | {"module": "cold-chain", "area": "020101", "facts": {"capacity_t": 200}}
            )
        census = {"guests": 41, "beds_free": 19, "staff": 12, "tests_missed": 0, "over_stay": 0}
        stage.pass_time(hours=25)
        for n in (1, 2):
            for check, answers in (
                ("inspection", GOOD | {"chlorine_mg_l": 7.1}),
                ("census", census),
            ):
                stage.post(
                    {"type": "RecordCheck", "object": f"hotel-{n}", "check": check}
                    | {"answers": answers}
                )
        stage.pass_time(hours=3)
        stage.post(
            {"type": "RecordCheck", "object": "hotel-2", "check": "inspection"}
            | {"answers": GOOD | {"zones_apart": False, "chlorine_mg_l": 7.0}}
        )
        yield stage


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_the_modules_and_one_of_them(
    supervised: Stage, open_page: Open, language: str, theme: str
) -> None:
    page = open_page(supervised, "supervision", language=language, theme=theme)
    expect(page.get_by_test_id("module")).to_have_count(13)
    title = {"en": "Quarantine hotels", "zh": "隔离酒店"}[language]
    assert_accessible(page, f"supervision ({language})")
    keep(page, f"supervision-{language}")
    page.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    figures = page.get_by_test_id("figure")
    expect(figures.nth(1)).to_contain_text("82")
    late = {"en": "never heard", "zh": "从未上报"}[language]
    expect(page.get_by_role("table").last).to_contain_text(late)
    wrong = {"en": "Zones are not apart", "zh": "分区混乱"}[language]
    expect(page.get_by_role("table").first).to_contain_text(wrong)
    assert_accessible(page, f"module ({language})")
    keep(page, f"supervision-hotels-{language}")


def test_an_officer_records_an_inspection_on_the_phone(supervised: Stage, open_page: Open) -> None:
    page = open_page(supervised, "supervision/quarantine-hotels", size=PHONE, drawn=True)
    form = page.get_by_test_id("check-form")
    form.get_by_label("Object").select_option("hotel-3")
    form.get_by_role("button", name="Record").click()
    expect(page.get_by_role("alert")).to_contain_text("Answer every question")
    for legend in ("Clean and contaminated", "Waste is sealed", "Staff live"):
        group = form.get_by_role("group", name=legend)
        group.get_by_label("Yes" if legend != "Waste is sealed" else "No").check()
    form.get_by_label("Free chlorine").fill("300")
    form.get_by_role("button", name="Record").click()
    expect(page.get_by_role("alert")).to_contain_text("from 0 to 100")
    form.get_by_label("Free chlorine").fill("7.5")
    assert_accessible(page, "form on the phone")
    keep(page, "supervision-phone")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE[0], f"the page is {width} wide"
    form.get_by_role("button", name="Record").click()
    expect(page.get_by_test_id("said")).to_contain_text("hotel-3")
    with supervised.platform.store.read() as rows:
        open_ones = rows.list_rows(DEFECTS, object="hotel-3", status="open")
    assert "waste-unsealed" in {one.kind for one in open_ones}


def test_a_form_waits_on_the_phone_for_the_network(supervised: Stage, open_page: Open) -> None:
    page = open_page(supervised, "supervision/cold-chain", size=PHONE, drawn=True)
    supervised.wait_until(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    form = page.get_by_test_id("check-form")
    form.get_by_label("Object").select_option("store-1")
    form.locator("select").nth(1).select_option("swabs")
    form.get_by_label("Swabs taken").fill("12")
    form.get_by_label("Positive swabs").fill("1")
    page.context.set_offline(True)
    form.get_by_role("button", name="Record").click()
    expect(page.get_by_test_id("said")).to_contain_text("Kept on this device")
    page.context.set_offline(False)

    def found() -> bool:
        with supervised.platform.store.read() as rows:
            return bool(rows.list_rows(DEFECTS, object="store-1", kind="positive-swab"))

    supervised.wait_until(found)


@pytest.mark.parametrize(
    ("language", "theme"),
    [pytest.param("en", "light", marks=pytest.mark.slow), ("zh", "dark")],
)
def test_a_hotel_is_registered_on_the_telephone(
    supervised: Stage, open_page: Open, language: str, theme: str
) -> None:
    size = (360, 740)
    page = open_page(
        supervised, "supervision/quarantine-hotels", size=size, language=language, theme=theme
    )
    page.locator("summary").filter(has_text=re.compile("Register|登记")).click()
    form = page.get_by_test_id("object-form")
    form.get_by_role("button").last.click()
    expect(page.get_by_role("alert")).to_be_visible()  # nothing was said yet
    name = f"hotel-{language}"
    form.locator("input").first.fill(name)
    form.locator("#object-area").select_option(index=1)
    form.locator("input[type=number]").first.fill("60")
    assert_accessible(page, f"the form of an object ({language})")
    keep(page, f"supervision-register-{language}")
    form.get_by_role("button").last.click()
    expect(page.get_by_test_id("registered")).to_contain_text(name)
    expect(page.get_by_role("table").last).to_contain_text(name)
    with supervised.platform.store.read() as rows:
        found = rows.find(SUPERVISED, name)
    assert found is not None and found.facts == {"rooms": 60}
    form.locator("input").first.fill(name)  # a second time is said, not done
    form.locator("input[type=number]").first.fill("61")
    form.get_by_role("button").last.click()
    expect(page.get_by_role("alert")).to_contain_text(name)


def test_the_objects_are_taken_as_a_file(supervised: Stage, open_page: Open) -> None:
    page = open_page(supervised, "supervision/quarantine-hotels", size=PHONE)
    panel = page.locator("section").filter(has=page.locator("#coverage"))
    panel.get_by_role("button", name="Filter, sort, export").click()
    panel.get_by_text("Export", exact=True).click()
    with page.expect_download() as waiting:
        panel.get_by_role("button", name="CSV").click()
    text = waiting.value.path().read_text("utf-8-sig")
    head, *lines = text.splitlines()
    assert head.startswith("Object,State") and "Next check due" in head
    # others of this file may have told of more hotels
    assert {line.split(",")[0] for line in lines} >= {
        f"{name} (hotel-{n})" for n, name in enumerate(("Riverside", "Harbour", "Station"), 1)
    }
