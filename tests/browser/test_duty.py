"""The duty desk: one table everywhere, an inbox that calls, a log with authors, a shift handed
over.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.stage import Stage
from twinward.service.incidents import alerts, duty_log, queries
from twinward.service.platform import ask, local_admin
from twinward.twins.emergency import messages as m

Open = Callable[..., Page]


def shown(page: Page, table: str) -> int:
    return int(page.get_by_test_id(f"{table}-count").get_attribute("data-total") or -1)


def save(page: Page, form: str) -> bytes:
    if not page.get_by_role("button", name=form, exact=True).is_visible():
        page.get_by_text("Export", exact=True).click()
    with page.expect_download() as started:
        page.get_by_role("button", name=form, exact=True).click()
    return Path(started.value.path()).read_bytes()


def test_a_table_is_searched_filtered_sorted_and_its_view_kept(
    outbreak: Stage, open_page: Open
) -> None:
    page = open_page(outbreak, "duty/incidents")
    rows = page.get_by_test_id("incidents-row")
    expect(rows.first).to_be_visible()
    everything = shown(page, "incidents")
    page.get_by_role("searchbox").fill("Castle")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Clear filters").click()
    expect(rows).to_have_count(everything)
    page.get_by_role("combobox", name="Level").select_option(label="Level II")
    expect(page.get_by_test_id("incidents-count")).to_contain_text(f"filtered from {everything}")
    page.get_by_role("button", name="Area").click()
    head = page.get_by_role("columnheader", name="Area")
    expect(head).to_have_attribute("aria-sort", "ascending")
    names = page.locator("[data-testid=incidents-row] td:first-child").all_inner_texts()
    assert names == sorted(names)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Hazard").last.uncheck()
    expect(page.get_by_role("columnheader", name="Hazard")).to_have_count(0)
    page.get_by_text("Views", exact=True).click()
    page.get_by_role("button", name="Save this view").click()
    page.get_by_label("Name of the view").fill("Second level")
    page.get_by_role("button", name="Save", exact=True).click()
    page.reload()
    expect(rows).to_have_count(everything)
    page.get_by_text("Views", exact=True).click()
    page.get_by_role("button", name="Second level", exact=True).click()
    expect(rows).to_have_count(len(names))
    expect(page.get_by_role("columnheader", name="Hazard")).to_have_count(0)
    expect(head).to_have_attribute("aria-sort", "ascending")


def test_what_is_exported_is_what_is_shown(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak, "duty/incidents")
    rows = page.get_by_test_id("incidents-row")
    expect(rows.first).to_be_visible()
    page.get_by_role("searchbox").fill("Castle")
    expect(rows).to_have_count(1)
    heads = [text.rstrip(" ▲▼") for text in page.locator("thead th").all_inner_texts()]
    cells = [text.strip() for text in rows.first.locator("td").all_inner_texts()]
    table = list(csv.reader(io.StringIO(save(page, "CSV").decode("utf-8-sig"))))
    assert table[0] == heads
    assert [one or "–" for one in table[1]] == [
        one.replace(",", "") if one.replace(",", "").isdigit() else one for one in cells
    ]
    assert len(table) == 2
    with zipfile.ZipFile(io.BytesIO(save(page, "XLSX"))) as book:
        assert book.testzip() is None
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == 2
    assert "Castle" in sheet
    (feature,) = json.loads(save(page, "GeoJSON"))["features"]
    assert feature["geometry"]["type"] in ("Polygon", "MultiPolygon")
    assert list(feature["properties"]) == heads


def test_a_table_is_walked_and_chosen_with_the_keyboard(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak, "duty/tasks")
    rows = page.get_by_test_id("tasks-row")
    expect(rows.first).to_be_visible()
    rows.first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.get_by_test_id("tasks-count")).to_contain_text("2 chosen")
    expect(rows.nth(1)).to_be_focused()


@pytest.mark.parametrize("tab", ["inbox", "log", "incidents", "tasks", "shift"])
@pytest.mark.parametrize(("size", "language"), [((1440, 900), "en"), ((360, 740), "zh")])
def test_the_duty_desk_is_sound(
    outbreak: Stage, open_page: Open, tab: str, size: tuple[int, int], language: str
) -> None:
    page = open_page(outbreak, f"duty/{tab}", size=size, language=language)
    place = "[data-testid=shift-page]" if tab == "shift" else "tbody tr"
    expect(page.locator(place).first).to_be_visible()
    assert_accessible(page, f"duty/{tab}")
    assert "twinward " not in page.inner_text("main")


def test_a_new_incident_calls_and_is_acknowledged(quiet: Stage, open_page: Open) -> None:
    page = open_page(quiet, "duty")
    expect(page.get_by_text("Nothing waits to be read.")).to_be_visible()
    page.get_by_role("button", name="Sound is on").click()
    expect(page.get_by_role("button", name="Sound is off")).to_be_visible()
    quiet.report_case()
    quiet.platform.loop.catch_up()
    expect(page.get_by_test_id("called")).to_contain_text("New incident")
    expect(page.get_by_test_id("unread")).to_be_visible()
    told = len(alerts.list_alerts(quiet.platform, local_admin()))
    expect(page.get_by_test_id("alerts-row")).to_have_count(told)
    page.get_by_role("checkbox", name="Choose all").check()
    page.get_by_role("button", name="Acknowledge (").click()
    quiet.wait_until(
        lambda: all(one.seen_by for one in alerts.list_alerts(quiet.platform, local_admin()))
    )
    expect(page.get_by_test_id("unread")).to_have_count(0)
    expect(page.get_by_test_id("alerts-row").first).to_contain_text("local-admin")


def test_a_signal_calls_and_is_judged_with_a_reason(quiet: Stage, open_page: Open) -> None:
    day = quiet.clock.now().date()
    for number, area in enumerate(("0101", "0302")):
        signal = m.RaiseSignal(
            id=f"raise-{number}",
            signal=f"sig-{number}",
            hazard="epidemic",
            area=area,
            day=day,
            observed=9,
            expected=1.5,
            recurrence_days=400.0,
            method="ears",
        )
        ask(quiet.platform, local_admin(), signal)
    page = open_page(quiet, "duty")
    row = page.get_by_test_id("alerts-row").first
    expect(row).to_contain_text("A signal waits to be judged")
    row.get_by_role("link").click()
    rows = page.get_by_test_id("signals-row")
    for judged, deed in ((1, "Dismiss"), (2, "Confirm")):
        rows.filter(has_text="waits").first.get_by_role("checkbox").check()
        page.get_by_role("button", name=deed, exact=True).click()
        dialog = page.get_by_test_id("deed")
        dialog.get_by_label("Why", exact=True).fill("the laboratory has called")
        dialog.get_by_role("button", name="Send").click()
        expect(rows.filter(has_text="local-admin")).to_have_count(judged)
    quiet.platform.loop.catch_up()
    expect(page.get_by_text("1 of 2 judged signals were right")).to_be_visible()
    (opened,) = queries.list_incidents(quiet.platform)
    assert opened["area"].startswith("01")
    assert_accessible(page, "signals")


def test_the_log_is_written_and_read_with_its_author(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    page = open_page(quiet, "duty/log")
    page.get_by_role("button", name="Write in the log").click()
    expect(page.get_by_label("Entry")).to_be_focused()
    page.get_by_label("Entry").fill("The harbour master has called twice")
    page.get_by_role("button", name="Send").click()
    row = page.get_by_test_id("journal-row").filter(has_text="The harbour master")
    expect(row).to_contain_text("local-admin")


def test_older_lines_that_were_asked_for_stay_when_the_log_goes_on(
    quiet: Stage, open_page: Open
) -> None:
    write = {"type": "WriteJournal", "area": "010101"}
    quiet.post(*[{**write, "text": f"entry {n}"} for n in range(130)])
    page = open_page(quiet, "duty/log")
    count = page.get_by_test_id("journal-count")
    expect(count).to_have_attribute("data-total", "100")
    page.locator(".next").get_by_role("button").click()
    expect(count).not_to_have_attribute("data-total", "100")
    older = shown(page, "journal")
    assert older >= 130
    quiet.post({**write, "text": "one more"})
    expect(count).to_have_attribute("data-total", str(older + 1))
    expect(page.get_by_test_id("journal-row").first).to_contain_text("one more")


def test_a_shift_is_handed_over_in_one_page(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    page = open_page(quiet, "duty/shift")
    expect(page.get_by_role("heading", name="Situation")).to_be_visible()
    page.get_by_label("Who takes over").fill("Night shift")
    page.get_by_role("button", name="Hand over", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("What is pending")
    page.get_by_label("What is pending").fill("Two contacts are not found yet")
    page.get_by_role("button", name="Hand over", exact=True).click()
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_test_id("shift")).to_contain_text("taken over by local-admin")
    (shift,) = duty_log.list_shifts(quiet.platform, local_admin())
    assert shift.taken_by == "local-admin"
    assert shift.pending == "Two contacts are not found yet"
