"""Statement texts for one database dialect: built once by SQLAlchemy, then run as text with
tuples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from twinward.core.errors import InputError
from twinward.core.lazy import LazyModule
from twinward.core.ports import StartsWith
from twinward.storage.database.schema import Form

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
else:
    postgresql = LazyModule("sqlalchemy.dialects.postgresql")  # where it is the database
Select = sa.Select[tuple[object, ...]]
# how a filter compares: (column, "=" | "null" | "in" | "starts", how many values)
Shape = tuple[str, str, int]
EVENT_FIELDS = (
    "seq",
    "id",
    "type",
    "occurred_at",
    "recorded_at",
    "area",
    "actor",
    "cause",
    "command",
    "incident",
    "subject",
    "body",
)


class Statement:
    """One text with the order in which its named values go."""

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        self.text = text
        self.names = names

    def values(self, named: Mapping[str, object]) -> tuple[object, ...]:
        return tuple([named[name] for name in self.names])


class Statements:
    """Compiles each form of statement once and keeps it."""

    def __init__(self, dialect_name: str, metadata: sa.MetaData, forms: dict[str, Form]) -> None:
        self.is_sqlite = dialect_name == "sqlite"
        self.dialect = (
            sqlite.dialect(paramstyle="qmark")
            if self.is_sqlite
            else postgresql.dialect(  # type: ignore[no-untyped-call]
                paramstyle="format"
            )
        )
        self.tables = metadata.tables
        self.forms = forms
        self._kept: dict[object, Statement] = {}

    def compile(self, clause: sa.ClauseElement) -> Statement:
        compiled = clause.compile(dialect=self.dialect)
        names = getattr(compiled, "positiontup", None)  # of an SQL text, not of every clause
        return Statement(str(compiled), tuple(names or ()))

    def kept(self, shape: object, build: Callable[[], sa.ClauseElement]) -> Statement:
        """The statement of `shape`, built on its first use."""
        found = self._kept.get(shape)
        if found is None:
            found = self._kept[shape] = self.compile(build())
        return found

    def insert(self, name: str) -> Statement:
        return self.kept(
            ("insert", name), lambda: sa.insert(self.tables[name]).values(_binds(self.tables[name]))
        )

    def upsert(self, name: str, *, add: bool = False) -> Statement:
        """Insert or overwrite by primary key; with `add`, numbers that are there grow by those
        given.
        """

        def build() -> sa.ClauseElement:
            table = self.tables[name]
            insert = (sqlite.insert if self.is_sqlite else postgresql.insert)(table).values(
                _binds(table)
            )
            others = [column for column in table.columns if not column.primary_key]
            fresh = {
                c.name: c + insert.excluded[c.name] if add else insert.excluded[c.name]
                for c in others
            }
            return insert.on_conflict_do_update(
                index_elements=list(table.primary_key.columns), set_=fresh
            )

        return self.kept(("upsert", name, add), build)

    def delete(self, name: str) -> Statement:
        table = self.tables[name]
        key = next(iter(table.primary_key.columns))
        return self.kept(
            ("delete", name),
            lambda: sa.delete(table).where(key == sa.bindparam("key", type_=key.type)),
        )

    def get(self, name: str, columns: tuple[str, ...], key: str) -> Statement:
        table = self.tables[name]
        return self.kept(
            ("get", name, columns, key),
            lambda: sa.select(*(table.c[c] for c in columns)).where(
                table.c[key] == sa.bindparam("key", type_=table.c[key].type)
            ),
        )

    def list_rows(
        self,
        form: Form,
        shapes: tuple[Shape, ...],
        *,
        under: bool,
        within: int,
        order: str | None,
        limited: bool,
        before: str | None,
    ) -> Statement:
        """Current rows by filters; bound are `<column>`, `<column>_<n>`, under, beyond, low_<n>,
        high_<n>, before, limit, offset.
        """

        def build() -> sa.ClauseElement:
            table = form.current
            clause = sa.select(
                table.c.row_area, table.c.row_recorded_at, table.c.row_subject, table.c.row_body
            )
            for condition in conditions(
                form, table, shapes, under=under, within=within, before=before
            ):
                clause = clause.where(condition)
            clause = clause.order_by(*ordering(form, table, order))
            return page(clause) if limited else clause

        return self.kept(("list", form.name, shapes, under, within, order, limited, before), build)

    def list_events(self, types: int, *, incident: bool, back: bool) -> Statement:
        """Events after a place in the log, or `back` from before it."""

        def build() -> sa.ClauseElement:
            table = self.tables["events"]
            place = bind(table.c.seq, "seq")
            clause = sa.select(*(table.c[name] for name in EVENT_FIELDS)).where(
                table.c.seq < place if back else table.c.seq > place
            )
            if types:
                clause = clause.where(
                    table.c.type.in_([bind(table.c.type, f"type_{n}") for n in range(types)])
                )
            if incident:
                clause = clause.where(table.c.incident == bind(table.c.incident, "incident"))
            return page(clause.order_by(table.c.seq.desc() if back else table.c.seq))

        return self.kept(("events", types, incident, back), build)

    def count_asked(self, own: int) -> Statement:
        """How many commands after a place in the log no event caused and none of our own actors
        asked.
        """

        def build() -> sa.ClauseElement:
            table = self.tables["events"]
            actors = [bind(table.c.actor, f"own_{n}") for n in range(own)]
            return sa.select(sa.func.count(sa.distinct(table.c.command))).where(
                table.c.seq > bind(table.c.seq, "seq"),
                table.c.cause.is_(None),
                table.c.actor.not_in(actors),
            )

        return self.kept(("count_asked", own), build)

    def find_event(self) -> Statement:
        """An event by its id, found through its command, whose events lie close together."""

        def build() -> sa.ClauseElement:
            events, commands = self.tables["events"], self.tables["commands"]
            return (
                sa.select(*(events.c[name] for name in EVENT_FIELDS))
                .join_from(
                    commands,
                    events,
                    events.c.seq.between(commands.c.first_seq, commands.c.last_seq),
                )
                .where(
                    commands.c.id == bind(commands.c.id, "command"),
                    events.c.id == bind(events.c.id, "id"),
                )
            )

        return self.kept("find_event", build)

    def as_of(self, form: Form, *, area: bool, after: bool = False) -> Statement:
        """The last version of each row that was valid at `at` and known at `known`; tombstones are
        among them.

        With `after` only versions later than that one are looked at.
        """

        def build() -> sa.ClauseElement:
            t = form.history
            fields = (t.c.row_area, t.c.row_key, t.c.row_recorded_at, t.c.row_subject, t.c.row_body)
            where = [t.c.row_valid_from <= bind(t.c.row_valid_from, "at")]
            where += [t.c.row_recorded_at <= bind(t.c.row_recorded_at, "known")]
            if area:
                where += _prefix(t.c.row_area)
            if after:
                where.append(t.c.row_version > bind(t.c.row_version, "after"))
            if self.is_sqlite:  # SQLite takes bare columns from the row that holds max()
                newest = sa.func.max(t.c.row_version)
                clause = (
                    sa.select(*fields, newest).where(*where).group_by(t.c.row_area, t.c.row_key)
                )
                return (
                    clause.with_hint(t, f"INDEXED BY {t.name}_by_version", "sqlite")
                    if after
                    else clause
                )
            ordered = (t.c.row_area, t.c.row_key, t.c.row_version.desc())
            first = postgresql.distinct_on(t.c.row_area, t.c.row_key)
            return sa.select(*fields).ext(first).where(*where).order_by(*ordered)

        return self.kept(("as_of", form.name, area, after), build)


def _binds(table: sa.Table) -> dict[str, sa.BindParameter[object]]:
    return {column.name: bind(column, column.name) for column in table.columns}


def bind(column: sa.ColumnElement[object], name: str) -> sa.BindParameter[object]:
    return sa.bindparam(name, type_=column.type)


def page(clause: Select) -> Select:
    clause = clause.limit(sa.bindparam("limit", type_=sa.Integer()))
    return clause.offset(sa.bindparam("offset", type_=sa.Integer()))


def _prefix(column: sa.ColumnElement[object]) -> list[sa.ColumnElement[bool]]:
    return [column >= bind(column, "under"), column < bind(column, "beyond")]


def in_range(area: sa.ColumnElement[object], n: int) -> sa.ColumnElement[bool]:
    """Inside the n-th range of area codes."""
    return sa.and_(area >= bind(area, f"low_{n}"), area <= bind(area, f"high_{n}"))


def beyond(prefix: str) -> str:
    """The least text after every text that starts with `prefix`."""
    return prefix + "\U0010ffff"


def conditions(
    form: Form,
    table: sa.Table,
    shapes: tuple[Shape, ...],
    *,
    under: bool,
    within: int,
    before: str | None,
) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    for name, how, n in shapes:
        column = table.c[form.column_name(name)]
        if how == "null":
            found.append(column.is_(None))
        elif how == "in":
            found.append(column.in_([bind(column, f"{name}_{i}") for i in range(n)]))
        elif how == "starts":
            found += [column >= bind(column, name), column < bind(column, f"{name}_beyond")]
        else:
            found.append(column == bind(column, name))
    if under:
        found += _prefix(table.c.row_area)
    if within:
        found.append(sa.or_(*(in_range(table.c.row_area, n) for n in range(within))))
    if before is not None:
        column = table.c[form.column_name(before)]
        found.append(column < bind(column, "before"))
    return found


def ordering(form: Form, table: sa.Table, order: str | None) -> list[sa.ColumnElement[object]]:
    """By the column asked for (nulls first going up, last going down, on both databases), then
    by key.
    """
    key = table.c.row_key
    if order is None:
        return [key]
    column = table.c[form.column_name(order.removeprefix("-"))]
    if order.startswith("-"):
        return [column.desc().nulls_last(), key.desc()]
    return [column.asc().nulls_first(), key]


def shape_filters(
    form: Form, equals: dict[str, object]
) -> tuple[tuple[Shape, ...], dict[str, object], bool]:
    """The shape of `equals`, its named values as given, and whether nothing can match (an empty
    tuple).
    """
    shapes: list[Shape] = []
    named: dict[str, object] = {}
    for name, value in sorted(equals.items()):
        form.column_name(name)
        if value is None:
            shapes.append((name, "null", 0))
        elif isinstance(value, (tuple, list, set, frozenset)):
            if not value:
                return (), {}, True
            if any(one is None for one in value):
                raise InputError(
                    f"the filter {name!r} mixes None with values", "ask twice", code="bad_filter"
                )
            shapes.append((name, "in", len(value)))
            named.update({f"{name}_{i}": one for i, one in enumerate(value)})
        elif isinstance(value, StartsWith):
            shapes.append((name, "starts", 1))
            named.update({name: value.text, f"{name}_beyond": beyond(value.text)})
        else:
            shapes.append((name, "=", 1))
            named[name] = value
    return tuple(shapes), named, False
