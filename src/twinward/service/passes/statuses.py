"""Statuses as use cases: set, confirm, refuse, lift, list; what the person is told of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TypedDict

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.core.messages import Command
from twinward.core.ports import Rows
from twinward.service.access.approvals import note_once
from twinward.service.access.belonging import areas_of_person
from twinward.service.passes.names import command_name, fresh_id
from twinward.service.passes.revocations import revocations
from twinward.service.passes.statements import Statement, state_status
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.passes.rows import OBJECTIONS, PASSES, STATUSES, Status

PROPOSE, CONFIRM, OBJECT = "propose_change", "confirm_change", "appeal"
MOST = 500


class StatusView(msgspec.Struct, frozen=True, kw_only=True):
    """One status with all that its person may know: why, from which record, who, until, how to
    object.
    """

    id: str
    area: str
    subject: str
    value: str
    state: str
    reason_code: str
    reason: str
    source: str
    probability: float | None
    basis: str
    activation: str
    set_by: str
    confirmed_by: str | None
    rule: str | None
    set_at: datetime
    until: datetime
    ends_by: str
    renewals: int
    review_by: datetime | None
    objection: str | None
    objection_due_at: datetime | None
    because: str | None
    statement: Statement


class StatusList(msgspec.Struct, frozen=True, kw_only=True):
    """Statuses of the caller's areas, newest first."""

    items: list[StatusView]
    total: int


def show(platform: Platform, row: Status) -> StatusView:
    """The row as its person and the officers in charge see it."""
    names = set(StatusView.__struct_fields__) - {"state", "statement"}
    state = row.state_at(platform.clock.now())
    fields = {name: getattr(row, name) for name in names}
    return StatusView(**fields, state=state, statement=state_status(platform, row, state))


def find(platform: Platform, caller: Caller, status: str, action: str) -> Status:
    """The row, if it lies in the caller's areas; absent and elsewhere answer alike."""
    with platform.store.read() as rows:
        row = rows.find(STATUSES, status)
    if not platform.policy.decide(caller, action).allowed:
        platform.policy.require(caller, action)
    area = row.area if row is not None else None
    platform.policy.require_thing(caller, action, f"status {status}", area, "list them first")
    assert row is not None
    return row


def set_status(platform: Platform, caller: Caller, **fields: object) -> StatusView:
    """A status as proposed, or in force at once where it is not adverse or a rule covers it."""
    area = str(fields["area"])
    platform.reference.areas.require(area)
    platform.policy.require(caller, PROPOSE, area=area)
    name = fresh_id("st")
    asked = {"type": "SetStatus", "id": command_name(name, "set"), "status": name, **fields}
    try:
        command = msgspec.convert(asked, m.SetStatus)
    except msgspec.ValidationError as error:
        raise InputError(f"not a status: {error}", "see its fields", code="bad_status") from error
    follows: Sequence[Command] = ()
    if command.value == "restricted" and command.rule is not None:
        follows = revocations(platform, command.subject)
    ask(platform, caller, command, *follows, check=partial(require_resident, platform, command))
    return get_status(platform, caller, name, look=False)


def require_resident(platform: Platform, command: m.SetStatus, rows: Rows) -> None:
    """AbsentError for a person who is on record, but only in other areas than the status names."""
    known = areas_of_person(rows, command.subject)
    covers = platform.policy.subtree((command.area,)).covers
    if known and not any(covers(area) for area in known):
        raise AbsentError(
            f"there is no {command.subject} in {command.area}", "name the area that they lie in"
        )


def get_status(platform: Platform, caller: Caller, status: str, *, look: bool = True) -> StatusView:
    """One status; that it was looked at goes on record."""
    row = find(platform, caller, status, PROPOSE)
    if look:
        note_once(platform, caller, "changes_seen", f"status {status}", status, "one")
    return show(platform, row)


class SubjectFilter(TypedDict, total=False):
    """Of whom."""

    subject: str


