"""Which passes a person holds that a gate would accept, as the commands that revoke them."""

from __future__ import annotations

from twinward.core.coding.ids import random_id
from twinward.core.messages import Command
from twinward.core.ports import Rows
from twinward.service.passes.batch_folder import BatchFolder
from twinward.service.passes.keys import FOLDER
from twinward.service.passes.names import command_name
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.passes.messages import RevocationReason
from twinward.twins.emergency.passes.rows import BATCHES, HOLDINGS, PASSES, PassBatch

ISSUE = "issue_pass"
MOVING = ("day", "travel", "paper", "family")


def revocations(
    platform: Platform, subject: str, reason: RevocationReason = "status_changed"
) -> list[Command]:
    """Commands that revoke what the person holds and could be shown at a gate: passes issued one
    by one, and those of batches that were signed ahead.
    """
    now = platform.clock.now()
    with platform.store.read() as rows:
        names = [row.id for row in rows.list_rows(HOLDINGS, subject=subject) if row.until > now]
        good = [rows.find(PASSES, name) for name in names]
    single: list[Command] = [
        m.RevokePass(id=command_name(one.id, "revoke"), pass_id=one.id, reason=reason)
        for one in good
        if one is not None and one.state == "good" and one.index is not None and one.kind in MOVING
    ]
    return single + revocations_ahead(platform, subject, reason)


def revocations_ahead(
    platform: Platform, subject: str, reason: RevocationReason, batch: str | None = None
) -> list[Command]:
    """Commands that put a person's passes of running batches on record and revoke them."""
    now = platform.clock.now()
    commands: list[Command] = []
    with platform.store.read() as rows:
        running = [row for row in rows.list_rows(BATCHES) if row.until > now]
        for row in running:
            folder = BatchFolder(platform.workspace / FOLDER, row.id)
            if batch not in (None, row.id) or not folder.path.exists():
                continue
            for index in folder.places(subject):
                if not is_on_record(rows, row.list_uri, index):
                    commands += revoke_one(row, index, subject, reason)
    return commands


def is_on_record(rows: Rows, address: str, index: int) -> bool:
    return bool(rows.list_rows(PASSES, list_uri=address, index=index))


def revoke_one(row: PassBatch, index: int, subject: str, reason: RevocationReason) -> list[Command]:
    """The pass gets its row, so that lists and statistics count it like any other."""
    name = f"pass-{random_id(16)}"
    issued = m.IssuePass(
        id=command_name(name),
        pass_id=name,
        area=row.area,
        kind=row.kind,  # type: ignore[arg-type]
        subject=subject,
        list_uri=row.list_uri,
        index=index,
        until=row.until,
    )
    return [issued, m.RevokePass(id=command_name(name, "revoke"), pass_id=name, reason=reason)]


def revoke_all(
    platform: Platform, caller: Caller, subject: str, reason: RevocationReason
) -> dict[str, object]:
    """Everything that a person holds and could show: a book was lost, or its holder died."""
    platform.policy.require(caller, ISSUE, area=platform.reference.areas.root)
    commands = revocations(platform, subject, reason)
    if commands:
        ask(platform, caller, *commands)
    done = sum(isinstance(one, m.RevokePass) for one in commands)
    return {"subject": subject, "reason": reason, "revoked": done}
