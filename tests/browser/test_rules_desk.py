"""Rules of the edges on a telephone: kept from modules, tried at one edge, rolled out, rolled back."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Page, expect

from browser.axe import find_violations
from browser.conftest import Open
from browser.stage import Stage
from twinward.edge.agent.wire import EdgeStanding, SyncRequest
from twinward.service.devices import bundles, fleet
from twinward.service.platform import local_admin

PICTURES = os.environ.get("TWINWARD_PICTURES")
PHONE = (360, 740)
ME = local_admin()


def speak(stage: Stage, edge: str, runs: str = "", refused: str = "") -> None:
    """The edge says which rules it runs."""
    counts = dict.fromkeys(
        ["backlog", "disk_bytes", "lost", "duplicate", "stored", "rejected", "alarms_open"], 0
    )
    standing = EdgeStanding(
        **counts,
        oldest_s=0.0,
        disk_bound=2_000_000_000,
        config_version="3f2a",
        rules_version=runs,
        rules_refused=refused,
    )
    fleet.sync(stage.platform, ME, SyncRequest(edge=edge, standing=standing))


def states(stage: Stage) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {one.bundle: (one.state, one.wanted) for one in bundles.list_bundles(stage.platform, ME)}


def look(page: Page, name: str) -> None:
    """Sound for axe, no wider than the telephone; kept as a picture where one is wanted."""
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
    assert not (found := find_violations(page, best=True)), "\n".join(found)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]


def test_rules_are_tried_at_one_edge_then_everywhere_and_taken_back(
    quiet: Stage, open_page: Open
) -> None:
    speak(quiet, "gate-1")
    speak(quiet, "gate-2")
    page = open_page(quiet, "field/rules", size=PHONE)
    page.get_by_role("button", name="Keep a new version").click()
    dialog = page.get_by_test_id("deed")
    dialog.get_by_label("Version").fill("v7")
    dialog.get_by_label("Cold chain").check()
    dialog.get_by_label("Why", exact=True).fill("order 12")
    look(page, "rules-keep-en")
    dialog.get_by_role("button", name="Send").click()
    card = page.get_by_test_id("bundle-v7")
    expect(card).to_contain_text("kept, runs nowhere")
    card.get_by_text("What the").click()
    expect(card).to_contain_text("nothing heard of temperature for 1 h")
    card.get_by_role("button", name="Roll out").click()
    dialog.get_by_label("gate-1").check()
    dialog.get_by_label("Why", exact=True).fill("one gate first")
    look(page, "rules-roll-en")
    dialog.get_by_role("button", name="Send").click()
    expect(card).to_contain_text("on trial")
    assert states(quiet)["v7"] == ("staged", ("gate-1",))
    expect(page.get_by_test_id("runs-gate-1")).to_contain_text("is to run v7")
    expect(page.get_by_test_id("runs-gate-2")).to_contain_text("its own rules")
    card.get_by_role("button", name="Further, or everywhere").click()
    dialog.get_by_label("Or at a share").select_option("1")
    dialog.get_by_label("Why", exact=True).fill("a quiet day at gate-1")
    dialog.get_by_role("button", name="Send").click()
    expect(card).to_contain_text("runs everywhere")
    assert states(quiet)["v7"] == ("stable", ("gate-1", "gate-2"))
    card.get_by_role("button", name="Roll back").click()
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert")).to_be_visible()  # a reason is wanted
    dialog.get_by_label("Why", exact=True).fill("too many alarms")
    dialog.get_by_role("button", name="Send").click()
    expect(card).to_contain_text("kept, runs nowhere")
    assert states(quiet)["v7"] == ("kept", ())


@pytest.mark.slow
@pytest.mark.parametrize(("language", "theme"), [("en", "dark"), ("zh", "light")])
def test_the_stages_and_a_refusal_are_sound_on_a_telephone(
    quiet: Stage, open_page: Open, language: str, theme: str
) -> None:
    bundles.keep_bundle(
        quiet.platform, ME, "v7", because="第12号令" if language == "zh" else "order 12",
        modules=("cold-chain", "communities"),
    )  # fmt: skip
    bundles.roll_out(quiet.platform, ME, "v7", because="everywhere", share=1.0)
    bundles.keep_bundle(quiet.platform, ME, "v8", because="order 13", modules=("communities",))
    bundles.roll_out(quiet.platform, ME, "v8", because="first", edges=("gate-1",), share=0.1)
    bundles.keep_bundle(quiet.platform, ME, "v9", because="order 14", modules=("communities",))
    speak(quiet, "gate-1", "v7", "bad_signature: the signature is not of the key that is known")
    speak(quiet, "gate-2", "v7")
    speak(quiet, "gate-3")
    page = open_page(quiet, "field/rules", size=PHONE, language=language, theme=theme)
    expect(page.get_by_test_id("bundle-v9")).to_contain_text("v8")  # on trial: first that one
    page.get_by_test_id("bundle-v8").locator("summary").click()
    page.set_viewport_size({"width": 360, "height": 2000})
    look(page, f"rules-{language}")
