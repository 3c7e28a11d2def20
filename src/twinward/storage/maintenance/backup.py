"""Backup of a workspace while it runs. Keys are never in it; `restore` makes a workspace of it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from twinward.core.coding.files import write_whole
from twinward.core.errors import ConflictError, InputError, StorageError
from twinward.storage.database.databases import Postgres, Sqlite
from twinward.storage.database.schema import SCHEMA_VERSION
from twinward.storage.log.drill_isolation import read_drill
from twinward.storage.maintenance.rule_memories import (
    RuleMemory,
    copy_memories,
    copy_sqlite,
    leave_out_ahead,
)

FORMAT = 1
CONTENTS = "backup.json"
DATABASE = "twinward.db"
TABLES = "tables"
DRAIN_LOCK = "drain.lock"
# what a backup may hold beside the log, the inbox and the lake, which are copied in their own way;
# whatever else lies in the folder (keys, tokens, certificates, rejected rows) stays where it is
CARRIED = frozenset(
    {
        "workspace.json",
        "settings.toml",
        "clock.json",
        "retention.json",
        "source-titles.json",
        "supplies.toml",
        "unit-costs.toml",
        "outlets.toml",
        "intake.toml",
        "orders.db",
        "edges.db",
        "city",
        "vault",
        "plans",
        "modules",
        "risks",
        "sheets",
        "unfinished",
        "reviews",
        "case-records",
        "hazard-forecasts",
        "attachments",
        "receipts",
        "published",
        "drill",
        "archive",
        "report.html",
    }
)
SETTINGS = "settings.toml"
LEFT_OUT_ENDINGS = (".key", ".keys", ".lock", ".new", "-wal", "-shm", "-journal")
PASSWORD = re.compile(r"(://[^:/@\s]+):[^@\s]*@")
TRIES = 20


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds: each file with its SHA-256; the log's end and hash when the database was
    copied.

    `drill` is the id of the drill whose workspace it was: what is restored from it is that drill
    again. `left_out`: files that are not in it because the log does not have what they know of, or
    because nobody can read them.
    """

    format: int = FORMAT
    schema_version: int = SCHEMA_VERSION
    entries: int
    head: str
    files: dict[str, str]
    drill: str = ""
    left_out: tuple[str, ...] = ()


