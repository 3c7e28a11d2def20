"""Supervision: an id stands for one object and a device for one of them; a defect is open once and
ends by its evidence.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from twinward.core.errors import AbsentError, ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.supervision.rows import (
    CHECK_STATES,
    DEFECTS,
    DEVICE_USES,
    SUPERVISED,
    TABLES,
    CheckState,
    DeviceUse,
    FoundDefect,
    SupervisedObject,
    state_id,
)
from twinward.twins.twin import Behaviour, Context

MOST_AGAIN = 20  # of the instants at which a defect was found again
TOLD_AGAIN = timedelta(hours=1)  # ours: a contact that flutters calls nobody ten times an hour
MOST_OPEN = 500  # defects of one object: an object with so many is not supervised but lost


def get_object(rows: Rows, thing: str) -> SupervisedObject:
    """The object, while it is supervised."""
    found: SupervisedObject | None = rows.find(SUPERVISED, thing)
    if found is None or found.status != "supervised":
        raise AbsentError(
            f"there is no supervised object {thing}", "list them with `twinward module coverage`"
        )
    return found


def register_object(command: m.RegisterObject, rows: Rows, context: Context) -> list[Draft]:
    known: SupervisedObject | None = rows.find(SUPERVISED, command.object)
    if known is not None and known.status == "supervised":
        same = all(
            getattr(known, name) == getattr(command, name)
            for name in ("module", "kind", "area", "place", "name", "devices", "edge", "facts")
        )
        raise ConflictError(
            f"object {command.object} is registered"
            + ("" if same else f" otherwise: under {known.module} in {known.area}"),
            "nothing was changed" if same else "give each object an id of its own, or retire it",
            code="exists" if same else "object_taken",
        )
    for device in command.devices:
        use: DeviceUse | None = rows.find(DEVICE_USES, device)
        if use is not None:
            raise ConflictError(
                f"device {device} is of object {use.object}",
                "a device is of one object; retire the other first",
                code="device_taken",
            )
    fields = {name: getattr(command, name) for name in m.ObjectRegistered.__struct_fields__}
    return [
        Draft(fact=m.ObjectRegistered(**fields), area=command.area, subject=command.subject or None)
    ]


def object_registered(fact: m.ObjectRegistered, event: Event, tx: Transaction) -> None:
    at = event.occurred_at
    names = set(SupervisedObject.__struct_fields__) - {"id", "area", "since", "status"}
    fields = {name: getattr(fact, name) for name in names}
    row = SupervisedObject(id=fact.object, area=event.area, since=at, **fields)
    tx.put(SUPERVISED, row, at)
    for device in fact.devices:
        tx.put(DEVICE_USES, DeviceUse(id=device, area=event.area, object=fact.object), at)
    for check, hours in fact.cadences.items():
        state = CheckState(
            id=state_id(fact.object, check),
            area=event.area,
            object=fact.object,
            module=fact.module,
            check=check,
            due_at=at + timedelta(hours=hours),
        )
        tx.put(CHECK_STATES, state, at)


def retire_object(command: m.RetireObject, rows: Rows, context: Context) -> list[Draft]:
    thing = get_object(rows, command.object)
    left: list[FoundDefect] = rows.list_rows(
        DEFECTS, object=thing.id, status="open", limit=MOST_OPEN
    )
    fact = m.ObjectRetired(
        object=thing.id, because=command.because, defects=tuple(one.id for one in left)
    )
    return [Draft(fact=fact, area=thing.area)]


def object_retired(fact: m.ObjectRetired, event: Event, tx: Transaction) -> None:
    thing = tx.get(SUPERVISED, fact.object)
    at = event.occurred_at
    tx.put(SUPERVISED, msgspec.structs.replace(thing, status="retired"), at)
    for device in thing.devices:
        tx.remove(DEVICE_USES, device, at)
    for state in tx.list_rows(CHECK_STATES, object=thing.id):
        tx.remove(CHECK_STATES, state.id, at)
    for name in fact.defects:
        end_defect(tx, name, event, "dismissed", fact.because)


def record_check(command: m.RecordCheck, rows: Rows, context: Context) -> list[Draft]:
    thing = get_object(rows, command.object)
    if context.occurred_at < thing.since:
        raise ConflictError(
            f"the check of {context.occurred_at.isoformat()} is older than object {thing.id}, "
            f"supervised since {thing.since.isoformat()}",
            "check the clock of the phone",
            code="before_registration",
        )
    fields = {
        name: getattr(command, name)
        for name in m.CheckRecorded.__struct_fields__
        if name != "module"
    }
    fact = m.CheckRecorded(module=thing.module, **fields)
    return [Draft(fact=fact, area=thing.area, subject=command.subject or thing.subject)]


def check_recorded(fact: m.CheckRecorded, event: Event, tx: Transaction) -> None:
    """The latest by when it was made: one that comes late does not put the state back."""
    name = state_id(fact.object, fact.check)
    known: CheckState | None = tx.find(CHECK_STATES, name)
    at, number = event.occurred_at, (known.recorded if known else 0) + 1
    if known is not None and known.last_at is not None and at < known.last_at:
        tx.put(CHECK_STATES, msgspec.structs.replace(known, recorded=number), at)
        return
    due = next_due(fact, known, at)
    personal = fact.subject is not None
    state = CheckState(
        id=name,
        area=event.area,
        object=fact.object,
        module=fact.module,
        check=fact.check,
        due_at=due,
        last_at=at,
        passed=not fact.failing,
        numbers={}
        if personal
        else {
            key: float(value)
            for key, value in fact.answers.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        },
        recorded=number,
        missed=known.missed if known else 0,
    )
    tx.put(CHECK_STATES, state, at)


def next_due(fact: m.CheckRecorded, known: CheckState | None, at: datetime) -> datetime | None:
    """A check that comes a little early keeps the rota; one long before or after it begins anew."""
    if fact.next_h is None:
        return None
    due = at + timedelta(hours=fact.next_h)
    if known is None or known.due_at is None or fact.every_h is None:
        return due
    if timedelta(0) <= known.due_at - at <= timedelta(hours=fact.next_h / 2):
        return known.due_at + timedelta(hours=fact.every_h)
    return max(due, known.due_at)


def miss_check(command: m.MissCheck, rows: Rows, context: Context) -> list[Draft]:
    thing = get_object(rows, command.object)
    state: CheckState | None = rows.find(CHECK_STATES, state_id(thing.id, command.check))
    if state is None or state.due_at is None or state.due_at > context.now:
        raise ConflictError(
            f"check {command.check} of {thing.id} is not missed", "it came", code="not_late"
        )
    fact = m.CheckMissed(
        object=thing.id,
        module=thing.module,
        check=command.check,
        due_at=state.due_at,
        next_due_at=context.now + timedelta(hours=command.again_h),
    )
    return [Draft(fact=fact, area=thing.area)]


def check_missed(fact: m.CheckMissed, event: Event, tx: Transaction) -> None:
    state: CheckState = tx.get(CHECK_STATES, state_id(fact.object, fact.check))
    row = msgspec.structs.replace(
        state,
        due_at=fact.next_due_at,
        missed=state.missed + 1,
        owed_since=state.owed_since or fact.due_at,
    )
    tx.put(CHECK_STATES, row, event.occurred_at)


def open_defect(command: m.OpenDefect, rows: Rows, context: Context) -> list[Draft]:
    thing = get_object(rows, command.object)
    known: list[FoundDefect] = rows.list_rows(
        DEFECTS, object=thing.id, status="open", kind=command.kind, limit=1
    )
    if rows.find(DEFECTS, command.defect) is not None or any(
        command.began_at <= max((one.began_at, *one.again_at)) for one in known
    ):
        raise ConflictError(
            f"{command.kind} of {thing.id} is known", "nothing was changed", code="exists"
        )
    if known:
        return [found_again(command, known[0])]
    if command.began_at < thing.since:
        raise ConflictError(
            f"{command.kind} of {command.began_at.isoformat()} is older than object {thing.id}",
            "what was before its registration is nobody's task",
            code="before_registration",
        )
    fields = {
        name: getattr(command, name)
        for name in m.DefectOpened.__struct_fields__
        if name != "module"
    }
    return [Draft(fact=m.DefectOpened(module=thing.module, **fields), area=thing.area)]


def found_again(command: m.OpenDefect, known: FoundDefect) -> Draft:
    """The second failure while the first is open: one defect, one task, and both are seen; one
    that comes soon after another is told to nobody anew.
    """
    before = max((known.began_at, *known.again_at))
    soon = command.began_at - before < TOLD_AGAIN
    fact = m.DefectFoundAgain(
        defect=known.id,
        object=known.object,
        found=command.found,
        began_at=command.began_at,
        title=command.title,
        told=() if soon else command.told,
        value=command.value,
    )
    return Draft(fact=fact, area=known.area, incident=known.id)


def defect_found_again(fact: m.DefectFoundAgain, event: Event, tx: Transaction) -> None:
    known: FoundDefect = tx.get(DEFECTS, fact.defect)
    row = msgspec.structs.replace(
        known,
        times=known.times + 1,
        again_at=(*known.again_at, fact.began_at)[-MOST_AGAIN:],
        value=known.value if fact.value is None else fact.value,
    )
    tx.put(DEFECTS, row, event.occurred_at)


def defect_opened(fact: m.DefectOpened, event: Event, tx: Transaction) -> None:
    names = set(FoundDefect.__struct_fields__) & set(fact.__struct_fields__) - {"task"}
    row = FoundDefect(
        id=fact.defect,
        area=event.area,
        opened_at=event.recorded_at,
        task=task_of(fact.defect),
        **{name: getattr(fact, name) for name in names},
    )
    tx.put(DEFECTS, row, event.occurred_at)


def task_of(defect: str) -> str:
    """The id of a defect's task."""
    return f"task-{defect}"


