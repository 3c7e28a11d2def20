"""A courier whose telephone signs by itself: down into a cellar without a network, the parcel handed
over on its code, up again, and the centre reconciles: everything once.
"""

from __future__ import annotations

import os
from datetime import timedelta

import msgspec
import pytest
from playwright.sync_api import Locator, Page, expect

from browser.axe import find_violations
from browser.conftest import Open
from browser.stage import Stage
from twinward.core.clock import format_time
from twinward.edge.agent.parcels import check_digit
from twinward.service.deliveries import hands, parcels
from twinward.service.platform import Caller, local_admin
from twinward.twins.emergency.deliveries.rows import RECEIPTS

PHONE = (360, 740)
PICTURES = os.environ.get("TWINWARD_PICTURES")
DESK = local_admin()
CLERK: Caller = msgspec.structs.replace(DESK, name="clerk")
LOOKS = [("en", "light"), pytest.param("zh", "dark", marks=pytest.mark.slow)]


def check(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
    assert not (found := find_violations(page, best=True)), "\n".join(found)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def send(stage: Stage, *names: str) -> None:
    until = format_time(stage.clock.now() + timedelta(days=5))
    told = {"type": "SendParcel", "goods": "food", "area": "010101", "place": "door-17"}
    told |= {"to": "door", "expires_at": until}
    stage.post(*(told | {"parcel": one, "subject": f"p-{one}"} for one in names))


def code_of(stage: Stage, parcel: str) -> str:
    told = parcels.tell_code(stage.platform, CLERK, parcel, "voice")
    return told.code.replace(" ", "")


def another(code: str, n: int) -> str:
    """A code that is written right and is not this one."""
    digits = f"{(int(code[:-1]) + n) % 10**9:09d}"
    return digits + check_digit(digits)


def held(page: Page, parcel: str) -> Locator:
    return page.locator(f"#held [data-parcel='{parcel}']")


def hand(page: Page, parcel: str, code: str) -> None:
    held(page, parcel).get_by_role("textbox").fill(code)
    held(page, parcel).locator("button.strong").click()


def receipts(stage: Stage) -> list[tuple[str, str, str]]:
    with stage.platform.store.read() as rows:
        found = rows.list_rows(RECEIPTS, order="recorded_at")
    return [(one.kind, one.parcel, one.remark) for one in sorted(found, key=lambda one: one.seq)]


def view(stage: Stage, parcel: str) -> parcels.ParcelView:
    return parcels.get_parcel(stage.platform, DESK, parcel).parcel


def take_telephone(stage: Stage, page: Page, *names: str) -> None:
    """The courier lets this telephone sign, and loads."""
    page.goto(f"{stage.url}/courier")
    page.locator("#take").click()
    expect(page.locator("#offer")).to_be_hidden()
    for one in names:
        page.locator(f"#waiting [data-parcel='{one}']").get_by_role("button").click()
        expect(held(page, one)).to_be_visible()
        expect(page.locator("#line")).to_have_attribute("data-unsent", "0")


@pytest.mark.parametrize(("language", "theme"), LOOKS)
def test_a_courier_in_a_cellar_hands_over_and_the_centre_reconciles(
    quiet: Stage, open_page: Open, language: str, theme: str
) -> None:
    hands.register_courier(quiet.platform, DESK, holder=DESK.name, kind="courier", area="010101")
    send(quiet, "P-1", "P-2", "P-3")
    first, second = code_of(quiet, "P-1"), code_of(quiet, "P-2")
    page = open_page(quiet, size=PHONE, language=language, theme=theme)
    page.goto(f"{quiet.url}/courier")
    expect(page.locator("#offer")).to_be_visible()
    check(page, f"cellar-offer-{language}")
    take_telephone(quiet, page, "P-1", "P-2")
    check(page, f"cellar-loaded-{language}")

    page.context.set_offline(True)
    page.reload()  # the telephone was put away and taken out again
    expect(held(page, "P-1")).to_be_visible()
    hand(page, "P-1", first[:-1] + str((int(first[-1]) + 1) % 10))
    expect(page.get_by_role("alert")).to_contain_text("not counted" if language == "en" else "不计")
    hand(page, "P-1", another(first, 1))
    expect(page.get_by_role("alert")).to_contain_text("4")
    check(page, f"cellar-wrong-{language}")
    page.reload()
    expect(held(page, "P-1")).to_contain_text("4")  # an attempt is not forgotten
    hand(page, "P-1", f"{first[:3]} {first[3:6]} {first[6:]}")
    expect(held(page, "P-1")).to_have_count(0)
    expect(page.locator("#line")).to_have_attribute("data-unsent", "1")
    check(page, f"cellar-handed-{language}")
    for n in range(1, 6):
        hand(page, "P-2", another(second, n))
        expect(page.get_by_role("alert")).to_contain_text(
            str(5 - n) if n < 5 else "ock" if language == "en" else "锁定"
        )
    hand(page, "P-2", second)  # the right one comes too late
    expect(held(page, "P-2")).to_be_visible()
    assert view(quiet, "P-1").status == "loaded"  # the centre knows nothing yet

    page.context.set_offline(False)
    expect(page.locator("#line")).to_have_attribute("data-unsent", "0")
    page.reload()
    expect(page.locator("#waiting [data-parcel='P-3']")).to_be_visible()
    page.reload()  # and asks everything once more
    expect(held(page, "P-2")).to_be_visible()
    wanted = [
        ("loaded", "P-1", ""),
        ("loaded", "P-2", ""),
        ("handed", "P-1", ""),
        ("locked", "P-2", ""),
    ]
    assert receipts(quiet) == wanted
    done, shut = view(quiet, "P-1"), view(quiet, "P-2")
    assert (done.status, done.disputed, shut.status, shut.locked) == ("handed", "", "loaded", True)


def test_the_key_stays_in_the_telephone_and_the_depot_can_take_the_ledger_back(
    quiet: Stage, open_page: Open
) -> None:
    hands.register_courier(quiet.platform, DESK, holder=DESK.name, kind="courier", area="010101")
    send(quiet, "P-1")
    code = code_of(quiet, "P-1")
    page = open_page(quiet, size=PHONE)
    take_telephone(quiet, page, "P-1")
    read = page.evaluate(
        "async () => { try { await crypto.subtle.exportKey('pkcs8', ledger.book.secret); return 'read' } "
        "catch (problem) { return problem.name } }"
    )
    assert read == "InvalidAccessError"
    kept = page.evaluate("JSON.stringify(ledger.book)")
    assert code not in kept
    other = open_page(quiet, size=PHONE)  # a second telephone, the same account
    other.goto(f"{quiet.url}/courier")
    expect(other.locator("#elsewhere")).to_be_visible()
    expect(other.locator("#hands")).to_be_hidden()
    desk = open_page(quiet, "field/delivery", size=PHONE)
    row = desk.get_by_test_id("carrier").filter(has_text=DESK.name)
    row.get_by_role("button", name="Take the ledger back").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("lost in the canal")
    check(desk, "ledger-back-en")
    dialog.locator("button[type=submit]").click()
    expect(row).to_contain_text("signs through the depot")
    expect(row).to_contain_text("lost in the canal")
    expect(row.get_by_role("button")).to_have_count(0)
    page.reload()
    expect(page.locator("#offer")).to_be_visible()
    hand(page, "P-1", code)  # the depot signs again, for what was in hand
    expect(page.get_by_role("status").filter(has_text="P-1")).to_be_visible()
    done = view(quiet, "P-1")
    assert (done.status, done.disputed) == ("handed", "")
