"""The field on the screen: an alert needs two persons and a thumb; an edge that is late says why."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible, find_violations
from browser.stage import Stage
from twinward.core.clock import format_time
from twinward.edge.agent.wire import EdgeStanding, HeardDevice, HeldDevice, SyncRequest
from twinward.edge.responders.codec import FieldMessage, encode
from twinward.edge.rules.rule import DeviceRule
from twinward.service.devices import bundles, fleet, registry
from twinward.service.operations import public_alerts
from twinward.service.platform import ask, local_admin
from twinward.service.responders import field
from twinward.twins.city.messages import RaiseDeviceAlarm

PICTURES = os.environ.get("TWINWARD_PICTURES")
TABS = ("alerts", "intake", "delivery", "responders", "edges", "rules", "devices")
SECOND = msgspec.structs.replace(local_admin(), name="second")


def an_area(stage: Stage) -> str:
    return next(iter(stage.platform.reference.areas.by_code))


def draft(stage: Stage) -> str:
    texts = (
        public_alerts.AlertText(language="zh-CN", headline="水位上涨", instruction="请离开河岸"),
        public_alerts.AlertText(language="en", headline="High water", instruction="Leave the bank"),
    )
    asked = public_alerts.AlertRequest(
        hazard="flood",
        areas=(an_area(stage),),
        texts=texts,
        until=stage.clock.now() + timedelta(hours=6),
        because="the gauge at the creek",
        alert="a-1",
    )
    return public_alerts.draft(stage.platform, local_admin(), asked).id


def test_an_alert_is_approved_with_a_thumb_and_sent_by_a_second_person(
    quiet: Stage, open_page: Callable[..., Page]
) -> None:
    name = draft(quiet)
    page = open_page(quiet, "field", size=(390, 844))
    card = page.get_by_test_id(f"alert-{name}")
    expect(card).to_contain_text("draft")
    card.get_by_role("button", name="Approve").click()
    card.get_by_role("button", name="Yes, I approve it").click()
    expect(card).to_contain_text("It takes another person")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, f"the page is {wide} wide"
    public_alerts.approve(quiet.platform, SECOND, name)
    page.reload()
    expect(page.get_by_test_id(f"alert-{name}")).to_contain_text("in force")
    page.get_by_role("button", name="Cancel it").click()
    form = page.get_by_test_id("alert-form")
    form.get_by_label("What it rests on (not published)").fill("the gauge was broken")
    form.get_by_role("button", name="Keep as a draft").click()
    expect(page.get_by_text("Waiting for two persons")).to_be_visible()
    found = public_alerts.list_alerts(quiet.platform, local_admin(), state="draft")
    assert [(one.step, one.references) for one in found] == [("cancel", (name,))]


def an_edge(stage: Stage) -> None:
    """One that is behind, with a device that nobody knows."""
    now = stage.clock.now()
    standing = EdgeStanding(
        backlog=1200,
        oldest_s=4000.0,
        disk_bytes=40_000_000,
        disk_bound=2_000_000_000,
        lost=0,
        duplicate=3,
        stored=90_000,
        rejected=1,
        alarms_open=1,
        config_version="3f2a",
        clock_skew_s=0.0,
    )
    held = HeldDevice(device="new-1", count=7, first_at=now, last_at=now)
    heard = HeardDevice(device="fridge-1", state="stale", last_at=now)
    said = SyncRequest(edge="gate-1", standing=standing, held=(held,), devices=(heard,))
    fleet.sync(stage.platform, local_admin(), said)


def test_an_edge_says_what_is_late_and_an_unknown_device_is_let_in(
    quiet: Stage, open_page: Callable[..., Page]
) -> None:
    an_edge(quiet)
    page = open_page(quiet, "field")
    page.get_by_role("link", name="Edges").click()
    edge = page.get_by_test_id("edge-gate-1")
    expect(edge).to_contain_text("behind with sending")
    expect(edge).to_contain_text("unknown devices wait")
    edge.get_by_role("button", name="Let it speak").click()
    edge.get_by_label("Kind of device").select_option("thermometer")
    edge.get_by_label("Area", exact=True).select_option(index=1)
    edge.get_by_role("button", name="Let it speak").click()
    expect(edge.get_by_label("Kind of device")).to_have_count(0)
    assert registry.get_device(quiet.platform, local_admin(), "new-1").profile == "thermometer"
    page.get_by_role("link", name="Devices", exact=True).click()
    expect(page.get_by_text("new-1")).to_be_visible()


def test_an_edge_says_whose_rules_it_runs_and_an_alarm_who_has_found_it(
    quiet: Stage, open_page: Callable[..., Page]
) -> None:
    now, me = quiet.clock.now(), local_admin()
    rule = DeviceRule(id="warm", type="temperature", above=8.0)
    bundles.keep_bundle(quiet.platform, me, "v7", because="order 12", rules=(rule,))
    bundles.roll_out(quiet.platform, me, "v7", because="one gate first", edges=("gate-7",))
    counts = dict.fromkeys(
        ["backlog", "disk_bytes", "lost", "duplicate", "stored", "rejected", "alarms_open"], 0
    )
    standing = EdgeStanding(
        **counts,
        oldest_s=0.0,
        disk_bound=2_000_000_000,
        config_version="3f2a",
        rules_refused="bad_signature: the signature is not of the key that is known",
    )
    fleet.sync(quiet.platform, me, SyncRequest(edge="gate-7", standing=standing))
    alarm = RaiseDeviceAlarm(
        id="raise-1",
        alarm="alarm-1",
        rule="warm",
        device="fridge-7",
        edge="gate-7",
        area=an_area(quiet),
        began_at=now,
        severity="alarm",
        found="centre",
    )
    ask(quiet.platform, me, alarm)
    page = open_page(quiet, "field")
    page.get_by_role("link", name="Edges").click()
    edge = page.get_by_test_id("edge-gate-7")
    expect(edge).to_contain_text("its own, to be v7")
    expect(edge).to_contain_text("Rules refused: they are not signed")
    row = page.get_by_role("row").filter(has_text="fridge-7")
    expect(row).to_contain_text("found by the centre")
    assert_accessible(page, "the alarms of devices")
    if folder := os.environ.get("TWINWARD_PICTURES"):
        page.screenshot(path=f"{folder}/alarms.png", full_page=True)


def fall(stage: Stage, sender: str, seq: int, cause: str = "fall") -> None:
    told = FieldMessage(
        kind="man_down", sender=sender, seq=seq, at=stage.clock.now(), lon=10.2, lat=50.11,
        cause=cause,
    )  # fmt: skip
    assert field.take_frames(stage.platform, local_admin(), [encode(told)]).alarms == 1
    stage.platform.loop.catch_up()


def test_who_is_down_is_shown_with_place_and_task_and_is_ended_with_a_reason(
    quiet: Stage, open_page: Callable[..., Page]
) -> None:
    fall(quiet, "b2", 1)
    page = open_page(quiet, "field/responders", size=(360, 740))
    card = page.get_by_test_id("down")
    expect(card).to_contain_text("b2")
    expect(card.get_by_role("link", name="50.11000° N")).to_have_attribute("href", "geo:50.11,10.2")
    task = card.get_by_role("link", name="Task of")
    expect(task).to_be_visible()
    card.get_by_role("button", name="Reached, or false").click()
    dialog = page.get_by_test_id("deed")
    dialog.get_by_label("Why", exact=True).fill("reached, a broken ankle")
    dialog.get_by_role("button", name="Send").click()
    expect(card).to_have_count(0)
    expect(page.get_by_text("reached, a broken ankle")).to_be_visible()
    (one,) = field.list_alarms(quiet.platform, local_admin(), "ended")
    assert (one.responder, one.task_status) != ("", "")


@pytest.mark.slow
@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_every_desk_of_the_field_is_sound_on_a_telephone(
    quiet: Stage, open_page: Callable[..., Page], language: str, theme: str
) -> None:
    draft(quiet)
    an_edge(quiet)
    fall(quiet, "b2", 1)
    fall(quiet, "c7", 2, "button")
    until = format_time(quiet.clock.now() + timedelta(days=2))
    parcel = {"type": "SendParcel", "parcel": "P-1", "subject": "p-1", "goods": "medicine"}
    parcel |= {"area": "010101", "place": "door-17", "to": "door", "expires_at": until}
    quiet.post(parcel)
    device = registry.DeviceRequest(
        device="fridge-1", edge="gate-1", profile="thermometer", area="010101", place="store-3"
    )
    registry.add(quiet.platform, local_admin(), device)
    page = open_page(quiet, "field", size=(360, 740), language=language, theme=theme)
    found: list[str] = []
    for tab in TABS:
        page.goto(f"{quiet.url}/#/field/{tab}")
        page.wait_for_timeout(900)
        if tab == "delivery":
            page.get_by_test_id("parcel").get_by_role("button").first.click()
            page.get_by_test_id("code").wait_for()
        if PICTURES:
            page.set_viewport_size({"width": 360, "height": 1700})
            page.screenshot(path=f"{PICTURES}/field-{tab}-{language}.png", full_page=True)
            page.set_viewport_size({"width": 360, "height": 740})
        found += [f"{tab}: {one}" for one in find_violations(page, best=True)]
    assert not found, "\n".join(found)
