"""Statement texts for one database: written once for each shape, then run as text with tuples.

Both databases speak nearly the same SQL, and the shapes are few, so that they are written here and
no toolkit has to be loaded to ask for one row. The tests hold every text against what SQLAlchemy
would write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from twinward.core.errors import InputError
from twinward.core.ports import StartsWith
from twinward.storage.database.schema import Forms, Kind, Projection, StoredTable

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
ROW_FIELDS = ("row_area", "row_recorded_at", "row_subject", "row_body")
VALUE = re.compile(r"\[(\w+)\]")  # where a value goes, by its name, until the text is finished
# PostgreSQL must be told what a value is where it cannot see it from the column
CASTS: dict[Kind, str] = {
    "text": '::VARCHAR COLLATE "C"',
    "integer": "::BIGINT",
    "number": "",
    "bytes": "",
}


class SqlStatement:
    """One text with the order in which its named values go."""

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        self.text = text
        self.names = names

    def values(self, named: Mapping[str, object]) -> tuple[object, ...]:
        return tuple([named[name] for name in self.names])


class Statements:
    """Writes each form of statement once and keeps it. Values stand in brackets by their names
    until a text is finished.
    """

    def __init__(self, dialect_name: str, forms: Forms) -> None:
        self.is_sqlite = dialect_name == "sqlite"
        self.forms = forms
        self._kept: dict[object, SqlStatement] = {}

    def kept(self, shape: object, write: Callable[[], str]) -> SqlStatement:
        """The statement of `shape`, written on its first use."""
        found = self._kept.get(shape)
        if found is None:
            text = write()
            names = tuple(VALUE.findall(text))
            mark = "?" if self.is_sqlite else "%s"
            found = self._kept[shape] = SqlStatement(VALUE.sub(mark, text), names)
        return found

    def bind(self, kind: Kind, name: str) -> str:
        """The place of a value."""
        return f"[{name}]" if self.is_sqlite else f"[{name}]{CASTS[kind]}"

    def page(self) -> str:
        cast = "" if self.is_sqlite else "::INTEGER"
        return f" LIMIT [limit]{cast} OFFSET [offset]{cast}"

    def insert(self, name: str) -> SqlStatement:
        return self.kept(("insert", name), lambda: self._insert(self.forms.stored_table(name)))

    def _insert(self, table: StoredTable) -> str:
        values = ", ".join(self.bind(column.kind, column.name) for column in table.columns)
        return f"INSERT INTO {table.name} ({listed(table.names)}) VALUES ({values})"

    def upsert(self, name: str, *, add: bool = False) -> SqlStatement:
        """Insert or overwrite by primary key; with `add`, numbers that are there grow by those
        given.
        """

        def write() -> str:
            table = self.forms.stored_table(name)
            others = [quoted(one) for one in table.names if one not in table.key]
            fresh = ", ".join(
                f"{one} = ({table.name}.{one} + excluded.{one})"
                if add
                else f"{one} = excluded.{one}"
                for one in others
            )
            key = listed(table.key)
            return f"{self._insert(table)} ON CONFLICT ({key}) DO UPDATE SET {fresh}"

        return self.kept(("upsert", name, add), write)

    def delete(self, name: str) -> SqlStatement:
        def write() -> str:
            table = self.forms.stored_table(name)
            key = table.key[0]
            value = self.bind(table.kind(key), "key")
            return f"DELETE FROM {name} WHERE {column_of(table, key)} = {value}"

        return self.kept(("delete", name), write)

    def get(self, name: str, columns: tuple[str, ...], key: str) -> SqlStatement:
        def write() -> str:
            table = self.forms.stored_table(name)
            value = self.bind(table.kind(key), "key")
            return f"{select(table, columns)} WHERE {column_of(table, key)} = {value}"

        return self.kept(("get", name, columns, key), write)

    def list_rows(
        self,
        form: Projection,
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

        def write() -> str:
            found = self.conditions(form, shapes, under=under, within=within, before=before)
            text = f"{select(form.current, ROW_FIELDS)}{where(found)}{ordering(form, order)}"
            return text + self.page() if limited else text

        return self.kept(("list", form.name, shapes, under, within, order, limited, before), write)

    def list_events(self, types: int, *, incident: bool, back: bool) -> SqlStatement:
        """Events after a place in the log, or `back` from before it."""

        def write() -> str:
            table = self.forms.stored_table("events")
            found = [f"events.seq {'<' if back else '>'} {self.bind('integer', 'seq')}"]
            if types:
                names = ", ".join(self.bind("text", f"type_{n}") for n in range(types))
                found.append(f"events.type IN ({names})")
            if incident:
                found.append(f"events.incident = {self.bind('text', 'incident')}")
            order = f" ORDER BY events.seq{' DESC' if back else ''}"
            return f"{select(table, EVENT_FIELDS)}{where(found)}{order}{self.page()}"

        return self.kept(("events", types, incident, back), write)

    def count_asked(self, own: int) -> SqlStatement:
        """How many commands after a place in the log no event caused and none of our own actors
        asked.
        """

        def write() -> str:
            actors = ", ".join(self.bind("text", f"own_{n}") for n in range(own))
            found = [f"events.seq > {self.bind('integer', 'seq')}", "events.cause IS NULL"]
            found.append(f"(events.actor NOT IN ({actors}))")
            return f"SELECT count(DISTINCT events.command) AS count_1 FROM events{where(found)}"

        return self.kept(("count_asked", own), write)

    def find_event(self) -> SqlStatement:
        """An event by its id, found through its command, whose events lie close together."""

        def write() -> str:
            fields = ", ".join(f"events.{name}" for name in EVENT_FIELDS)
            between = "events.seq BETWEEN commands.first_seq AND commands.last_seq"
            found = [f"commands.id = {self.bind('text', 'command')}"]
            found.append(f"events.id = {self.bind('text', 'id')}")
            return f"SELECT {fields} FROM commands JOIN events ON {between}{where(found)}"

        return self.kept("find_event", write)

    def as_of(self, form: Projection, *, area: bool, after: bool = False) -> SqlStatement:
        """The last version of each row that was valid at `at` and known at `known`; tombstones are
        among them.

        With `after` only versions later than that one are looked at.
        """

        def write() -> str:
            t = form.history
            names = ("row_area", "row_key", "row_recorded_at", "row_subject", "row_body")
            fields = ", ".join(column_of(t, name) for name in names)
            key = f"{column_of(t, 'row_area')}, {column_of(t, 'row_key')}"
            version = column_of(t, "row_version")
            found = [f"{column_of(t, 'row_valid_from')} <= {self.bind('integer', 'at')}"]
            found.append(f"{column_of(t, 'row_recorded_at')} <= {self.bind('integer', 'known')}")
            if area:
                found += self.in_prefix(column_of(t, "row_area"))
            if after:
                found.append(f"{version} > {self.bind('integer', 'after')}")
            if self.is_sqlite:  # SQLite takes bare columns from the row that holds max()
                newest = f"max({version}) AS max_1"
                return f"SELECT {fields}, {newest} FROM {t.name}{where(found)} GROUP BY {key}"
            first = f"SELECT DISTINCT ON ({key}) {fields} FROM {t.name}"
            return f"{first}{where(found)} ORDER BY {key}, {version} DESC"

        return self.kept(("as_of", form.name, area, after), write)

    def in_prefix(self, column: str) -> list[str]:
        """The area under which something lies."""
        under, beyond = self.bind("text", "under"), self.bind("text", "beyond")
        return [f"{column} >= {under}", f"{column} < {beyond}"]

    def in_range(self, area: str, n: int) -> str:
        """Inside the n-th range of area codes."""
        low, high = self.bind("text", f"low_{n}"), self.bind("text", f"high_{n}")
        return f"{area} >= {low} AND {area} <= {high}"

    def in_ranges(self, area: str, within: int) -> str:
        """Inside one of several ranges of area codes."""
        ranges = " OR ".join(self.in_range(area, n) for n in range(within))
        return f"({ranges})" if within > 1 else ranges

    def conditions(
        self,
        form: Projection,
        shapes: tuple[Shape, ...],
        *,
        under: bool,
        within: int,
        before: str | None,
    ) -> list[str]:
        """What current rows must fulfil, each to be joined to the next by AND."""
        found: list[str] = []
        table = form.current
        for name, how, n in shapes:
            kept = form.column_name(name)
            column, kind = column_of(table, kept), table.kind(kept)
            if how == "null":
                found.append(f"{column} IS NULL")
            elif how == "in":
                values = ", ".join(self.bind(kind, f"{name}_{i}") for i in range(n))
                found.append(f"{column} IN ({values})")
            elif how == "starts":
                found.append(f"{column} >= {self.bind(kind, name)}")
                found.append(f"{column} < {self.bind(kind, f'{name}_beyond')}")
            else:
                found.append(f"{column} = {self.bind(kind, name)}")
        area = column_of(table, "row_area")
        if under:
            found += self.in_prefix(area)
        if within:
            found.append(self.in_ranges(area, within))
        if before is not None:
            kept = form.column_name(before)
            found.append(f"{column_of(table, kept)} < {self.bind(table.kind(kept), 'before')}")
        return found


def quoted(name: str) -> str:
    """A column may be called what SQL calls something else."""
    return f'"{name}"'


def listed(names: Iterable[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def column_of(table: StoredTable, name: str) -> str:
    return f"{table.name}.{quoted(name)}"


def select(table: StoredTable, names: Iterable[str]) -> str:
    return f"SELECT {', '.join(column_of(table, name) for name in names)} FROM {table.name}"


def where(conditions: Iterable[str]) -> str:
    text = " AND ".join(conditions)
    return f" WHERE {text}" if text else ""


def beyond(prefix: str) -> str:
    """The least text after every text that starts with `prefix`."""
    return prefix + "\U0010ffff"


def ordering(form: Projection, order: str | None) -> str:
    """By the column asked for (nulls first going up, last going down, on both databases), then
    by key.
    """
    key = column_of(form.current, "row_key")
    if order is None:
        return f" ORDER BY {key}"
    column = column_of(form.current, form.column_name(order.removeprefix("-")))
    return f" ORDER BY {sorting(column, key, down=order.startswith('-'))}"


def sorting(column: str, key: str, *, down: bool) -> str:
    if down:
        return f"{column} DESC NULLS LAST, {key} DESC"
    return f"{column} ASC NULLS FIRST, {key}"


def shape_filters(
    form: Projection, equals: dict[str, object]
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
