"""Upgrades the database of an earlier release step by step, each step and its new version in one
transaction.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from twinward.core.errors import InputError
from twinward.storage.database.databases import Postgres, Sqlite
from twinward.storage.database.schema import SCHEMA_VERSION
from twinward.storage.log.chain import GENESIS

if TYPE_CHECKING:
    from twinward.storage.database.connection import Connection


def _add_head(connection: Connection, mark: str) -> None:
    """1 to 2: the log's end in a row of its own, and where each command's events end.

    Version 1 told both by searching: the end was the greatest seq, a command's events followed its
    first without a gap. `mark` is the database's sign for a bound value.
    """
    number, binary = ("INTEGER", "BLOB") if mark == "?" else ("BIGINT", "BYTEA")
    connection.execute("ALTER TABLE commands ADD COLUMN last_seq " + number + " NOT NULL DEFAULT 0")
    connection.execute("UPDATE commands SET last_seq = first_seq + events - 1")
    connection.execute(
        f"CREATE TABLE head (id {number} PRIMARY KEY, seq {number} NOT NULL, version {number} NOT "
        f"NULL,"
        f" recorded_at {number} NOT NULL, hash {binary} NOT NULL)"
    )
    last = connection.execute(
        "SELECT seq, recorded_at, hash FROM events ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    version = max((_greatest(connection, name) for name in _histories(connection, mark)), default=0)
    seq, recorded, digest = last or (0, 0, GENESIS)
    connection.execute(
        f"INSERT INTO head VALUES (1, {mark}, {mark}, {mark}, {mark})",
        (seq, version, recorded, digest),
    )


def _histories(connection: Connection, mark: str) -> list[str]:
    if mark == "?":
        names = "SELECT name FROM sqlite_master WHERE type = 'table'"
    else:
        names = (
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        )
    return [name for (name,) in connection.execute(names).fetchall() if name.endswith("_history")]


def _greatest(connection: Connection, table: str) -> int:
    return int(
        connection.execute(f'SELECT coalesce(max(row_version), 0) FROM "{table}"').fetchone()[0]
    )


STEPS: dict[int, Callable[[Connection, str], None]] = {1: _add_head}


def read_version(connection: Connection) -> int:
    """The schema version of an open database; 0 when there is no log in it."""
    try:
        found = connection.execute(
            "SELECT value FROM meta WHERE name = 'schema_version'"
        ).fetchall()
    except Exception:
        with suppress(Exception):
            connection.execute("ROLLBACK")
        return 0
    return int(found[0][0]) if found else 0


def migrate(database: Sqlite | Postgres) -> tuple[int, int]:
    """Upgrades to this release's schema; (version found, version now). InputError when it is
    later or no log at all.
    """
    mark = "?" if isinstance(database, Sqlite) else "%s"
    try:
        with closing(database.connect(write=True)) as connection:
            found = read_version(connection)
            if not 1 <= found <= SCHEMA_VERSION:
                raise _no_way_from(found)
            for version in range(found, SCHEMA_VERSION):
                database.begin_write(connection)
                if read_version(connection) == version:  # else another process was faster
                    STEPS[version](connection, mark)
                    fresh = f"UPDATE meta SET value = {mark} WHERE name = 'schema_version'"
                    connection.execute(fresh, (str(version + 1),))
                connection.execute("COMMIT")
    except database.errors as error:
        raise database.explain(error) from error
    return found, SCHEMA_VERSION


def _no_way_from(version: int) -> InputError:
    if version == 0:
        return InputError(
            "there is no log here", "name a workspace that has been used", code="no_log"
        )
    return InputError(
        f"schema version {version} is later than this release's {SCHEMA_VERSION}",
        "install the release that wrote it",
        code="schema_new",
    )
