"""Reads of the log and of current rows over one connection, shared by readers and by the writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from twinward.core.clock import from_us, to_us
from twinward.core.errors import UNREADABLE, AbsentError, InputError
from twinward.core.messages import Counts, Event, Fact
from twinward.core.ports import R, Sealer, Table, table_name
from twinward.storage.database.schema import MAKING, Forms, Projection, to_stored
from twinward.storage.database.statements import Statements, beyond, shape_filters
from twinward.storage.log.paging import WALK_ABOVE, count_statement, page_statement

if TYPE_CHECKING:
    from twinward.storage.database.connection import Cells, Connection

ALL_TIME_US = 2**62
# seq, id, type, occurred_at, recorded_at, area, actor, cause, command, incident, subject, body
EventCells = tuple[
    int, str, str, int, int, str, str, str | None, str, str | None, str | None, bytes
]


class RowCodec:
    """What rows and events mean: the tables declared, the facts known, the keys of persons."""

    def __init__(self, forms: Forms, facts: Sequence[type[Fact]], sealer: Sealer | None) -> None:
        self.forms = forms
        self.sealer = sealer
        self._facts = {str(fact.__struct_config__.tag): fact for fact in facts}
        self._decoders: dict[str, msgspec.msgpack.Decoder[Fact]] = {}

    def fact_decoder(self, kind: str) -> msgspec.msgpack.Decoder[Fact] | None:
        """What reads the facts of a type of event, made when the first of them is read; None for
        a type that is not known.
        """
        found = self._decoders.get(kind)
        if found is None and kind in self._facts:
            with MAKING:
                found = self._decoders[kind] = msgspec.msgpack.Decoder(self._facts[kind])
        return found

    def form(self, table: str) -> Projection:
        found = self.forms.get(table)
        if found is None:
            raise InputError(
                f"there is no table {table!r}",
                f"there are {', '.join(sorted(self.forms))}",
                code="unknown_table",
            )
        return found

    def stored(self, subject: str | None, recorded_us: int) -> str | None:
        """What stands in a column for a subject: a word under the same key as the body."""
        if subject is None or self.sealer is None:
            return subject
        return self.sealer.name(subject, day_of(recorded_us))

    def true(self, stored: str | None) -> str | None:
        """The subject that a column's word stands for; None when its key has been destroyed."""
        return stored if stored is None or self.sealer is None else self.sealer.subject_of(stored)

    def values(self, form: Projection, row: msgspec.Struct, recorded_us: int) -> Cells:
        """The declared columns of a row as they are kept: that of its subject as a word."""
        values = form.values(row)
        if self.sealer is None or form.subject_at is None:
            return values
        subject = values[form.subject_at]
        word = self.stored(str(subject) if subject is not None else None, recorded_us)
        return (*values[: form.subject_at], word, *values[form.subject_at + 1 :])

    def sought(self, form: Projection, equals: dict[str, object]) -> dict[str, object]:
        """Filters as the columns are kept: a subject is sought under each of its words."""
        name = form.table.subject
        asked = equals.get(name) if name is not None else None
        if asked is None or self.sealer is None or form.subject_at is None:
            return equals
        subjects = [str(one) for one in asked] if isinstance(asked, tuple) else [str(asked)]
        words = [word for one in subjects for word in (one, *self.sealer.names_of(one))]
        return equals | {str(name): tuple(words)}

    def opened(self, stored: str | None, recorded_us: int, body: bytes) -> bytes | None:
        """The plain bytes of a stored body, or None when the subject's key has been destroyed."""
        if stored is None or self.sealer is None:
            return body
        subject = self.sealer.subject_of(stored)
        return None if subject is None else self.sealer.open(subject, day_of(recorded_us), body)

    def sealed(self, subject: str | None, recorded_us: int, plain: bytes) -> bytes:
        if subject is None or self.sealer is None:
            return plain
        return self.sealer.seal(subject, day_of(recorded_us), plain)

    def row(
        self, form: Projection, subject: str | None, recorded_us: int, body: bytes
    ) -> Any | None:
        plain = self.opened(subject, recorded_us, body)
        if plain is None:
            return None
        try:
            return form.decoder.decode(plain)
        except UNREADABLE:
            if subject is not None and self.sealer is None:
                return None  # sealed by a process that had the keys
            raise

    def get_row(self, form: Projection, body: bytes) -> msgspec.Struct:
        """The row of a body that no subject's key seals."""
        return form.decoder.decode(body)

    def event(self, row: EventCells) -> Event:
        (
            seq,
            event_id,
            kind,
            occurred,
            recorded,
            area,
            actor,
            cause,
            command,
            incident,
            subject,
            body,
        ) = row
        decoder = self.fact_decoder(kind)
        plain = self.opened(subject, recorded, body) if decoder is not None else None
        fact: Fact | None = None
        if decoder is not None and plain is not None:
            try:
                fact = decoder.decode(plain)
            except UNREADABLE:
                if subject is None or self.sealer is not None:
                    raise
        return Event(
            seq=seq,
            id=event_id,
            type=kind,
            occurred_at=from_us(occurred),
            recorded_at=from_us(recorded),
            area=area,
            actor=actor,
            cause=cause,
            command=command,
            incident=incident,
            subject=self.true(subject) or subject,
            fact=fact,
        )


