"""The two-person rule: propose, confirm, refuse, appeal, decide; what a person is told; broken
glass; notices.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypedDict
from zoneinfo import ZoneInfo

import msgspec

from twinward.core.errors import ConflictError, InputError
from twinward.core.ids import derive_id
from twinward.core.messages import Command
from twinward.core.reasons import because_of
from twinward.library.texts import write_reason
from twinward.security.privacy.masking import HIDDEN, scrub
from twinward.service.access.belonging import look_at, require_together
from twinward.service.city.context import zone_of
from twinward.service.plans.adoptable_plans import import_adoptable
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.approvals.rows import CHANGES
from twinward.twins.emergency.notices.messages import AccessKind
from twinward.twins.emergency.notices.rows import EMERGENCY_ACCESSES, NOTICES
from twinward.twins.emergency.plans.rows import PLANS_IN_FORCE

if TYPE_CHECKING:
    from twinward.twins.emergency.approvals.rows import Change
    from twinward.twins.emergency.notices.rows import Notice

MAX_BULK = 200
SAME_LOOK_S = 600  # a page that asks again and again is one look
LIFE_KINDS = ("status", "quarantine_order", "mass_action", "bulk_opening")
ACCOUNT_KINDS = ("account_add", "account_role", "account_reset")  # of those who keep accounts alone
NAMED = 20  # of the changes seen, so many are named in the record


class NoticeFilter(TypedDict, total=False):
    """Whose notices."""

    to_role: str


class ChangePage(TypedDict):
    """A page of proposed changes, and how many there are."""

    items: list[dict[str, object]]
    total: int


def require_proposable(
    platform: Platform, kind: str, subjects: tuple[str, ...], thing: str | None, value: str | None
) -> None:
    """InputError for a change that nobody can propose here; a plan that is named becomes
    adoptable.
    """
    if kind in ACCOUNT_KINDS:
        raise InputError(f"a {kind} is no change of a life", "see /v1/accounts", code="bad_change")
    if len(subjects) > MAX_BULK:
        raise InputError(
            f"{len(subjects)} persons at once", f"at most {MAX_BULK}", code="too_many_items"
        )
    if kind == "mass_action":
        import_adoptable(platform, value or "")
        if thing is None:
            raise InputError(
                "a mass action puts a plan in force for an incident", "name it", code="no_incident"
            )


def propose(
    platform: Platform,
    caller: Caller,
    kind: str,
    area: str,
    *,
    reason: str,
    basis: str,
    until: datetime,
    subject: str | None = None,
    subjects: tuple[str, ...] = (),
    thing: str | None = None,
    value: str | None = None,
    linked: str | None = None,
    how: str | None = None,
) -> dict[str, object]:
    """A change that waits for its second person."""
    platform.reference.areas.require(area)
    platform.policy.require(caller, "propose_change", area=area)
    require_proposable(platform, kind, subjects, thing, value)
    with platform.store.read() as rows:
        name = derive_id(
            "chg", kind, caller.name, platform.clock.now().isoformat(), rows.last_seq()
        )
    fields = {
        "change": name,
        "kind": kind,
        "area": area,
        "subject": subject,
        "subjects": subjects,
        "thing": thing,
        "value": value,
        "linked": linked,
        "how": how,
        "reason": reason,
        "basis": basis,
        "until": until,
    }
    try:
        command = msgspec.convert(
            {"type": "ProposeChange", "id": derive_id("cmd", name, "propose"), **fields},
            m.ProposeChange,
        )
    except msgspec.ValidationError as error:
        raise InputError(
            f"not a change: {error}", "give kind, reason, basis, until", code="bad_change"
        ) from error
    ask(
        platform,
        caller,
        command,
        check=partial(require_together, platform, caller, "propose_change", command),
    )
    return _shown(platform, caller, name)


def get_change(platform: Platform, caller: Caller, change: str) -> dict[str, object]:
    """One change with its state now and what the person is told of it; that it was looked at
    goes on record.
    """
    row = _find(platform, caller, change, "propose_change")
    record_changes(platform, caller, [row])
    return _show(platform, caller, row)


def _shown(platform: Platform, caller: Caller, change: str) -> dict[str, object]:
    """A change as it is after one's own act, which is on record already."""
    return _show(platform, caller, _find(platform, caller, change, "propose_change"))


def is_theirs(platform: Platform, caller: Caller, row: Change) -> bool:
    """Whether the caller is shown whom a change is about: who proposed it, and who may confirm
    it.
    """
    may = platform.policy.decide(caller, "confirm_change", area=row.area).allowed
    return may or caller.name in (row.proposed_by, row.confirmed_by)


