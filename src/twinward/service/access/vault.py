"""The identity vault as use cases: one by one, in bulk with a second person, rotated; every
opening an event first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from twinward.core.errors import ConflictError, InputError, RefusedError
from twinward.core.scope import Scope
from twinward.security.privacy.vault import Identity
from twinward.service.access.accounts import note
from twinward.service.access.activations import look_command, record_look, scope_for
from twinward.service.access.approvals import command_id, with_emergency_access
from twinward.service.access.belonging import look_at
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.approvals.rows import CHANGES
from twinward.twins.emergency.contacts.rows import CONTACTS
from twinward.twins.emergency.reports.rows import CASES

if TYPE_CHECKING:
    from twinward.twins.emergency.contacts.rows import Contact
    from twinward.twins.emergency.reports.rows import Case

NOT_YOURS = "check the subject, your areas and the activation"


def open_identity(platform: Platform, caller: Caller, subject: str, reason: str) -> Identity:
    """The person behind a pseudonym: under an activation for `vault`, with a reason, on record
    before it is shown.

    Only persons who are a case or a contact in the caller's areas, or in those of a glass they
    broke; all others answer like those who are not there.
    """
    caller = _begin(platform, caller, "open_vault", reason)
    scope, area = find_right(platform, caller, subject)
    record_look(platform, caller, scope, "vault", subject, "who is this", reason=reason)
    platform.policy.require_thing(caller, "open_vault", "such person", area, NOT_YOURS, scope=scope)
    return platform.vault.open(subject)


def open_in_bulk(
    platform: Platform, caller: Caller, change: str, reason: str
) -> list[dict[str, object]]:
    """The persons of a bulk opening that a second person has confirmed; it can be used once.

    All of them or none: one who is not the caller's to see leaves the opening unused and nobody
    looked at.
    """
    caller = _begin(platform, caller, "open_vault_in_bulk", reason)
    scope = scope_for(platform, caller, "vault")
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
    looks = []
    subjects = row.subjects if row is not None else ()
    for subject in subjects:
        scope, area = find_right(platform, caller, subject)
        platform.policy.require_thing(
            caller, "open_vault", "such person", area, NOT_YOURS, scope=scope
        )
        platform.vault.open(subject)  # AbsentError before anything is used, not after
        looks.append(look_command(platform, caller, scope, "vault", subject, "bulk", reason=reason))
    use = m.UseChange(id=command_id(platform, "use", change, caller), change=change)
    if not ask(
        platform, caller, use, *looks, check=look_at(platform, caller, "propose_change", change)
    ):
        raise ConflictError(f"change {change} is being used", "it can be used once", code="used")
    return [
        {"subject": subject} | msgspec.structs.asdict(platform.vault.open(subject))
        for subject in subjects
    ]


def _begin(platform: Platform, caller: Caller, action: str, reason: str) -> Caller:
    platform.policy.require(caller, action)
    if len(reason.strip()) < 3:
        raise InputError(
            "opening the vault needs a reason", "say why you need it", code="no_reason"
        )
    scope_for(platform, caller, "vault")
    if "vault" not in platform.policy.roles.roles[caller.role].purposes:
        raise RefusedError(
            f"a {caller.role} has no such purpose", "ask one who has", code="purpose_not_open"
        )
    return with_emergency_access(platform, caller)


def find_right(platform: Platform, caller: Caller, subject: str) -> tuple[Scope, str | None]:
    """The scope to open a name with, and an area in which the person is the caller's to see; None
    where in none.

    A case or contact that the caller put on record gives no right to a person whom others know: a
    right is not given to oneself.
    """
    with platform.store.read() as rows:
        found: list[Case | Contact] = list(rows.list_rows(CASES, subject=subject))
        found += rows.list_rows(CONTACTS, subject=subject)
    areas = {row.area for row in found}
    lawful = {row.area for row in found if not platform.managed or row.put_by != caller.name}
    mine = platform.policy.jurisdiction(caller)
    if all(mine.covers(area) for area in areas):
        lawful = areas  # nobody else's person
    for area in sorted(lawful):
        scope = scope_for(platform, caller, "vault", area=area)
        if platform.policy.decide(caller, "open_vault", area=area, scope=scope).allowed:
            return scope, area
    return scope_for(platform, caller, "vault"), None


def rotate_keys(platform: Platform, caller: Caller) -> int:
    """A new key for the vault; everything in it sealed anew, the old key destroyed. Returns how
    many identities.
    """
    platform.policy.require(caller, "keep_data")
    count = platform.vault.rotate()
    note(platform, caller, "keys_rotated", "vault", f"{count} identities sealed anew")
    return count
