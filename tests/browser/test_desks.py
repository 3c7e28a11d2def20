"""The desks of documents and parcels on a phone: a claim is accepted in its sentence, a code is told and
stays on record.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.axe import assert_accessible
from browser.conftest import Open
from browser.made_city import make_city
from browser.stage import Stage, staged

PHONE = (360, 740)
PICTURES = os.environ.get("TWINWARD_PICTURES")  # a folder: each screen is kept as a picture there


def keep(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[Stage]:
    make_city(tmp_path / "ws", kind="ordinary")
    with staged(tmp_path / "ws") as stage:
        until = (stage.clock.now() + timedelta(days=3)).isoformat()
        stage.post(
            {"type": "SendParcel", "parcel": "P-17", "subject": "p-17", "goods": "medicine"}
            | {"area": "010101", "place": "door-4", "to": "door", "expires_at": until}
        )
        yield stage


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_a_document_is_given_and_its_claim_accepted(
    desks: Stage, open_page: Open, tmp_path: Path, language: str
) -> None:
    page = open_page(desks, "field", language=language, size=PHONE)
    page.get_by_role(
        "link", name={"en": "Documents", "zh": "文件采集"}[language], exact=True
    ).click()
    file = tmp_path / "mail.txt"
    file.write_text("Street flooded, water about 40 cm deep. Call 13812345678.", "utf-8")
    page.get_by_test_id("intake-file").set_input_files(str(file))
    claim = page.get_by_test_id("claim")
    expect(claim).to_have_count(1)
    expect(claim.locator("mark")).to_contain_text("flood")
    expect(claim).not_to_contain_text("13812345678")
    assert_accessible(page, f"intake desk ({language})")
    keep(page, f"intake-{language}")
    claim.get_by_role("button", name={"en": "Accept", "zh": "采信"}[language], exact=True).click()
    expect(page.get_by_test_id("claim")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_a_code_is_told_on_the_phone(desks: Stage, open_page: Open, language: str) -> None:
    page = open_page(desks, "field", language=language, size=PHONE)
    page.get_by_role("link", name={"en": "Parcels", "zh": "包裹"}[language], exact=True).click()
    expect(page.get_by_test_id("parcel")).to_have_count(1)
    expect(page.get_by_test_id("parcel")).not_to_contain_text("p-17")
    page.get_by_role("button", name={"en": "Show the code", "zh": "显示取件码"}[language]).click()
    expect(page.get_by_test_id("code")).to_contain_text("P-17")
    assert_accessible(page, f"delivery desk ({language})")
    keep(page, f"delivery-{language}")
