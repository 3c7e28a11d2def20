"""The objection desk: receipts at once, overdue ones first, short messages and paper forms."""

from __future__ import annotations

import re
from datetime import datetime
from typing import get_args

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.service.access.approvals import note_once
from twinward.service.passes.names import command_name, fresh_id
from twinward.service.passes.reissuing import reissue
from twinward.service.passes.statuses import CONFIRM, OBJECT, find
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.passes.messages import Channel
from twinward.twins.emergency.passes.rows import OBJECTIONS, Objection

MOST = 500
CHANNELS: tuple[str, ...] = get_args(Channel)
MESSAGE = re.compile(r"\s*(?:YY|OBJECT)\s+(st-[0-9a-f]{10})\s*(.*)", re.IGNORECASE | re.DOTALL)


class ObjectionView(msgspec.Struct, frozen=True, kw_only=True):
    """One objection with its clock; `receipt` is its number."""

    receipt: str
    status: str
    area: str
    subject: str
    channel: str
    proxy: str
    reason: str
    lodged_at: datetime
    due_at: datetime
    overdue: bool
    suspended: bool
    decision: str
    decided_by: str | None
    decided_at: datetime | None
    because: str | None
    reissued: list[str] = []  # secret names of the passes that were signed anew, for the holder


class ObjectionList(msgspec.Struct, frozen=True, kw_only=True):
    """Open objections, overdue ones first; then those that were decided."""

    items: list[ObjectionView]
    total: int
    overdue: int


def show(platform: Platform, row: Objection) -> ObjectionView:
    names = set(ObjectionView.__struct_fields__) - {"receipt", "overdue", "reissued"}
    fields = {name: getattr(row, name) for name in names}
    overdue = row.is_overdue(platform.clock.now())
    return ObjectionView(receipt=row.id, overdue=overdue, **fields)


def lodge(
    platform: Platform,
    caller: Caller,
    status: str,
    *,
    channel: str,
    reason: str,
    proxy: str = "",
    received: datetime | None = None,
) -> ObjectionView:
    """An objection and its receipt; the clock starts when it was `received`, or now."""
    find(platform, caller, status, OBJECT)
    if channel not in CHANNELS:
        raise InputError(
            f"channel {channel!r} is not one of {', '.join(CHANNELS)}", code="bad_channel"
        )
    if not 3 <= len(reason.strip()) <= 2000:
        raise InputError("an objection says why", "3 to 2000 characters", code="no_reason")
    name = fresh_id("ob")
    command = m.LodgeObjection(
        id=command_name(name),
        occurred_at=received,
        objection=name,
        status=status,
        channel=channel,  # type: ignore[arg-type]
        reason=reason,
        proxy=proxy,
    )
    ask(platform, caller, command)
    return get_objection(platform, caller, name)


def read_message(platform: Platform, caller: Caller, text: str) -> ObjectionView:
    """An objection that came as a short message: YY or OBJECT, the status, the reason."""
    found = MESSAGE.fullmatch(text[:2000])
    if found is None:
        raise InputError(
            "the message is no objection", "YY or OBJECT, the status number, why", code="bad_sms"
        )
    reason = found[2].strip() or "no reason was written"
    return lodge(platform, caller, found[1].lower(), channel="sms", reason=reason)


def get_objection(platform: Platform, caller: Caller, objection: str) -> ObjectionView:
    with platform.store.read() as rows:
        row = rows.find(OBJECTIONS, objection)
    if row is None:
        raise AbsentError(f"there is no objection {objection}", "list them first")
    platform.policy.require_thing(
        caller, OBJECT, f"objection {objection}", row.area, "list them first"
    )
    return show(platform, row)


def list_objections(platform: Platform, caller: Caller, *, limit: int = 100) -> ObjectionList:
    """The desk's list; the look goes on record."""
    platform.policy.require(caller, OBJECT)
    within = platform.policy.ranges(caller)
    with platform.store.read() as rows:
        opened, waiting = rows.list_page(
            OBJECTIONS, order="due_at", limit=min(limit, MOST), within=within, decision="open"
        )
        decided, done = rows.list_page(
            OBJECTIONS,
            order="-due_at",
            limit=max(0, min(limit, MOST) - len(opened)) or 1,
            within=within,
            decision=("upheld", "rejected"),
        )
    items = [show(platform, row) for row in (*opened, *decided)][:limit]
    if items:
        seen = [one.receipt for one in items]
        note_once(platform, caller, "changes_seen", f"{len(seen)} objections", *seen[:20], "listed")
    late = sum(one.overdue for one in items)
    return ObjectionList(items=items, total=waiting + done, overdue=late)


def decide(
    platform: Platform, caller: Caller, objection: str, *, upheld: bool, because: str
) -> ObjectionView:
    """The answer, from somebody who had no part in the status; upheld, it lifts the status, and the
    passes that it took are signed anew.
    """
    found = get_objection(platform, caller, objection)
    platform.policy.require(caller, CONFIRM, area=found.area)
    if not 3 <= len(because.strip()) <= 2000:
        raise InputError("an answer says why", "3 to 2000 characters", code="no_reason")
    name = command_name(objection, "decide")
    ask(
        platform,
        caller,
        m.DecideObjection(id=name, objection=objection, upheld=upheld, because=because),
    )
    again = reissue(platform, caller, found.subject) if upheld else ()
    done = get_objection(platform, caller, objection)
    return msgspec.structs.replace(done, reissued=[one.link for one in again])
