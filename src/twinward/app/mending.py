"""`twinward doctor --mend`: what a fault left half done is finished or taken into the books, on
record; and a person's word that the clock is right.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import cast

from twinward.app.compose import open_platform
from twinward.app.workspace_clock import WorkspaceClock
from twinward.core.ids import content_of, derive_id
from twinward.core.messages import OWN_ACTORS, Counts, Request
from twinward.core.ports import Transaction
from twinward.security.identity.people import local_admin
from twinward.service.access.accounts import note
from twinward.service.platform import DESK, Platform
from twinward.storage.log.store import SqlStore
from twinward.storage.maintenance.doctor import every_event, rebuild
from twinward.twins.emergency import messages as m

SOURCE = "mended"  # the account of commands that stand in the log and that no source counts
MOST_NAMED = 1000  # events in one record


def mend_workspace(workspace: Path) -> dict[str, object]:
    """What was done: events answered at last, events of the log that no row tells of, commands
    taken into the accounts, and what had followed from half-done events for a person to look at.

    Nothing is taken out of the log. With nothing to mend nothing is recorded.
    """
    platform = open_platform(workspace)
    try:
        platform.loop.catch_up()
        answered = platform.loop.answer_again()
        platform.loop.catch_up()
        half_done = find_half_done(platform)
        accounted = platform.store.write(
            lambda tx: record(tx, platform, answered[:MOST_NAMED], half_done[:MOST_NAMED])
        )
        return {
            "answered": answered,
            "without_rows": half_done,
            "accounted": accounted,
            "followed": list_followed(platform, half_done),
        }
    finally:
        platform.close()


def find_half_done(platform: Platform) -> list[str]:
    """Events in the log that no row can tell of, and that no earlier mending has named."""
    failing: list[str] = []
    store = cast(SqlStore, platform.store)
    with tempfile.TemporaryDirectory(prefix="twinward-mend-") as folder:
        rebuild(store, platform.loop.twins.apply, Path(folder), failing).close()
    with platform.store.read() as reader:
        told = {
            name
            for event in every_event(reader)
            if isinstance(event.fact, m.WorkspaceMended)
            for name in event.fact.without_rows
        }
    return [name for name in failing if name not in told]


def record(tx: Transaction, platform: Platform, answered: list[str], half_done: list[str]) -> int:
    """Puts the mending on record, and the accounts right, in one transaction; how many commands."""
    missing = count_missing(tx)
    if not (answered or half_done or missing):
        return 0
    seq = tx.last_seq()
    command = m.RecordMending(
        id=derive_id("cmd", "mend", seq, tx.now.isoformat()),
        answered=tuple(answered),
        without_rows=tuple(half_done),
        accounted=max(0, missing),
        area=platform.reference.areas.root,
    )
    request = Request(command=command, actor=local_admin().name, content=content_of(command))
    if platform.loop.twins.ask_one(tx, request).status == "stored":
        tx.add_counts(DESK, Counts(received=1, stored=1))
    if missing > 0:
        tx.add_counts(SOURCE, Counts(received=missing, stored=missing))
    return max(0, missing)


def count_missing(tx: Transaction) -> int:
    """Commands in the log that no source counts as stored."""
    asked: set[str] = set()
    seq = 0
    while block := tx.events_after(seq, 5000):
        asked |= {e.command for e in block if e.cause is None and e.actor not in OWN_ACTORS}
        seq = block[-1].seq
    return len(asked) - sum(tx.counts().values(), Counts()).stored


def list_followed(platform: Platform, half_done: list[str]) -> list[dict[str, object]]:
    """What the loop did because of them: for a person to look at, and to set right by a report."""
    if not half_done:
        return []
    causes = set(half_done)
    with platform.store.read() as reader:
        return [
            {"seq": event.seq, "event": event.id, "type": event.type, "cause": event.cause}
            for event in every_event(reader)
            if event.cause in causes and event.type != "FaultSetAside"
        ]


def confirm_clock(workspace: Path) -> datetime:
    """A person says that the machine's clock is right; a server on the workspace follows it too."""
    at = WorkspaceClock(workspace).confirm()
    platform = open_platform(workspace)
    try:
        note(platform, local_admin(), "clock_confirmed", at.isoformat())
    finally:
        platform.close()
    return at
