"""Powers, accounts, comments and plans on the screen: what was done at the server only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.made_city import make_city
from browser.stage import Stage, staged
from twinward.service.access import accounts, activations
from twinward.service.passes import statuses
from twinward.service.platform import Caller, local_admin

Open = Callable[..., Page]
PASSWORD = "river lantern quiet orchard"


def test_a_power_is_opened_renewed_and_ended_with_its_consequences(
    quiet: Stage, open_page: Open
) -> None:
    page = open_page(quiet, "trust")
    page.get_by_role("button", name="Powers").click()
    page.get_by_role("button", name="Open an activation").click()
    dialog = page.get_by_test_id("deed")
    expect(dialog).to_contain_text("Every look is on record")
    page.get_by_label("tracing of contacts").check()
    page.get_by_label("Basis").fill("Infectious diseases act, article 39")
    page.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    (opened,) = activations.list_activations(quiet.platform)
    assert opened.purposes == ("trace",)
    assert opened.in_force
    page.get_by_role("button", name="Change").click()
    page.get_by_role("button", name="End now").click()
    page.get_by_label("Why", exact=True).fill("The outbreak is over")
    page.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    (ended,) = activations.list_activations(quiet.platform)
    assert not ended.in_force


def test_an_account_is_set_up_and_logged_out_on_the_screen(tmp_path: Path, open_page: Open) -> None:
    make_city(tmp_path / "ws", kind="ordinary", managed=True)
    with staged(tmp_path / "ws") as stage:
        secret = accounts.add_account(
            stage.platform, local_admin(), "chen", "duty_officer", second_factor=False
        )
        page = open_page(stage, "trust")
        page.get_by_role("button", name="First login").click()
        page.get_by_label("Name").fill("chen")
        page.get_by_label("One-time secret").fill(secret)
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_role("status").filter(has_text="password is set")).to_be_visible()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in", exact=True).click()
        expect(page.get_by_test_id("session")).to_contain_text("this one")
        assert_accessible(page, "trust")
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_comments_are_read_where_they_were_written(quiet: Stage, open_page: Open) -> None:
    quiet.report_case()
    task = next(one for one in quiet.open_tasks() if one.status == "ordered")
    quiet.post(
        {
            "type": "CommentTask",
            "task": task.id,
            "department": task.department,
            "comment": "The caretaker has the key",
        }
    )
    page = open_page(quiet, f"tasks/{task.id}")
    page.get_by_role("button", name="Comments: 1").click()
    expect(page.get_by_test_id("comments")).to_contain_text("local-admin")
    expect(page.get_by_test_id("comments")).to_contain_text("The caretaker has the key")


def test_a_plan_is_read_before_it_is_adopted(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak, "duty/incidents")
    page.get_by_role("link", name="Castle").click()
    page.get_by_role("button", name="Read the plan").first.click()
    plan = page.get_by_test_id("plan")
    expect(plan.get_by_role("heading", name="Legal bound")).to_be_visible()
    expect(plan.get_by_role("heading", name="Tasks")).to_be_visible()
    assert_accessible(page, "plan")


def test_the_time_bar_shows_a_window_with_marks(outbreak: Stage, open_page: Open) -> None:
    page = open_page(outbreak)
    expect(page.get_by_test_id("marks").locator("i").first).to_be_attached()
    everything = page.get_by_test_id("marks").locator("i").count()
    slider = page.get_by_role("slider")
    first = int(slider.get_attribute("min") or 0)
    page.get_by_label("Window").select_option("7")
    expect(slider).not_to_have_attribute("min", str(first))
    assert page.get_by_test_id("marks").locator("i").count() < everything


def test_a_telephone_has_tasks_first_and_bars_of_a_quarter(
    outbreak: Stage, open_page: Open
) -> None:
    page = open_page(outbreak, "tasks", size=(360, 740))
    expect(page.get_by_test_id("my-count")).to_be_visible()
    bars = sum(
        box["height"]
        for name in ("header", "nav.places", "footer")
        for box in [page.locator(name).bounding_box() if page.locator(name).count() else None]
        if box is not None
    )
    assert bars <= 740 / 4
    links = page.locator("nav.places a:visible")
    assert links.count() == 4
    lefts = {one.inner_text(): (one.bounding_box() or {"x": 0})["x"] for one in links.all()}
    assert min(lefts, key=lambda name: lefts[name]).startswith("My tasks")
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("link", name="Public page")).to_be_visible()
    assert_accessible(page, "phone")


def test_a_status_waits_for_another_person_is_confirmed_and_lifted_on_the_screen(
    quiet: Stage, open_page: Open
) -> None:
    care = activations.open_activation(
        quiet.platform,
        local_admin(),
        hazard="epidemic/covid19",
        areas=["all"],
        purposes=["care"],
        days=10,
        by="centre",
        basis="article 41",
    )
    asked = {"subject": "p-7", "area": "010101", "value": "restricted", "reason_code": "traced"}
    asked |= {"reason": "in the market hall", "source": "case-77", "probability": 0.8}
    until = quiet.platform.clock.now() + timedelta(days=5)
    wang = Caller(name="wang", role="duty_officer")
    made = statuses.set_status(quiet.platform, wang, activation=care, until=until, **asked)
    page = open_page(quiet, "trust")
    panel = page.locator("section", has=page.locator("#statuses"))
    expect(panel).to_contain_text("The look goes on record")
    expect(page.get_by_test_id("status-of-person")).to_have_count(0)
    panel.get_by_role("button", name="Look", exact=True).click()
    row = page.get_by_test_id("status-of-person")
    expect(row).to_contain_text("waits for another person")
    expect(row).to_contain_text("in the market hall")
    row.get_by_role("button", name="Change").click()
    row.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Send").click()
    expect(row).to_have_attribute("data-state", "in_force")
    assert statuses.get_status(quiet.platform, wang, made.id).confirmed_by == local_admin().name
    assert_accessible(page, "statuses")
    row.get_by_role("button", name="Change").click()
    page.get_by_label("Why", exact=True).fill("A mistake of identity")
    page.get_by_role("button", name="Send").click()
    expect(row).to_have_attribute("data-state", "lifted")
