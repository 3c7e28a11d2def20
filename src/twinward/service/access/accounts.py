"""Accounts and sessions as use cases: every change and every login, also a refused one, goes on
record.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from twinward.core.errors import ConflictError, RefusedError
from twinward.core.ids import derive_id
from twinward.security.identity.accounts import Account, require_account_name
from twinward.security.identity.people import Caller, anybody
from twinward.security.identity.sessions import Session, Tokens
from twinward.security.identity.throttle import Throttle
from twinward.service.platform import Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.notices.messages import AccessKind

__all__ = [
    "Account",
    "Session",
    "Throttle",
    "Tokens",
    "add_account",
    "list_accounts",
    "lock_account",
    "login",
    "logout",
    "note",
]


def note(
    platform: Platform, caller: Caller, kind: AccessKind, about: str, detail: str = ""
) -> None:
    """One entry of the record."""
    now = platform.clock.now()
    with platform.store.read() as rows:
        name = derive_id("note", kind, about, caller.name, now.isoformat(), rows.last_seq())
    area = platform.reference.areas.root
    ask(
        platform,
        caller,
        m.NoteAccess(id=name, kind=kind, about=about[:120], detail=detail, area=area),
    )


def add_account(
    platform: Platform,
    caller: Caller,
    name: str,
    role: str,
    *,
    department: str | None = None,
    areas: tuple[str, ...] = ("all",),
    second_factor: bool = True,
) -> str:
    """Returns the one-time secret, which is shown once and kept nowhere. RefusedError where it
    takes two persons.
    """
    platform.policy.require(caller, "keep_accounts")
    require_alone(platform)
    return make_account(
        platform,
        caller,
        name,
        role,
        department=department,
        areas=areas,
        second_factor=second_factor,
    )


def needs_two(platform: Platform) -> bool:
    """Whether accounts take two persons: in a managed workspace, once two administrators have set
    their passwords. Before, nobody could be the second one.
    """
    ready = [
        one
        for one in platform.accounts.list_accounts()
        if one.role == "administrator" and one.state == "open"
    ]
    return platform.managed and len(ready) > 1


def require_alone(platform: Platform) -> None:
    """RefusedError where one person may not do this alone."""
    if needs_two(platform):
        raise RefusedError(
            "accounts, roles and resets take two administrators here",
            "propose it with POST /v1/accounts; another confirms it at /v1/account-changes",
            code="second_person_needed",
        )


def require_wish(
    platform: Platform, role: str, department: str | None, areas: tuple[str, ...]
) -> None:
    """InputError unless there is such a role, and such areas."""
    platform.policy.roles.require_role(role, department=department, areas=areas)
    for area in areas:
        if area != "all":
            platform.reference.areas.require(area)


def require_free(platform: Platform, name: str) -> None:
    """ConflictError where the name is taken, InputError where it is no name."""
    require_account_name(name)
    if any(one.name == name for one in platform.accounts.list_accounts()):
        raise ConflictError(f"there is an account {name}", "take another name", code="exists")


def make_account(
    platform: Platform,
    caller: Caller,
    name: str,
    role: str,
    *,
    department: str | None,
    areas: tuple[str, ...],
    second_factor: bool,
) -> str:
    """The account itself, once it is known that it may be made."""
    require_wish(platform, role, department, areas)
    secret = platform.accounts.add(
        name, role, platform.clock.now(), department=department, areas=areas, factor=second_factor
    )
    note(platform, caller, "account_added", name, f"{role} {department or ''} {','.join(areas)}")
    return secret


def list_accounts(platform: Platform, caller: Caller) -> list[Account]:
    platform.policy.require(caller, "keep_accounts")
    return platform.accounts.list_accounts()


def lock_account(platform: Platform, caller: Caller, name: str, *, locked: bool) -> Account:
    platform.policy.require(caller, "keep_accounts")
    platform.accounts.lock(name, locked=locked)
    note(platform, caller, "account_locked" if locked else "account_unlocked", name)
    return platform.accounts.get(name)


def reset_account(platform: Platform, caller: Caller, name: str) -> str:
    platform.policy.require(caller, "keep_accounts")
    require_alone(platform)
    return renew_secret(platform, caller, name)


def change_role(
    platform: Platform,
    caller: Caller,
    name: str,
    role: str,
    department: str | None,
    areas: tuple[str, ...],
) -> None:
    """Another role, department or areas from now on; the sessions of the old one end."""
    require_wish(platform, role, department, areas)
    platform.accounts.change_role(name, role, department=department, areas=areas)
    note(platform, caller, "account_role", name, f"{role} {department or ''} {','.join(areas)}")


def renew_secret(platform: Platform, caller: Caller, name: str) -> str:
    """The reset itself, once it is known that it may be done."""
    secret = platform.accounts.reset(name, platform.clock.now())
    note(platform, caller, "account_reset", name)
    return secret


def set_first_password(
    platform: Platform, name: str, secret: str, password: str, address: str = ""
) -> str | None:
    """Exchange the one-time secret for a password; returns what the authenticator app is given,
    if anything.
    """
    with _on_record(platform, name):
        uri = platform.accounts.exchange(name, secret, password, platform.clock.now(), address)
    note(platform, anybody(), "password_set", name)
    return uri


def change_password(
    platform: Platform, caller: Caller, old: str, new: str, address: str = ""
) -> None:
    """One's own password, by the present one; the other devices are logged out."""
    with _on_record(platform, caller.name):
        platform.accounts.change_password(
            caller.name,
            old,
            new,
            platform.clock.now(),
            session=caller.session or "",
            address=address,
        )
    note(platform, caller, "password_set", caller.name)


def login(
    platform: Platform,
    name: str,
    password: str,
    code: str | None,
    device: str,
    address: str = "",
) -> Tokens:
    """A session; RefusedError that does not tell which part was wrong. `address` is where it is
    asked from.
    """
    now = platform.clock.now()
    with _on_record(platform, name):
        account = platform.accounts.enter(name, password, code, now, address)
    tokens = platform.sessions.open(account, device[:120] or "unnamed", now)
    note(platform, account.caller(tokens.session), "login", name, f"session {tokens.session}")
    return tokens


def refresh(platform: Platform, token: str) -> Tokens:
    now = platform.clock.now()
    tokens = platform.sessions.refresh(token, now)
    caller = platform.identities.read(tokens.access, now)
    note(platform, caller, "session_refreshed", caller.name, f"session {tokens.session}")
    return tokens


def logout(platform: Platform, caller: Caller, session: str) -> None:
    platform.sessions.revoke(session, caller.name)
    note(platform, caller, "logout", caller.name, f"session {session}")


def list_sessions(platform: Platform, caller: Caller) -> list[Session]:
    return platform.sessions.list_of(caller.name)


@contextmanager
def _on_record(platform: Platform, name: str) -> Iterator[None]:
    """A refused login is put on record before it is raised; a name that is no account's is not
    written down.
    """
    try:
        yield
    except RefusedError:
        known = any(account.name == name for account in platform.accounts.list_accounts())
        note(platform, anybody(), "login_refused", name if known else "an unknown name")
        raise
