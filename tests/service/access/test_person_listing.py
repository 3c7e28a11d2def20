"""Persons as they were at an instant: what was known to hold then, and no more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from helpers.cities import COMMUNITY, START, Desk
from twinward.core.errors import AbsentError, InputError
from twinward.service.access import activations, person_listing


def test_a_case_is_listed_as_it_was(desk: Desk) -> None:
    told = {"case": "c-1", "subject": "p-1", "hazard": "epidemic", "area": COMMUNITY}
    for day, status in ((18, "suspected"), (20, "confirmed")):
        desk.clock.at = datetime(2022, 2, day, tzinfo=UTC)
        desk.post("ReportCase", status=status, **told)
    desk.clock.at = START
    # what is learnt today of that time was not known then
    desk.post("ReportCase", status="dead", occurred_at="2022-02-19T08:00:00+08:00", **told)
    activations.open_activation(
        desk.platform, desk.me, hazard="epidemic", areas=["all"], purposes=["care"], days=3,
        by="Li", basis="order 12 of the commission",
    )  # fmt: skip

    def statuses(day: int, **filters: str) -> list[str]:
        at = datetime(2022, 2, day, tzinfo=UTC)
        page = person_listing.list_persons(desk.platform, desk.me, "cases", at=at, **filters)
        assert page.total == len(page.items)
        return [item["status"] for item in page.items]

    assert statuses(17) == []
    assert statuses(19) == ["suspected"]
    assert statuses(21) == ["confirmed"]
    assert statuses(19, status="confirmed") == []
    at = datetime(2022, 2, 19, tzinfo=UTC)
    case = person_listing.get_person(desk.platform, desk.me, "cases", "c-1", at)
    assert case["status"] == "suspected"
    with pytest.raises(AbsentError):
        early = datetime(2022, 2, 17, tzinfo=UTC)
        person_listing.get_person(desk.platform, desk.me, "cases", "c-1", early)
    questions = [e for e in desk.events() if e["type"] == "PersonsListed"]
    assert len(questions) >= 4


@pytest.mark.parametrize(
    ("kind", "filters"),
    [
        ("cases", {"status": "wat"}), ("cases", {"hazard": "wat"}), ("contacts", {"step": "wat"}),
    ],
)  # fmt: skip
def test_a_filter_that_could_never_hold_is_refused(
    desk: Desk, kind: str, filters: dict[str, str]
) -> None:
    with pytest.raises(InputError, match="wat"):
        person_listing.list_persons(desk.platform, desk.me, kind, **filters)


def test_by_all_that_is_known_now_a_late_paper_form_tells_of_its_own_day(desk: Desk) -> None:
    told = {"case": "c-1", "subject": "p-1", "hazard": "epidemic", "area": COMMUNITY}
    for day, status in ((20, "confirmed"), (18, "suspected")):
        desk.post("ReportCase", status=status, occurred_at=f"2022-02-{day}T08:00:00+08:00", **told)
    activations.open_activation(
        desk.platform, desk.me, hazard="epidemic", areas=["all"], purposes=["care"], days=3,
        by="Li", basis="order 12 of the commission",
    )  # fmt: skip
    at = datetime(2022, 2, 19, tzinfo=UTC)

    def statuses(*, known_now: bool) -> list[str]:
        page = person_listing.list_persons(
            desk.platform, desk.me, "cases", at=at, known_now=known_now
        )
        return [item["status"] for item in page.items]

    assert statuses(known_now=True) == ["suspected"]
    assert statuses(known_now=False) == []
