"""The texts that make tables and indexes, of SQLite as of PostgreSQL."""

from __future__ import annotations

from twinward.storage.database.schema import Kind, StoredColumn, StoredIndex, StoredTable
from twinward.storage.database.statements import listed, quoted

# Binary order on both databases, so that an area prefix is a range and pages agree.
SQLITE_WORDS: dict[Kind, str] = {
    "text": "TEXT",
    "integer": "INTEGER",
    "number": "DOUBLE",
    "bytes": "BLOB",
}
POSTGRES_WORDS: dict[Kind, str] = {
    "text": 'TEXT COLLATE "C"',
    "integer": "BIGINT",
    "number": "DOUBLE PRECISION",
    "bytes": "BYTEA",
}


def word_of(kind: Kind, *, sqlite: bool) -> str:
    """What a database calls a kind of column."""
    return (SQLITE_WORDS if sqlite else POSTGRES_WORDS)[kind]


def create_table(table: StoredTable, *, sqlite: bool) -> str:
    parts = [_defined(column, sqlite=sqlite) for column in table.columns]
    parts.append(f"PRIMARY KEY ({listed(table.key)})")
    ending = " WITHOUT ROWID" if sqlite and not table.rowid else ""
    return f"CREATE TABLE IF NOT EXISTS {table.name} ({', '.join(parts)}){ending}"


def _defined(column: StoredColumn, *, sqlite: bool) -> str:
    required = " NOT NULL" if column.required else ""
    return f"{quoted(column.name)} {word_of(column.kind, sqlite=sqlite)}{required}"


def create_index(index: StoredIndex, table: StoredTable) -> str:
    some = f" WHERE {index.where}" if index.where else ""
    return (
        f"CREATE INDEX IF NOT EXISTS {index.name} ON {table.name} ({listed(index.columns)}){some}"
    )


def add_column(table: StoredTable, name: str, *, sqlite: bool) -> str:
    kind = word_of(table.kind(name), sqlite=sqlite)
    return f"ALTER TABLE {table.name} ADD COLUMN {quoted(name)} {kind}"
