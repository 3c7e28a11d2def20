"""The incident room says why, what next and what first: the very answers of the API, each with
its events.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from browser.stage import Stage
from twinward.decision.assessment.diagnose import Diagnosis
from twinward.decision.assessment.guide import Guidance
from twinward.service.assessment.five_functions import answer_function
from twinward.service.console.basemap import Basemap
from twinward.service.incidents import queries
from twinward.service.platform import local_admin

Open = Callable[..., Page]


def test_the_room_shows_the_answers_of_the_five_functions(outbreak: Stage, open_page: Open) -> None:
    ground = Basemap(outbreak.platform)
    incidents = [row["id"] for row in queries.list_incidents(outbreak.platform, status="open")]
    told = {
        one: answer_function(outbreak.platform, ground, local_admin(), "diagnose", one)
        for one in incidents
    }
    incident, why = max(told.items(), key=lambda one: len(one[1].causes))  # type: ignore[union-attr]
    first = answer_function(outbreak.platform, ground, local_admin(), "guide", incident)
    assert isinstance(why, Diagnosis) and why.causes and isinstance(first, Guidance)
    page = open_page(outbreak, f"incident/{incident}")
    causes = page.get_by_test_id("cause")
    expect(causes).to_have_count(min(len(why.causes), 3))
    assert [one.get_attribute("data-kind") for one in causes.all()] == [
        one.kind for one in why.causes[:3]
    ]
    expect(causes.first).to_contain_text(why.causes[0].says)
    expect(page.get_by_test_id("action")).to_have_count(len(first.actions))
    expect(page.get_by_test_id("next").first).to_be_visible()
    expect(page.get_by_text("simulated; fingerprint")).to_be_visible()


def test_the_panel_speaks_chinese(outbreak: Stage, open_page: Open) -> None:
    incident = queries.list_incidents(outbreak.platform, status="open")[0]["id"]
    page = open_page(outbreak, f"incident/{incident}", language="zh")
    expect(page.get_by_role("heading", name="原因、走势、先做什么")).to_be_visible()
    expect(page.get_by_role("heading", name="先做什么", exact=True)).to_be_visible()
