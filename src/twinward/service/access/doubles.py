"""Persons who may be one: offered by what the vault knows, merged and unmerged by somebody with a
reason; what is in the log stays under the subject it was reported as.
"""

from __future__ import annotations

import msgspec

from twinward.core.errors import InputError
from twinward.security.privacy.vault import Double
from twinward.service.access.accounts import note
from twinward.service.access.activations import scope_for
from twinward.service.access.approvals import with_emergency_access
from twinward.service.access.vault import open_identity
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.contacts.rows import CONTACTS
from twinward.twins.emergency.reports.rows import CASES

STATES = ("open", "merged", "apart", "all")


class LikelyDouble(msgspec.Struct, frozen=True, kw_only=True):
    """Two subjects, why they may be one person, what was decided, and the cases of both."""

    one: str
    other: str
    why: str
    state: str
    cases: tuple[str, ...]


def list_doubles(platform: Platform, caller: Caller, state: str = "open") -> list[LikelyDouble]:
    """The pairs of which the caller may open both: subjects and reasons, no names."""
    if state not in STATES:
        raise InputError(f"there is no state {state!r}", f"there are {', '.join(STATES)}")
    platform.policy.require(caller, "open_vault")
    scope_for(platform, caller, "vault")
    caller = with_emergency_access(platform, caller)
    pairs = platform.vault.list_doubles(None if state == "all" else state)
    return [found for pair in pairs if (found := show(platform, caller, pair)) is not None]


def show(platform: Platform, caller: Caller, pair: Double) -> LikelyDouble | None:
    """A pair as it is offered; None where one of the two is not the caller's to see."""
    scope = scope_for(platform, caller, "vault")
    cases: list[str] = []
    with platform.store.read() as rows:
        for subject in (pair.one, pair.other):
            known = rows.list_rows(CASES, subject=subject)
            here = [row.area for row in known]
            here += [row.area for row in rows.list_rows(CONTACTS, subject=subject)]
            if not any(
                platform.policy.decide(caller, "open_vault", area=area, scope=scope).allowed
                for area in here
            ):
                return None
            cases += [row.id for row in known]
    return LikelyDouble(
        one=pair.one, other=pair.other, why=pair.why, state=pair.state, cases=tuple(cases)
    )


def merge(platform: Platform, caller: Caller, subject: str, into: str, reason: str) -> None:
    """One person from now on: whoever decides must be allowed to open both, and both openings are
    on record.
    """
    for who in (subject, into):
        open_identity(platform, caller, who, reason)
    platform.vault.merge(subject, into, reason)
    note(platform, caller, "persons_merged", f"{subject} into {into}", reason)


def unmerge(platform: Platform, caller: Caller, subject: str, reason: str) -> str:
    """Two persons after all; the subject that it had been merged into."""
    open_identity(platform, caller, subject, reason)
    into = platform.vault.unmerge(subject, reason)
    note(platform, caller, "persons_unmerged", f"{subject} from {into}", reason)
    return into


def keep_apart(platform: Platform, caller: Caller, one: str, other: str, reason: str) -> None:
    """A likely double is two persons, and is offered no more."""
    for who in (one, other):
        open_identity(platform, caller, who, reason)
    platform.vault.keep_apart(one, other, reason)
    note(platform, caller, "persons_kept_apart", f"{one} and {other}", reason)
