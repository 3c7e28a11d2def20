"""The tables of a workspace's database: the log, and two for each projection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import cache, cached_property
from hashlib import sha256
from threading import RLock
from typing import Literal, NamedTuple

import msgspec
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
# two threads must not work out the fields of message types at once: see `core.struct_types`
MAKING = RLock()
Kind = Literal["text", "integer", "number", "bytes"]
COLUMN_KINDS: dict[type, Kind] = {
    inspect.StrType: "text",
    inspect.IntType: "integer",
    inspect.BoolType: "integer",
    inspect.DateTimeType: "integer",
    inspect.FloatType: "number",
}


class StoredColumn(NamedTuple):
    """One column as it is kept; `required`: it is never empty."""

    name: str
    kind: Kind
    required: bool = False


class StoredIndex(NamedTuple):
    """An index by its name; `where` keeps it to some of the rows."""

    name: str
    columns: tuple[str, ...]
    where: str = ""


class StoredTable(NamedTuple):
    """One table as it is kept; `rowid`: SQLite may number its rows beside the key."""

    name: str
    columns: tuple[StoredColumn, ...]
    key: tuple[str, ...]
    indexes: tuple[StoredIndex, ...] = ()
    rowid: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def kind(self, name: str) -> Kind:
        return next(column.kind for column in self.columns if column.name == name)


def texts(*names: str, required: bool = True) -> tuple[StoredColumn, ...]:
    return tuple(StoredColumn(name, "text", required) for name in names)


def integers(*names: str, required: bool = True) -> tuple[StoredColumn, ...]:
    return tuple(StoredColumn(name, "integer", required) for name in names)


def contents(*names: str, required: bool = True) -> tuple[StoredColumn, ...]:
    return tuple(StoredColumn(name, "bytes", required) for name in names)


# The tables that every workspace has, whatever its twins declare. `head` is one row: where the log
# stands; read first by every writing transaction.
LOG_TABLES = (
    StoredTable("meta", texts("name", "value"), ("name",), rowid=True),
    StoredTable(
        "head",
        (*integers("id", "seq", "version", "recorded_at"), *contents("hash")),
        ("id",),
        rowid=True,
    ),
    StoredTable(
        "commands",
        (
            *texts("id", "type", "actor"),
            *texts("cause", required=False),
            *integers("recorded_at", "first_seq", "last_seq", "events"),
            *texts(*LATER["commands"], required=False),
        ),
        ("id",),
    ),
    StoredTable(
        "events",
        (
            *integers("seq"),
            *texts("id", "type"),
            *integers("occurred_at", "recorded_at"),
            *texts("area", "actor"),
            *texts("cause", required=False),
            *texts("command"),
            *texts("incident", "subject", required=False),
            *contents("body", "hash"),
        ),
        ("seq",),
        (StoredIndex("events_incident", ("incident", "seq"), "incident IS NOT NULL"),),
        rowid=True,
    ),
    StoredTable("offsets", (*texts("name"), *integers("seq")), ("name",), rowid=True),
    StoredTable(
        "source_counts",
        (*texts("source"), *integers("received", "stored", "rejected", "duplicate")),
        ("source",),
        rowid=True,
    ),
)


class Projection:
    """One declared projection, made ready: its two tables, its decoder, and how to take columns
    off a row.
    """

    def __init__(self, table: Table[msgspec.Struct]) -> None:
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

    @cached_property
    def current(self) -> StoredTable:
        """The rows as they are now."""
        return StoredTable(
            self.name,
            (
                *texts("row_key", "row_area"),
                *integers("row_recorded_at"),
                *texts("row_subject", required=False),
                *(StoredColumn(name, COLUMN_KINDS[self.kinds[name]]) for name in self.columns),
                *contents("row_body"),
            ),
            ("row_key",),
            tuple(
                StoredIndex(
                    f"{self.name}_by_{'_'.join(names)}",
                    tuple(self.column_name(name) for name in names),
                )
                for names in self.table.indexes
            ),
        )

    @cached_property
    def history(self) -> StoredTable:
        """All versions; a body that is NULL says that from here on there is no such row in this
        area.
        """
        return StoredTable(
            f"{self.name}_history",
            (
                *texts("row_area", "row_key"),
                *integers("row_version", "row_valid_from", "row_recorded_at"),
                *texts("row_subject", required=False),
                *contents("row_body", required=False),
            ),
            ("row_area", "row_key", "row_version"),
            (StoredIndex(f"{self.name}_history_by_version", ("row_version",)),),
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


class Forms(Mapping[str, Projection]):
    """The declared projections by name; each is made ready when it is first asked for."""

    def __init__(self, tables: Sequence[Table[msgspec.Struct]]) -> None:
        self._declared = {table.name: table for table in tables}
        self._made: dict[str, Projection] = {}

    def __getitem__(self, name: str) -> Projection:
        found = self._made.get(name)
        if found is None:
            with MAKING:
                found = self._made.get(name) or Projection(self._declared[name])
                self._made[name] = found
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared)

    def __len__(self) -> int:
        return len(self._declared)

    def __contains__(self, name: object) -> bool:
        return name in self._declared

    @cached_property
    def personal(self) -> frozenset[str]:
        """The projections whose rows are about persons."""
        return frozenset(name for name, one in self._declared.items() if one.subject)

    def stored_table(self, name: str) -> StoredTable:
        """A table of the database, of the log or of a projection, by its own name."""
        for table in LOG_TABLES:
            if table.name == name:
                return table
        if name in self._declared:
            return self[name].current
        return self[name.removesuffix("_history")].history

    def stored_tables(self) -> Iterator[StoredTable]:
        """Every table of the database."""
        yield from LOG_TABLES
        for form in self.values():
            yield form.current
            yield form.history

    def fingerprint(self) -> str:
        """What the tables of a database follow from; another one is a reason to complete them."""
        declared = [
            (one.name, one.key, one.area, one.subject, one.columns, one.indexes)
            for one in self._declared.values()
        ]
        return sha256(repr((LOG_TABLES, sorted(declared))).encode()).hexdigest()


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


@cache
def _fields(row: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(row)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _kind(table: Table[msgspec.Struct], field: inspect.Field) -> type:
    kinds = {_plain(part) for part in getattr(field.type, "types", (field.type,))} - {
        inspect.NoneType
    }
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind not in COLUMN_KINDS:
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
