"""Deletion on its day: keys, identities, movement, sessions; never what an open activation
covers; a receipt.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path

import msgspec

from twinward.core.clock import DAY_US, to_us
from twinward.core.errors import InputError
from twinward.security.privacy.retention import (
    Ended,
    Kind,
    Receipt,
    Window,
    covers_day,
    first_day_kept,
    load_kinds,
)
from twinward.service.access.accounts import note
from twinward.service.access.two_runs import agreed_instant
from twinward.service.platform import Caller, Platform
from twinward.twins.emergency.access.rows import ACTIVATIONS

__all__ = ["list_receipts", "load_kinds", "read_receipt", "run_retention", "verify_receipts"]

NO_RECEIPT = "0" * 64


def run_retention(
    platform: Platform,
    caller: Caller,
    expire_lake: Callable[[datetime], int],
    *,
    confirmed: bool = False,
) -> dict[str, object]:
    """Delete what is past its life and say so. What lies in the window of an activation in force
    is kept.

    Only what the run before, about a day ago, found due as well is destroyed; `confirmed`: a person
    says that the clock is right. `expire_lake` is given the instant by which to judge.
    """
    platform.policy.require(caller, "keep_data")
    now = platform.clock.now()
    agreed = agreed_instant(platform.workspace, now, confirmed=confirmed)
    with platform.store.read() as rows:
        open_now = [row for row in rows.list_rows(ACTIVATIONS) if row.is_open(now)]
    windows: list[Window] = [(row.data_from, row.data_to) for row in open_now]
    kinds, days = load_kinds(), platform.settings.retention
    ended = [
        _ended(
            kinds["movement"], platform.settings.lake.retention_days, agreed, expire_lake(agreed), 0
        ),
        *_end_persons(platform, kinds, days.persons, agreed, windows),
        _ended(
            kinds["session"],
            days.sessions,
            agreed,
            _end_sessions(platform, agreed, days.sessions),
            0,
        ),
    ]
    receipt = Receipt(
        run_at=now,
        ended=tuple(ended),
        activations=tuple(row.id for row in open_now),
        previous=_last_digest(platform),
    )
    folder = platform.workspace / "receipts"
    folder.mkdir(exist_ok=True)
    path = folder / f"{to_us(now)}.json"
    path.write_bytes(msgspec.json.encode(receipt))
    note(platform, caller, "retention_run", receipt.digest())
    shown: dict[str, object] = {
        "receipt": path.name,
        "digest": receipt.digest(),
        "judged_by": agreed,
    }
    shown |= msgspec.to_builtins(receipt)
    return shown


def _ended(kind: Kind, days: int, now: datetime, deleted: int, kept: int) -> Ended:
    return Ended(
        kind=kind.id,
        purpose=kind.purpose,
        days=days,
        before=first_day_kept(now, days),
        deleted=deleted,
        kept_for_activations=kept,
    )


def day_us(day: date) -> tuple[int, int]:
    """The first and the last microsecond of a retention day (UTC)."""
    first = to_us(datetime.combine(day, time(), UTC))
    return first, first + DAY_US - 1


def _end_persons(
    platform: Platform, kinds: dict[str, Kind], days: int, now: datetime, windows: list[Window]
) -> list[Ended]:
    before = first_day_kept(now, days)
    old = [(who, day) for who, day in platform.keyring.list_keys() if day < before]
    kept = {(who, day) for who, day in old if covers_day(windows, day)}
    ending = {key for key in old if key not in kept}
    ended = [(who, platform.keyring.name(who, day), *day_us(day)) for who, day in sorted(ending)]
    platform.store.erase(ended)  # before the keys: what a crash leaves undone is done the next time
    destroyed = platform.keyring.destroy_all(ending)
    # an identity is needed as long as any payload about the person can be read
    living = {who for who, _ in platform.keyring.list_keys()}
    forgotten = platform.vault.forget_all_but(living, {who for who, _ in ending})
    return [
        _ended(kinds["person_records"], days, now, destroyed, len(kept)),
        _ended(kinds["identity"], days, now, forgotten, 0),
    ]


def _end_sessions(platform: Platform, now: datetime, days: int) -> int:
    return platform.sessions.forget_before(first_day_kept(now, days))


def _last_digest(platform: Platform) -> str:
    last = next(iter(sorted(list_receipts(platform), reverse=True)), None)
    return read_receipt(last).digest() if last is not None else NO_RECEIPT


def list_receipts(platform: Platform) -> list[Path]:
    return sorted((platform.workspace / "receipts").glob("*.json"))


def read_receipt(path: Path) -> Receipt:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Receipt)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: {error}", "name a receipt of `twinward retention run`", code="bad_receipt"
        ) from error


def verify_receipts(platform: Platform, caller: Caller) -> dict[str, object]:
    """Each receipt's digest stands in the log, each names the one before, and none that the log
    knows is missing.
    """
    platform.policy.require(caller, "see_audit")
    known: list[str] = []
    with platform.store.read() as rows:
        after = 0
        while page := rows.events_after(after, types=("AccessNoted",)):
            after = page[-1].seq
            facts = [event.fact for event in page]
            known += [
                str(getattr(f, "about", ""))
                for f in facts
                if getattr(f, "kind", "") == "retention_run"
            ]
    wrong: list[str] = []
    previous = NO_RECEIPT
    receipts = list_receipts(platform)
    for path in receipts:
        receipt = read_receipt(path)
        if receipt.digest() not in known or receipt.previous != previous:
            wrong.append(path.name)
        previous = receipt.digest()
    return {
        "receipts": len(receipts),
        "ok": not wrong and len(receipts) == len(known),
        "wrong": wrong,
    }