def backup(
    workspace: Path,
    database: Sqlite | Postgres,
    target: Path,
    memories: Sequence[RuleMemory] = (),
) -> Contents:
    """Copies a workspace into the new folder `target`; writers and readers of the workspace go
    on meanwhile.

    What rules remember is older than the log, and the log older than the inbox, which is not
    drained meanwhile: batches that a memory does not know are shown again where it is restored, and
    what has followed from them by then is known by its ids.
    """
    if target.exists() and any(target.iterdir()):
        raise ConflictError(f"{target} is not empty", "name a new folder", code="exists")
    if target.resolve().is_relative_to(workspace.resolve()):
        raise InputError(
            f"{target} lies inside the workspace", "name a folder outside of it", code="bad_target"
        )
    beside = target.with_name(target.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True, mode=0o700)  # movement in it is not sealed
    try:
        with draining_stopped(workspace / "observations"):
            left_out = copy_memories(workspace, beside, memories)
            entries, head = _copy_database(database, beside)
            left_out += leave_out_ahead(database, entries, beside, memories)
            _copy_tree(workspace / "observations", beside / "observations")
        _copy_lake(workspace / "lake", beside / "lake")
        _copy_rest(workspace, beside)
        files = {str(path.relative_to(beside)): sha256_of(path) for path in sorted(_files(beside))}
        contents = Contents(
            entries=entries,
            head=head,
            files=files,
            drill=_drill_of(database),
            left_out=tuple(left_out),
        )
        write_whole(beside / CONTENTS, msgspec.json.encode(contents))
        shutil.rmtree(target, ignore_errors=True)
        beside.replace(target)
    except OSError as error:
        raise StorageError(
            f"the backup could not be written: {error}", "free space or name another folder"
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return contents


@contextmanager
def draining_stopped(observations: Path) -> Iterator[None]:
    """Keeps any process from draining the inbox meanwhile; accepting goes on."""
    if not observations.exists() or not os.access(observations, os.W_OK):
        yield  # nobody drains what is not there, or what cannot be written
        return
    with (observations / DRAIN_LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _copy_database(database: Sqlite | Postgres, target: Path) -> tuple[int, str]:
    if isinstance(database, Postgres):
        return _copy_tables(database, target / TABLES)
    with (
        closing(database.connect(write=False)) as source,
        closing(sqlite3.connect(target / DATABASE)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, no log beside it
        seq, head = copy.execute("SELECT seq, hash FROM head").fetchone()
    return int(seq), bytes(head).hex()


def _copy_tables(database: Postgres, folder: Path) -> tuple[int, str]:
    """Every table of one snapshot by COPY, in PostgreSQL's text form."""
    folder.mkdir()
    names = (
        "SELECT table_name FROM information_schema.tables WHERE table_schema = "
        "current_schema() ORDER BY 1"
    )
    with closing(database.connect(write=False)) as connection:
        connection.execute(database.begin_read)
        for (name,) in connection.execute(names).fetchall():
            columns = [
                c.name for c in connection.execute(f'SELECT * FROM "{name}" LIMIT 0').description
            ]
            write_whole(folder / f"{name}.columns", msgspec.json.encode(columns))
            copying = f'COPY "{name}" ({quoted(columns)}) TO STDOUT'
            with (
                (folder / f"{name}.copy").open("wb") as file,
                connection.cursor().copy(copying) as rows,  # type: ignore[attr-defined]
            ):
                for part in rows:
                    file.write(part)
        seq, head = connection.execute("SELECT seq, hash FROM head").fetchone()
    return int(seq), bytes(head).hex()


def _drill_of(database: Sqlite | Postgres) -> str:
    with closing(database.connect(write=False)) as connection:
        return read_drill(connection)


def quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _copy_tree(source: Path, target: Path) -> None:
    """Files as they are; a frame file that grows meanwhile is copied up to where it was, a torn
    end does no harm.
    """
    for path in sorted(_files(source)) if source.exists() else []:
        relative = path.relative_to(source)
        if path.name in ("lock", DRAIN_LOCK) or any(
            part.endswith(".new") for part in relative.parts
        ):
            continue
        there = target / relative
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, there)


def _copy_lake(source: Path, target: Path) -> None:
    """The files of one manifest: when a writer replaces it meanwhile, once more from the new
    one.
    """
    manifest = source / "manifest.json"
    for attempt in range(TRIES):
        before = manifest.read_bytes() if manifest.exists() else None
        shutil.rmtree(target, ignore_errors=True)
        try:
            _copy_tree(source, target)
        except FileNotFoundError:
            before = b""
        if before == (manifest.read_bytes() if manifest.exists() else None):
            (target / "writer.lock").unlink(missing_ok=True)
            return
        time.sleep(0.05 * attempt)
    raise StorageError(
        "the lake changed all the time", "try again when less is written to it", code="lake_busy"
    )


def _copy_rest(workspace: Path, target: Path) -> None:
    """Settings without a database's password, the city, the vault's ciphertext, and the other
    things of the list; no key, token or certificate.
    """
    for path in sorted(_files(workspace)):
        relative = path.relative_to(workspace)
        carried = relative.parts[0] in CARRIED and not path.is_symlink()
        if relative.parts[0] == "vault":
            carried = path.suffix == ".sqlite"
        if not carried or path.name.endswith(LEFT_OUT_ENDINGS):
            continue
        there = target / relative
        there.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".sqlite", ".db"):
            copy_sqlite(path, there)
        elif relative == Path(SETTINGS):
            there.write_text(PASSWORD.sub(r"\1@", path.read_text("utf-8")), "utf-8")
        else:
            shutil.copyfile(path, there)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
