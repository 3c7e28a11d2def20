"""An adopted plan is what the loop does: its triggers, ordered duties, messages and ends, each
naming its clause.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from helpers.cities import COMMUNITY, HUANGPU, Desk
from twinward.core.errors import ConflictError, InputError
from twinward.service.console.basemap import Basemap
from twinward.service.console.workspaces import get_public
from twinward.service.incidents.plan_adoption import AdoptRequest, adopt

PLAN = """
id = "{id}"
version = "1"
hazard = "epidemic"
level = "II"
title = "A plan for a test"
source = "Written for this test"
standard = false
{more}
[authority]
automatic = false
authorised_by = "nobody"
bounds = "none"
[[triggers]]
figure = "new_7d"
at_least = 5
[[tasks]]
key = "trace"
title = "Name the contacts"
department = "disease_control"
deadline_h = 12
[[tasks]]
key = "close"
title = "Schools teach at home"
department = "education"
where = "each_affected"
after = ["trace"]
deadline_h = 24
measure = "school_closure"
[[tasks]]
key = "field"
title = "Open the field hospital"
department = "health"
deadline_h = 48
when = {{ figure = "beds_used_share", at_least = 0.8, source = "beds" }}
[[duties]]
department = "commerce"
level = "district"
duty = "keeps food flowing"
deadline_h = 6
after = ["trace"]
[[messages]]
audience = "parents"
channel = "school message"
text = "School is at home until further notice"
[[objectives]]
key = "tasks"
kind = "tasks_done"
[[objectives]]
key = "quiet"
kind = "quiet_days"
days = 20
[ends]
quiet_days = 5
most_days = 30
review_every_days = 7
"""


def put(desk: Desk, name: str = "test-plan", more: str = "", **changed: str) -> None:
    """The plan lies in the workspace's folder, where any process finds it."""
    folder: Path = desk.workspace / "plans"
    folder.mkdir(exist_ok=True)
    text = PLAN.format(id=name, more=more)
    for before, after in changed.items():
        text = text.replace(before, after)
    (folder / f"{name}.toml").write_text(text, "utf-8")


def take(desk: Desk, plan: str = "test-plan", **more: Any) -> Any:
    known = desk.incident()["plan"]
    asked = AdoptRequest(
        plan=plan,
        incident=desk.incident()["id"],
        by="Li Hua",
        replace=known.plan if known else "",
        **more,
    )
    done = adopt(desk.platform, desk.me, asked)
    desk.platform.loop.catch_up()
    return done


def in_work(desk: Desk) -> dict[str, str]:
    return {
        task.key: task.status
        for task in desk.tasks()
        if task.status != "dropped" and task.clause.startswith("test")
    }


def notices(desk: Desk, clause: str) -> list[Any]:
    return [row for row in desk.rows("notices") if clause in row.clause]


def test_a_plan_with_a_trigger_two_ordered_duties_a_message_and_an_end_goes_round_the_circle(
    desk: Desk,
) -> None:
    desk.case()
    put(desk)
    done = take(desk)
    assert done.state == "waits for its trigger"
    assert done.waits_for[0] == "triggers[0] waits for new_7d of 5; new_7d is 1"
    assert not in_work(desk)
    assert not notices(desk, "test-plan 1: messages")
    for number in range(2, 6):
        desk.case(number)
    (started,) = [e for e in desk.events() if e["type"] == "ClauseStarted"]
    assert started["fact"]["because"] == "triggers[0]: new_7d is 5, at least 5"
    assert in_work(desk) == {
        "trace": "ordered",
        "close": "waiting",
        "duty-commerce-district": "waiting",
    }
    duty = desk.task("duty-commerce-district")
    assert (duty.area, duty.department, duty.deadline_h) == (HUANGPU, "commerce", 6)
    (told,) = notices(desk, "test-plan 1: messages[0]")
    assert (told.audience, told.channel, told.to_role) == ("parents", "school message", "public")
    page = get_public(desk.platform, Basemap(desk.platform), None)
    assert [one.text for one in page.messages] == ["School is at home until further notice"]
    desk.complete(desk.task("trace"))
    assert in_work(desk)["close"] == "ordered"
    assert [row.measure for row in desk.rows("restrictions")] == ["school_closure"]
    created = next(
        e for e in desk.events() if e["type"] == "TaskCreated" and e["fact"]["key"] == "close"
    )
    assert (created["fact"]["clause"], created["cause"]) == (
        "test-plan 1: tasks.close",
        started["id"],
    )
    desk.quiet_days(6)
    shown = desk.incident()
    assert shown["status"] == "open"
    assert shown["plan"] is None
    assert shown["ended_plan"].clause == "ends"
    assert "no linked case for 5 days" in shown["ended_plan"].because
    assert not get_public(desk.platform, Basemap(desk.platform), None).messages
    assert not desk.rows("restrictions")
    assert in_work(desk)["close"] == "ordered"  # what was ordered goes on to its end
    assert [finding.objective for finding in shown["evidence"]] == ["tasks", "quiet"]


def test_beds_that_fill_start_what_waits_for_them(desk: Desk) -> None:
    desk.case()
    put(desk)
    take(desk, now=True)
    assert "field" not in in_work(desk)
    stock = {"area": HUANGPU, "kind": "beds", "quantity": 100, "unit": "beds"}
    desk.post("SetStock", in_use=79, **stock)
    desk.pass_time(minutes=1)
    assert "field" not in in_work(desk)
    desk.post("SetStock", in_use=85, **stock)
    desk.pass_time(minutes=1)
    assert in_work(desk)["field"] == "ordered"


