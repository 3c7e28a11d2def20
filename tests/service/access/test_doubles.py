"""Who may be one person is offered without names, and decided with a reason by whoever may open
both; each opening is on record.
"""

from __future__ import annotations

from typing import Any

import pytest

from helpers.cities import COMMUNITY, PUDONG_COMMUNITY, Desk
from twinward.core.errors import InputError, RefusedError, TwinwardError
from twinward.security.identity.people import Caller
from twinward.service.access import activations, doubles
from twinward.service.access.vault import open_identity


def report(desk: Desk, name: str, phone: str, area: str = COMMUNITY, **more: Any) -> str:
    told = {"hazard": "epidemic", "area": area, "status": "confirmed"} | more
    assert desk.post("ReportCase", person={"name": name, "phone": phone}, **told).stored == 1
    return next(
        case.subject
        for case in desk.rows("cases")
        if desk.platform.vault.open(case.subject).name == name
    )


@pytest.fixture
def pair(desk: Desk) -> tuple[str, str]:
    return report(desk, "Ann Sample", "13900001111"), report(desk, "Anna Samples", "13900001111")


def open_activation(desk: Desk) -> None:
    activations.open_activation(
        desk.platform, desk.me, hazard="epidemic", areas=["all"], purposes=["vault"], days=3,
        by="Li", basis="order 12 of the commission",
    )  # fmt: skip


def test_doubles_are_offered_under_an_activation_without_names(
    desk: Desk, pair: tuple[str, str]
) -> None:
    with pytest.raises(RefusedError):
        doubles.list_doubles(desk.platform, desk.me)
    open_activation(desk)
    (found,) = doubles.list_doubles(desk.platform, desk.me)
    assert {found.one, found.other} == set(pair)
    assert found.why == "the same telephone"
    assert len(found.cases) == 2
    with pytest.raises(TwinwardError):
        doubles.list_doubles(desk.platform, Caller(name="ma", role="planner"))


def test_a_merge_is_on_record_and_later_reports_are_of_one_person(
    desk: Desk, pair: tuple[str, str]
) -> None:
    open_activation(desk)
    one, other = pair
    doubles.merge(desk.platform, desk.me, other, one, "her sister confirmed it")
    told = {"hazard": "epidemic", "area": COMMUNITY, "status": "confirmed"}
    person = {"name": "Anna Samples", "phone": "139 0000 1111"}
    again = desk.post("ReportCase", person=person, **told)
    assert (again.stored, again.duplicate) == (0, 1)
    shown = open_identity(desk.platform, desk.me, one, "to call her")
    assert {shown.name, *(known.name for known in shown.also)} == {"Ann Sample", "Anna Samples"}
    assert doubles.unmerge(desk.platform, desk.me, other, "two after all") == one
    assert [pair.state for pair in doubles.list_doubles(desk.platform, desk.me, "all")] == ["apart"]
    kinds = [event["fact"].get("kind") for event in desk.events() if event["type"] == "AccessNoted"]
    assert kinds == ["persons_merged", "persons_unmerged"]
    looks = [event for event in desk.events() if event["type"] == "LookRecorded"]
    assert len(looks) == 4  # both of the merge, the call, the one that was parted


def test_whoever_may_open_only_one_of_two_is_offered_nothing_and_merges_nobody(desk: Desk) -> None:
    one = report(desk, "Ann Sample", "13900001111")
    other = report(desk, "Ben Sample", "13900001111", area=PUDONG_COMMUNITY)
    open_activation(desk)
    officer = Caller(name="hu", role="duty_officer", areas=("310101",))
    assert doubles.list_doubles(desk.platform, officer) == []
    with pytest.raises(TwinwardError):
        doubles.merge(desk.platform, officer, other, one, "I think so")
    assert doubles.list_doubles(desk.platform, desk.me)[0].state == "open"


def test_two_who_are_two_are_offered_no_more(desk: Desk, pair: tuple[str, str]) -> None:
    open_activation(desk)
    doubles.keep_apart(desk.platform, desk.me, *pair, "mother and daughter")
    assert doubles.list_doubles(desk.platform, desk.me) == []
    report(desk, "Ann Sample Li", "13900001111", case="c-9")
    assert all(set(pair) != {p.one, p.other} for p in doubles.list_doubles(desk.platform, desk.me))


@pytest.mark.parametrize("beside", [{"address": "1 Road"}, {"born": "1990-03-07"}, {}])
def test_one_name_in_characters_and_in_pinyin_is_a_question(
    desk: Desk, beside: dict[str, str]
) -> None:
    for name in ("王小明", "Xiaoming Wang", "李四"):
        told = {"hazard": "epidemic", "area": COMMUNITY, "status": "confirmed"}
        assert desk.post("ReportCase", person={"name": name} | beside, **told).stored == 1
    open_activation(desk)
    (found,) = doubles.list_doubles(desk.platform, desk.me)
    names = {str(desk.platform.vault.open(who).name) for who in (found.one, found.other)}
    assert names == {"王小明", "Xiaoming Wang"}
    assert "two scripts" in found.why


@pytest.mark.parametrize(
    ("by", "basis", "says"),
    [
        ("Li", "o", "'o' is too short"),
        ("Li", " ", "is empty"),
        (" ", "order 12 of the commission", "nobody is named"),
    ],
)
def test_an_activation_says_what_it_lacks(desk: Desk, by: str, basis: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        activations.open_activation(
            desk.platform, desk.me, hazard="epidemic", areas=["all"], purposes=["vault"], days=3,
            by=by, basis=basis,
        )  # fmt: skip
