"""Contacts who become cases, cannot be found, or live outside; the follow-up is counted from the
last exposure.
"""

from __future__ import annotations

from typing import Any

import pytest

from helpers.cities import COMMUNITY, Desk


def name_contact(desk: Desk, contact: str = "ct-1", **fields: Any) -> None:
    told = {
        "contact": contact,
        "case": "c-1",
        "subject": f"p-{contact}",
        "area": COMMUNITY,
        "setting": "household",
    }
    assert desk.post("NameContact", **(told | fields)).stored == 1


def step(desk: Desk, word: str, contact: str = "ct-1", **fields: Any) -> Any:
    return desk.post("UpdateContact", contact=contact, step=word, **fields)


def isolate(desk: Desk, contact: str = "ct-1") -> None:
    for word in ("located", "isolated"):
        assert step(desk, word, contact).stored == 1


def report_again(desk: Desk, **fields: Any) -> Any:
    told = {"subject": "p-ct-1", "hazard": "epidemic", "area": COMMUNITY, "status": "confirmed"}
    return desk.post("ReportCase", **(told | fields))


def contacts_hold(desk: Desk) -> tuple[bool, str]:
    found = next(one for one in desk.incident()["evidence"] if one.objective == "contacts")
    return found.holds, found.because


def test_a_contact_in_isolation_who_falls_ill_was_watched_already(desk: Desk) -> None:
    desk.case()
    name_contact(desk)
    name_contact(desk, "ct-2", subject="p-ct-1", setting="work")
    isolate(desk)
    desk.pass_time(days=5)
    day = desk.rows("incidents")[0].last_linked_day
    report_again(desk)
    figures = desk.incident()["figures"]
    assert (figures["new_total"], figures["new_linked_total"]) == (2.0, 1.0)
    assert desk.rows("incidents")[0].last_linked_day == day
    (case,) = desk.rows("cases", subject="p-ct-1")
    assert case.found_in == "control"
    assert {(row.step, row.as_case) for row in desk.rows("contacts")} == {("became_case", case.id)}


def test_what_the_team_tells_later_of_a_contact_who_is_a_case_leaves_it_a_case(desk: Desk) -> None:
    desk.case()
    name_contact(desk)
    report_again(desk)
    for word in ("located", "isolated", "tested_positive"):
        assert step(desk, word).stored == 1
    (contact,) = desk.rows("contacts")
    assert (contact.step, contact.as_case is not None) == ("became_case", True)


def test_who_was_in_isolation_months_ago_is_not_watched_now(desk: Desk) -> None:
    desk.case()
    name_contact(desk)
    isolate(desk)
    desk.pass_time(days=40)
    report_again(desk)
    assert desk.rows("cases", subject="p-ct-1")[0].found_in == "unknown"


def test_a_sender_who_says_community_is_believed_and_the_contradiction_is_shown(desk: Desk) -> None:
    desk.case()
    name_contact(desk)
    isolate(desk)
    report_again(desk, found_in="community")
    (case,) = desk.rows("cases", subject="p-ct-1")
    assert case.found_in == "community"
    assert "was in isolation" in case.note
    assert desk.incident()["figures"]["new_linked_total"] == 2.0


def test_a_contact_who_was_only_named_or_of_another_illness_was_not_watched(desk: Desk) -> None:
    desk.case()
    name_contact(desk)
    report_again(desk)
    assert desk.rows("cases", subject="p-ct-1")[0].found_in == "unknown"
    desk.case(2, hazard="epidemic/influenza")
    name_contact(desk, "ct-3", case="c-2")
    isolate(desk, "ct-3")
    report_again(desk, subject="p-ct-3", hazard="epidemic/sars-cov-2")
    assert desk.rows("cases", subject="p-ct-3")[0].found_in == "unknown"
    assert desk.rows("contacts", subject="p-ct-3")[0].step == "isolated"


def test_whoever_cannot_be_found_keeps_no_incident_open_for_ever(desk: Desk) -> None:
    desk.case()
    name_contact(desk, exposed_at=desk.clock.now().isoformat())
    assert step(desk, "not_found", because="three visits, no telephone").stored == 1
    holds, because = contacts_hold(desk)
    assert not holds
    assert "not found 1, followed up until 2022-03-15" in because
    desk.clock.at = desk.clock.at.replace(day=16)
    holds, because = contacts_hold(desk)
    assert holds
    assert because == "the one contact is settled: living outside 0, not found 1"
    assert step(desk, "located").stored == 1  # found after all
    assert not contacts_hold(desk)[0]


def test_whoever_lives_outside_is_passed_on_and_settled(desk: Desk) -> None:
    desk.case()
    name_contact(desk)
    assert step(desk, "lives_outside", because="passed on to Suzhou").stored == 1
    assert contacts_hold(desk) == (
        True,
        "the one contact is settled: living outside 1, not found 0",
    )


@pytest.mark.parametrize("word", ["not_found", "lives_outside"])
def test_the_task_of_a_contact_whom_nobody_can_care_for_can_be_done(desk: Desk, word: str) -> None:
    desk.case()
    name_contact(desk)
    task = next(task for task in desk.tasks() if task.contact == "ct-1")
    assert desk.complete(task).stored == 0
    step(desk, word)
    assert desk.complete(task).stored == 1


def test_a_contact_becomes_only_a_case_of_the_same_person(desk: Desk) -> None:
    desk.case()
    name_contact(desk)
    for other in ("nobody", "c-1"):
        assert step(desk, "became_case", as_case=other).rejected[0].code == "not_found"
    name_contact(desk, "ct-2", subject="p-1")
    assert step(desk, "became_case", "ct-2", as_case="c-1").stored == 1


def follow(desk: Desk, condition: str, contact: str = "ct-1", **fields: Any) -> Any:
    return desk.post("FollowContact", contact=contact, condition=condition, **fields)


def test_a_contact_is_asked_day_by_day_and_the_last_day_is_shown(desk: Desk) -> None:
    desk.case()
    name_contact(desk)
    assert follow(desk, "well").stored == 1
    desk.pass_time(days=1)
    asked_late = desk.clock.now().isoformat()
    desk.pass_time(days=1)
    assert follow(desk, "symptoms", because="fever since the morning").stored == 1
    (contact,) = desk.rows("contacts")
    last = contact.followed_on
    assert contact.condition == "symptoms"
    assert follow(desk, "not_reached", occurred_at=asked_late).stored == 1
    (contact,) = desk.rows("contacts")
    assert (contact.followed_on, contact.condition, contact.step) == (last, "symptoms", "named")


def test_who_is_released_or_unknown_is_not_followed(desk: Desk) -> None:
    desk.case()
    name_contact(desk)
    isolate(desk)
    for word in ("tested_negative", "released"):
        assert step(desk, word).stored == 1
    assert [one.code for one in follow(desk, "well").rejected] == ["not_followed"]
    assert [one.code for one in follow(desk, "well", "nobody").rejected] == ["not_found"]
    assert desk.rows("contacts")[0].followed_on is None
