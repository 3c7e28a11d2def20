"""Makes a database ready: tables that are missing, columns declared since, the head of a new
log, the version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from twinward.core.errors import InputError
from twinward.storage.database.databases import Database
from twinward.storage.database.schema import LATER, SCHEMA_VERSION, Form
from twinward.storage.database.statements import Statements
from twinward.storage.log.drill_isolation import MARK, genesis_of, require_side
from twinward.storage.log.row_queries import RowCodec

if TYPE_CHECKING:
    from twinward.storage.database.connection import Connection


def prepare(
    database: Database,
    statements: Statements,
    metadata: sa.MetaData,
    words: RowCodec,
    drill: str = "",
) -> None:
    """Creates or completes the tables in one transaction; InputError when the schema is of another
    version.

    `drill` is the id of the drill whose log it is; RefusedError when what is there is not that.
    """
    connection = database.connect(write=True)
    try:
        if database.read_only:
            require_version(connection, statements, drill)
            require_side(connection, drill)
            return
        database.begin_write(connection)
        dialect = statements.dialect
        for table in metadata.sorted_tables:
            connection.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)))
        require_version(connection, statements, drill)
        require_side(connection, drill)
        for name, columns in LATER.items():
            _add_columns(connection, statements, metadata.tables[name], columns)
        for form in words.forms.values():
            _complete_columns(connection, statements, form, words)
        for table in metadata.sorted_tables:
            for index in sorted(table.indexes, key=lambda one: str(one.name)):
                connection.execute(
                    str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect))
                )
        connection.execute("COMMIT")
    except database.errors as error:
        raise database.explain(error) from error
    finally:
        connection.close()


def require_version(connection: Connection, statements: Statements, drill: str = "") -> None:
    """A new database gets this release's version and an empty log; any other version is refused."""
    found = connection.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchall()
    if not found:
        if connection.execute("SELECT count(*) FROM events").fetchone()[0] == 0:
            connection.execute(
                statements.insert("meta").text, ("schema_version", str(SCHEMA_VERSION))
            )
            connection.execute(statements.insert("head").text, (1, 0, 0, 0, genesis_of(drill)))
            if drill:
                connection.execute(statements.insert("meta").text, (MARK, drill))
            return
        found = [("1",)]
    version = int(found[0][0])
    if version < SCHEMA_VERSION:
        raise InputError(
            f"this workspace has schema version {version}, this release needs {SCHEMA_VERSION}",
            "run `twinward backup`, then `twinward migrate`",
            code="schema_old",
        )
    if version > SCHEMA_VERSION:
        raise InputError(
            f"this workspace has schema version {version}, this release knows {SCHEMA_VERSION} at "
            f"most",
            "install the release that wrote it, or a later one",
            code="schema_new",
        )


def _complete_columns(
    connection: Connection, statements: Statements, form: Form, words: RowCodec
) -> None:
    """Adds the columns a twin has declared since and fills them from the rows' bodies."""
    if not _add_columns(connection, statements, form.current, form.columns):
        return
    fetch = "SELECT row_key, row_area, row_recorded_at, row_subject, row_body FROM "
    fresh = []
    for key, area, at, subject, body in connection.execute(f'{fetch}"{form.name}"').fetchall():
        row = words.row(form, subject, at, body)
        if row is not None:
            fresh.append((key, area, at, subject, *words.values(form, row, at), body))
    cursor = connection.cursor()
    cursor.executemany(statements.upsert(form.name).text, fresh)


def _add_columns(
    connection: Connection, statements: Statements, table: sa.Table, names: tuple[str, ...]
) -> bool:
    """Whether any of these columns was missing; those are now there, empty."""
    cursor = connection.execute(f'SELECT * FROM "{table.name}" LIMIT 0')
    there = {description[0] for description in cursor.description}
    missing = [name for name in names if name not in there]
    for name in missing:
        kind = table.c[name].type.compile(dialect=statements.dialect)
        connection.execute(f'ALTER TABLE "{table.name}" ADD COLUMN "{name}" {kind}')
    return bool(missing)
