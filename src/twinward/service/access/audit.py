"""The record of looks and the chain that it hangs on, for those who may see the audit: who
looked, why, how often.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.service.operations.chain_watch import LookLine
from twinward.service.platform import Caller, Platform

__all__ = ["AuditState", "LookLine", "get_audit"]


class AuditState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether every entry of the log is bound to the one before, and the latest looks, newest
    first. `whole_at` is when the whole log was last read; since then what was added is.
    """

    checked_at: datetime
    whole_at: datetime
    entries: int
    ok: bool
    first_bad: int | None
    head: str
    looks: list[LookLine]
    looks_all: int


def get_audit(platform: Platform, caller: Caller) -> AuditState:
    """The state of the chain and the latest looks; RefusedError without the right to see the
    audit.
    """
    platform.policy.require(caller, "see_audit")
    with platform.store.read() as reader:
        total, looks = platform.looks.read(reader)
    found = platform.chain.check(platform.clock.now())
    return AuditState(
        checked_at=found.at,
        whole_at=found.whole_at,
        entries=found.entries,
        ok=found.ok,
        first_bad=found.first_bad,
        head=found.head,
        looks=looks,
        looks_all=total,
    )
