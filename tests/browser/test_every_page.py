"""Every page in every size, theme and language held against axe; and every page in the states that
data can be in, where none may show a raw error.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from browser.axe import find_violations
from browser.made_city import make_city
from browser.people import play_people
from browser.stage import Stage, play_outbreak, staged
from twinward.app.workspace import init_workspace
from twinward.service.access import accounts
from twinward.service.incidents import queries
from twinward.service.platform import local_admin

Open = Callable[..., Page]
TABS = ("inbox", "signals", "log", "incidents", "tasks", "shift")
VIEWS = ("duty", "investigator", "planner", "street", "auditor", "leader")
DESKS = ("alerts", "intake", "delivery", "responders", "edges", "devices")
SCREENS = ("situation", "overview", "hubs", "roads", "control", "transferred")
PLACES = (
    "overview",
    "city",
    "supervision",
    "field",
    *(f"start/{one}" for one in VIEWS),
    *(f"duty/{one}" for one in TABS),
    *(f"surveillance/{one}" for one in SCREENS),
    "cases",
    "case/k3",
    "foresee",
    "hazards",
    "resources",
    "tasks",
    "trust",
    "public",
    "wall",
    *(f"field/{one}" for one in DESKS),
    "supervision",
    "supervision/quarantine-hotels",
)
MATRIX = list(itertools.product(((1440, 900), (360, 740)), ("light", "dark"), ("en", "zh")))
SETTLES_MS = 700
PATIENCE_MS = 60_000  # a model may run behind a panel
# what a program says to a programmer, and what a text with a gap in it says to anybody
RAW = re.compile(
    r"\bundefined\b|\bNaN\b|\[object |Traceback|TypeError|\bnull\b|\{\"|\{[a-z]\w*\}|Infinity"
    r"|Invalid Date|twinward [a-z]+ [a-z]"
)
FAILED = '{"code": "unavailable", "message": "this is being mended", "advice": "try again"}'
LOOKED_AT = (
    "overview",
    "start/duty",
    "start/leader",
    "duty/inbox",
    "duty/log",
    "duty/tasks",
    "duty/shift",
    "surveillance/situation",
    "cases",
    "foresee",
    "hazards",
    "resources",
    "tasks",
    "trust",
    "public",
)


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The outbreak with a cluster of persons, stocks and requests."""
    workspace = tmp_path_factory.mktemp("peopled") / "ws"
    make_city(workspace)
    with staged(workspace) as stage:
        play_outbreak(stage, days=16)
        play_people(stage)
        yield stage


def settle(page: Page) -> None:
    """Until the page says nothing more of loading, or has said it for a while."""
    page.wait_for_timeout(SETTLES_MS)
    loading = page.get_by_role("status").filter(has_text=re.compile("^(Loading|正在载入)$"))
    expect(loading).to_have_count(0, timeout=PATIENCE_MS)


def go(page: Page, stage: Stage, place: str) -> None:
    page.goto(f"{stage.url}/#/{place}")
    settle(page)
    shown = page.get_by_role("button", name=re.compile("^(Show cases|查看病例)$"))
    if shown.count():
        shown.click()
        settle(page)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "theme", "language"), MATRIX)
def test_every_page_is_sound_in_every_size_theme_and_language(
    peopled: Stage, open_page: Open, size: tuple[int, int], theme: str, language: str
) -> None:
    incident = queries.list_incidents(peopled.platform, status="open")[0]["id"]
    page = open_page(peopled, "overview", size=size, language=language, theme=theme)
    found: list[str] = []
    for place in (*PLACES, f"incident/{incident}"):
        go(page, peopled, place)
        found += [f"{place}: {one}" for one in find_violations(page, best=True)]
    assert not found, "\n".join(found)


def raw_parts(page: Page) -> list[str]:
    """What no screen may say, with the words around it."""
    text = page.inner_text("body")
    return [text[max(0, one.start() - 40) : one.end() + 40] for one in RAW.finditer(text)]


def look(page: Page, stage: Stage, state: str, query: str = "") -> list[str]:
    """Every page in one state; what is raw or empty on it."""
    told = []
    for place in LOOKED_AT:
        page.goto(f"{stage.url}/#/{place}{query}")
        page.wait_for_timeout(SETTLES_MS)
        told += [f"{state}, {place}: {part!r}" for part in raw_parts(page)]
        if not page.locator("main").inner_text().strip():
            told.append(f"{state}, {place}: nothing is shown")
    return told


def answer_all(page: Page, status: int, but: tuple[str, ...] = ()) -> None:
    """Every question of the page is refused from now on, but for some."""

    def refuse(route: Route) -> None:
        if any(route.request.url.partition("?")[0].endswith(one) for one in but):
            route.continue_()
        else:
            route.fulfill(status=status, body=FAILED, content_type="application/json")

    page.route("**/v1/**", refuse)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_state_of_a_quiet_city_shows_a_raw_error(
    tmp_path: Path, open_page: Open, language: str
) -> None:
    told: list[str] = []
    init_workspace(tmp_path / "none")
    with staged(tmp_path / "none") as stage:
        told += look(open_page(stage, language=language), stage, "no city")
    make_city(tmp_path / "ws", kind="ordinary")
    with staged(tmp_path / "ws") as stage:
        told += look(open_page(stage, language=language), stage, "nothing has happened")
        stage.report_case()
        told += look(open_page(stage, language=language), stage, "one case")
        stage.pass_time(days=20)
        told += look(open_page(stage, language=language), stage, "nobody has reported for weeks")
    assert not told, "\n".join(told)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_state_of_an_outbreak_shows_a_raw_error(
    peopled: Stage, open_page: Open, language: str
) -> None:
    told = look(open_page(peopled, language=language), peopled, "many")
    before = "?at=2030-02-01T00:00:00Z"
    told += look(open_page(peopled, language=language), peopled, "before it began", before)
    for status, but in ((503, ("/screen", "/me")), (403, ("/screen", "/me")), (503, ())):
        page = open_page(peopled, language=language)
        settle(page)
        answer_all(page, status, but)
        told += look(page, peopled, f"{status} but for {but}")
    page = open_page(peopled, language=language)
    settle(page)
    page.route("**/v1/**", lambda route: route.abort())
    told += look(page, peopled, "the server is gone")
    assert not told, "\n".join(told)


@pytest.mark.slow
@pytest.mark.parametrize("role", ["leader", "auditor", "planner", "community_officer", "hospital"])
def test_no_page_shows_a_role_a_raw_error(tmp_path: Path, open_page: Open, role: str) -> None:
    make_city(tmp_path / "ws", kind="ordinary", managed=True)
    password = "river lantern quiet orchard"
    with staged(tmp_path / "ws") as stage:
        areas = ("01",) if role == "community_officer" else ("all",)
        secret = accounts.add_account(
            stage.platform, local_admin(), "chen", role, areas=areas, second_factor=False
        )
        accounts.set_first_password(stage.platform, "chen", secret, password)
        stage.report_case()
        page = open_page(stage, "trust")
        page.get_by_label("Name").fill("chen")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in", exact=True).click()
        expect(page.get_by_test_id("session")).to_be_visible()
        told = look(page, stage, role)
        assert not told, "\n".join(told)