def day_of(recorded_us: int) -> date:
    """The retention day of what was recorded then (UTC)."""
    return from_us(recorded_us).date()


def range_values(within: tuple[tuple[str, str], ...] | None) -> dict[str, str]:
    """The named values of ranges of area codes."""
    return {
        f"{end}_{n}": one[i]
        for n, one in enumerate(within or ())
        for i, end in enumerate(("low", "high"))
    }


def window_values(between: tuple[str, datetime, datetime] | None) -> dict[str, int]:
    """The named values of a window of instants."""
    return {} if between is None else {"since": to_us(between[1]), "until": to_us(between[2])}


class RowQueries:
    """The protocol `Rows` over one open transaction."""

    def __init__(self, connection: Connection, statements: Statements, words: RowCodec) -> None:
        self._connection = connection
        self._statements = statements
        self._words = words

    def _fetch(self, text: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        return self._connection.execute(text, values).fetchall()

    def _before_list(self, table: str | None) -> None:
        """Called before a read that the database answers by itself; the writer hands over what
        it holds back.
        """

    def find(self, table: Table[R] | str, key: str) -> R | None:
        table = table_name(table)
        form = self._words.form(table)
        columns = ("row_recorded_at", "row_subject", "row_body")
        found = self._fetch(self._statements.get(table, columns, "row_key").text, (key,))
        return self._words.row(form, found[0][1], found[0][0], found[0][2]) if found else None

    def get(self, table: Table[R] | str, key: str) -> R:
        found = self.find(table, key)
        if found is None:
            raise AbsentError(f"there is no row {key!r} in {table_name(table)}", "list the rows")
        return found

    def list_rows(
        self,
        table: Table[R] | str,
        *,
        under: str | None = None,
        within: tuple[tuple[str, str], ...] | None = None,
        order: str | None = None,
        limit: int | None = None,
        offset: int = 0,
        before: tuple[str, datetime] | None = None,
        **equals: object,
    ) -> list[R]:
        table = table_name(table)
        form = self._words.form(table)
        shapes, named, nothing = shape_filters(form, self._words.sought(form, equals))
        if nothing or within == ():
            return []
        self._before_list(table)
        statement = self._statements.list_rows(
            form,
            shapes,
            under=under is not None,
            within=len(within or ()),
            order=order,
            limited=limit is not None or offset > 0,
            before=before[0] if before else None,
        )
        values = {name: to_stored(value) for name, value in named.items()}
        if under is not None:
            values.update(under=under, beyond=beyond(under))
        values.update(range_values(within))
        if before is not None:
            values["before"] = to_us(before[1])
        values.update(limit=2**31 - 1 if limit is None else limit, offset=offset)
        row = self._words.row
        found = (
            row(form, subject, at, body)
            for _, at, subject, body in self._fetch(statement.text, statement.values(values))
        )
        return [one for one in found if one is not None]

    def count(
        self,
        table: Table[msgspec.Struct] | str,
        *,
        under: str | None = None,
        within: tuple[tuple[str, str], ...] | None = None,
        between: tuple[str, datetime, datetime] | None = None,
        **equals: object,
    ) -> int:
        table = table_name(table)
        form = self._words.form(table)
        shapes, named, nothing = shape_filters(form, self._words.sought(form, equals))
        if nothing or within == ():
            return 0
        self._before_list(table)
        statement = count_statement(
            self._statements,
            form,
            shapes,
            under=under is not None,
            within=len(within or ()),
            between=between[0] if between else None,
        )
        values = {name: to_stored(value) for name, value in named.items()}
        if under is not None:
            values.update(under=under, beyond=beyond(under))
        values.update(range_values(within), **window_values(between))
        return int(self._fetch(statement.text, statement.values(values))[0][0])

    def list_page(
        self,
        table: Table[R] | str,
        *,
        order: str,
        limit: int,
        offset: int = 0,
        within: tuple[tuple[str, str], ...] | None = None,
        between: tuple[str, datetime, datetime] | None = None,
        **equals: Any,
    ) -> tuple[list[R], int]:
        table = table_name(table)
        form = self._words.form(table)
        shapes, named, nothing = shape_filters(form, self._words.sought(form, equals))
        total = 0 if nothing else self.count(table, within=within, between=between, **equals)
        if not total:
            return [], 0
        statement = page_statement(
            self._statements,
            form,
            shapes,
            within=len(within or ()),
            between=between[0] if between else None,
            order=order,
            walk=total > WALK_ABOVE,
        )
        values = {name: to_stored(value) for name, value in named.items()}
        values.update(range_values(within), **window_values(between), limit=limit, offset=offset)
        found = self._fetch(statement.text, statement.values(values))
        rows = (self._words.row(form, subject, at, body) for _, at, subject, body in found)
        return [row for row in rows if row is not None], total

    def events_after(
        self,
        seq: int,
        limit: int = 1000,
        *,
        types: Sequence[str] | None = None,
        incident: str | None = None,
    ) -> list[Event]:
        return self._events(seq, limit, types, incident, back=False)

    def events_before(
        self,
        seq: int,
        limit: int = 1000,
        *,
        types: Sequence[str] | None = None,
        incident: str | None = None,
    ) -> list[Event]:
        return self._events(seq, limit, types, incident, back=True)

    def _events(
        self, seq: int, limit: int, types: Sequence[str] | None, incident: str | None, *, back: bool
    ) -> list[Event]:
        if types is not None and not types:
            return []
        self._before_list(None)
        statement = self._statements.list_events(
            len(types or ()), incident=incident is not None, back=back
        )
        values: dict[str, object] = {f"type_{n}": kind for n, kind in enumerate(types or ())}
        values.update(seq=seq, limit=limit, offset=0, incident=incident)
        return [
            self._words.event(row) for row in self._fetch(statement.text, statement.values(values))
        ]

    def find_event(self, event_id: str) -> Event | None:
        self._before_list(None)
        statement = self._statements.find_event()
        values = {"command": event_id.rpartition(".")[0], "id": event_id}
        found = self._fetch(statement.text, statement.values(values))
        return self._words.event(found[0]) if found else None

    def last_seq(self) -> int:
        return int(self._fetch("SELECT seq FROM head", ())[0][0])

    def get_offset(self, name: str) -> int:
        found = self._fetch(self._statements.get("offsets", ("seq",), "name").text, (name,))
        return int(found[0][0]) if found else 0

    def counts(self) -> dict[str, Counts]:
        rows = self._fetch(
            "SELECT source, received, stored, rejected, duplicate FROM source_counts ORDER BY "
            "source",
            (),
        )
        return {
            source: Counts(received=received, stored=stored, rejected=rejected, duplicate=duplicate)
            for source, received, stored, rejected, duplicate in rows
        }
