"""The static pages of passes in a real browser, with the core stopped: the guard's, the holder's,
the public's. No camera is needed: a code is pasted, scanned by hand, or read from a file.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from helpers.cities import COMMUNITY, START, Desk
from twinward.edge.orders.static_server import make_server
from twinward.security.identity.people import Caller
from twinward.service.access.activations import open_activation
from twinward.service.passes import batches, issuing, publishing, statuses
from twinward.service.passes.keys import run_ceremony

FIRST, SECOND = (Caller(name=name, role="duty_officer") for name in ("wang", "li"))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Public:
    """A tree that is served while its core is stopped, and what its holders were given."""

    def __init__(self, url: str, made: list[issuing.Issued], books: list[str], status: str) -> None:
        self.url, self.made, self.books, self.status = url, made, books, status


@pytest.fixture
def public(desk: Desk, tmp_path: Path) -> Iterator[Public]:
    folder = desk.platform.workspace / "passes"
    run_ceremony(folder, "init", root=tmp_path / "root.pem", at=START, issuer="Test city")
    status = restrict(desk, "s-2")
    roster = tmp_path / "roster.txt"
    roster.write_text("s-1\ns-2\ns-3\n")
    batch = batches.begin(desk.platform, desk.me, roster)
    batches.sign_ahead(desk.platform, desk.me, batch, roster, workers=1)
    books = [batches.make_book(desk.platform, desk.me, f"s-{n}").link for n in (1, 2, 3)]
    made = issuing.issue(desk.platform, desk.me, issuing.Wish(kind="day", area=COMMUNITY), 2)
    issuing.revoke(desk.platform, desk.me, made[1].pass_id, "lost")
    publishing.publish(desk.platform, desk.me, tmp_path / "public")
    desk.platform.close()
    desk.closed = True
    shutil.rmtree(folder)
    server = make_server(tmp_path / "public", "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Public(f"http://127.0.0.1:{server.server_address[1]}", made, books, status)
    server.shutdown()
    server.server_close()
    thread.join()


def restrict(desk: Desk, subject: str) -> str:
    care = open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic/covid19",
        areas=["all"],
        purposes=["care"],
        days=20,
        by="centre",
        basis="article 41",
    )
    made = statuses.set_status(
        desk.platform,
        FIRST,
        subject=subject,
        area=COMMUNITY,
        value="restricted",
        reason_code="traced",
        reason="in the market hall",
        source="case-77",
        probability=0.8,
        activation=care,
        until=START + 7 * DAY,
    )
    statuses.confirm(desk.platform, SECOND, made.id)
    return made.id


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(viewport={"width": 420, "height": 900})
    yield found
    found.close()


def opened(context: BrowserContext, public: Public, path: str, at: datetime) -> Page:
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "request",
        lambda request: (
            troubles.append(request.url)
            if not request.url.startswith((public.url, "blob:", "data:"))
            else None
        ),
    )
    page.clock.set_fixed_time(at)
    page.goto(f"{public.url}/{path}")
    context.on("close", lambda: None)
    page.troubles = troubles  # type: ignore[attr-defined]
    return page


def check(page: Page, code: str) -> None:
    page.locator("#text").fill(code)
    page.locator("#check").click()


def test_the_guard_pastes_or_opens_a_file_and_gets_one_of_four_answers(
    public: Public, context: BrowserContext, tmp_path: Path
) -> None:
    page = opened(context, public, "index.html", START + HOUR)
    expect(page.locator("#age")).to_contain_text("60 min")
    answer = page.locator("#answer")
    check(page, public.made[0].token)
    expect(answer).to_contain_text("OK · 通过")
    expect(answer).to_have_class("ok")
    check(page, public.made[1].token)
    expect(answer).to_contain_text("NOT OK · 不通过")
    check(page, public.made[0].token[:-3] + "000")
    expect(answer).to_contain_text("NOT OK")
    file = tmp_path / "pass.txt"
    file.write_text(public.made[0].token + "\n")
    page.locator("#file").set_input_files(file)
    expect(answer).to_contain_text("✓ OK")
    assert page.locator("#text").input_value() == "", "the code does not stay on the screen"
    expect(page.locator("#counts")).to_have_text("✓ 2   ✗ 2")
    stored = page.evaluate("JSON.stringify({...localStorage})")
    assert public.made[0].token[4:60] not in stored, "counts are kept, no token"
    assert "reason" not in page.content() and "market" not in page.content()
    assert page.troubles == []  # type: ignore[attr-defined]


def test_the_gate_works_without_a_network_and_says_on_its_face_when_it_degrades(
    public: Public, context: BrowserContext
) -> None:
    page = opened(context, public, "index.html", START + HOUR)
    expect(page.locator("#age")).to_contain_text("60 min")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.reload()
    expect(page.locator("#age")).to_contain_text("60 min")
    context.set_offline(True)
    page.reload()
    check(page, public.made[0].token)
    expect(page.locator("#answer")).to_contain_text("OK · 通过")
    page.clock.set_fixed_time(START + 6 * DAY)
    page.reload()
    expect(page.locator("#age")).to_contain_text("6 d")
    expect(page.locator("#age")).not_to_contain_text("degraded")
    page.clock.set_fixed_time(START + 8 * DAY)
    page.reload()
    expect(page.locator("#age")).to_contain_text("degraded: check by hand · 请人工核验")
    page.clock.set_fixed_time(START - DAY)
    page.reload()
    check(page, public.made[0].token)
    expect(page.locator("#answer")).to_contain_text("CANNOT TELL · 无法判断")
    expect(page.locator("#answer")).to_contain_text("clock")


def test_a_holder_opens_the_pass_of_the_batch_and_keeps_it_without_a_network(
    public: Public, context: BrowserContext
) -> None:
    page = opened(context, public, public.books[0], START + HOUR)
    card = page.locator("#card")
    expect(card).to_contain_text("DAY PASS · 当日通行证")
    expect(page.locator("#code svg")).to_be_visible()
    assert "#" not in page.url, "the key does not stay in the address"
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.locator("#large").click()
    assert page.locator("#large").get_attribute("aria-pressed") == "true"
    context.set_offline(True)
    page.reload()
    expect(card).to_contain_text("DAY PASS")
    expect(page.locator("#age")).to_contain_text("无网络")
    page.clock.set_fixed_time(START + 3 * DAY)
    page.reload()
    expect(card).to_contain_text("ENDED · 已到期")
    assert page.troubles == []  # type: ignore[attr-defined]


def test_what_the_holder_shows_is_what_the_guard_accepts(
    public: Public, browser: Browser, context: BrowserContext
) -> None:
    page = opened(context, public, public.books[2], START + HOUR)
    expect(page.locator("#code svg")).to_be_visible()
    code = page.evaluate(
        """async () => {
            const { toText } = await import('./pass.js?again')
            const raw = atob(JSON.parse(localStorage.books)[0].data)
            return toText(Uint8Array.from(raw, (one) => one.charCodeAt(0)))
        }"""
    )
    gate = browser.new_context()
    guard = opened(gate, public, "index.html", START + HOUR)
    expect(guard.locator("#age")).to_contain_text("60 min")
    check(guard, code)
    expect(guard.locator("#answer")).to_contain_text("OK · 通过")
    gate.close()


def test_the_reason_is_for_the_holder_alone_with_the_way_to_object(
    public: Public, context: BrowserContext
) -> None:
    page = opened(context, public, public.books[1], START + HOUR)
    expect(page.locator("#card")).to_contain_text("NO PASS NOW · 暂无通行证")
    told = page.locator("#told")
    expect(told).to_contain_text("tracing · 流调判定")
    expect(told).to_contain_text(f"OBJECT {public.status}")
    expect(told).to_contain_text("24 小时内答复")
    expect(page.locator("#code svg")).to_have_count(0)


def test_a_family_is_on_one_phone_and_a_wrong_link_is_said(
    public: Public, context: BrowserContext
) -> None:
    page = opened(context, public, "pass.html", START + HOUR)
    expect(page.locator("#card")).to_contain_text("street office")
    page.locator("#text").fill("hello")
    page.locator("#add").click()
    expect(page.locator("#age")).to_contain_text("no link of a book")
    for book in (public.books[0], public.books[1]):
        page.locator("#text").fill(f"{public.url}/{book}")
        page.locator("#add").click()
        expect(page.locator("#age")).to_contain_text("Fetched")
    page.locator("#next").click()
    expect(page.locator("#card")).to_contain_text("DAY PASS")
    page.locator("#next").click()
    expect(page.locator("#card")).to_contain_text("NO PASS NOW")
    link = public.made[0].link
    page.locator("#text").fill(f"pass.html#p={link}")
    page.locator("#add").click()
    expect(page.locator("#card")).to_contain_text("DAY PASS")


def test_the_public_page_is_there_with_the_core_stopped_and_says_how_old_it_is(
    public: Public, context: BrowserContext
) -> None:
    page = opened(context, public, "public.html", START + HOUR)
    expect(page.locator("#areas tr").first).to_be_visible()
    expect(page.locator("#statistics")).to_contain_text("few · 少量")
    expect(page.locator("#age")).not_to_contain_text("h old")
    page.clock.set_fixed_time(START + 30 * HOUR)
    page.reload()
    expect(page.locator("#age")).to_contain_text("30 h old")
    assert page.troubles == []  # type: ignore[attr-defined]


def test_the_holders_first_load_is_below_30_kb_and_a_refresh_below_one(
    public: Public, context: BrowserContext
) -> None:
    """Bodies as sent, without compression."""
    sizes: list[tuple[str, int]] = []

    def note(response: object) -> None:
        sizes.append((response.url, len(response.body())))  # type: ignore[attr-defined]

    page = context.new_page()
    page.clock.set_fixed_time(START + HOUR)
    page.on("requestfinished", lambda request: note(request.response()))
    page.goto(f"{public.url}/{public.books[0]}")
    expect(page.locator("#code svg")).to_be_visible()
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    first = sum(size for _, size in sizes)
    assert 10_000 < first <= 30_000, sizes
    sizes.clear()
    page.locator("#refresh").click()
    page.wait_for_timeout(1500)
    assert sizes, "something was fetched"
    assert sum(size for _, size in sizes) <= 1_000, sizes
