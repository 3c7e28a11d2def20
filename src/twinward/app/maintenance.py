"""What keeps a workspace: verified, exported, checked, copied, restored, upgraded, cleared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from twinward.app.compose import (
    ALARM_MEMORY,
    BEHAVIOUR,
    SUPERVISION_MEMORY,
    open_database,
    open_platform,
)
from twinward.app.workspace import read_mark
from twinward.core.clock import Clock
from twinward.core.errors import (
    TwinwardError,
)
from twinward.security.identity.people import local_admin
from twinward.service.access.accounts import add_account
from twinward.service.access.misuse_check import check_misuse
from twinward.service.access.retention import run_retention
from twinward.service.movement.transferred import raise_unaccounted
from twinward.service.operations.daily_jobs import Housekeeping
from twinward.service.platform import Platform
from twinward.service.supervision.rule_file import read_log_mark
from twinward.service.surveillance.raised_signals import raise_signals
from twinward.settings import load_settings
from twinward.standards.fhir.audit_events import AuditEvents
from twinward.storage.database.databases import Postgres, choose_database
from twinward.storage.log import audit
from twinward.storage.log.chain import ChainCheck
from twinward.storage.log.store import SqlStore
from twinward.storage.maintenance import backup, doctor, migrate, refresh, restore
from twinward.storage.maintenance.rule_memories import RuleMemory

if TYPE_CHECKING:
    pass


RULE_MEMORIES = tuple(
    RuleMemory(name, lambda path: msgspec.structs.astuple(read_log_mark(path)))
    for name in (SUPERVISION_MEMORY, ALARM_MEMORY)
)


def add_first_administrator(workspace: Path) -> str:
    """The one-time secret of a managed workspace's first administrator; there is no password
    before it is used.
    """
    platform = open_platform(workspace)
    try:
        return add_account(platform, local_admin(), "admin", "administrator")
    finally:
        platform.close()


def make_housekeeping(platform: Platform) -> Housekeeping:
    """What a server does every day by itself."""
    return Housekeeping(
        platform,
        [
            lambda platform, caller: run_retention(platform, caller, platform.expire_lake),
            raise_signals,
            raise_unaccounted,
            lambda platform, caller: check_misuse(
                platform, caller, lambda: platform.chain.walk(platform.clock.now())
            ),
        ],
    )


def anchors_that_fail(workspace: Path, anchors: list[tuple[int, str]]) -> list[int]:
    """Places whose published hash the log no longer has: somebody has written the whole chain
    anew.
    """
    return audit.anchors_that_fail(open_database(workspace), anchors)


def verify_log_file(path: Path) -> ChainCheck:
    return audit.verify_file(path, AuditEvents())


def check_workspace(workspace: Path, *, deep: bool) -> list[doctor.Finding]:
    """Every check of `twinward doctor`; a workspace that cannot be opened is a finding too."""
    try:
        platform = open_platform(workspace)
    except TwinwardError as error:
        return [doctor.fail("workspace", error.message, error.advice)]
    try:
        store = cast(SqlStore, platform.store)
        return doctor.check_workspace(
            workspace, store, platform.loop.twins.apply, deep=deep, memories=RULE_MEMORIES
        )
    finally:
        platform.close()


def backup_workspace(workspace: Path, target: Path) -> backup.Contents:
    """Copy the workspace while it runs; keys are left out."""
    return backup.backup(workspace, open_database(workspace), target, RULE_MEMORIES)


def restore_workspace(source: Path, workspace: Path) -> backup.Contents:
    """Make a workspace from a backup; a log that was in PostgreSQL goes into the database its
    settings name.
    """
    contents = restore.read_contents(source)
    database = choose_database(load_settings(source / "settings.toml").storage.url or source)
    if isinstance(database, Postgres):
        restore.load_tables(source, database, BEHAVIOUR.tables, contents.drill)
    return restore.restore(source, workspace)


def migrate_workspace(workspace: Path, clock: Clock | None = None) -> tuple[int, int, int]:
    """Upgrade the workspace's log to this release; the schema versions before and after, and how
    many rows this release makes differently of the log.
    """
    read_mark(workspace)
    before, now = migrate.migrate(
        choose_database(load_settings(workspace / "settings.toml").storage.url or workspace)
    )
    platform = open_platform(workspace, clock)
    try:
        rows = refresh.refresh_rows(cast(SqlStore, platform.store), platform.loop.twins.apply)
    finally:
        platform.close()
    return before, now, rows
