"""Makes a database ready: tables that are missing, columns declared since, the head of a new
log, the version. A database that this declaration has completed before is only looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinward.core.errors import InputError
from twinward.storage.database.databases import Database
from twinward.storage.database.definitions import add_column, create_index, create_table
from twinward.storage.database.schema import LATER, SCHEMA_VERSION, Projection, StoredTable
from twinward.storage.database.statements import Statements
from twinward.storage.log.drill_isolation import MARK, genesis_of, require_side
from twinward.storage.log.row_queries import RowCodec

if TYPE_CHECKING:
    from twinward.storage.database.connection import Connection

TABLES = "tables"  # in `meta`: the fingerprint of the declaration that completed the tables


def prepare(database: Database, statements: Statements, words: RowCodec, drill: str = "") -> None:
    """Creates or completes the tables in one transaction; InputError when the schema is of another
    version.

    `drill` is the id of the drill whose log it is; RefusedError when what is there is not that.
    """
    connection = database.connect(write=True)
    try:
        fingerprint = words.forms.fingerprint()
        if database.read_only or _read_tables(connection, database) == fingerprint:
            require_version(connection, statements, drill)
            require_side(connection, drill)
            return
        database.begin_write(connection)
        _complete(connection, statements, words, drill)
        connection.execute(statements.upsert("meta").text, (TABLES, fingerprint))
        connection.execute("COMMIT")
    except database.errors as error:
        raise database.explain(error) from error
    finally:
        connection.close()


def _read_tables(connection: Connection, database: Database) -> str:
    """The declaration that completed the tables last; empty where none has."""
    try:
        found = connection.execute(f"SELECT value FROM meta WHERE name = '{TABLES}'").fetchall()
    except database.errors:
        return ""  # no log yet; whatever else is wrong shows when the tables are made
    return str(found[0][0]) if found else ""


def _complete(connection: Connection, statements: Statements, words: RowCodec, drill: str) -> None:
    tables = sorted(words.forms.stored_tables(), key=lambda one: one.name)
    for table in tables:
        connection.execute(create_table(table, sqlite=statements.is_sqlite))
    require_version(connection, statements, drill)
    require_side(connection, drill)
    for name, columns in LATER.items():
        _add_columns(connection, statements, words.forms.stored_table(name), columns)
    for form in words.forms.values():
        _complete_columns(connection, statements, form, words)
    for table in tables:
        for index in sorted(table.indexes):
            connection.execute(create_index(index, table))


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
    connection: Connection, statements: Statements, form: Projection, words: RowCodec
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
    connection: Connection, statements: Statements, table: StoredTable, names: tuple[str, ...]
) -> bool:
    """Whether any of these columns was missing; those are now there, empty."""
    cursor = connection.execute(f'SELECT * FROM "{table.name}" LIMIT 0')
    there = {description[0] for description in cursor.description}
    missing = [name for name in names if name not in there]
    for name in missing:
        connection.execute(add_column(table, name, sqlite=statements.is_sqlite))
    return bool(missing)
