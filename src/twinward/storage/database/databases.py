"""How each database is opened, how its transactions begin, and what its errors mean."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from twinward.core.errors import BusyError, InputError, StorageError
from twinward.core.lazy import LazyModule

if TYPE_CHECKING:
    import psycopg

    from twinward.storage.database.connection import Connection
else:
    psycopg = LazyModule("psycopg")

SQLITE_CACHE_KB = 16_384  # full within minutes, and then memory stays level
SQLITE_READ_CACHE_KB = 1_024  # of each reader; nothing is mapped, for each would map it anew
BUSY_TIMEOUT_MS = 30_000
STATEMENTS_KEPT = 512
CONNECT_S = 10
NO_ROOM_BYTES = 65_536


class Database(Protocol):
    """One kind of database at one place; connections are plain DB-API in autocommit mode."""

    name: str
    begin_read: str

    @property
    def read_only(self) -> bool:
        """Whether its place cannot be written: what stands there is read as it is."""

    @property
    def errors(self) -> type[Exception]: ...

    def connect(self, *, write: bool) -> Connection: ...

    def begin_write(self, connection: Connection) -> None: ...

    def wal_bytes(self) -> int: ...

    def explain(self, error: Exception) -> StorageError | BusyError: ...

    def refuses(self, error: Exception) -> bool:
        """Whether the values are at fault, and not the database or the way to it."""

    def is_lost(self, error: Exception) -> bool:
        """Whether the connection is gone, so that another may do better."""


class StoppedError(StorageError):
    """After this error nothing more is written until the store has been opened anew."""


class Sqlite:
    """SQLite in WAL mode, each commit synced before it is acknowledged."""

    name = "sqlite"
    errors: type[Exception] = sqlite3.Error
    begin_read = "BEGIN"

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def read_only(self) -> bool:
        return self.path.exists() and not os.access(self.path.parent, os.W_OK)

    def connect(self, *, write: bool) -> sqlite3.Connection:
        try:
            if self.read_only:
                return self._connect_read_only()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            return self._connect(write=write)
        except (sqlite3.Error, OSError) as error:
            raise self.explain(error) from error

    def _connect_read_only(self) -> sqlite3.Connection:
        """Without any file beside it; a log that a crash left beside it must be readable, too."""
        how = "mode=ro" if Path(f"{self.path}-wal").exists() else "immutable=1"
        return sqlite3.connect(
            f"file:{quote(str(self.path.resolve()))}?{how}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS_KEPT,
        )

    def _connect(self, *, write: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS_KEPT,
        )
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        if write:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA cache_size=-{SQLITE_CACHE_KB}")
            connection.execute(
                "PRAGMA wal_autocheckpoint=0"
            )  # the store checkpoints by itself, between commits
        else:
            connection.execute(f"PRAGMA cache_size=-{SQLITE_READ_CACHE_KB}")
            connection.execute("PRAGMA query_only=1")
        return connection

    def begin_write(self, connection: Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")

    def wal_bytes(self) -> int:
        wal = Path(f"{self.path}-wal")
        return wal.stat().st_size if wal.exists() else 0

    def refuses(self, error: Exception) -> bool:
        primary = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
        kinds = (
            sqlite3.DataError,
            sqlite3.IntegrityError,
            sqlite3.InterfaceError,
            sqlite3.ProgrammingError,
        )
        return isinstance(error, kinds) or primary in (
            sqlite3.SQLITE_TOOBIG,
            sqlite3.SQLITE_MISMATCH,
        )

    def is_lost(self, error: Exception) -> bool:
        return False

    def explain(self, error: Exception) -> StorageError | BusyError:
        primary = (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
        if primary == sqlite3.SQLITE_CANTOPEN and no_handles_left():
            return TOO_MANY_FILES
        if primary in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and no_space_left(
            self.path.parent
        ):
            primary = sqlite3.SQLITE_FULL
        if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return BusyError(
                f"another process keeps the database {self.path.name} locked",
                "stop it or try again",
                code="database_busy",
            )
        if primary == sqlite3.SQLITE_FULL:
            return StorageError(
                f"the disk that holds {self.path.name} is full",
                "free space and send again; whatever was acknowledged is kept",
                code="disk_full",
            )
        if primary in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return StoppedError(
                f"{self.path.name} is no database or is damaged ({error})",
                "keep this copy, restore a backup and run `twinward doctor`",
                code="database_damaged",
            )
        if isinstance(error, PermissionError) or primary in (
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_PERM,
        ):
            return StorageError(
                f"the database {self.path.name} cannot be written ({error})",
                "give this user the right to write there",
                code="not_writable",
            )
        return StoppedError(
            f"the disk did not keep what was written to {self.path.name} ({error})",
            "check the disk, then start again and run `twinward doctor`; whatever was "
            "acknowledged is kept",
            code="disk_failed",
        )


class Postgres:
    """PostgreSQL; one writer at a time by an advisory lock that ends with the transaction."""

    name = "postgresql"
    begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

    read_only = False

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def errors(self) -> type[Exception]:
        return psycopg.Error  # type: ignore[no-any-return]

    def connect(self, *, write: bool) -> Connection:
        try:
            connection = psycopg.connect(self.url, autocommit=True, connect_timeout=CONNECT_S)
        except psycopg.Error as error:
            raise self.explain(error) from error
        connection.prepare_threshold = 2
        if write:
            connection.execute("SET synchronous_commit = on")
        return connection

    def begin_write(self, connection: Connection) -> None:
        connection.execute("BEGIN")
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtext('twinward'), hashtext(current_schema()))"
        )

    def wal_bytes(self) -> int:
        """The server looks after its own log."""
        return 0

    def refuses(self, error: Exception) -> bool:
        state = getattr(error, "sqlstate", None) or ""
        # data, integrity, syntax or a name, a limit of the program, a statement after one of these
        if state:
            return state[:2] in ("22", "23", "42", "54") or state == "25P02"
        return isinstance(
            error, (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError)
        )

    def is_lost(self, error: Exception) -> bool:
        return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))

    def explain(self, error: Exception) -> StorageError | BusyError:
        if isinstance(error, psycopg.errors.DiskFull):
            return StorageError(
                "the disk of the PostgreSQL server is full",
                "free space there and send again; whatever was acknowledged is kept",
                code="disk_full",
            )
        if isinstance(error, psycopg.OperationalError):
            return StorageError(
                f"the connection to PostgreSQL was lost "
                f"({str(error).strip().partition(chr(10))[0] or 'closed'})",
                "see that the server runs, then send the same commands again; those that were "
                "kept count as duplicates",
                code="connection_lost",
            )
        return StorageError(
            f"PostgreSQL refused: {error}", "run `twinward doctor`", code="database_refused"
        )


TOO_MANY_FILES = BusyError(
    "this process has no file handle left: too many connections are open",
    "close some of them, or allow more open files (ulimit -n)",
    code="too_many_files",
)


def no_handles_left() -> bool:
    """Whether this process can open no more files."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    return False


