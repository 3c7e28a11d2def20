"""Broken glass and notices, and the record of what is done with accounts, keys and data."""

from __future__ import annotations

from datetime import timedelta

from twinward.core.errors import InputError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.notices.rows import (
    EMERGENCY_ACCESSES,
    NOTICES,
    TABLES,
    EmergencyAccess,
    Notice,
)
from twinward.twins.twin import Behaviour, Context


def note_access(command: m.NoteAccess, rows: Rows, context: Context) -> list[Draft]:
    fact = m.AccessNoted(kind=command.kind, about=command.about, detail=command.detail)
    return [Draft(fact=fact, area=command.area)]


def access_noted(fact: m.AccessNoted, event: Event, tx: Transaction) -> None:
    """Nothing to keep beside the log."""


def break_glass(command: m.BreakGlass, rows: Rows, context: Context) -> list[Draft]:
    """The event and, in the same transaction, a notice to each area's duty officers and to the
    auditor.
    """
    if not command.areas:
        raise InputError("a broken glass names its areas", "give --areas", code="no_area")
    ends = context.now + timedelta(hours=command.hours)
    fact = m.GlassBroken(
        glass=command.glass,
        holder=context.actor,
        areas=command.areas,
        reason=command.reason,
        ends_at=ends,
    )
    told = (
        f"{context.actor} looks into {', '.join(command.areas)} until {ends.isoformat()}: "
        f"{command.reason}"
    )
    notices = [
        Draft(
            fact=m.NoticeSent(notice=f"{command.glass}.{role}.{area}", to_role=role, text=told),
            area=area,
        )
        for area in command.areas
        for role in ("duty_officer", "auditor")
    ]
    return [Draft(fact=fact, area=command.areas[0]), *notices]


def glass_broken(fact: m.GlassBroken, event: Event, tx: Transaction) -> None:
    row = EmergencyAccess(
        id=fact.glass,
        area=event.area,
        areas=fact.areas,
        holder=fact.holder,
        reason=fact.reason,
        opened_at=event.recorded_at,
        ends_at=fact.ends_at,
    )
    tx.put(EMERGENCY_ACCESSES, row, event.recorded_at)


def send_notice(command: m.SendNotice, rows: Rows, context: Context) -> list[Draft]:
    fields = {name: getattr(command, name) for name in m.NoticeSent.__struct_fields__}
    return [Draft(fact=m.NoticeSent(**fields), area=command.area, incident=command.incident)]


def notice_sent(fact: m.NoticeSent, event: Event, tx: Transaction) -> None:
    fields = {
        name: getattr(fact, name) for name in m.NoticeSent.__struct_fields__ if name != "notice"
    }
    tx.put(
        NOTICES,
        Notice(id=fact.notice, area=event.area, sent_at=event.recorded_at, **fields),
        event.recorded_at,
    )


BEHAVIOUR = Behaviour(
    handlers={m.NoteAccess: note_access, m.BreakGlass: break_glass, m.SendNotice: send_notice},
    appliers={m.AccessNoted: access_noted, m.GlassBroken: glass_broken, m.NoticeSent: notice_sent},
    tables=TABLES,
)
