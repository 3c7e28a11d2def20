"""The screens of surveillance and movement, in both languages: the sentence, the curve and the fan,
areas by what is worth acting on, gates, and the law of the quarantine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.conftest import Open
from browser.made_city import make_city
from browser.stage import Stage, staged
from twinward.decision.surveillance.cities.spread import SpreadSettings
from twinward.service.surveillance.kept_cities import keep_cities

DAYS = 32
PICTURES = os.environ.get("TWINWARD_PICTURES")  # a folder: each screen is kept as a picture there


def told(command: str, /, **fields: Any) -> dict[str, Any]:
    return {"type": command, **fields}


def report_movement(stage: Stage, day: str, number: int) -> None:
    """What the gates count of a day; the port stops reporting for the last three days."""
    gates = (("Harbour station", "rail", "0101", 5_200), ("North airport", "air", "0201", 2_900))
    roads = (("Highway 7 east", "road", "0301", 3_400), ("Coast road", "road", "0401", 1_250))
    port = (("Old port", "sea", "0501", 640),) if number < DAYS - 3 else ()
    for name, kind, area, level in (*gates, *roads, *port):
        fewer = 0.55 if number > DAYS - 8 and kind != "road" else 1.0
        arrived = int(level * fewer * (1 + 0.1 * (number % 7 == 4)))
        more = {"vehicles": arrived // 2, "turned_back": 8} if kind == "road" else {}
        stage.post(
            told("ReportPassage", gate=name, name=name, kind=kind, area=area, day=day)
            | {"arrived": arrived, "departed": int(arrived * 0.9), "checked": int(arrived * 0.97)}
            | {"from_risk_areas": 12 + number % 5, "positive": int(number % 9 == 0), **more}
        )


@pytest.fixture(scope="module")
def epidemic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A month of an epidemic with imports, tests, beds, gates and groups of arrivals."""
    workspace = tmp_path_factory.mktemp("surveillance") / "ws"
    make_city(workspace)
    with staged(workspace) as stage:
        stage.open_activation()
        for number in range(DAYS):
            day = stage.clock.now().date().isoformat()
            for district in range(1, 10):
                count = int(
                    6 * district**0.5 * 1.09 ** min(number, 24) * 0.9 ** max(0, number - 24)
                )
                area = f"{district:02d}"
                stage.report_count(area, count)
                of = {"hazard": "epidemic", "area": area, "day": day}
                for indicator, value in (
                    ("imported", count // 8),
                    ("tests", 900 + 40 * district),
                    ("positive_tests", count),
                    ("beds", 300),
                    ("beds_in_use", min(280, 60 + 3 * count)),
                ):
                    stage.post(told("ReportIndicator", indicator=indicator, count=value, **of))
            report_movement(stage, day, number)
            stage.clock.advance(timedelta(days=1))
        stage.clock.advance(timedelta(days=-1))
        report_groups(stage, stage.clock.now().date().isoformat())
        yield stage


def report_groups(stage: Stage, day: str) -> None:
    groups = (("MU588", "New York", "01", 212, 190, 10), ("CA912", "Rome", "02", 148, 148, 0))
    for group, origin, area, arrived, staying, handed in groups:
        of = {"group": group, "area": area, "day": day}
        stage.post(
            told("ReportArrivals", hazard="epidemic", origin=origin, arrived=arrived, **of)
            | {"quarantine_days": 14}
        )
        stage.post(told("ReportQuarantine", in_quarantine=staying, handed_on=handed, **of))
    more = {"hazard": "epidemic", "area": "03", "day": day, "origin": "Lisbon"}
    stage.post(told("ReportArrivals", group="TP305", arrived=95, **more))


def keep(page: Page, name: str) -> None:
    if PICTURES:
        page.wait_for_timeout(400)
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def test_the_situation_in_one_sentence_with_areas_worth_acting_on(
    epidemic: Stage, open_page: Open
) -> None:
    page = open_page(epidemic, "surveillance")
    expect(page.get_by_test_id("sentence")).to_contain_text("Cases this week")
    expect(page.get_by_test_id("epidemic")).to_be_visible()
    expect(page.get_by_test_id("sv-area")).to_have_count(10)
    expect(page.get_by_text("Imported cases are apart")).to_be_visible()
    keep(page, "situation-en")
    assert_accessible(page, "situation")
    page.get_by_test_id("sv-area").nth(1).get_by_role("link").click()
    expect(page.get_by_role("link", name="The whole city")).to_be_visible()


def test_the_law_of_the_quarantine_and_who_is_missing(epidemic: Stage, open_page: Open) -> None:
    page = open_page(epidemic, "surveillance/transferred")
    law = page.get_by_test_id("law")
    expect(law).to_contain_text("455 Arrived")
    expect(law).to_contain_text("338 In quarantine")
    expect(law).to_contain_text("107 Unaccounted")
    expect(page.get_by_text("Groups with people unaccounted: 1")).to_be_visible()
    keep(page, "transferred-en")
    assert_accessible(page, "transferred")


def test_gates_are_held_against_the_usual_and_the_late_are_named(
    epidemic: Stage, open_page: Open
) -> None:
    page = open_page(epidemic, "surveillance/hubs")
    expect(page.get_by_test_id("gate-sum")).to_contain_text("late gates: 1")
    expect(page.get_by_role("cell", name="-45 %").first).to_be_visible()
    keep(page, "hubs-en")
    page.get_by_role("link", name="Highways").click()
    expect(page.get_by_role("cell", name="Coast road")).to_be_visible()
    keep(page, "roads-en")


def test_the_overview_leads_to_each_screen(epidemic: Stage, open_page: Open) -> None:
    page = open_page(epidemic, "surveillance/overview")
    expect(page.get_by_test_id("fig-missing")).to_contain_text("107")
    keep(page, "overview-en")
    page.get_by_test_id("fig-control").click()
    expect(page.get_by_role("heading", name="City under control")).to_be_visible()
    keep(page, "control-en")


def test_every_screen_is_chinese_in_chinese(epidemic: Stage, open_page: Open) -> None:
    for tab, word in (
        ("situation", "按应对价值排序"),
        ("overview", "去向不明"),
        ("hubs", "交通枢纽"),
        ("roads", "公路卡口"),
        ("control", "城市管控"),
        ("transferred", "在隔离"),
    ):
        page = open_page(epidemic, f"surveillance/{tab}", language="zh")
        expect(page.locator("main")).to_contain_text(word)
        text = page.locator("main").inner_text()
        for other in ("Arrived", "Cases", "New", "Areas", "quarantine"):
            assert other not in text.replace("New York", ""), (tab, other)
        keep(page, f"{tab}-zh")


def test_where_it_goes_next_between_cities_and_what_half_the_travel_changes(
    quiet: Stage, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(quiet, "surveillance/cities")
    expect(page.get_by_text("No run between cities is kept")).to_be_visible()
    flows, people = tmp_path / "flows.csv", tmp_path / "people.csv"
    flows.write_text("from,to,day,people\na,b,0,4000\nb,a,0,4000\na,c,0,60\nc,a,0,60\n")
    people.write_text("city,population\na,900000\nb,500000\nc,400000\n")
    settings = SpreadSettings(days=90, runs=12)
    now = quiet.platform.clock.now()
    keep_cities(quiet.platform.workspace, flows, people, "a", settings, now)
    page.reload()
    expect(page.get_by_test_id("bc-sentence")).to_contain_text("From a, with R 2.5")
    rows = page.get_by_test_id("bc-city")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("source")
    expect(rows.nth(1)).to_contain_text("days later")
    assert_accessible(page, "between cities")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/between-cities.png", full_page=True)
