"""Accounts by two persons: where a workspace is managed and two administrators have logged in once,
one proposes an account, another role or a reset, and another carries it out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from twinward.core.errors import AbsentError, InputError
from twinward.core.ids import derive_id
from twinward.service.access import accounts
from twinward.service.access.approvals import ACCOUNT_KINDS, command_id
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.approvals.messages import ChangeKind
from twinward.twins.emergency.approvals.rows import CHANGES, Change

Act = Literal["add", "role", "reset", "lock", "unlock"]
KIND_OF: dict[Act, ChangeKind] = {
    "add": "account_add",
    "role": "account_role",
    "reset": "account_reset",
}
LASTS = timedelta(hours=24)
BASIS = "accounts, roles and resets take two persons"


class AccountWish(msgspec.Struct, frozen=True, kw_only=True):
    """What an account is to be; where an area is named, its subtree."""

    role: str = ""
    department: str | None = None
    areas: tuple[str, ...] = ("all",)
    second_factor: bool = True


class AccountOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it: done, or proposed to a second person until `lapses_at`. The one-time
    secret is shown once, to who carried it out.
    """

    name: str
    act: Act
    state: Literal["done", "proposed", "refused"]
    change: str | None = None
    lapses_at: datetime | None = None
    one_time_secret: str | None = None


class AccountChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an account, for those who keep accounts."""

    change: str
    act: Act
    name: str
    wish: AccountWish
    reason: str
    proposed_by: str
    proposed_at: datetime
    lapses_at: datetime
    state: str
    confirmed_by: str | None


def keep_account(
    platform: Platform, caller: Caller, act: Act, name: str, wish: AccountWish, reason: str
) -> AccountOutcome:
    """Do it, where one person may; propose it where it takes two."""
    platform.policy.require(caller, "keep_accounts")
    if act not in KIND_OF or not accounts.needs_two(platform):
        return _carry_out(platform, caller, act, name, wish)
    if act == "add":
        accounts.require_free(platform, name)
    else:
        platform.accounts.get(name)
    if act != "reset":
        accounts.require_wish(platform, wish.role, wish.department, wish.areas)
    now = platform.clock.now()
    with platform.store.read() as rows:
        change = derive_id("chg", act, name, caller.name, now.isoformat(), rows.last_seq())
    command = m.ProposeChange(
        id=derive_id("cmd", change, "propose"),
        change=change,
        kind=KIND_OF[act],
        area=platform.reference.areas.root,
        thing=name,
        value=wish.role or None,
        details=msgspec.json.encode(wish).decode(),
        reason=reason,
        basis=BASIS,
        until=now + LASTS,
    )
    ask(platform, caller, command)
    return AccountOutcome(
        name=name, act=act, state="proposed", change=change, lapses_at=now + LASTS
    )


def list_account_changes(
    platform: Platform, caller: Caller, limit: int, offset: int
) -> tuple[list[AccountChange], int]:
    """A page, newest first, and how many there are."""
    platform.policy.require(caller, "keep_accounts")
    now = platform.clock.now()
    with platform.store.read() as rows:
        found, total = rows.list_page(
            CHANGES, order="-proposed_at", limit=limit, offset=offset, kind=ACCOUNT_KINDS
        )
    return [_show(row, now) for row in found], total


def answer_account_change(
    platform: Platform, caller: Caller, change: str, *, confirm: bool, because: str = ""
) -> AccountOutcome:
    """The second person's yes, which carries it out, or anybody's no."""
    platform.policy.require(caller, "keep_accounts")
    with platform.store.read() as rows:
        row = rows.find(CHANGES, change)
    if row is None or row.kind not in ACCOUNT_KINDS:
        raise AbsentError(f"there is no change of accounts {change}", "list them first")
    told = _show(row, platform.clock.now())
    if not confirm:
        if len(because.strip()) < 3:
            raise InputError("this needs a reason", "3 to 2000 characters", code="no_reason")
        name = command_id(platform, "refuse", change, caller)
        ask(platform, caller, m.RefuseChange(id=name, change=change, because=because))
        return AccountOutcome(name=told.name, act=told.act, state="refused", change=change)
    if told.act == "add":
        accounts.require_free(platform, told.name)
    name = command_id(platform, "confirm", change, caller)
    ask(platform, caller, m.ConfirmChange(id=name, change=change))
    done = _carry_out(platform, caller, told.act, told.name, told.wish)
    return msgspec.structs.replace(done, change=change)


def _carry_out(
    platform: Platform, caller: Caller, act: Act, name: str, wish: AccountWish
) -> AccountOutcome:
    secret = None
    if act == "add":
        secret = accounts.make_account(
            platform,
            caller,
            name,
            wish.role,
            department=wish.department,
            areas=wish.areas,
            second_factor=wish.second_factor,
        )
    elif act == "reset":
        secret = accounts.renew_secret(platform, caller, name)
    elif act == "role":
        accounts.change_role(platform, caller, name, wish.role, wish.department, wish.areas)
    else:
        accounts.lock_account(platform, caller, name, locked=act == "lock")
    return AccountOutcome(name=name, act=act, state="done", one_time_secret=secret)


def _show(row: Change, now: datetime) -> AccountChange:
    acts: dict[str, Act] = {kind: act for act, kind in KIND_OF.items()}
    return AccountChange(
        change=row.id,
        act=acts[row.kind],
        name=row.thing or "",
        wish=msgspec.json.decode(row.details, type=AccountWish),
        reason=row.reason,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        lapses_at=row.lapses_at,
        state=row.state_at(now),
        confirmed_by=row.confirmed_by,
    )
