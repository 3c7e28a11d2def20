"""Somebody is down: said once while they are, however often the device repeats it."""

from __future__ import annotations

import msgspec

from twinward.core.errors import AbsentError, ConflictError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.responders.rows import FIELD_ALARMS, TABLES, FieldAlarm
from twinward.twins.twin import Behaviour, Context


def report_man_down(command: m.ReportManDown, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(FIELD_ALARMS, command.alarm) is not None:
        raise ConflictError(f"alarm {command.alarm} exists", "nothing was changed", code="exists")
    if rows.list_rows(FIELD_ALARMS, responder=command.responder, status="open"):
        return []  # they are known to be down
    names = m.ManDown.__struct_fields__
    fact = m.ManDown(**{name: getattr(command, name) for name in names})
    return [Draft(fact=fact, area=command.area)]


def man_down(fact: m.ManDown, event: Event, tx: Transaction) -> None:
    row = FieldAlarm(
        id=fact.alarm,
        area=event.area,
        responder=fact.responder,
        cause=fact.cause,
        status="open",
        at=fact.at,
        lon=fact.lon,
        lat=fact.lat,
        recorded_at=event.recorded_at,
    )
    tx.put(FIELD_ALARMS, row, event.recorded_at)


def get_alarm(rows: Rows, alarm: str) -> FieldAlarm:
    found: FieldAlarm | None = rows.find(FIELD_ALARMS, alarm)
    if found is None:
        raise AbsentError(f"there is no alarm {alarm}", "list them with `twinward field alarms`")
    return found


def end_man_down(command: m.EndManDown, rows: Rows, context: Context) -> list[Draft]:
    alarm = get_alarm(rows, command.alarm)
    if alarm.status != "open":
        raise ConflictError(f"alarm {alarm.id} is over", "nothing was changed", code="already_over")
    fact = m.ManDownEnded(alarm=alarm.id, because=command.because)
    return [Draft(fact=fact, area=alarm.area)]


def man_down_ended(fact: m.ManDownEnded, event: Event, tx: Transaction) -> None:
    row = msgspec.structs.replace(
        get_alarm(tx, fact.alarm),
        status="ended",
        ended_at=event.recorded_at,
        because=fact.because,
    )
    tx.put(FIELD_ALARMS, row, event.recorded_at)


BEHAVIOUR = Behaviour(
    handlers={m.ReportManDown: report_man_down, m.EndManDown: end_man_down},
    appliers={m.ManDown: man_down, m.ManDownEnded: man_down_ended},
    tables=TABLES,
)