def no_space_left(folder: Path) -> bool:
    """Whether the disk has no room for a page or two: SQLite then calls it an error of the disk."""
    try:
        return shutil.disk_usage(folder).free < NO_ROOM_BYTES
    except OSError:
        return False


def require_log(place: str | Path) -> None:
    """StorageError `database_gone` where keys are kept of what a log holds (SQLite), and there
    is no log any more.
    """
    keys = Path(place) / "keys" / "subjects.keys"
    if keys.exists() and keys.stat().st_size and not (Path(place) / "twinward.db").exists():
        raise StorageError(
            f"the log of {place} is gone: there is no twinward.db",
            "bring it back with `twinward restore`; to begin anew, make another workspace with "
            "`twinward init`",
            code="database_gone",
        )


def choose_database(url_or_path: str | Path) -> Sqlite | Postgres:
    """PostgreSQL for a postgresql:// URL, else SQLite in that file (or in `twinward.db` of that
    folder).
    """
    text = str(url_or_path)
    if text.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        return Postgres(text.replace("postgresql+psycopg://", "postgresql://", 1))
    if "://" in text:
        raise InputError(
            f"{text.split('://')[0]}:// is no database we know",
            "give a postgresql:// URL, or nothing for SQLite in the workspace",
            code="bad_database_url",
        )
    path = Path(text)
    return Sqlite(path / "twinward.db" if path.is_dir() else path)
