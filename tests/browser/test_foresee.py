"""Foresee and choose: plans are compared with progress, the ranking comes first, and a person
adopts one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.made_city import make_city
from browser.stage import Stage, staged
from twinward.service.incidents import queries

PATIENCE_MS = 120_000
SMALL_CITY = 12_000
DAYS_PLAYED = 9


def play_days(stage: Stage) -> None:
    """One district reports cases day after day."""
    for day in range(DAYS_PLAYED):
        stage.report_count("01", 4 + day)
        stage.pass_time(days=1)


@pytest.mark.slow
def test_plans_are_compared_and_one_is_adopted(
    tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    make_city(tmp_path / "ws", residents=SMALL_CITY)
    with staged(tmp_path / "ws") as stage:
        stage.report_case()
        play_days(stage)
        page = open_page(stage, "foresee")
        page.get_by_label("Whole-city response").check()
        page.get_by_label("Runs of each").select_option("5")
        page.get_by_label("Days ahead").select_option("14")
        page.get_by_role("button", name="Compare").click()
        sheet = page.get_by_test_id("sheet")
        expect(sheet).to_be_visible(timeout=PATIENCE_MS)
        expect(sheet.locator("tbody tr")).to_have_count(3)
        expect(sheet.locator("tbody tr").first).to_contain_text("1")
        expect(page.locator("figure svg")).to_have_count(3)
        expect(page).to_have_url(re.compile("cmp-"))
        assert_accessible(page, "foresee")
        kept = page.get_by_test_id("comparisons-row")
        expect(kept).to_have_count(1)
        expect(kept).to_contain_text("14")
        adopt = page.locator("section", has=page.locator("#adopt"))
        expect(adopt).to_contain_text("By the comparison:")
        adopt.get_by_role("button", name="Read the plan").click()
        expect(page.get_by_test_id("plan")).to_contain_text("Legal bound")
        page.get_by_test_id("plan").get_by_role("button", name="Close").click()
        adopt.get_by_label("Incident").select_option(label="North Bank")
        adopt.get_by_label("Adopted by").fill("Head of the city committee")
        adopt.get_by_role("button", name="Adopt the plan").click()
        expect(page.get_by_test_id("adopted")).to_contain_text("is in force")
        (row,) = queries.list_incidents(stage.platform, status="open")
        plan = queries.get_incident(stage.platform, row["id"])["plan"]
        assert (
            plan.plan == "epidemic-i-whole-city" and "Head of the city committee" in plan.authority
        )


def test_a_comparison_says_how_it_stands_and_is_cancelled(
    tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    make_city(tmp_path / "ws", residents=SMALL_CITY)
    with staged(tmp_path / "ws") as stage:
        stage.report_case()
        play_days(stage)
        page = open_page(stage, "foresee")
        page.get_by_label("Runs of each").select_option("40")
        page.get_by_label("Days ahead").select_option("84")
        page.get_by_role("button", name="Compare").click()
        expect(page.get_by_test_id("progress")).to_be_visible()
        page.get_by_test_id("progress").get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Cancelled. Nothing of it was kept.")).to_be_visible()
        expect(page.get_by_role("button", name="Compare")).to_be_enabled()


def test_a_comparison_that_cannot_be_made_says_why(
    quiet: Stage, open_page: Callable[..., Page]
) -> None:
    page = open_page(quiet, "foresee/cmp-nothing")
    expect(page.get_by_test_id("shut")).to_contain_text("there is no comparison")
    page.get_by_label("No measure").uncheck()
    page.get_by_label("The measures in force").uncheck()
    expect(page.get_by_role("button", name="Compare")).to_be_disabled()


def test_a_plan_is_made_from_blocks_and_asked_for_by_its_name(
    quiet: Stage, open_page: Callable[..., Page]
) -> None:
    page = open_page(quiet, "foresee")
    page.get_by_label("Schools closed").select_option(label="100 %")
    page.get_by_label("Tracers per 100,000").select_option(label="30")
    page.get_by_role("button", name="Add this plan").click()
    expect(page.get_by_label("Schools closed 100 %, Tracers per 100,000 30")).to_be_visible()
    page.get_by_label("Schools closed 100 %, Tracers per 100,000 30").check()
    with page.expect_request("**/v1/plans/compare") as sent:
        page.get_by_role("button", name="Compare").click()
    assert "gen-010002000" in (sent.value.post_data or "")
    assert_accessible(page, "foresee")
