"""Makes a workspace from a backup, to the same hashes: each file is what the backup says it is."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from twinward.core.errors import UNREADABLE, ConflictError, InputError
from twinward.core.ports import Table
from twinward.storage.database.databases import Postgres
from twinward.storage.database.schema import SCHEMA_VERSION, Forms
from twinward.storage.database.statements import Statements
from twinward.storage.log.drill_isolation import require_side
from twinward.storage.log.opening import prepare
from twinward.storage.log.row_queries import RowCodec
from twinward.storage.maintenance.backup import CONTENTS, TABLES, Contents, quoted, sha256_of


def read_contents(source: Path) -> Contents:
    """The contents of a backup whose files are all there and unchanged; InputError names the
    first that is not.
    """
    try:
        contents = msgspec.json.decode((source / CONTENTS).read_bytes(), type=Contents)
    except (OSError, *UNREADABLE) as error:
        raise InputError(
            f"{source} is no whole backup: {error}", "name a folder that `backup` wrote"
        ) from error
    for name, expected in contents.files.items():
        path = source / name
        if not _lies_inside(source, path, name):
            raise InputError(
                f"the backup names a file outside of itself: {name}",
                "use another backup",
                code="backup_damaged",
            )
        if not path.is_file() or sha256_of(path) != expected:
            raise InputError(
                f"the backup's file {name} is missing or changed",
                "use another backup",
                code="backup_damaged",
            )
    if contents.schema_version > SCHEMA_VERSION:
        raise InputError(
            "the backup comes from a later release", "install that release", code="schema_new"
        )
    return contents


def _lies_inside(source: Path, path: Path, name: str) -> bool:
    """Whether a name of the list is a file of the backup: relative, without a way up, no link."""
    parts = Path(name).parts
    return (
        not Path(name).is_absolute()
        and bool(parts)
        and ".." not in parts
        and not any((source / Path(*parts[: n + 1])).is_symlink() for n in range(len(parts)))
        and path.resolve().is_relative_to(source.resolve())
    )


def restore(source: Path, workspace: Path) -> Contents:
    """Makes the folder `workspace` from a backup; it must not be there. A PostgreSQL log follows
    by `load_tables`.
    """
    contents = read_contents(source)
    if workspace.exists() and any(workspace.iterdir()):
        raise ConflictError(f"{workspace} is not empty", "name a new folder", code="exists")
    beside = workspace.with_name(workspace.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.parent.mkdir(parents=True, exist_ok=True)
    beside.mkdir(mode=0o700)  # whatever lies inside is its owner's alone
    for name in contents.files:
        if Path(name).parts[0] == TABLES:
            continue
        there = beside / name
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, there)
    shutil.rmtree(workspace, ignore_errors=True)
    beside.replace(workspace)
    return contents


def load_tables(
    source: Path, database: Postgres, tables: Sequence[Table[msgspec.Struct]], drill: str = ""
) -> None:
    """Fills an empty PostgreSQL database from a backup; ConflictError when a log is there already.

    A drill's tables go only into a database that has held nothing but that drill.
    """
    forms = Forms(tables)
    prepare(database, Statements(database.name, forms), RowCodec(forms, (), None), drill)
    with closing(database.connect(write=True)) as connection:
        database.begin_write(connection)
        if connection.execute("SELECT seq FROM head").fetchone()[0]:
            raise ConflictError(
                "the database holds a log already", "name an empty database", code="exists"
            )
        for path in sorted((source / TABLES).glob("*.copy")):
            _load_table(connection, path)
        require_side(connection, drill)
        connection.execute("COMMIT")


def _load_table(connection: Any, path: Path) -> None:
    name = path.stem
    columns = msgspec.json.decode(path.with_suffix(".columns").read_bytes(), type=list[str])
    connection.execute(f'DELETE FROM "{name}"')
    copying = f'COPY "{name}" ({quoted(columns)}) FROM STDIN'
    with path.open("rb") as file, connection.cursor().copy(copying) as rows:
        while part := file.read(1 << 20):
            rows.write(part)
