"""The door of a managed workspace, and what is behind it for an officer of one department."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from browser.made_city import make_city
from browser.stage import staged
from twinward.service.access import accounts
from twinward.service.platform import local_admin

PASSWORD = "river lantern quiet orchard"


def test_an_officer_logs_in_and_has_only_the_tasks_of_her_department(
    tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    make_city(tmp_path / "ws", kind="ordinary", managed=True)
    with staged(tmp_path / "ws") as stage:
        made = accounts.add_account(
            stage.platform,
            local_admin(),
            "chen",
            "department_officer",
            department="health",
            second_factor=False,
        )
        accounts.set_first_password(stage.platform, "chen", made, PASSWORD)
        stage.report_case()
        page = open_page(stage, "tasks")
        page.get_by_label("Name").fill("chen")
        page.get_by_label("Password").fill("not her password")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_label("Department")).to_be_disabled()
        expect(page.get_by_label("Department")).to_have_value("health")
        own = [
            task
            for task in stage.open_tasks()
            if task.department == "health" and task.status != "waiting"
        ]
        expect(page.get_by_test_id("my-count")).to_have_text(str(len(own)))
        page.get_by_role("link", name="Public page").click()
        expect(page.get_by_role("heading", name="What everybody may know")).to_be_visible()


def test_persons_are_shut_in_peacetime_and_a_look_is_counted_under_an_activation(
    tmp_path: Path, open_page: Callable[..., Page]
) -> None:
    make_city(tmp_path / "ws", kind="ordinary")
    with staged(tmp_path / "ws") as stage:
        stage.report_case()
        stage.post(
            {
                "type": "NameContact",
                "contact": "k1",
                "case": "c1",
                "subject": "p-9",
                "area": "010101",
                "setting": "household",
                "probability": 0.8,
            }
        )
        page = open_page(stage)
        page.get_by_test_id("incident").click()
        page.get_by_role("button", name="Show contacts").click()
        expect(page.get_by_text("No power in use opens this")).to_be_visible()
        stage.open_activation()
        page.reload()
        page.get_by_role("button", name="Show contacts").click()
        expect(page.get_by_role("cell", name="p-9").last).to_be_visible()
        page.get_by_role("link", name="Trust").click()
        expect(page.get_by_role("cell", name="tracing of contacts")).to_be_visible()
