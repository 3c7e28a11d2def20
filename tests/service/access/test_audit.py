"""The chain of the log and who looked at persons, for those alone who may see it."""

from __future__ import annotations

import pytest

from helpers.cities import Desk
from twinward.core.errors import RefusedError
from twinward.security.identity.people import Caller
from twinward.service.access import activations, person_listing
from twinward.service.access.audit import get_audit


def test_looks_are_listed_newest_first_and_the_chain_is_whole(desk: Desk) -> None:
    desk.case()
    activations.open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic",
        areas=["all"],
        purposes=["trace"],
        days=3,
        by="the committee",
        basis="the act, article 39",
    )
    person_listing.list_persons(desk.platform, desk.me, "cases")
    desk.pass_time(minutes=1)
    person_listing.get_person(desk.platform, desk.me, "cases", "c-1")
    found = get_audit(desk.platform, desk.me)
    assert found.ok and found.first_bad is None and len(found.head) == 64
    assert [look.question for look in found.looks] == ["file of case", "list of cases"]
    assert {(look.by, look.persons) for look in found.looks} == {(desk.me.name, 1)}
    with desk.platform.store.read() as rows:
        assert found.entries == rows.last_seq()


def test_who_may_not_see_the_audit_is_refused(desk: Desk) -> None:
    with pytest.raises(RefusedError):
        get_audit(
            desk.platform, Caller(name="anna", role="department_officer", department="health")
        )
