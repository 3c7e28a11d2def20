"""What activations, approvals, sessions and the vault answer."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.security.privacy.vault import Identity
from twinward.twins.emergency.approvals.rows import Change
from twinward.twins.emergency.contacts.rows import Contact
from twinward.twins.emergency.reports.rows import Case


class ActivationLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one activation opens, by whom and on which basis, and whether it does so now."""

    id: str
    hazard: str
    areas: tuple[str, ...]
    purposes: tuple[str, ...]
    by: str
    basis: str
    data_from: datetime
    data_to: datetime
    opened_at: datetime
    ends_at: datetime
    in_force: bool
    status: str


class ChangeShown(Change, frozen=True, kw_only=True):
    """A change with its state now and what the person is told of it."""

    state: str
    statement: str
    appeal_late: bool


class OpenedCase(Case, frozen=True, kw_only=True):
    """A case, with the activation under which it was shown."""

    activation: str


class CasePage(msgspec.Struct, frozen=True, kw_only=True):
    """Cases, newest first, and the activation under which they were shown."""

    items: list[Case]
    next: str | None
    total: int
    activation: str


class ContactPage(msgspec.Struct, frozen=True, kw_only=True):
    """Contacts, newest first, and the activation under which they were shown."""

    items: list[Contact]
    next: str | None
    total: int
    activation: str


class OpenedIdentity(Identity, frozen=True, kw_only=True):
    """The person behind a pseudonym."""

    subject: str


class FirstFactor(msgspec.Struct, frozen=True, kw_only=True):
    """What the authenticator app is given, once; null where the account needs no second factor."""

    authenticator: str | None


class ChangedPassword(msgspec.Struct, frozen=True, kw_only=True):
    """Whose password is another one now."""

    name: str


class ClosedSession(msgspec.Struct, frozen=True, kw_only=True):
    """A device that was logged out."""

    session: str
    revoked: bool


class DecidedDouble(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided of two persons who may be one."""

    subject: str
    other: str
    act: str