def record_changes(platform: Platform, caller: Caller, rows: Sequence[Change]) -> None:
    """Put on record that somebody was shown changes of persons; the same ones once in ten
    minutes.
    """
    seen = sorted(
        row.id for row in rows if (row.subject or row.subjects) and is_theirs(platform, caller, row)
    )
    if not seen:
        return
    detail = f"{len(seen)} changes of persons: " + ", ".join(seen[:NAMED])
    note_once(platform, caller, "changes_seen", detail, *seen)


def note_once(
    platform: Platform, caller: Caller, kind: AccessKind, detail: str, *what: str
) -> None:
    """Put a look on record that no activation opened; the same one (`what`) once in ten minutes."""
    part = int(platform.clock.now().timestamp() // SAME_LOOK_S)
    name = derive_id("note", kind, caller.name, part, *(what or (detail,)))
    area = platform.reference.areas.root
    about = what[0] if what else kind
    ask(platform, caller, m.NoteAccess(id=name, kind=kind, about=about, detail=detail, area=area))


def _find(platform: Platform, caller: Caller, change: str, action: str) -> Change:
    with platform.store.read() as rows:
        row = rows.find(CHANGES, change)
    row = row if row is None or row.kind in LIFE_KINDS else None
    if not platform.policy.decide(caller, action).allowed:
        platform.policy.require(caller, action)
    platform.policy.require_thing(
        caller, action, f"change {change}", getattr(row, "area", None), "list them first"
    )
    assert row is not None  # what is not there has been refused
    return row


def _show(platform: Platform, caller: Caller, row: Change) -> dict[str, object]:
    now = platform.clock.now()
    if (row.subject or row.subjects) and not is_theirs(platform, caller, row):
        nobody = dict.fromkeys(("subject", "thing", "value", "linked", "because"))
        row = msgspec.structs.replace(
            row, subjects=(), reason=HIDDEN, basis=scrub(row.basis), **nobody
        )
    shown = msgspec.structs.asdict(row) | {
        "state": row.state_at(now),
        "statement": statement_of(row, zone_of(platform)),
    }
    shown["appeal_late"] = bool(
        row.status == "appealed" and row.appeal_due_at and now >= row.appeal_due_at
    )
    return shown


def statement_of(row: Change, zone: str) -> str:
    """What the person is told: what, why, on which basis, until when, and how to appeal."""
    what = row.kind.replace("_", " ") + (f": {row.value}" if row.value else "")
    lines = [f"Decision {row.id}: {what}.", f"Reason: {row.reason}.", f"Legal basis: {row.basis}."]
    until = row.until.astimezone(ZoneInfo(zone))
    lines.append(f"It ends by itself on {until:%Y-%m-%d} at {until:%H:%M} ({zone}).")
    lines.append(
        "You may appeal at any time, also on paper or through your community; an answer is due in "
        "48 hours,"
    )
    lines.append(
        "by somebody who had no part in the decision; without an answer the decision ends."
    )
    return " ".join(lines)


def list_changes(
    platform: Platform, caller: Caller, *, limit: int = 100, offset: int = 0
) -> ChangePage:
    platform.policy.require(caller, "propose_change")
    with platform.store.read() as rows:
        found, total = rows.list_page(
            CHANGES,
            order="-proposed_at",
            limit=min(limit, 500),
            offset=offset,
            within=platform.policy.ranges(caller),
            kind=LIFE_KINDS,
        )
    record_changes(platform, caller, found)
    return {"items": [_show(platform, caller, row) for row in found], "total": total}


def confirm(platform: Platform, caller: Caller, change: str) -> dict[str, object]:
    """The second person's yes and what follows from it, with both names: both are done, or
    neither.
    """
    row = _find(platform, caller, change, "confirm_change")
    follows = _what_follows(platform, caller, row)
    yes = m.ConfirmChange(id=command_id(platform, "confirm", change, caller), change=change)
    ask(platform, caller, yes, *follows, check=look_at(platform, caller, "confirm_change", change))
    return _shown(platform, caller, change)


def _what_follows(platform: Platform, caller: Caller, row: Change) -> list[Command]:
    name = derive_id("cmd", row.id, "carry-out")
    if row.kind == "quarantine_order" and row.thing is not None:
        return [m.UpdateContact(id=name, contact=row.thing, step="isolated")]
    if row.kind != "mass_action" or row.value is None or row.thing is None:
        return []
    plan = import_adoptable(platform, row.value)
    with platform.store.read() as rows:
        known = rows.find(PLANS_IN_FORCE, row.thing)
    if known is not None and known.adopted_at > row.proposed_at:
        raise ConflictError(
            f"plan {known.plan} was put in force after this was proposed",
            "refuse this, and propose anew",
            code="plan_in_force",
        )
    both = because_of("authority.two_persons", by=row.proposed_by, second=caller.name)
    sheet = row.linked if row.linked and row.linked.startswith("sheet-") else ""
    return [
        m.AdoptPlan(
            id=name,
            incident=row.thing,
            plan=plan.id,
            version=plan.version,
            objectives=plan.objectives,
            authority=write_reason(both),
            authority_reasons=(both,),
            forecast=sheet,
            instead_of=known.plan if known is not None else "",
            starts="triggered" if row.how == "triggered" else "now",
        )
    ]


def command_id(platform: Platform, act: str, change: str, caller: Caller) -> str:
    with platform.store.read() as rows:
        return derive_id(
            "cmd", change, act, caller.name, platform.clock.now().isoformat(), rows.last_seq()
        )


def refuse(platform: Platform, caller: Caller, change: str, because: str) -> dict[str, object]:
    _find(platform, caller, change, "confirm_change")
    _require_reason(because)
    command = m.RefuseChange(
        id=command_id(platform, "refuse", change, caller), change=change, because=because
    )
    ask(platform, caller, command)
    return _shown(platform, caller, change)


def appeal(platform: Platform, caller: Caller, change: str, reason: str) -> dict[str, object]:
    """An appeal that somebody lodges for the person; the clock starts now."""
    _find(platform, caller, change, "appeal")
    _require_reason(reason)
    ask(
        platform,
        caller,
        m.LodgeAppeal(
            id=command_id(platform, "appeal", change, caller), change=change, reason=reason
        ),
    )
    return _shown(platform, caller, change)


def decide_appeal(
    platform: Platform, caller: Caller, change: str, *, upheld: bool, because: str
) -> dict[str, object]:
    _find(platform, caller, change, "confirm_change")
    _require_reason(because)
    name = command_id(platform, "decide", change, caller)
    ask(platform, caller, m.DecideAppeal(id=name, change=change, upheld=upheld, because=because))
    return _shown(platform, caller, change)


def _require_reason(text: str) -> None:
    if not 3 <= len(text.strip()) <= 2000:
        raise InputError("this needs a reason", "3 to 2000 characters", code="no_reason")


# broken glass and notices
# ------------------------------------------------------------------------------------------


def break_glass(
    platform: Platform, caller: Caller, areas: tuple[str, ...], hours: float, reason: str
) -> dict[str, object]:
    """Look outside one's jurisdiction for some hours: on record and announced before anything is
    shown.
    """
    platform.policy.require(caller, "break_glass")
    _require_reason(reason)
    if not 0 < hours <= 4:
        raise InputError(
            f"{hours} hours is not up to 4", "break it again when it has ended", code="bad_hours"
        )
    for area in areas:
        platform.reference.areas.require(area)
    now = platform.clock.now()
    name = derive_id("glass", caller.name, now.isoformat(), *areas)
    command = m.BreakGlass(
        id=derive_id("cmd", name), glass=name, areas=areas, hours=hours, reason=reason
    )
    ask(platform, caller, command)
    with platform.store.read() as rows:
        row = rows.get(EMERGENCY_ACCESSES, name)
    return dict(msgspec.structs.asdict(row))


def with_emergency_access(platform: Platform, caller: Caller) -> Caller:
    """The caller with the areas that their broken glass opens now."""
    if caller.areas == ("all",):
        return caller
    now = platform.clock.now()
    with platform.store.read() as rows:
        broken = [
            row
            for row in rows.list_rows(EMERGENCY_ACCESSES, holder=caller.name)
            if row.ends_at > now
        ]
    return msgspec.structs.replace(
        caller, areas=(*caller.areas, *(area for row in broken for area in row.areas))
    )


def list_notices(platform: Platform, caller: Caller, limit: int = 100) -> list[Notice]:
    """What the caller's role must know about the caller's areas, newest first."""
    mine = platform.policy.jurisdiction(caller)
    role: NoticeFilter = {} if caller.role == "administrator" else {"to_role": caller.role}
    with platform.store.read() as rows:
        found = rows.list_rows(NOTICES, order="-sent_at", limit=1000, **role)
    return [row for row in found if mine.concerns(row.area)][:limit]
