"""Alarms of devices: one rule has one alarm of a device at a time, whoever tells of it."""

from __future__ import annotations

import msgspec

from twinward.core.errors import ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.city.alarms import messages as a
from twinward.twins.city.alarms.rows import DEVICE_ALARMS, TABLES, DeviceAlarm
from twinward.twins.twin import Behaviour, Context

LATEST = 20  # alarms of one rule and device that are looked at: edge and centre are not far apart
RANK = {"advice": 0, "warning": 1, "alarm": 2}


def raise_alarm(command: a.RaiseDeviceAlarm, rows: Rows, context: Context) -> list[Draft]:
    """Edge and centre may see its beginning a little apart: what overlaps is one alarm."""
    before: list[DeviceAlarm] = rows.list_rows(
        DEVICE_ALARMS, rule=command.rule, device=command.device, order="-began_at", limit=LATEST
    )
    for one in before:
        over = one.ended_at is not None and not one.began_at <= command.began_at < one.ended_at
        if one.id == command.alarm or not over:
            raise ConflictError(
                f"the alarm {command.rule} of {command.device} is known",
                "nothing was changed",
                code="exists",
            )
    fields = {name: getattr(command, name) for name in a.DeviceAlarmRaised.__struct_fields__}
    return [Draft(fact=a.DeviceAlarmRaised(**fields), area=command.area)]


def raised(fact: a.DeviceAlarmRaised, event: Event, tx: Transaction) -> None:
    names = set(a.DeviceAlarmRaised.__struct_fields__) - {"alarm"}
    row = DeviceAlarm(
        id=fact.alarm,
        area=event.area,
        raised_at=event.recorded_at,
        **{name: getattr(fact, name) for name in names},
    )
    tx.put(DEVICE_ALARMS, row, event.recorded_at)


def get_standing(rows: Rows, command: a.GrowDeviceAlarm | a.EndDeviceAlarm) -> DeviceAlarm:
    found: list[DeviceAlarm] = rows.list_rows(
        DEVICE_ALARMS, rule=command.rule, device=command.device, order="-began_at", limit=1
    )
    if not found or not found[0].stands or found[0].began_at > command.at:
        raise ConflictError(
            f"no alarm {command.rule} of {command.device} stands",
            "nothing was changed",
            code="nothing_new",
        )
    return found[0]


def grow(command: a.GrowDeviceAlarm, rows: Rows, context: Context) -> list[Draft]:
    found = get_standing(rows, command)
    if RANK[command.severity] <= RANK[found.severity]:
        raise ConflictError("it is as grave already", "nothing was changed", code="nothing_new")
    fact = a.DeviceAlarmGrew(
        alarm=found.id,
        rule=found.rule,
        device=found.device,
        severity=command.severity,
        began_at=found.began_at,
    )
    return [Draft(fact=fact, area=found.area)]


def grew(fact: a.DeviceAlarmGrew, event: Event, tx: Transaction) -> None:
    row = msgspec.structs.replace(tx.get(DEVICE_ALARMS, fact.alarm), severity=fact.severity)
    tx.put(DEVICE_ALARMS, row, event.recorded_at)


def end(command: a.EndDeviceAlarm, rows: Rows, context: Context) -> list[Draft]:
    found = get_standing(rows, command)
    fact = a.DeviceAlarmEnded(
        alarm=found.id, rule=found.rule, device=found.device, ended_at=command.at
    )
    return [Draft(fact=fact, area=found.area)]


def ended(fact: a.DeviceAlarmEnded, event: Event, tx: Transaction) -> None:
    row = tx.get(DEVICE_ALARMS, fact.alarm)
    over = msgspec.structs.replace(row, stands=False, ended_at=fact.ended_at)
    tx.put(DEVICE_ALARMS, over, event.recorded_at)


BEHAVIOUR = Behaviour(
    handlers={a.RaiseDeviceAlarm: raise_alarm, a.GrowDeviceAlarm: grow, a.EndDeviceAlarm: end},
    appliers={a.DeviceAlarmRaised: raised, a.DeviceAlarmGrew: grew, a.DeviceAlarmEnded: ended},
    tables=TABLES,
)
