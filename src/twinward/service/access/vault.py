"""The identity vault as use cases: one by one, in bulk with a second person, rotated; every
opening an event first.
"""

from __future__ import annotations

from typing import Any

import msgspec

from twinward.core.errors import ConflictError, InputError, RefusedError
from twinward.core.scope import Scope
from twinward.security.privacy.vault import Identity
from twinward.service.access.accounts import note
from twinward.service.access.activations import record_look, scope_for
from twinward.service.access.approvals import command_id, with_emergency_access
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.approvals.rows import CHANGES
from twinward.twins.emergency.contacts.rows import CONTACTS
from twinward.twins.emergency.reports.rows import CASES

NOT_YOURS = "check the subject, your areas and the activation"


def open_identity(platform: Platform, caller: Caller, subject: str, reason: str) -> Identity:
    """The person behind a pseudonym: under an activation for `vault`, with a reason, on record
    before it is shown.

    Only persons who are a case or a contact in the caller's areas, or in those of a glass they
    broke; all others answer like those who are not there.
    """
    caller, scope = _begin(platform, caller, "open_vault", reason)
    return _open_one(platform, caller, scope, subject, "who is this", reason)


def open_in_bulk(
    platform: Platform, caller: Caller, change: str, reason: str
) -> list[dict[str, Any]]:
    """The persons of a bulk opening that a second person has confirmed; it can be used once."""
    caller, scope = _begin(platform, caller, "open_vault_in_bulk", reason)
    with platform.store.read() as rows:
        row = rows.find(CHANGES, change)
    mine = row is not None and row.proposed_by == caller.name
    platform.policy.require_thing(
        caller,
        "open_vault_in_bulk",
        f"change {change}",
        row.area if mine and row is not None else None,
        "propose one",
        scope=scope,
    )
    if not ask(
        platform, caller, m.UseChange(id=command_id(platform, "use", change, caller), change=change)
    ):
        raise ConflictError(f"change {change} is being used", "it can be used once", code="used")
    return [
        {"subject": subject}
        | msgspec.structs.asdict(_open_one(platform, caller, scope, subject, "bulk", reason))
        for subject in (row.subjects if row is not None else ())
    ]


def _begin(platform: Platform, caller: Caller, action: str, reason: str) -> tuple[Caller, Scope]:
    platform.policy.require(caller, action)
    if len(reason.strip()) < 3:
        raise InputError(
            "opening the vault needs a reason", "say why you need it", code="no_reason"
        )
    scope = scope_for(platform, caller, "vault")
    if "vault" not in platform.policy.roles.roles[caller.role].purposes:
        raise RefusedError(
            f"a {caller.role} has no such purpose", "ask one who has", code="purpose_not_open"
        )
    return with_emergency_access(platform, caller), scope


def _open_one(
    platform: Platform, caller: Caller, scope: Scope, subject: str, question: str, reason: str
) -> Identity:
    area = area_of_subject(platform, caller, subject, scope)
    record_look(platform, caller, scope, "vault", subject, question, reason=reason)
    platform.policy.require_thing(caller, "open_vault", "such person", area, NOT_YOURS, scope=scope)
    return platform.vault.open(subject)


def area_of_subject(platform: Platform, caller: Caller, subject: str, scope: Scope) -> str | None:
    """An area in which the person is a case or a contact: one that the caller may see, if there
    is one.
    """
    with platform.store.read() as rows:
        found = [row.area for row in rows.list_rows(CASES, subject=subject)]
        found += [row.area for row in rows.list_rows(CONTACTS, subject=subject)]
    mine = [
        a
        for a in found
        if platform.policy.decide(caller, "open_vault", area=a, scope=scope).allowed
    ]
    return next(iter(mine or found), None)


def rotate_keys(platform: Platform, caller: Caller) -> int:
    """A new key for the vault; everything in it sealed anew, the old key destroyed. Returns how
    many identities.
    """
    platform.policy.require(caller, "keep_data")
    count = platform.vault.rotate()
    note(platform, caller, "keys_rotated", "vault", f"{count} identities sealed anew")
    return count
