"""Signals: none is raised again within seven days unless its count has grown, and each is judged
once.
"""

from __future__ import annotations

import msgspec

from twinward.core.errors import AbsentError, ConflictError, InputError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.signals.rows import (
    QUIET_D,
    SIGNALS,
    TABLES,
    RaisedSignal,
    SignalStatus,
    is_known,
)
from twinward.twins.emergency.vocabulary import is_one_hazard
from twinward.twins.twin import Behaviour, Context

STATUS: dict[str, SignalStatus] = {"confirm": "confirmed", "dismiss": "dismissed"}


def raise_signal(command: m.RaiseSignal, rows: Rows, context: Context) -> list[Draft]:
    if rows.find(SIGNALS, command.signal) is not None or is_known(
        rows, command.hazard, command.counted, command.area, command.day, command.observed
    ):
        raise ConflictError(
            f"{command.area} has signalled the same within {QUIET_D} days",
            "judge the signal that waits",
            code="signalled",
        )
    fields = {name: getattr(command, name) for name in m.SignalRaised.__struct_fields__}
    return [Draft(fact=m.SignalRaised(**fields), area=command.area)]


def signal_raised(fact: m.SignalRaised, event: Event, tx: Transaction) -> None:
    row = RaisedSignal(
        id=fact.signal,
        hazard=fact.hazard,
        area=event.area,
        day=fact.day,
        observed=fact.observed,
        expected=fact.expected,
        recurrence_days=fact.recurrence_days,
        method=fact.method,
        counted=fact.counted,
        raised_at=event.occurred_at,
    )
    tx.put(SIGNALS, row, event.occurred_at)


def judge_signal(command: m.JudgeSignal, rows: Rows, context: Context) -> list[Draft]:
    signal: RaisedSignal | None = rows.find(SIGNALS, command.signal)
    if signal is None:
        raise AbsentError(
            f"there is no signal {command.signal}", "list them with `twinward surveil signals`"
        )
    if signal.status != "waiting":
        raise ConflictError(
            f"signal {signal.id} is {signal.status} by {signal.judged_by}",
            "a signal is judged once; the next one is raised when the count grows",
            code="judged",
        )
    if command.incident is not None:
        check_joined(command, signal, rows)
    fact = m.SignalJudged(
        signal=signal.id,
        hazard=signal.hazard,
        day=signal.day,
        judgement=command.judgement,
        because=command.because,
        incident=command.incident,
    )
    return [Draft(fact=fact, area=signal.area, incident=command.incident)]


def check_joined(command: m.JudgeSignal, signal: RaisedSignal, rows: Rows) -> None:
    """Only a confirmed signal names an incident: an open one of its hazard."""
    if command.judgement != "confirm":
        raise InputError(
            "a dismissed signal joins no incident",
            "leave it out, or confirm the signal",
            code="bad_incident",
        )
    incident = rows.find(INCIDENTS, command.incident or "")
    if incident is None:
        raise AbsentError(f"there is no incident {command.incident}", "list the open incidents")
    if incident.status != "open" or not is_one_hazard(incident.hazard, signal.hazard):
        raise ConflictError(
            f"incident {incident.id} is {incident.status} and of {incident.hazard}",
            f"name an open incident of {signal.hazard}",
            code="bad_incident",
        )


def signal_judged(fact: m.SignalJudged, event: Event, tx: Transaction) -> None:
    signal: RaisedSignal = tx.get(SIGNALS, fact.signal)
    row = msgspec.structs.replace(
        signal,
        status=STATUS[fact.judgement],
        incident=fact.incident,
        judged_by=event.actor,
        judged_at=event.occurred_at,
        because=fact.because,
    )
    tx.put(SIGNALS, row, event.occurred_at)


BEHAVIOUR = Behaviour(
    handlers={m.RaiseSignal: raise_signal, m.JudgeSignal: judge_signal},
    appliers={m.SignalRaised: signal_raised, m.SignalJudged: signal_judged},
    tables=TABLES,
)
