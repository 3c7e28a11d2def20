"""What is done with accounts, keys and data themselves: each of it goes on record."""

from __future__ import annotations

from typing import Literal

from twinward.core.messages import Command, Fact
from twinward.twins.emergency.vocabulary import AreaCode, Text, Word

AccessKind = Literal[
    "account_added",
    "account_locked",
    "account_unlocked",
    "account_reset",
    "account_role",
    "password_set",
    "login",
    "login_refused",
    "session_refreshed",
    "logout",
    "keys_rotated",
    "persons_merged",
    "persons_unmerged",
    "persons_kept_apart",
    "retention_run",
    "audit_exported",
    "audit_verified",
    "alarm",
    "published",
    "clock_confirmed",
    "changes_seen",
    "flows_seen",
]


class NoteAccess(Command, frozen=True, kw_only=True):
    """Puts on record what somebody did with accounts, keys, the record itself, or retention;
    never a secret.
    """

    kind: AccessKind
    about: Word
    detail: Text = ""
    area: AreaCode


class AccessNoted(Fact, frozen=True, kw_only=True):
    kind: AccessKind
    about: str
    detail: str
