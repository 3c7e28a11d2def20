"""The duty desk: a log with authors, comments to read, a shift handed over, alerts acknowledged."""

from __future__ import annotations

import pytest

from helpers.cities import COMMUNITY, Desk
from twinward.core.errors import AbsentError
from twinward.service.incidents import alerts, duty_log
from twinward.service.platform import ask
from twinward.twins.emergency import messages as m


def report(desk: Desk) -> str:
    """A case opens an incident; its id."""
    desk.post(
        "ReportCase",
        case="c-1",
        subject="p-1",
        hazard="epidemic",
        area=COMMUNITY,
        status="confirmed",
        found_in="community",
    )
    desk.platform.loop.catch_up()
    (opened,) = [
        one for one in alerts.list_alerts(desk.platform, desk.me) if one.kind == "incident"
    ]
    assert opened.incident is not None
    return opened.incident


def test_the_log_tells_what_was_done_by_whom_newest_first(desk: Desk) -> None:
    incident = report(desk)
    desk.post("WriteJournal", area=COMMUNITY, text="The school has called", incident=incident)
    page = duty_log.list_journal(desk.platform, desk.me)
    assert page.items[0].type == "JournalWritten"
    assert page.items[0].says["text"] == "The school has called"
    assert page.items[0].actor == desk.me.name
    assert "IncidentOpened" in [line.type for line in page.items]
    assert [line.seq for line in page.items] == sorted(
        (line.seq for line in page.items), reverse=True
    )


def test_the_log_is_asked_for_some_types_and_carries_what_its_texts_are_written_from(
    desk: Desk,
) -> None:
    report(desk)
    desk.post("WriteJournal", area=COMMUNITY, text="The school has called")
    found = duty_log.list_journal(desk.platform, desk.me, types=("ResponseLevelSet",)).items
    assert {line.type for line in found} == {"ResponseLevelSet"}
    assert all(line.says["because"] and line.says["reasons"] for line in found)
    assert duty_log.list_journal(desk.platform, desk.me, types=("TaskCreated",)).items == []


def test_the_log_goes_on_where_a_page_ended(desk: Desk) -> None:
    incident = report(desk)
    for n in range(5):
        desk.post("WriteJournal", area=COMMUNITY, text=f"entry {n}", incident=incident)
    whole = duty_log.list_journal(desk.platform, desk.me, limit=500).items
    pages: list[duty_log.LogLine] = []
    before: int | None = None
    while True:
        page = duty_log.list_journal(desk.platform, desk.me, before=before, limit=2)
        pages += page.items
        before = page.next
        if before is None:
            break
    assert pages == whole


def test_an_entry_of_an_incident_that_is_not_there_is_refused(desk: Desk) -> None:
    said = desk.refusal("WriteJournal", area=COMMUNITY, text="x", incident="none")
    assert said == "not_found"


def test_comments_of_a_task_are_read_with_their_authors(desk: Desk) -> None:
    report(desk)
    task, other = desk.tasks()[:2]
    for text in ("The door is locked", "The caretaker has the key"):
        desk.post("CommentTask", task=task.id, department=task.department, comment=text)
    desk.post("CommentTask", task=other.id, department=other.department, comment="elsewhere")
    found = duty_log.list_comments(desk.platform, desk.me, task.id)
    assert [one.text for one in found] == ["The door is locked", "The caretaker has the key"]
    assert {one.actor for one in found} == {desk.me.name}
    with pytest.raises(AbsentError):
        duty_log.list_comments(desk.platform, desk.me, "none")


def test_a_shift_is_handed_over_and_taken_over_once(desk: Desk) -> None:
    desk.post("HandOverShift", shift="s-1", area=COMMUNITY, to="night shift", pending="two calls")
    (waiting,) = duty_log.list_shifts(desk.platform, desk.me)
    assert (waiting.taken_by, waiting.pending) == ("", "two calls")
    desk.post("TakeOverShift", shift="s-1")
    (taken,) = duty_log.list_shifts(desk.platform, desk.me)
    assert taken.taken_by == desk.me.name
    assert desk.refusal("TakeOverShift", shift="s-1") == "taken"


def test_an_alert_is_acknowledged_for_all(desk: Desk) -> None:
    report(desk)
    first = alerts.list_alerts(desk.platform, desk.me)
    assert {one.seen_by for one in first} == {""}
    desk.post("AcknowledgeAlert", alert=first[0].id, area=first[0].area)
    desk.post("AcknowledgeAlert", alert=first[0].id, area=first[0].area)
    seen = [one for one in alerts.list_alerts(desk.platform, desk.me) if one.seen_by]
    assert [one.id for one in seen] == [first[0].id]
    assert seen[0].seen_by == desk.me.name


def test_an_alert_is_not_silenced_from_elsewhere(desk: Desk) -> None:
    report(desk)
    first = alerts.list_alerts(desk.platform, desk.me)[0]
    desk.post("AcknowledgeAlert", alert=first.id, area="310115")
    assert not any(one.seen_by for one in alerts.list_alerts(desk.platform, desk.me))


def test_late_work_is_told_at_the_deadline_that_was_missed_and_never_ahead(desk: Desk) -> None:
    """An escalation gives the task a new time: the alert stays where the order was due."""
    report(desk)
    desk.pass_time(days=2)
    now = desk.clock.now()
    escalated = [one for one in desk.tasks() if one.escalations and one.due_at and one.due_at > now]
    assert escalated
    late = [one for one in alerts.list_alerts(desk.platform, desk.me) if one.kind == "late"]
    assert late
    assert all(one.at < now for one in late)


def test_a_signal_that_nobody_has_judged_is_an_alert(desk: Desk) -> None:
    signal = m.RaiseSignal(
        id="raise-1",
        signal="sig-1",
        hazard="epidemic",
        area=COMMUNITY,
        day=desk.clock.now().date(),
        observed=9,
        expected=1.5,
        recurrence_days=400.0,
        method="ears",
    )
    ask(desk.platform, desk.me, signal)

    def told() -> list[tuple[str, int]]:
        found = alerts.list_alerts(desk.platform, desk.me)
        return [(one.what, one.count) for one in found if one.kind == "signal"]

    assert told() == [("sig-1", 9)]
    desk.post("JudgeSignal", signal="sig-1", judgement="dismiss", because="one household")
    assert told() == []
