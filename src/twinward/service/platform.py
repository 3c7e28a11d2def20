"""The platform: the parts that every use case is made of, joined by `app` and handed to each
function of `service`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec

from twinward.core.clock import Clock
from twinward.core.errors import ConflictError, RefusedError, TwinwardError
from twinward.core.ids import content_of
from twinward.core.messages import OWN_ACTORS, Command, Counts, Request
from twinward.core.ports import IntakeDoor, Reader, Store, Transaction
from twinward.edge.feeds.threshold_monitor import ThresholdMonitor
from twinward.loop.context import ReferenceData
from twinward.loop.engine import Loop
from twinward.security.authorization.policy import Policy
from twinward.security.identity.accounts import Accounts
from twinward.security.identity.people import (
    Caller,
    Identities,
    anybody,
    local_admin,
    require_outside,
)
from twinward.security.identity.sessions import Sessions
from twinward.security.privacy.keys import Keyring
from twinward.security.privacy.vault import Vault
from twinward.service.intake.new_names import MOST_SENSORS, MOST_SOURCES, NewNames
from twinward.service.operations.chain_watch import ChainWatch, LookReader
from twinward.service.operations.reconciliation import Reconciler
from twinward.service.supervision.monitor import SupervisionMonitor
from twinward.twins.snapshot import PastRows, Snapshot

__all__ = ["Caller", "LogCheck", "Platform", "anybody", "ask", "local_admin", "snapshot_of"]

REFUSED_CODES = (
    "peacetime",
    "purpose_not_open",
    "wrong_department",
    "second_person_needed",
    "not_yours",
)
DESK = "desk"  # the source of what officers ask one by one: activations, looks, accounts


class LogCheck(Protocol):
    """What a verification of the log's chain says; `head` is the last hash."""

    @property
    def entries(self) -> int: ...

    @property
    def ok(self) -> bool: ...

    @property
    def first_bad(self) -> int | None: ...

    @property
    def head(self) -> str: ...


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """One open workspace. `commands` are the types that may be asked from outside."""

    workspace: Path
    settings: Any
    clock: Clock
    store: Store
    intake: IntakeDoor
    watch: ThresholdMonitor
    supervision: SupervisionMonitor
    reconciler: Reconciler
    loop: Loop
    reference: ReferenceData
    vault: Vault
    keyring: Keyring
    identities: Identities
    policy: Policy
    accounts: Accounts
    sessions: Sessions
    tracing: Callable[
        [Caller], Any
    ]  # service.tracing.Tracing of that caller; loaded when somebody asks
    chain: ChainWatch  # the hash chain of the log
    export_log: Callable[[Path, bool], int]  # writes it to a file, as FHIR or as it is stored
    expire_lake: Callable[[datetime], int]  # deletes movement past its life, judged by an instant
    managed: bool = False
    alarms: list[Callable[[], TwinwardError | None]] = []  # of what runs beside: a trouble, or None
    new_sources: NewNames = msgspec.field(default_factory=lambda: NewNames("sources", MOST_SOURCES))
    new_sensors: NewNames = msgspec.field(default_factory=lambda: NewNames("sensors", MOST_SENSORS))
    looks: LookReader = msgspec.field(default_factory=LookReader)
    past: PastRows = msgspec.field(default_factory=PastRows)
    drill: str = ""  # the id of the drill that this workspace is

    def close(self) -> None:
        self.reconciler.stop()
        self.loop.stop()
        self.intake.close()
        self.store.close()
        self.vault.close()
        self.accounts.close()


def snapshot_of(platform: Platform, reader: Reader, at: datetime | None = None) -> Snapshot:
    return Snapshot(reader, platform.reference.areas, at, platform.reference.zone, platform.past)


def ask(
    platform: Platform,
    caller: Caller,
    *commands: Command,
    check: Callable[[Transaction], None] | None = None,
) -> tuple[str, ...]:
    """Commands on behalf of a caller, all of them or none; a refusal is raised as the error it is.
    The event ids.

    `check` looks, in the same transaction and before anything is asked, at what the commands name.
    """
    require_outside(caller)

    def work(tx: Transaction) -> tuple[str, ...]:
        if check is not None:
            check(tx)
        events: tuple[str, ...] = ()
        for command in commands:
            request = Request(command=command, actor=caller.name, content=content_of(command))
            done = platform.loop.twins.ask_one(tx, request)
            if done.status == "rejected":
                kind = RefusedError if done.code in REFUSED_CODES else ConflictError
                raise kind(done.message or "refused", done.advice or "", code=done.code)
            count(tx, Counts(received=1, **{done.status: 1}))
            events += done.events
        return events

    def count(tx: Transaction, counts: Counts) -> None:
        if caller.name not in OWN_ACTORS:
            tx.add_counts(DESK, counts)

    try:
        return platform.store.write(work)
    except (RefusedError, ConflictError):
        platform.store.write(
            lambda tx: count(tx, Counts(received=len(commands), rejected=len(commands)))
        )
        raise
