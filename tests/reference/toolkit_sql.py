"""Every statement as SQLAlchemy writes it: what `storage.database` writes by itself is held against
this, text by text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from msgspec import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from twinward.storage.database.schema import LATER, Forms, Projection
from twinward.storage.database.statements import EVENT_FIELDS, Shape, SqlStatement

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
    known: dict[str, Any] = {f"{dialect}_where": sa.text("incident IS NOT NULL")}
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
        sa.Index(
            "events_incident",
            "incident",
            "seq",
            **known,
        ),
    )
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


class ToolkitForm:
    """The two tables of a declared projection."""

    def __init__(self, form: Projection, metadata: sa.MetaData) -> None:
        self.name, self.table = form.name, form.table
        self.columns, self.kinds, self.column_name = form.columns, form.kinds, form.column_name
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


Select = sa.Select[tuple[object, ...]]


class ToolkitStatements:
    """Compiles each form of statement once and keeps it."""

    def __init__(self, dialect_name: str, forms: Forms) -> None:
        metadata = sa.MetaData()
        log_tables(metadata, dialect_name)
        self.metadata = metadata
        self.is_sqlite = dialect_name == "sqlite"
        self.dialect = (
            sqlite.dialect(paramstyle="qmark")
            if self.is_sqlite
            else postgresql.dialect(paramstyle="format")
        )
        self.tables = metadata.tables
        self.forms = {name: ToolkitForm(form, metadata) for name, form in forms.items()}
        self._kept: dict[object, SqlStatement] = {}

    def compile(self, clause: sa.ClauseElement) -> SqlStatement:
        compiled = clause.compile(dialect=self.dialect)
        names = getattr(compiled, "positiontup", None)  # of an SQL text, not of every clause
        return SqlStatement(str(compiled), tuple(names or ()))

    def kept(self, shape: object, build: Callable[[], sa.ClauseElement]) -> SqlStatement:
        """The statement of `shape`, built on its first use."""
        found = self._kept.get(shape)
        if found is None:
            found = self._kept[shape] = self.compile(build())
        return found

    def create_tables(self) -> list[str]:
        return [
            str(CreateTable(table, if_not_exists=True).compile(dialect=self.dialect))
            for table in self.metadata.sorted_tables
        ]

    def create_indexes(self) -> list[str]:
        return [
            str(CreateIndex(index, if_not_exists=True).compile(dialect=self.dialect))
            for table in self.metadata.sorted_tables
            for index in sorted(table.indexes, key=lambda one: str(one.name))
        ]

    def insert(self, name: str) -> SqlStatement:
        return self.kept(
            ("insert", name), lambda: sa.insert(self.tables[name]).values(_binds(self.tables[name]))
        )

    def upsert(self, name: str, *, add: bool = False) -> SqlStatement:
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

    def delete(self, name: str) -> SqlStatement:
        table = self.tables[name]
        key = next(iter(table.primary_key.columns))
        return self.kept(
            ("delete", name),
            lambda: sa.delete(table).where(key == sa.bindparam("key", type_=key.type)),
        )

    def get(self, name: str, columns: tuple[str, ...], key: str) -> SqlStatement:
        table = self.tables[name]
        return self.kept(
            ("get", name, columns, key),
            lambda: sa.select(*(table.c[c] for c in columns)).where(
                table.c[key] == sa.bindparam("key", type_=table.c[key].type)
            ),
        )

    def list_rows(
        self,
        form: ToolkitForm,
        shapes: tuple[Shape, ...],
        *,
        under: bool,
        within: int,
        order: str | None,
        limited: bool,
        before: str | None,
    ) -> SqlStatement:
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

    def list_events(self, types: int, *, incident: bool, back: bool) -> SqlStatement:
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

    def count_asked(self, own: int) -> SqlStatement:
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

    def find_event(self) -> SqlStatement:
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

    def as_of(self, form: ToolkitForm, *, area: bool, after: bool = False) -> SqlStatement:
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


def bind(column: sa.ColumnElement[Any], name: str) -> sa.BindParameter[object]:
    return sa.bindparam(name, type_=column.type)


def page(clause: Select) -> Select:
    clause = clause.limit(sa.bindparam("limit", type_=sa.Integer()))
    return clause.offset(sa.bindparam("offset", type_=sa.Integer()))


def _prefix(column: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool]]:
    return [column >= bind(column, "under"), column < bind(column, "beyond")]


def in_range(area: sa.ColumnElement[Any], n: int) -> sa.ColumnElement[bool]:
    """Inside the n-th range of area codes."""
    return sa.and_(area >= bind(area, f"low_{n}"), area <= bind(area, f"high_{n}"))


def conditions(
    form: ToolkitForm,
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


def ordering(
    form: ToolkitForm, table: sa.Table, order: str | None
) -> list[sa.ColumnElement[object]]:
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


def page_statement(
    statements: ToolkitStatements,
    form: ToolkitForm,
    shapes: tuple[Shape, ...],
    *,
    within: int,
    between: str | None,
    order: str,
    walk: bool,
) -> SqlStatement:
    """Rows of one page; bound: as for `list_rows`."""

    def build() -> sa.ClauseElement:
        table = form.current
        filters = conditions(form, table, shapes, under=False, within=0, before=None)
        walks = walk or not within
        # another order's index holds the time too, and is read in its order; the time's is not
        other = order.removeprefix("-") not in (between, form.table.key)
        filters += _window(statements, form, between, by_area=not walks or other)
        keys = (
            _walked(statements, form, filters, within, order)
            if walks
            else _gathered(form, filters, within, order)
        )
        fields = (table.c.row_area, table.c.row_recorded_at, table.c.row_subject, table.c.row_body)
        return (
            sa.select(*fields)
            .where(table.c.row_key.in_(keys))
            .order_by(*ordering(form, table, order))
        )

    return statements.kept(("page", form.name, shapes, within, between, order, walk), build)


def _window(
    statements: ToolkitStatements, form: ToolkitForm, between: str | None, *, by_area: bool
) -> list[sa.ColumnElement[bool]]:
    """`by_area`: the index on area and time is to be taken by area; without statistics SQLite
    prefers the time, and reads the whole window for every range.
    """
    if between is None:
        return []
    column = form.current.c[form.column_name(between)]
    asked: Any = column
    if by_area and statements.is_sqlite:
        asked = sa.literal_column(
            f"+{column.table.name}.{column.name}", column.type
        )  # the plus hides it from indexes
    return [asked >= bind(column, "since"), asked < bind(column, "until")]


def _walked(
    statements: ToolkitStatements,
    form: ToolkitForm,
    filters: list[sa.ColumnElement[bool]],
    within: int,
    order: str,
) -> Select:
    table = form.current
    # the unary plus keeps SQLite from taking an index on the area for it
    area = sa.literal_column("+row_area", TEXT) if statements.is_sqlite else table.c.row_area
    clause = sa.select(table.c.row_key).where(*filters)
    if within:
        clause = clause.where(sa.or_(*(in_range(area, n) for n in range(within))))
    return page(clause.order_by(*ordering(form, table, order)))


def _gathered(
    form: ToolkitForm, filters: list[sa.ColumnElement[bool]], within: int, order: str
) -> Select:
    table = form.current
    column = table.c[form.column_name(order.removeprefix("-"))]
    parts = [
        sa.select(table.c.row_key, column.label("row_order")).where(
            in_range(table.c.row_area, n), *filters
        )
        for n in range(within)
    ]
    found = sa.union_all(*parts).subquery()
    by, key = found.c.row_order, found.c.row_key
    down = order.startswith("-")
    sorting = [by.desc().nulls_last(), key.desc()] if down else [by.asc().nulls_first(), key]
    return page(sa.select(key).order_by(*sorting))


def count_statement(
    statements: ToolkitStatements,
    form: ToolkitForm,
    shapes: tuple[Shape, ...],
    *,
    under: bool,
    within: int,
    between: str | None = None,
) -> SqlStatement:
    """How many rows; several ranges are counted one by one, each out of an index, for they share
    nothing.
    """

    def counted(n: int | None) -> sa.Select[Any]:
        found = conditions(form, form.current, shapes, under=under, within=0, before=None)
        found += _window(statements, form, between, by_area=n is not None)
        if n is not None:
            found.append(in_range(form.current.c.row_area, n))
        return sa.select(sa.func.count()).select_from(form.current).where(*found)

    def build() -> sa.ClauseElement:
        if not within:
            return counted(None)
        total: Any = counted(0).scalar_subquery()
        for n in range(1, within):
            total = total + counted(n).scalar_subquery()
        return sa.select(total)

    return statements.kept(("count", form.name, shapes, under, within, between), build)
