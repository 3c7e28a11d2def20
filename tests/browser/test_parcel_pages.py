"""Parcels without the console: a receiver's own page, a courier's, and the keypad of a cabinet whose
centre is away; on a telephone, in two languages, light and dark.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette

from browser.axe import find_violations
from browser.conftest import Open
from browser.stage import Stage
from twinward.core.clock import format_time
from twinward.edge.agent.cabinet import init_cabinet
from twinward.edge.agent.cabinet_door import CabinetDoor
from twinward.edge.agent.cabinet_routes import cabinet_routes
from twinward.edge.agent.config import CabinetConfig, EdgeConfig, EdgeIdentity
from twinward.edge.agent.parcels import public_of
from twinward.edge.agent.tokens import TokenKeeper
from twinward.service.deliveries import hands, holders, parcels
from twinward.service.deliveries.secrets import depot_key
from twinward.service.platform import local_admin

PHONE = (360, 740)
PICTURES = os.environ.get("TWINWARD_PICTURES")
LOOKS = [pytest.param("en", "light", marks=pytest.mark.slow), ("zh", "dark")]
DESK = local_admin()
CLERK = msgspec.structs.replace(DESK, name="clerk")


def check(page: Page, name: str) -> None:
    """Sound for axe, no wider than the telephone; kept as a picture where one is wanted."""
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
    assert not (found := find_violations(page, best=True)), "\n".join(found)


def send(stage: Stage, *names: str, to: str = "door", place: str = "door-17") -> None:
    until = format_time(stage.clock.now() + timedelta(days=5))
    told = {"type": "SendParcel", "goods": "food", "area": "010101", "place": place, "to": to}
    stage.post(
        *(told | {"parcel": one, "subject": f"p-{one}", "expires_at": until} for one in names)
    )


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_a_receiver_reads_and_changes_the_code(
    quiet: Stage, open_page: Open, language: str, theme: str
) -> None:
    send(quiet, "P-1")
    told = parcels.tell_code(quiet.platform, CLERK, "P-1", "paper")
    page = open_page(quiet, size=PHONE, language=language, theme=theme)
    page.goto(f"{quiet.url}/parcel#P-1.{told.ticket}")
    show = page.locator("#show")
    expect(show).to_be_visible()
    assert told.code not in page.content()  # not before it is wanted
    check(page, f"parcel-start-{language}")
    show.click()
    expect(page.locator("#code")).to_have_text(told.code)
    check(page, f"parcel-code-{language}")
    page.locator("#again").click()
    check(page, f"parcel-sure-{language}")
    page.locator("#yes").click()
    expect(page.locator("#code")).not_to_have_text(told.code)
    expect(page.locator("#left")).to_contain_text("4")
    page.locator("#hide").click()
    expect(page.locator("#secret")).to_be_hidden()
    page.goto(f"{quiet.url}/parcel#P-1.wrong")
    expect(page.locator("#facts")).to_be_hidden()
    show.click()
    expect(page.get_by_role("alert")).to_contain_text("no parcel" if language == "en" else "包裹")
    check(page, f"parcel-wrong-{language}")


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_a_courier_hands_over_on_the_telephone(
    quiet: Stage, open_page: Open, language: str, theme: str
) -> None:
    hands.register_courier(quiet.platform, DESK, holder=DESK.name, kind="courier", area="010101")
    send(quiet, "P-1", "P-2")
    code = parcels.tell_code(quiet.platform, CLERK, "P-1", "voice").code
    page = open_page(quiet, size=PHONE, language=language, theme=theme)
    page.goto(f"{quiet.url}/courier")
    card = page.locator('[data-parcel="P-1"]')
    check(page, f"courier-start-{language}")
    card.get_by_role("button").click()
    held = page.locator("#held [data-parcel='P-1']")
    held.get_by_role("textbox").fill(code[:-1] + str((int(code[-1]) + 1) % 10))
    held.locator("button.strong").click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    check(page, f"courier-mistyped-{language}")
    held.get_by_role("textbox").fill(code)
    held.locator("button.strong").click()
    expect(page.get_by_role("status")).to_contain_text("P-1")
    expect(held).to_have_count(0)
    check(page, f"courier-done-{language}")
    assert parcels.get_parcel(quiet.platform, DESK, "P-1").parcel.status == "handed"


@pytest.fixture
def box(quiet: Stage, tmp_path: Path) -> Iterator[tuple[Stage, str]]:
    """A cabinet with a parcel, served by itself: nothing of the centre is asked."""
    ledger = init_cabinet(
        tmp_path / "cab.db", "cab-3", "gate-3", public_of(depot_key(quiet.platform))
    )
    told = {"holder": "cab-3", "kind": "cabinet", "area": "010101", "place": "gate-3"}
    holders.register(quiet.platform, DESK, key=ledger.status().public, **told)  # type: ignore[arg-type]
    send(quiet, "P-1", "P-2", to="cabinet", place="gate-3")
    ledger.accept_manifest(holders.make_manifest(quiet.platform, DESK, "cab-3"))
    ledger.take_in("P-1", quiet.clock.now(), "4")
    ledger.close()
    asked = CabinetConfig(store="cab.db", key_sha256=hashlib.sha256(b"key").hexdigest())
    config = EdgeConfig(edge=EdgeIdentity(id="e"), cabinet=asked, folder=str(tmp_path))
    door = CabinetDoor(config, asked, quiet.clock, TokenKeeper(None))
    app = Starlette(routes=list(cabinet_routes(door)))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 10
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield quiet, f"http://127.0.0.1:{port}/cabinet"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_a_cabinet_opens_at_its_keypad(
    box: tuple[Stage, str], browser: Browser, language: str, theme: str
) -> None:
    stage, url = box
    code = parcels.tell_code(stage.platform, CLERK, "P-1", "paper").code.replace(" ", "")
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, color_scheme=theme, locale=language
    )  # type: ignore[arg-type]
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(url)
    check(page, f"cabinet-number-{language}")

    def tap(text: str) -> None:
        for sign in text:
            page.locator("#pad").get_by_role("button", name=sign, exact=True).click()

    tap("P-1")
    page.locator("#next").click()
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    tap(wrong)
    page.locator("#next").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "not counted" if language == "en" else "不计次数"
    )
    check(page, f"cabinet-mistyped-{language}")
    page.locator("#wipe").click()
    tap(code[-1])
    page.locator("#next").click()
    expect(page.locator("#step")).to_contain_text("4")
    check(page, f"cabinet-open-{language}")
    page.locator("#over").click()
    page.locator("#courier").click()
    page.locator("#key").fill("key")
    page.locator("#keyed button").click()
    card = page.locator("#list li").filter(has_text="P-2")
    card.get_by_role("textbox").fill("7")
    check(page, f"cabinet-courier-{language}")
    card.get_by_role("button").click()
    expect(page.locator("#done")).to_contain_text("P-2")
    page.locator("#leave").click()
    assert "P-2" not in page.locator("main").inner_text()
    context.close()
    home = url.rpartition("/")[0]
    assert all(one.startswith((home, "data:")) for one in asked), asked
