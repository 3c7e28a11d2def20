"""Use case: a signal is raised once and judged by a person; the alarm's own hit rate follows."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from twinward.core.errors import ConflictError
from twinward.core.ids import derive_id
from twinward.decision.surveillance.hit_rate import HitRate, rate_hits
from twinward.service.intake.commands import submit_objects
from twinward.service.platform import Caller, Platform, ask
from twinward.service.surveillance.signals import Signal, list_signals
from twinward.service.visibility import concerns
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident
from twinward.twins.emergency.reports.rows import CASES
from twinward.twins.emergency.signals.rows import SIGNALS, RaisedSignal, SignalStatus, is_known
from twinward.twins.emergency.vocabulary import is_one_hazard

COUNTED: tuple[m.CountedCases, ...] = ("new", "suspected")
HIGH = ("I", "II")
SAID = ("area", "day", "observed", "expected", "recurrence_days", "method")


class SignalView(msgspec.Struct, frozen=True, kw_only=True):
    """A raised signal with the name of its area and the incident that it led to."""

    id: str
    hazard: str
    area: str
    name: str
    day: date
    observed: int
    expected: float
    recurrence_days: float
    method: str
    counted: str
    status: SignalStatus
    raised_at: datetime
    judged_by: str | None
    judged_at: datetime | None
    because: str | None
    incident: str | None


class RaisedSignals(msgspec.Struct, frozen=True, kw_only=True):
    """Those that wait for a judgement first, then the newest; and how often a signal was right."""

    items: list[SignalView]
    hit_rate: HitRate


def raise_signals(platform: Platform, caller: Caller) -> list[str]:
    """Raise what signals today at every level of areas; the ids of those that are new.

    Where an incident of the hazard is answered at its two highest levels a signal asks nothing.
    """
    raised = []
    for hazard, answered in counted_hazards(platform).items():
        for level in dict.fromkeys(a.level for a in platform.reference.areas.by_code.values()):
            for counted in COUNTED:
                found = list_signals(platform, caller, level=level, hazard=hazard, counted=counted)
                for signal in found.signals:
                    if not any(covers(platform, one, signal.area) for one in answered):
                        raised += raise_one(platform, caller, hazard, counted, signal)
    return raised


def counted_hazards(platform: Platform) -> dict[str, list[Incident]]:
    """The hazards of which persons are counted, each with its incidents at the highest levels."""
    with platform.store.read() as rows:
        incidents: list[Incident] = rows.list_rows(INCIDENTS)
        named = {case.hazard for case in rows.list_rows(CASES)}
    named |= {one.hazard for one in incidents if "new" in one.figures}
    high = [one for one in incidents if one.status == "open" and one.level in HIGH]
    return {
        hazard: [one for one in high if is_one_hazard(one.hazard, hazard)]
        for hazard in sorted(named)
    }


def covers(platform: Platform, incident: Incident, area: str) -> bool:
    is_under = platform.reference.areas.is_under
    return any(is_under(area, one) or is_under(one, area) for one in incident.affected)


def raise_one(
    platform: Platform, caller: Caller, hazard: str, counted: m.CountedCases, signal: Signal
) -> list[str]:
    name = derive_id("sig", hazard, counted, signal.area, signal.day.isoformat(), signal.observed)
    fields = {field: getattr(signal, field) for field in SAID}
    command = m.RaiseSignal(
        id=derive_id("cmd", name), signal=name, hazard=hazard, counted=counted, **fields
    )
    with platform.store.read() as rows:
        if is_known(rows, hazard, counted, signal.area, signal.day, signal.observed):
            return []
    try:
        ask(platform, caller, command)
    except ConflictError:  # another server of this log was first
        return []
    return [name]


def list_raised(
    platform: Platform, caller: Caller, status: SignalStatus | None = None
) -> RaisedSignals:
    """The raised signals of the caller's areas."""
    with platform.store.read() as rows:
        known: list[RaisedSignal] = rows.list_rows(SIGNALS, order="-raised_at")
        incidents: list[Incident] = rows.list_rows(INCIDENTS)
    mine = [one for one in known if concerns(platform, caller, one.area)]
    shown = [one for one in mine if status is None or one.status == status]
    shown.sort(key=lambda one: one.status != "waiting")
    return RaisedSignals(
        items=[view(platform, one, incidents) for one in shown],
        hit_rate=rate_hits(
            confirmed=sum(one.status == "confirmed" for one in mine),
            dismissed=sum(one.status == "dismissed" for one in mine),
            waiting=sum(one.status == "waiting" for one in mine),
        ),
    )


def judge_signal(
    platform: Platform,
    caller: Caller,
    signal: str,
    judgement: m.Judgement,
    because: str,
    incident: str | None = None,
) -> SignalView:
    """Confirm or dismiss a signal, wait for what the loop makes of it, and show it."""
    said = {"signal": signal, "judgement": judgement, "because": because}
    if incident is not None:
        said["incident"] = incident
    item = {"id": derive_id("judge", caller.name, signal, judgement, because), **said}
    done = submit_objects(platform, caller, [{"type": "JudgeSignal", **item}], "surveil")
    if done.rejected:
        one = done.rejected[0]
        raise ConflictError(one.message, one.advice, code=one.code)
    platform.loop.catch_up()
    with platform.store.read() as rows:
        row: RaisedSignal = rows.get(SIGNALS, signal)
        incidents: list[Incident] = rows.list_rows(INCIDENTS)
    return view(platform, row, incidents)


def view(platform: Platform, signal: RaisedSignal, incidents: list[Incident]) -> SignalView:
    names = [name for name in SignalView.__struct_fields__ if name not in ("name", "incident")]
    led_to = [
        one.id
        for one in incidents
        if signal.status == "confirmed"
        and is_one_hazard(one.hazard, signal.hazard)
        and signal.area in one.affected
    ]
    return SignalView(
        **{name: getattr(signal, name) for name in names},
        name=platform.reference.areas.name(signal.area),
        incident=signal.incident or (led_to[-1] if led_to else None),
    )