def list_statuses(
    platform: Platform,
    caller: Caller,
    *,
    subject: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> StatusList:
    """Of the caller's areas, newest first; the look goes on record."""
    platform.policy.require(caller, PROPOSE)
    by: SubjectFilter = {"subject": subject} if subject is not None else {}
    with platform.store.read() as rows:
        found, total = rows.list_page(
            STATUSES,
            order="-set_at",
            limit=min(limit, MOST),
            offset=offset,
            within=platform.policy.ranges(caller),
            **by,
        )
    if found:
        seen = [row.id for row in found]
        note_once(platform, caller, "changes_seen", f"{len(seen)} statuses", *seen[:20], "listed")
    return StatusList(items=[show(platform, row) for row in found], total=total)


def confirm(platform: Platform, caller: Caller, status: str) -> StatusView:
    """The second person's yes; passes that the person holds are revoked with it."""
    row = find(platform, caller, status, CONFIRM)
    yes = m.ConfirmStatus(id=command_name(status, "confirm"), status=status)
    ask(platform, caller, yes, *revocations(platform, row.subject))
    return get_status(platform, caller, status, look=False)


def refuse(platform: Platform, caller: Caller, status: str, because: str) -> StatusView:
    find(platform, caller, status, CONFIRM)
    name = command_name(status, "refuse")
    ask(platform, caller, m.RefuseStatus(id=name, status=status, because=because))
    return get_status(platform, caller, status, look=False)


def lift(platform: Platform, caller: Caller, status: str, because: str) -> StatusView:
    """Ends it now; better for the person, so one officer may."""
    find(platform, caller, status, PROPOSE)
    name = command_name(status, "lift")
    ask(platform, caller, m.LiftStatus(id=name, status=status, because=because))
    return get_status(platform, caller, status, look=False)


def authorise_rule(platform: Platform, caller: Caller, **fields: object) -> str:
    """A rule with bounds, proposed; its id for the second person."""
    area = str(fields["area"])
    platform.reference.areas.require(area)
    platform.policy.require(caller, CONFIRM, area=area)
    name = fresh_id("rule")
    asked = {"type": "AuthoriseRule", "id": command_name(name), "rule": name, **fields}
    try:
        ask(platform, caller, msgspec.convert(asked, m.AuthoriseRule))
    except msgspec.ValidationError as error:
        raise InputError(f"not a rule: {error}", "see its fields", code="bad_rule") from error
    return name


def confirm_rule(platform: Platform, caller: Caller, rule: str) -> None:
    platform.policy.require(caller, CONFIRM)
    ask(platform, caller, m.ConfirmRule(id=command_name(rule, "confirm"), rule=rule))


def binding_status(rows: Rows, subject: str, at: datetime) -> Status | None:
    """The adverse status that binds a person now, if any."""
    found = rows.list_rows(STATUSES, subject=subject, value="restricted", decided="in_force")
    return next((row for row in found if row.state_at(at) == "in_force"), None)


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """How many, for everybody to read; counts below ten are not told (None)."""

    restricted: int | None
    advice: int | None
    objections_open: int | None
    objections_overdue: int | None
    upheld: int | None
    rejected: int | None
    revoked: dict[str, int | None]


SMALLEST = 10  # the house's k for public counts


def count_public(platform: Platform) -> Statistics:
    """Public statistics with suppression."""
    now = platform.clock.now()

    def shown(number: int) -> int | None:
        return number if number >= SMALLEST else None

    with platform.store.read() as rows:
        running = [
            row.value
            for row in rows.list_rows(STATUSES, decided="in_force")
            if row.state_at(now) in ("in_force", "under_review")
        ]
        objections = rows.list_rows(OBJECTIONS)
        revoked = [row.revoked_because or "" for row in rows.list_rows(PASSES, state="revoked")]
    decisions = [row.decision for row in objections]
    return Statistics(
        restricted=shown(running.count("restricted")),
        advice=shown(running.count("advice")),
        objections_open=shown(decisions.count("open")),
        objections_overdue=shown(sum(row.is_overdue(now) for row in objections)),
        upheld=shown(decisions.count("upheld")),
        rejected=shown(decisions.count("rejected")),
        revoked={why: shown(revoked.count(why)) for why in sorted(set(revoked))},
    )
