"""The tables of a workspace's database as SQLAlchemy Core knows them: the log, and two for each
projection.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import msgspec
import sqlalchemy as sa
from msgspec import inspect

from twinward.core.clock import to_us
from twinward.core.errors import InputError
from twinward.core.ports import Table
from twinward.storage.database.connection import Cells

SCHEMA_VERSION = 2
OWN_NAMES = frozenset({"meta", "head", "commands", "events", "offsets", "source_counts"})
# columns that later releases added to tables of the log: empty for what was there before, made on
# opening
LATER = {"commands": ("source", "content")}
# Binary order on both databases, so that an area prefix is a range and pages agree.
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
COLUMN_TYPES: dict[
    type, sa.types.TypeEngine[str] | sa.types.TypeEngine[int] | sa.types.TypeEngine[float]
] = {
    inspect.StrType: TEXT,
    inspect.IntType: BIG,
    inspect.BoolType: BIG,
    inspect.DateTimeType: BIG,
    inspect.FloatType: sa.Double(),
}


def log_tables(metadata: sa.MetaData, dialect: str) -> None:
    """The tables that every workspace has, whatever its twins declare."""
    sa.Table(
        "meta",
        metadata,
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("value", TEXT, nullable=False),
    )
    sa.Table(  # one row: where the log stands; read first by every writing transaction
        "head",
        metadata,
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("version", BIG, nullable=False),
        sa.Column("recorded_at", BIG, nullable=False),
        sa.Column("hash", BYTES, nullable=False),
    )
    sa.Table(
        "commands",
        metadata,
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("type", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("cause", TEXT),
        sa.Column("recorded_at", BIG, nullable=False),
        sa.Column("first_seq", BIG, nullable=False),
        sa.Column("last_seq", BIG, nullable=False),
        sa.Column("events", BIG, nullable=False),
        *(sa.Column(name, TEXT) for name in LATER["commands"]),
        sqlite_with_rowid=False,
    )
    _events_table(metadata)
    sa.Table(
        "offsets",
        metadata,
        sa.Column("name", TEXT, primary_key=True),
        sa.Column("seq", BIG, nullable=False),
    )
    sa.Table(
        "source_counts",
        metadata,
        sa.Column("source", TEXT, primary_key=True),
        *(
            sa.Column(name, BIG, nullable=False)
            for name in ("received", "stored", "rejected", "duplicate")
        ),
    )


def _events_table(metadata: sa.MetaData) -> None:
    known = sa.text("incident IS NOT NULL")
    sa.Table(
        "events",
        metadata,
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("id", "type")),
        *(sa.Column(name, BIG, nullable=False) for name in ("occurred_at", "recorded_at")),
        *(sa.Column(name, TEXT, nullable=False) for name in ("area", "actor")),
        sa.Column("cause", TEXT),
        sa.Column("command", TEXT, nullable=False),
        *(sa.Column(name, TEXT) for name in ("incident", "subject")),
        *(sa.Column(name, BYTES, nullable=False) for name in ("body", "hash")),
        sa.Index("events_incident", "incident", "seq", sqlite_where=known, postgresql_where=known),
    )


class Form:
    """One declared projection, made ready: its two tables, its decoder, and how to take columns
    off a row.
    """

    def __init__(self, table: Table[msgspec.Struct], metadata: sa.MetaData) -> None:
        self.table = table
        self.name = table.name
        fields = {field.name: field for field in _fields(table.row)}
        for needed in (
            table.key,
            table.area,
            *table.columns,
            *((table.subject,) if table.subject else ()),
        ):
            if needed not in fields:
                raise _bad(table, f"its row {table.row.__name__} has no field {needed!r}")
        if table.name in OWN_NAMES or table.name.removesuffix("_history") in OWN_NAMES:
            raise _bad(table, "the log itself has a table of this name")
        self.columns = tuple(name for name in table.columns if name not in (table.key, table.area))
        # where among the columns the subject stands, if it is one
        self.subject_at = (
            self.columns.index(table.subject) if table.subject in self.columns else None
        )
        self.kinds = {
            name: _kind(table, fields[name]) for name in {*table.columns, table.key, table.area}
        }
        self.decoder: msgspec.msgpack.Decoder[msgspec.Struct] = msgspec.msgpack.Decoder(table.row)
        self.current = self._current(metadata)
        self.history = self._history(metadata)

    def _current(self, metadata: sa.MetaData) -> sa.Table:
        return sa.Table(
            self.name,
            metadata,
            sa.Column("row_key", TEXT, primary_key=True),
            sa.Column("row_area", TEXT, nullable=False),
            sa.Column("row_recorded_at", BIG, nullable=False),
            sa.Column("row_subject", TEXT),
            *(sa.Column(name, COLUMN_TYPES[self.kinds[name]]) for name in self.columns),
            sa.Column("row_body", BYTES, nullable=False),
            *(
                sa.Index(
                    f"{self.name}_by_{'_'.join(names)}", *(self.column_name(name) for name in names)
                )
                for names in self.table.indexes
            ),
            sqlite_with_rowid=False,
        )

    def _history(self, metadata: sa.MetaData) -> sa.Table:
        return sa.Table(
            f"{self.name}_history",
            metadata,
            sa.Column("row_area", TEXT, primary_key=True),
            sa.Column("row_key", TEXT, primary_key=True),
            sa.Column("row_version", BIG, primary_key=True, autoincrement=False),
            sa.Column("row_valid_from", BIG, nullable=False),
            sa.Column("row_recorded_at", BIG, nullable=False),
            sa.Column("row_subject", TEXT),
            sa.Column("row_body", BYTES),  # NULL: from here on there is no such row in this area
            sa.Index(f"{self.name}_history_by_version", "row_version"),
            sqlite_with_rowid=False,
        )

    def column_name(self, field: str) -> str:
        """The column that holds a declared field; InputError when it was not declared."""
        if field == self.table.key:
            return "row_key"
        if field == self.table.area:
            return "row_area"
        if field not in self.kinds:
            raise InputError(
                f"table {self.name} has no column {field!r}",
                f"it has {', '.join(sorted(self.kinds))}",
                code="unknown_column",
            )
        return field

    def values(self, row: msgspec.Struct) -> Cells:
        """The declared columns of one row as the database keeps them."""
        return tuple(to_stored(getattr(row, name)) for name in self.columns)


def to_stored(value: object) -> object:
    """A column's value as both databases take it: instants as microseconds, truth as 0 or 1."""
    if isinstance(value, str):
        if "\x00" in value:
            raise InputError(
                "a text holds the character NUL", "remove it; no text has it", code="bad_text"
            )
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, datetime):
        return to_us(value)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise InputError(
                f"the number {value} does not fit in 64 bits",
                "send a smaller one",
                code="bad_number",
            )
        return int(value)
    return value.value if isinstance(value, Enum) else value


