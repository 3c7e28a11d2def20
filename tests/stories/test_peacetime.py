"""Peacetime: every question about a person is refused until an activation names it, and after it
has ended.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from helpers.cities import HUANGPU, Desk
from twinward.core.errors import InputError, RefusedError, TwinwardError
from twinward.service.access import activations, person_listing, vault
from twinward.service.incidents import queries

QUESTIONS: dict[str, Callable[[Desk], object]] = {
    "the vault": lambda desk: vault.open_identity(desk.platform, desk.me, "p-1", "to call them"),
    "the list of cases": lambda desk: person_listing.list_persons(desk.platform, desk.me, "cases"),
    "one case": lambda desk: person_listing.get_person(desk.platform, desk.me, "cases", "c-1"),
    "a trace": lambda desk: activations.scope_for(desk.platform, desk.me, "trace"),
}


def refusal(desk: Desk, question: str) -> str:
    with pytest.raises(RefusedError) as refused:
        QUESTIONS[question](desk)
    assert refused.value.advice or ". " in str(refused.value)
    return refused.value.code


def activate(desk: Desk, *purposes: str, days: int = 2) -> str:
    return activations.open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic",
        areas=[HUANGPU],
        purposes=list(purposes),
        days=days,
        by="duty officer",
        basis="the law on infectious diseases",
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_in_peacetime_nobody_can_be_looked_up(desk: Desk, question: str) -> None:
    desk.case(1)
    assert refusal(desk, question) == "peacetime"


def test_an_activation_opens_only_what_it_names(desk: Desk) -> None:
    activate(desk, "trace")
    assert refusal(desk, "the vault") == "purpose_not_open"
    scope = activations.scope_for(desk.platform, desk.me, "trace")
    assert scope.covers_area(HUANGPU)
    assert not scope.covers_area("310115")


def test_a_power_nobody_knows_is_never_in_force(desk: Desk) -> None:
    with pytest.raises(TwinwardError, match="spying") as refused:
        activate(desk, "trace", "spying")
    assert refused.value.code == "unknown_purpose" and "vault" in str(refused.value)
    assert refusal(desk, "a trace") == "peacetime"


def test_a_filter_that_could_never_hold_is_no_empty_list(desk: Desk) -> None:
    for ask in (queries.list_incidents, queries.list_tasks):
        with pytest.raises(InputError, match="wat") as refused:
            ask(desk.platform, status="wat")
        assert refused.value.code == "unknown_status" and "open" in refused.value.advice
        assert ask(desk.platform, status="open") == []


@pytest.mark.parametrize("how", ["time", "hand"])
def test_an_activation_that_has_ended_opens_nothing(desk: Desk, how: str) -> None:
    name = activate(desk, "trace", "vault")
    activations.scope_for(desk.platform, desk.me, "trace")
    if how == "hand":
        activations.close_activation(desk.platform, desk.me, name)
    else:
        desk.clock.advance(timedelta(days=2))  # no tick has run yet: it shuts all the same
    assert refusal(desk, "a trace") == "peacetime"
    desk.pass_time(minutes=1)
    (row,) = activations.list_activations(desk.platform)
    assert (row.status, row.in_force) == ("closed", False)
