"""The one decision, and that lists are cut by the same rule."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinward.citybase.schema import Area
from twinward.core.errors import InputError
from twinward.core.scope import Scope
from twinward.security.authorization.jurisdictions import Jurisdictions
from twinward.security.authorization.policy import Policy, intersect
from twinward.security.authorization.roles import load_roles, parse_roles
from twinward.security.identity.people import Caller
from twinward.twins.city.areas import AreaTree

DAY = datetime(2022, 4, 1, tzinfo=UTC)


def scope(*purposes: str, areas: tuple[str, ...] = ("all",)) -> Scope:
    words = frozenset(purposes)
    return Scope(
        activation="act-1", holder="x", purposes=words, areas=areas, data_from=DAY, data_to=DAY
    )


@st.composite
def trees(draw: Any) -> AreaTree:
    """Trees whose codes nest by prefix, where one sibling's code may begin another's."""
    areas = [Area(code="0", name="0", level="l", parent=None, lon=0, lat=0)]
    for _ in range(draw(st.integers(0, 30))):
        parent = draw(st.sampled_from(areas))
        code = parent.code + draw(st.sampled_from(["1", "10", "2", "a", "é", "-"]))
        if all(code != area.code for area in areas):
            areas.append(Area(code=code, name=code, level="l", parent=parent.code, lon=0, lat=0))
    return AreaTree("0", areas)


@given(trees(), st.data())
def test_a_jurisdiction_is_its_subtrees_and_nothing_else(tree: AreaTree, data: Any) -> None:
    codes = sorted(tree.by_code)
    mine = tuple(data.draw(st.lists(st.sampled_from(codes), min_size=1, max_size=4)))
    jurisdiction = Jurisdictions(tree).of(mine)
    for code in codes:
        inside = any(tree.is_under(code, one) for one in mine)
        assert jurisdiction.covers(code) == inside
        above = any(tree.is_under(one, code) for one in mine)
        assert jurisdiction.concerns(code) == (inside or above)


@given(trees(), st.data())
def test_what_two_rules_share_is_what_both_cover(tree: AreaTree, data: Any) -> None:
    codes = sorted(tree.by_code)
    some = st.lists(st.sampled_from(codes), min_size=1, max_size=4).map(tuple)
    rules = Jurisdictions(tree)
    left, right = rules.of(data.draw(some)), rules.of(data.draw(some))
    if left.ranges is None or right.ranges is None:
        return
    both = intersect(left.ranges, right.ranges)
    for code in codes:
        assert any(low <= code <= high for low, high in both) == (
            left.covers(code) and right.covers(code)
        )


@pytest.mark.parametrize(
    ("who", "action", "area", "opened", "code"),
    [
        ("wang", "trace", "31-a", scope("trace"), ""),
        ("wang", "trace", "310-a", scope("trace"), "area_not_yours"),
        ("wang", "trace", "31-a", None, "peacetime"),
        ("wang", "trace", "31-a", scope("vault"), "purpose_not_open"),
        ("wang", "trace", "31-a", scope("trace", areas=("32",)), "area_not_open"),
        ("zhao", "trace", "31-a", scope("trace"), "role_not_allowed"),
        ("zhao", "open_vault", "31-a", scope("vault"), ""),
        ("wu", "see_audit", None, None, ""),
        ("wu", "see_persons", "31-a", scope("trace"), "role_not_allowed"),
        ("ma", "open_vault", "31-a", scope("vault"), "role_not_allowed"),
        ("hu", "see_situation", "31", None, "role_not_allowed"),
        ("hu", "read_public", None, None, ""),
        ("wang", "see_situation", "3", None, ""),
        ("wang", "see_situation", "32", None, "area_not_yours"),
        ("root", "open_vault", "31-a", scope("vault"), "role_not_allowed"),
    ],
)
def test_decisions(
    tree: AreaTree,
    people: dict[str, Caller],
    who: str,
    action: str,
    area: str | None,
    opened: Scope | None,
    code: str,
) -> None:
    found = Policy(tree, managed=True).decide(people[who], action, area=area, scope=opened)
    assert (found.allowed, found.code) == (code == "", code)


def test_a_department_answers_only_for_itself(tree: AreaTree, people: dict[str, Caller]) -> None:
    policy = Policy(tree)
    assert policy.decide(people["chen"], "answer_task", area="31", department="health").allowed
    assert (
        policy.decide(people["chen"], "answer_task", area="31", department="transport").code
        == "wrong_department"
    )


def test_the_local_administrator_does_all_where_nobody_logs_in(
    tree: AreaTree, people: dict[str, Caller]
) -> None:
    policy = Policy(tree, managed=False)
    assert all(
        policy.decide(
            people["root"], action, area="31", scope=scope("trace", "vault", "care")
        ).allowed
        for action in policy.roles.actions
    )


def test_an_unknown_role_may_do_what_everybody_may(tree: AreaTree) -> None:
    stranger = Caller(name="s", role="chief")
    assert Policy(tree).decide(stranger, "read_public").allowed
    assert not Policy(tree).decide(stranger, "see_situation").allowed


def test_roles_that_need_a_department_or_an_area_are_refused_without() -> None:
    with pytest.raises(InputError, match="department"):
        load_roles().require_role("department_officer", department=None, areas=("31",))
    with pytest.raises(InputError, match="jurisdiction"):
        load_roles().require_role("community_officer", department=None, areas=("all",))


def test_a_role_that_names_no_action_is_found_when_read() -> None:
    text = '[[action]]\nid="a"\ntitle="a"\nreach="inside"\n[[role]]\nid="r"\ntitle="r"\nactions=["b"]\n'
    with pytest.raises(InputError, match="'b'"):
        parse_roles(text)