def get_open(rows: Rows, defect: str) -> FoundDefect:
    found: FoundDefect | None = rows.find(DEFECTS, defect)
    if found is None:
        raise AbsentError(
            f"there is no defect {defect}", "list them with `twinward module defects`"
        )
    if found.status != "open":
        raise ConflictError(
            f"defect {defect} is {found.status}", "nothing was changed", code="already_done"
        )
    return found


def mend_defect(command: m.MendDefect, rows: Rows, context: Context) -> list[Draft]:
    found = get_open(rows, command.defect)
    fact = m.DefectMended(defect=found.id, object=found.object, evidence=command.evidence)
    return [Draft(fact=fact, area=found.area, incident=found.id)]


def defect_mended(fact: m.DefectMended, event: Event, tx: Transaction) -> None:
    end_defect(tx, fact.defect, event, "mended", fact.evidence)


def dismiss_defect(command: m.DismissDefect, rows: Rows, context: Context) -> list[Draft]:
    found = get_open(rows, command.defect)
    fact = m.DefectDismissed(defect=found.id, object=found.object, because=command.because)
    return [Draft(fact=fact, area=found.area, incident=found.id)]


def defect_dismissed(fact: m.DefectDismissed, event: Event, tx: Transaction) -> None:
    end_defect(tx, fact.defect, event, "dismissed", fact.because)


def end_defect(tx: Transaction, defect: str, event: Event, status: str, because: str) -> None:
    found: FoundDefect = tx.get(DEFECTS, defect)
    row = msgspec.structs.replace(
        found, status=status, ended_at=event.occurred_at, ended_by=event.actor, because=because
    )
    tx.put(DEFECTS, row, event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={
        m.RegisterObject: register_object,
        m.RetireObject: retire_object,
        m.RecordCheck: record_check,
        m.MissCheck: miss_check,
        m.OpenDefect: open_defect,
        m.MendDefect: mend_defect,
        m.DismissDefect: dismiss_defect,
    },
    appliers={
        m.ObjectRegistered: object_registered,
        m.ObjectRetired: object_retired,
        m.CheckRecorded: check_recorded,
        m.CheckMissed: check_missed,
        m.DefectOpened: defect_opened,
        m.DefectFoundAgain: defect_found_again,
        m.DefectMended: defect_mended,
        m.DefectDismissed: defect_dismissed,
    },
    tables=TABLES,
)