def build_schema(
    tables: Sequence[Table[msgspec.Struct]], dialect: str
) -> tuple[sa.MetaData, dict[str, Form]]:
    """All tables of a workspace whose twins declare `tables`. `dialect` is sqlite or postgresql: a
    word of the other would load it.
    """
    metadata = sa.MetaData()
    log_tables(metadata, dialect)
    forms = {table.name: Form(table, metadata) for table in tables}
    return metadata, forms


def _fields(row: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(row)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _kind(table: Table[msgspec.Struct], field: inspect.Field) -> type:
    kinds = {_plain(part) for part in getattr(field.type, "types", (field.type,))} - {
        inspect.NoneType
    }
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind not in COLUMN_TYPES:
        raise _bad(table, f"the field {field.name!r} is no str, int, float, bool or datetime")
    return kind


def _plain(part: inspect.Type) -> type:
    """Literals and enums are kept as the text or number that they are."""
    if isinstance(part, inspect.LiteralType):
        return (
            inspect.StrType
            if all(isinstance(value, str) for value in part.values)
            else inspect.IntType
        )
    if isinstance(part, inspect.EnumType):
        texts = all(isinstance(member.value, str) for member in part.cls)
        return inspect.StrType if texts else inspect.IntType
    return type(part)


def _bad(table: Table[msgspec.Struct], why: str) -> InputError:
    return InputError(
        f"table {table.name!r} cannot be kept: {why}", "mend its declaration", code="bad_table"
    )