def test_a_measures_trigger_starts_its_task_and_lifts_it_again(desk: Desk) -> None:
    desk.case()
    trigger = '{ figure = "hospital_share", start_above = 0.5, stop_below = 0.2 }'
    measures = f'[[measures]]\ntype = "school_closure"\ntrigger = {trigger}\n[ends]'
    put(desk, **{"[ends]": measures, 'after = ["trace"]\ndeadline_h = 24': "deadline_h = 24"})
    take(desk, now=True)
    stock = {"area": HUANGPU, "kind": "beds", "quantity": 100, "unit": "beds"}
    for turn, (in_use, closed) in enumerate(
        ((40, False), (60, True), (30, True), (10, False), (70, True))
    ):
        desk.post("SetStock", in_use=in_use, **stock)
        desk.pass_time(minutes=1)
        assert bool(desk.rows("restrictions")) == closed, (turn, in_use)
    assert [e["type"] for e in desk.events() if e["type"].startswith("Clause")] == [
        "ClauseStarted",
        "ClauseStopped",
        "ClauseStarted",
    ]


def test_a_plan_past_its_last_day_warns_ends_and_cannot_be_adopted_again(desk: Desk) -> None:
    desk.case()
    put(desk, more='valid_until = "2022-03-08"')
    take(desk, now=True)
    desk.pass_time(days=3)
    assert not notices(desk, "valid_until")
    desk.pass_time(days=2)
    (warning,) = notices(desk, "valid_until")
    assert warning.to_role == "duty_officer"
    desk.pass_time(days=2, hours=20)
    shown = desk.incident()
    assert (shown["plan"].plan, shown["ended_plan"].clause) == (
        "epidemic-iv-watch",
        "valid_until",
    )  # it hands over
    assert len(notices(desk, "valid_until")) == 2
    with pytest.raises(InputError, match=r"test-plan.toml:9: the plan was valid until 2022-03-08"):
        take(desk)


def test_what_a_plan_restricts_ends_when_another_takes_its_place(desk: Desk) -> None:
    desk.case()
    put(desk)
    take(desk, now=True)
    desk.complete(desk.task("trace"))
    assert desk.rows("restrictions")
    take(desk, "epidemic-iv-watch", now=True)
    assert not desk.rows("restrictions")
    take(desk, now=True)
    assert (
        in_work(desk)["close"] == "waiting"
    )  # adopted anew it orders its work again, in its order
    desk.complete(next(task for task in desk.tasks("ordered") if task.key == "trace"))
    again = [task for task in desk.tasks() if task.key == "close" and task.area == COMMUNITY]
    assert sorted(task.status for task in again) == ["dropped", "ordered"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            'after = ["trace"]\ndeadline_h = 24',
            'after = ["close"]\ndeadline_h = 24',
            "wait for each other",
        ),
        ("deadline_h = 12", 'deadline_h = 12\ndeadline = "2021-01-01T00:00:00Z"', "is past"),
        ('figure = "new_7d"', 'figure = "nonsense"', "never fires"),
        ("at_least = 5", "at_least = 0", "always fires"),
        ('department = "education"', 'department = "circus"', "no department 'circus'"),
        ('measure = "school_closure"', 'measure = "magic"', "no measure 'magic'"),
        ("deadline_h = 48", "deadline_h = 48\nneeds = { unicorns = 3 }", "no resource 'unicorns'"),
        ("deadline_h = 48", "deadline_h = 48\nneeds = { test_kits = -3 }", "not 0 or more"),
        (
            "[ends]",
            '[resources]\ntest_kits = { quantity = 5, unit = "litres" }\n[ends]',
            "not in litres",
        ),
        ("[ends]", '[[measures]]\ntype = "masks"\nareas = ["999"]\n[ends]', "no area '999'"),
        ("quiet_days = 5", "quiet_days = 5\nbelow = { nonsense = 3 }", "has no figure 'nonsense'"),
        ("at_least = 0.8", "at_least = 80", "a share is from 0 to 1"),
    ],
)
def test_a_faulty_plan_is_refused_with_its_line_and_nothing_is_adopted(
    desk: Desk, before: str, after: str, said: str
) -> None:
    desk.case()
    put(desk, **{before: after})
    known = desk.incident()["plan"]
    with pytest.raises(InputError, match=said) as caught:
        take(desk)
    assert "test-plan.toml:" in str(caught.value)
    assert desk.incident()["plan"] == known
    assert not in_work(desk)


def test_two_plans_adopted_at_once_for_one_area_leave_the_first_alone(desk: Desk) -> None:
    desk.case()
    put(desk)
    put(desk, "test-other")
    known = desk.incident()["plan"].plan
    take(desk)
    with pytest.raises(ConflictError, match="test-plan is in force there"):
        adopt(
            desk.platform,
            desk.me,
            AdoptRequest(
                plan="test-other",
                incident=desk.incident()["id"],
                by="Wu",
                replace=known,
            ),
        )
    assert (
        desk.refusal("AdoptPlan", incident=desk.incident()["id"], plan="test-other", instead_of="")
        == "plan_in_force"
    )
    assert desk.incident()["plan"].plan == "test-plan"
