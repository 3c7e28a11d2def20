"""FROM DEFECT TO TASK: what a check or a reading finds wrong becomes the task of the duty that its
module names, and ends with it on evidence. What did not come is found on the tick.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from twinward.core.ids import derive_id
from twinward.core.messages import Command, Event
from twinward.core.ports import Rows
from twinward.core.reasons import because_of
from twinward.core.scope import ALL_AREAS
from twinward.library.supervision.module import Check, Module
from twinward.library.texts import write_reason
from twinward.loop.context import ReferenceData, command_id
from twinward.loop.supervised import open_command
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.access.rows import ACTIVATIONS, Activation
from twinward.twins.emergency.supervision.rows import (
    CHECK_STATES,
    DEFECTS,
    SUPERVISED,
    CheckState,
    FoundDefect,
    SupervisedObject,
)
from twinward.twins.emergency.tasks.rows import AT_WORK, OF_DEFECT, TASKS, Task

BATCH = 1000
ENDED = "the activation that it rested on has ended"


def covers(rows: Rows, area: str, at: datetime, reference: ReferenceData) -> bool:
    """Whether an activation in force covers the area: only then is a person supervised."""
    opened: list[Activation] = rows.list_rows(ACTIVATIONS)
    return any(
        one.is_open(at)
        and any(of == ALL_AREAS or reference.areas.is_under(area, of) for of in one.areas)
        for one in opened
    )


def check_is_judged(
    fact: m.CheckRecorded, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """What its answers find wrong is a defect; what they show to be right ends one."""
    module = reference.modules().get(fact.module)
    thing: SupervisedObject | None = rows.find(SUPERVISED, fact.object)
    if module is None or thing is None or thing.status != "supervised":
        return
    open_ones: list[FoundDefect] = rows.list_rows(DEFECTS, object=fact.object, status="open")
    known = {one.kind: one for one in open_ones}
    for kind in fact.failing:
        defect = module.find_defect(kind)
        if defect is not None:  # one that is open already was found again
            yield open_command(
                module, defect, fact.object, event.occurred_at, "check", name=thing.name
            )
    for kind in fact.passing:
        found = known.get(kind)
        if (
            found is not None
            and found.evidence == fact.check
            and found.began_at <= event.occurred_at
        ):
            yield m.MendDefect(
                id=command_id(event, "mend", found.id), defect=found.id, evidence=event.id
            )


def check_is_missed(
    fact: m.CheckMissed, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    module = reference.modules().get(fact.module)
    check = module.find_check(fact.check) if module is not None else None
    defect = module.find_defect(check.missing) if module is not None and check else None
    thing: SupervisedObject | None = rows.find(SUPERVISED, fact.object)
    if module is None or defect is None or thing is None:
        return
    if not rows.list_rows(DEFECTS, object=fact.object, status="open", kind=defect.id, limit=1):
        yield open_command(module, defect, fact.object, fact.due_at, "missing", name=thing.name)


def defect_is_ordered(
    fact: m.DefectOpened, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """The task of the duty; it is ordered like any other, and an alarm is told at once."""
    found: FoundDefect = rows.get(DEFECTS, fact.defect)
    yield m.CreateTask(
        id=command_id(event, "task"),
        task=found.task,
        incident=found.id,
        key=OF_DEFECT,
        title=fact.task,
        department=fact.department,
        area=event.area,
        deadline_h=fact.deadline_h,
        clause=f"{fact.module} {fact.version}: {fact.kind}",
    )
    yield from tell_roles("notice.defect", fact, event, fact.department, reference)


def again_is_told(
    fact: m.DefectFoundAgain, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """An alarm that is raised once more while its task is at work is told once more."""
    found: FoundDefect = rows.get(DEFECTS, fact.defect)
    yield from tell_roles("notice.defect_again", fact, event, found.department, reference)


def tell_roles(
    text: str,
    fact: m.DefectOpened | m.DefectFoundAgain,
    event: Event,
    department: str,
    reference: ReferenceData,
) -> Iterator[Command]:
    said = because_of(
        text,
        title=fact.title,
        object=fact.object,
        area=reference.areas.name(event.area),
        department=department,
    )
    for role in fact.told:
        yield m.SendNotice(
            id=command_id(event, "tell", role),
            notice=derive_id("note", event.id, role),
            to_role=role,
            area=event.area,
            text=write_reason(said),
            text_reasons=(said,),
            audience=role.replace("_", " "),
            channel="notice",
            clause="defect",
        )


def mended_closes_task(
    fact: m.DefectMended, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    found: FoundDefect = rows.get(DEFECTS, fact.defect)
    task: Task | None = rows.find(TASKS, found.task)
    if task is None:
        return
    said = because_of("ended.mended", evidence=found.evidence)
    if task.status in AT_WORK:
        yield m.CompleteTask(
            id=command_id(event, "done"),
            task=task.id,
            department=task.department,
            result=write_reason(said),
        )
    elif task.status == "waiting":
        yield drop(task.id, event, write_reason(said))


def dismissed_drops_task(
    fact: m.DefectDismissed, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    yield from drop_open(rows, fact.defect, event, fact.because)


def retired_drops_tasks(
    fact: m.ObjectRetired, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    for defect in fact.defects:
        yield from drop_open(rows, defect, event, fact.because)


def drop_open(rows: Rows, defect: str, event: Event, because: str) -> Iterator[Command]:
    found: FoundDefect = rows.get(DEFECTS, defect)
    task: Task | None = rows.find(TASKS, found.task)
    if task is not None and (task.status in AT_WORK or task.status == "waiting"):
        yield drop(task.id, event, because)


def drop(task: str, event: Event, because: str) -> m.DropTask:
    return m.DropTask(id=command_id(event, "drop", task), task=task, because=because)


def persons_are_left(
    fact: m.ActivationClosed, event: Event, rows: Rows, reference: ReferenceData
) -> Iterator[Command]:
    """No home is supervised longer than an activation covers it."""
    for module in reference.modules().values():
        if not module.about_persons:
            continue
        things: list[SupervisedObject] = rows.list_rows(
            SUPERVISED, module=module.id, status="supervised"
        )
        for thing in things:
            if not covers(rows, thing.area, event.recorded_at, reference):
                yield m.RetireObject(
                    id=command_id(event, "retire", thing.id), object=thing.id, because=ENDED
                )


def list_missing(
    now: datetime, rows: Rows, reference: ReferenceData
) -> Iterator[tuple[str, str, Iterator[Command]]]:
    """On the tick: each check that was due, and the command that says so."""
    due: list[CheckState] = rows.list_rows(
        CHECK_STATES, before=("due_at", now), order="due_at", limit=BATCH
    )
    modules = reference.modules()
    for state in due:
        check = check_of(modules.get(state.module), state.check)
        if check is None or check.cadence_h is None or state.due_at is None:
            continue  # the module no longer asks for it
        if modules[state.module].about_persons and not covers(rows, state.area, now, reference):
            continue  # its activation has ended: the object is retired
        command = m.MissCheck(
            id=derive_id("cmd", state.id, "missed", state.due_at.isoformat()),
            object=state.object,
            check=state.check,
            again_h=check.cadence_h,
        )
        yield state.id, state.area, iter((command,))


def check_of(module: Module | None, check: str) -> Check | None:
    return module.find_check(check) if module is not None else None
