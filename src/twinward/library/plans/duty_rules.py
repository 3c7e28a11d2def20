"""What may be wrong with who does what, in which order: departments that are not there, circles,
keys twice.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import TypeVar

import msgspec

from twinward.core.errors import InputError, Route
from twinward.library.plans.decode_errors import Complaint
from twinward.library.plans.plan import Duty, Plan, PlanTask, duty_key, order_tasks

T = TypeVar("T", PlanTask, Duty)


def list_tasks(plan: Plan) -> Iterator[tuple[Route, PlanTask]]:
    yield from ((("tasks", number), task) for number, task in enumerate(plan.tasks))
    if plan.case_task is not None:
        yield ("case_task",), plan.case_task
    if plan.contact_task is not None:
        yield ("contact_task",), plan.contact_task
    if plan.follow_up_task is not None:
        yield ("follow_up_task",), plan.follow_up_task


def check_departments(
    plan: Plan, departments: Mapping[str, object], hazards: Mapping[str, object]
) -> Iterator[Complaint]:
    if plan.hazard not in hazards:
        yield (
            ("hazard",),
            "unknown_hazard",
            f"there is no hazard {plan.hazard!r}",
            "known: " + ", ".join(hazards),
        )
    named = [(route, task.department) for route, task in list_tasks(plan)]
    named += [(("duties", number), duty.department) for number, duty in enumerate(plan.duties)]
    for route, department in named:
        if department not in departments:
            message = f"there is no department {department!r}"
            yield (
                (*route, "department"),
                "unknown_department",
                message,
                "known: " + ", ".join(departments),
            )


def check_order(plan: Plan) -> Iterator[Complaint]:
    keys = [task.key for task in plan.work()]
    places: dict[str, Route] = {duty_key(duty): ("duties", n) for n, duty in enumerate(plan.duties)}
    places |= {task.key: ("tasks", n) for n, task in enumerate(plan.tasks)}
    for number, task in enumerate(plan.work()):
        route: Route = ("tasks", number) if number < len(plan.tasks) else places[task.key]
        if task.key in keys[:number]:
            yield (
                (*route, "key"),
                "key_twice",
                f"task key {task.key!r} stands twice",
                "name each task once",
            )
        for before in task.after:
            if before not in keys:
                advice = "known: " + ", ".join(dict.fromkeys(keys))
                yield (
                    (*route, "after"),
                    "unknown_task",
                    f"task {task.key} waits for unknown {before!r}",
                    advice,
                )
    try:
        order_tasks(with_known_order(plan, keys))
    except InputError as error:
        circle = error.message.rpartition(": ")[2].split(", ")
        message = "these wait for each other, or for those who do: " + ", ".join(circle)
        yield (
            (*places[circle[0]], "after"),
            "circle",
            message,
            "let one of them start without the other",
        )


def with_known_order(plan: Plan, keys: Container[str]) -> Plan:
    """Without what is not there: an unknown predecessor is another fault than a circle."""

    def known(one: T) -> T:
        return msgspec.structs.replace(one, after=tuple(key for key in one.after if key in keys))

    return msgspec.structs.replace(
        plan, tasks=tuple(map(known, plan.tasks)), duties=tuple(map(known, plan.duties))
    )
