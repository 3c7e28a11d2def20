"""Statuses and objections: reasons, ends, two persons, rules with bounds, alarms, receipts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from helpers.cities import COMMUNITY, HUANGPU, Desk
from twinward.core.errors import AbsentError, ConflictError, InputError, RefusedError
from twinward.security.identity.people import Caller
from twinward.service.access.activations import close_activation, open_activation
from twinward.service.access.approvals import list_notices
from twinward.service.passes import objections, statuses

FIRST = Caller(name="wang", role="duty_officer")
SECOND = Caller(name="li", role="duty_officer")
THIRD = Caller(name="zhao", role="duty_officer")


@pytest.fixture
def care(desk: Desk) -> str:
    return open_activation(
        desk.platform,
        desk.me,
        hazard="epidemic/covid19",
        areas=["all"],
        purposes=["care", "trace"],
        days=20,
        by="emergency centre",
        basis="Law on prevention of infectious diseases, article 41",
    )


def ask(desk: Desk, care: str, caller: Caller = FIRST, **fields: Any) -> statuses.StatusView:
    asked = {
        "subject": "s-1",
        "area": COMMUNITY,
        "value": "restricted",
        "reason_code": "traced",
        "reason": "in the same market hall for an hour",
        "source": "case-77",
        "probability": 0.8,
        "activation": care,
        "until": desk.clock.now() + timedelta(days=7),
        "ends_by": "a negative test at any station",
    }
    return statuses.set_status(desk.platform, caller, **(asked | fields))


def test_an_adverse_status_waits_for_another_person_and_says_everything(
    desk: Desk, care: str
) -> None:
    made = ask(desk, care)
    assert made.state == "proposed"
    with pytest.raises(RefusedError) as refused:
        statuses.confirm(desk.platform, FIRST, made.id)
    assert refused.value.code == "second_person_needed"
    done = statuses.confirm(desk.platform, SECOND, made.id)
    assert (done.state, done.set_by, done.confirmed_by) == ("in_force", "wang", "li")
    for said in (
        "market hall",
        "case-77",
        "80%",
        "wang",
        "li",
        "article 41",
        "2022-03-08",
        "negative test",
        "24 hours",
    ):
        assert said in done.statement.en, said
    assert "异议" in done.statement.zh and made.id in done.statement.sms
    assert done.review_by is not None and done.review_by <= done.until


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"days": 15}, "bad_until"),
        ({"days": 0}, "bad_until"),
        ({"probability": 0.3}, "below_threshold"),
        ({"probability": None}, "no_probability"),
        ({"activation": "none"}, "peacetime"),
        ({"probability": 1.5}, "bad_status"),
        ({"reason_code": "owed money"}, "bad_status"),
        ({"rule": "rule-nobody"}, "second_person_needed"),
    ],
)
def test_what_no_status_may_be_is_refused_with_a_reason(
    desk: Desk, care: str, fields: dict[str, Any], code: str
) -> None:
    if "days" in fields:
        fields = {"until": desk.clock.now() + timedelta(days=fields["days"])}
    with pytest.raises(InputError) as refused:
        ask(desk, care, **fields)
    assert refused.value.code == code
    assert statuses.list_statuses(desk.platform, FIRST).total == 0


def test_below_the_threshold_there_is_advice_at_once(desk: Desk, care: str) -> None:
    made = ask(desk, care, value="advice", probability=0.3)
    assert made.state == "in_force" and "binds you to nothing" in made.statement.en


def test_a_status_ends_by_itself_and_renewals_are_counted(desk: Desk, care: str) -> None:
    first = statuses.confirm(desk.platform, SECOND, ask(desk, care).id)
    desk.clock.advance(timedelta(days=7))
    assert statuses.get_status(desk.platform, FIRST, first.id).state == "ended"
    second = ask(desk, care)
    assert second.renewals == 1
    assert "Renewed 1" in statuses.confirm(desk.platform, SECOND, second.id).statement.en


def test_when_the_activation_is_closed_nobody_is_restricted_any_more(desk: Desk, care: str) -> None:
    made = ask(desk, care)
    close_activation(desk.platform, desk.me, care)
    with pytest.raises(RefusedError) as refused:
        statuses.confirm(desk.platform, SECOND, made.id)
    assert refused.value.code == "peacetime"


def test_a_rule_restricts_alone_within_the_bounds_that_two_gave_it(desk: Desk, care: str) -> None:
    rule = statuses.authorise_rule(
        desk.platform,
        FIRST,
        area=HUANGPU,
        reason_code="traced",
        least_probability=0.7,
        most_a_day=2,
        activation=care,
        until=desk.clock.now() + timedelta(days=3),
        reason="traced contacts of the market",
    )
    with pytest.raises(RefusedError):
        ask(desk, care, rule=rule)
    with pytest.raises(RefusedError):
        statuses.confirm_rule(desk.platform, FIRST, rule)
    statuses.confirm_rule(desk.platform, SECOND, rule)
    for number in range(2):
        done = ask(desk, care, subject=f"s-{number}", rule=rule)
        assert (done.state, done.rule) == ("in_force", rule)
    for fields in ({}, {"probability": 0.6}, {"reason_code": "declared"}, {"area": "310115004001"}):
        with pytest.raises(RefusedError) as refused:
            ask(desk, care, subject="s-9", rule=rule, **fields)
        assert refused.value.code == "second_person_needed"
    desk.clock.advance(timedelta(days=2))
    assert ask(desk, care, subject="s-9", rule=rule).state == "in_force", "a new day, new bounds"


def test_one_record_that_hits_many_raises_an_alarm(desk: Desk, care: str) -> None:
    """1,317 depositors were given red codes in Zhengzhou in June 2022 for no case at all."""
    for number in range(20):
        made = ask(desk, care, subject=f"s-{number}", source="list-from-a-bank")
        statuses.confirm(desk.platform, SECOND, made.id)
    told = [one.text for one in list_notices(desk.platform, Caller(name="qian", role="auditor"))]
    assert any("20 persons were restricted" in text and "list-from-a-bank" in text for text in told)


def test_an_objection_has_a_receipt_a_clock_and_a_provisional_effect(desk: Desk, care: str) -> None:
    made = statuses.confirm(desk.platform, SECOND, ask(desk, care).id)
    found = objections.read_message(desk.platform, THIRD, f"object {made.id} I was not there")
    assert found.receipt.startswith("ob-") and found.channel == "sms" and found.suspended
    assert found.due_at == desk.clock.now() + timedelta(hours=24)
    assert statuses.get_status(desk.platform, FIRST, made.id).state == "under_review"
    with pytest.raises(ConflictError) as again:
        objections.lodge(desk.platform, THIRD, made.id, channel="paper", reason="again, on paper")
    assert again.value.code == "objected_before"
    for party in (FIRST, SECOND):
        with pytest.raises(RefusedError) as refused:
            objections.decide(
                desk.platform, party, found.receipt, upheld=False, because="as it was"
            )
        assert refused.value.code == "second_person_needed"
    done = objections.decide(
        desk.platform, THIRD, found.receipt, upheld=True, because="other person"
    )
    assert (done.decision, done.decided_by) == ("upheld", "zhao")
    assert statuses.get_status(desk.platform, FIRST, made.id).state == "lifted"


def test_an_objection_nobody_decides_in_time_is_overdue_and_ends_the_status(
    desk: Desk, care: str
) -> None:
    one = statuses.confirm(desk.platform, SECOND, ask(desk, care).id)
    positive = ask(desk, care, subject="s-2", reason_code="test_positive", probability=None)
    two = statuses.confirm(desk.platform, SECOND, positive.id)
    for status in (one, two):
        objections.lodge(desk.platform, THIRD, status.id, channel="phone", reason="it is wrong")
    assert statuses.get_status(desk.platform, FIRST, two.id).state == "in_force", "a result binds"
    desk.clock.advance(timedelta(hours=25))
    assert statuses.get_status(desk.platform, FIRST, one.id).state == "ended"
    assert statuses.get_status(desk.platform, FIRST, two.id).state == "in_force"
    shown = objections.list_objections(desk.platform, THIRD)
    assert shown.overdue == 2 and all(item.overdue for item in shown.items)


def test_objections_by_proxy_on_paper_after_the_end_and_bad_ones(desk: Desk, care: str) -> None:
    made = statuses.confirm(desk.platform, SECOND, ask(desk, care).id)
    desk.clock.advance(timedelta(days=8))
    late = objections.lodge(
        desk.platform,
        THIRD,
        made.id,
        channel="paper",
        reason="it stays on record",
        proxy="daughter",
    )
    assert late.proxy == "daughter" and late.decision == "open"
    for text in ("hello", "OBJECT st-1", "", "OBJECT " + "x" * 5000):
        with pytest.raises(InputError):
            objections.read_message(desk.platform, THIRD, text)
    with pytest.raises(AbsentError):
        objections.lodge(desk.platform, THIRD, "st-0123456789", channel="sms", reason="no such")
    with pytest.raises(InputError):
        objections.lodge(desk.platform, THIRD, made.id, channel="pigeon", reason="no such")


def test_public_counts_hide_small_numbers(desk: Desk, care: str) -> None:
    for number in range(11):
        made = ask(desk, care, subject=f"s-{number}")
        statuses.confirm(desk.platform, SECOND, made.id)
    assert statuses.count_public(desk.platform).restricted == 11
    assert statuses.count_public(desk.platform).advice is None


def test_an_overdue_objection_is_told_to_who_can_decide_and_who_watches_once_a_day(
    desk: Desk, care: str
) -> None:
    made = statuses.confirm(desk.platform, SECOND, ask(desk, care).id)
    found = objections.lodge(desk.platform, THIRD, made.id, channel="phone", reason="it is wrong")

    def told(role: str) -> list[str]:
        notices = list_notices(desk.platform, Caller(name="qian", role=role))
        return [one.text for one in notices if found.receipt in one.text]

    desk.pass_time(hours=23)
    assert told("auditor") == []
    for _ in range(3):
        desk.pass_time(hours=2)
    assert len(told("auditor")) == len(told("duty_officer")) == 1
    assert "past its time" in told("auditor")[0] and made.id in told("auditor")[0]
    desk.pass_time(hours=24)
    assert len(told("auditor")) == 2, "told again a day later"
    objections.decide(desk.platform, THIRD, found.receipt, upheld=False, because="looked at")
    desk.pass_time(hours=48)
    assert len(told("auditor")) == 2
