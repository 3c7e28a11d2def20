"""Each command of the twins: what it states as fact, and what it refuses, with a code that
stays.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from helpers.cities import COMMUNITY, HUANGPU, Desk
from twinward.core.messages import Command, Request
from twinward.twins.city import messages as c
from twinward.twins.emergency import messages as m


def ask(desk: Desk, command: Command) -> tuple[str, list[str]]:
    """The code of the refusal or "stored", and the types of the facts."""
    twins = desk.platform.loop.twins
    done = desk.platform.store.write(
        lambda tx: twins.ask_one(tx, Request(command=command, actor="officer"))
    )
    with desk.platform.store.read() as reader:
        types = [
            event.type for name in done.events if (event := reader.find_event(name)) is not None
        ]
    return done.code or done.status, types


def case(number: int = 1, **more: Any) -> m.ReportCase:
    told = {
        "id": f"r{number}",
        "case": "c",
        "subject": "p",
        "hazard": "epidemic",
        "area": HUANGPU,
        "status": "confirmed",
    }
    return m.ReportCase(**(told | more))


def open_incident(name: str = "i", **more: Any) -> m.OpenIncident:
    told = {
        "id": f"open-{name}",
        "incident": name,
        "hazard": "flood",
        "area": HUANGPU,
        "affected": (COMMUNITY,),
    }
    return m.OpenIncident(**(told | {"title": "t"} | more))


def task(name: str = "t", **more: Any) -> m.CreateTask:
    told = {
        "id": f"make-{name}",
        "task": name,
        "incident": "i",
        "key": "k",
        "title": "t",
        "department": "health",
    }
    return m.CreateTask(**(told | {"area": HUANGPU, "deadline_h": 4.0} | more))


def count(number: int, told: int, day: int = 1) -> m.ReportCount:
    at = date(2022, 3, day)
    return m.ReportCount(
        id=f"n{number}", hazard="h", area=HUANGPU, day=at, status="confirmed", count=told
    )


def order(name: str = "t") -> m.IssueOrder:
    return m.IssueOrder(id=f"order-{name}", task=name)


# each story: the commands in order, with what comes of each
STORIES: dict[str, list[tuple[Command, str]]] = {
    "a case, reclassified, ended": [
        (case(1, status="suspected"), "CaseReported"),
        (case(1, status="suspected"), "duplicate"),
        (case(2, status="suspected"), "already_reported"),
        (case(3), "CaseReclassified"),
        (case(4, subject="q"), "case_mismatch"),
        (case(5, status="dead"), "CaseReclassified"),
        (case(6), "case_closed"),
    ],
    "counts": [
        (count(1, 3, day=1), "CountReported"),
        (count(2, 3, day=1), "already_reported"),
        (count(3, 4, day=1), "CountReported"),
        (count(4, 3, day=2), "time_in_future"),
    ],
    "an incident": [
        (open_incident(), "IncidentOpened"),
        (open_incident("j"), "already_open"),
        (open_incident("i", id="again", hazard="epidemic"), "exists"),
        (m.SetResponseLevel(id="l1", incident="i", level="III", because="x"), "ResponseLevelSet"),
        (m.SetResponseLevel(id="l2", incident="i", level="III", because="x"), "already_set"),
        (m.LinkParties(id="p1", incident="i", parties=(("health", HUANGPU),)), "PartiesLinked"),
        (m.LinkParties(id="p2", incident="i", parties=(("health", HUANGPU),)), "already_linked"),
        (m.CloseIncident(id="c1", incident="i"), "not_evident"),
        (m.AdoptPlan(id="a1", incident="i", plan="p", version="1"), "PlanAdopted"),
        (m.AdoptPlan(id="a2", incident="i", plan="p", version="1"), "already_adopted"),
        (m.ReopenIncident(id="o1", incident="i", because="too soon"), "already_open"),
        (m.CloseIncident(id="c2", incident="i"), "IncidentClosed"),
        (m.CloseIncident(id="c3", incident="i"), "closed"),
        (m.SetResponseLevel(id="l3", incident="i", level="I", because="x"), "closed"),
        (m.ReopenIncident(id="o2", incident="i", because="too soon"), "IncidentReopened"),
        (m.CloseIncident(id="c4", incident="none"), "not_found"),
    ],
    "a task": [
        (task(), "not_found"),
        (open_incident(), "IncidentOpened"),
        (task(), "TaskCreated"),
        (task("t", id="again"), "exists"),
        (task("next", after=("t",)), "TaskCreated"),
        (order("next"), "waits"),
        (m.AcknowledgeTask(id="k0", task="t", department="health"), "not_ordered"),
        (m.EscalateTask(id="e0", task="t", to_area="city", late_h=1, grace_h=1), "not_late"),
        (order(), "OrderIssued"),
        (m.IssueOrder(id="again-o", task="t"), "already_ordered"),
        (m.ConfirmOrder(id="k1", task="t", department="education"), "wrong_department"),
        (m.ConfirmOrder(id="k2", task="t", department="health"), "OrderConfirmed"),
        (m.ConfirmOrder(id="k3", task="t", department="health"), "already_confirmed"),
        (m.AcknowledgeTask(id="k4", task="t", department="health"), "TaskAcknowledged"),
        (m.AcknowledgeTask(id="k5", task="t", department="health"), "already_acknowledged"),
        (m.AssessTask(id="s0", task="t", score=5), "not_done"),
        (
            m.CompleteTask(id="d1", task="t", department="health", result="no", succeeded=False),
            "TaskFailed",
        ),
        (m.EscalateTask(id="e1", task="t", to_area="city", late_h=1, grace_h=1), "TaskEscalated"),
        (m.CompleteTask(id="d2", task="t", department="health", result="yes"), "TaskCompleted"),
        (m.CompleteTask(id="d3", task="t", department="health", result="yes"), "already_done"),
        (m.DropTask(id="x1", task="t", because="x"), "already_done"),
        (m.AssessTask(id="s1", task="t", score=5), "TaskAssessed"),
        (order("next"), "OrderIssued"),
        (m.DropTask(id="x2", task="next", because="x"), "TaskDropped"),
        (m.CommentTask(id="m1", task="none", department="health", comment="?"), "not_found"),
    ],
    "a contact": [
        (m.NameContact(id="n0", contact="k", case="c", subject="q", area=HUANGPU), "not_found"),
        (case(), "CaseReported"),
        (m.NameContact(id="n1", contact="k", case="c", subject="q", area=HUANGPU), "ContactNamed"),
        (
            m.NameContact(id="n2", contact="k", case="c", subject="q", area=HUANGPU),
            "already_reported",
        ),
        (m.UpdateContact(id="u1", contact="k", step="isolated"), "out_of_order"),
        (m.UpdateContact(id="u2", contact="k", step="located"), "ContactUpdated"),
        (m.UpdateContact(id="u3", contact="none", step="located"), "not_found"),
        (m.AssignContact(id="g1", contact="k", incident="i"), "ContactAssigned"),
        (m.AssignContact(id="g2", contact="k", incident="i"), "already_joined"),
    ],
    "stocks": [
        (m.SetStock(id="1", kind="masks", area=HUANGPU, quantity=5, unit="boxes"), "StockSet"),
        (m.SetStock(id="2", kind="masks", area=HUANGPU, quantity=5, unit="pieces"), "wrong_unit"),
    ],
    "sensors": [
        (
            c.NoteReading(id="1", sensor="s", area=HUANGPU, figure="d", value=1, unit="m"),
            "no_threshold",
        ),
        (
            c.SetThreshold(id="2", hazard="flood", figure="d", at_least=0.5, unit="m"),
            "ThresholdSet",
        ),
        (
            c.NoteReading(id="3", sensor="s", area=HUANGPU, figure="d", value=1, unit="cm"),
            "no_threshold",
        ),
        (
            c.NoteReading(id="4", sensor="s", area=HUANGPU, figure="d", value=0.4, unit="m"),
            "nothing_new",
        ),
        (
            c.NoteReading(id="5", sensor="s", area=HUANGPU, figure="d", value=0.6, unit="m"),
            "ThresholdPassed",
        ),
        (
            c.NoteReading(id="6", sensor="s", area=HUANGPU, figure="d", value=0.6, unit="m"),
            "nothing_new",
        ),
        (
            c.NoteReading(id="7", sensor="s", area=HUANGPU, figure="d", value=0.1, unit="m"),
            "ThresholdPassed",
        ),
    ],
    "restrictions and places": [
        (
            c.RestrictArea(id="1", area=HUANGPU, measure="school_closure", incident="i"),
            "AreaRestricted",
        ),
        (
            c.RestrictArea(id="2", area=HUANGPU, measure="school_closure", incident="i"),
            "already_restricted",
        ),
        (c.LiftRestrictions(id="3", incident="i"), "RestrictionsLifted"),
        (c.LiftRestrictions(id="4", incident="i"), "nothing_new"),
        (c.MarkPlace(id="5", place="p", area=HUANGPU, name="n", hazard="h"), "PlaceMarked"),
        (c.MarkPlace(id="6", place="p", area=HUANGPU, name="n", hazard="h"), "already_marked"),
    ],
}


@pytest.mark.parametrize("story", STORIES)
def test_each_command_states_its_fact_or_refuses_with_its_code(desk: Desk, story: str) -> None:
    for command, expected in STORIES[story]:
        code, types = ask(desk, command)
        assert (types[-1] if types else code) == expected, command


def test_a_refused_command_leaves_no_trace_and_may_be_asked_again(desk: Desk) -> None:
    assert ask(desk, task())[0] == "not_found"
    assert desk.events() == []
    ask(desk, open_incident())
    assert ask(desk, task())[1] == ["TaskCreated"]


def test_no_message_has_a_field_for_a_name_a_phone_a_document_or_an_address(desk: Desk) -> None:
    behaviour = desk.platform.loop.twins.behaviour
    forbidden = {"phone", "document", "address", "person", "full_name"}
    for kind in (*behaviour.handlers, *behaviour.appliers):
        assert not forbidden & set(kind.__struct_fields__), kind
    for kind in (m.ReportCase, m.NameContact, m.CaseReported, m.ContactNamed):
        assert "name" not in kind.__struct_fields__
