"""The writer's view: writes are held back and flushed in bulk, reads see them all the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from twinward.core.clock import from_us, to_us
from twinward.core.errors import ConflictError, InputError
from twinward.core.messages import Counts, Done, Draft, Event, Request
from twinward.core.ports import R, Table, table_name
from twinward.core.texts import require_storable
from twinward.storage.database.databases import Database
from twinward.storage.database.statements import Statements
from twinward.storage.log.chain import link
from twinward.storage.log.flushing import Layered
from twinward.storage.log.pending_writes import CommandCells, Entry, Head, PendingWrites, RowCache
from twinward.storage.log.row_queries import RowCodec

if TYPE_CHECKING:
    from twinward.storage.database.connection import Connection

AHEAD_US = (
    6 * 3_600_000_000
)  # a log ahead of the clock by more was stamped by a clock that was wrong
_encoder = msgspec.msgpack.Encoder()


class GroupTransaction(Layered):
    """One database transaction that carries many works; a work or an attempt that fails leaves
    no trace in it.
    """

    def __init__(
        self,
        connection: Connection,
        database: Database,
        statements: Statements,
        words: RowCodec,
        head: Head,
        now: datetime,
        recent: RowCache,
        *,
        careful: bool = False,
    ) -> None:
        super().__init__(connection, database, statements, words, head, careful=careful)
        self._clock_us = self._now_us = to_us(now)
        self._recent = recent
        self._known_commands: dict[str, Done | None] = {}

    # one work inside the group, and attempts inside a work -----------------------------------

    def begin_work(self, now: datetime) -> None:
        """Opens a work. A clock set back a little does not turn time back in the log; see
        `log_time_us`.
        """
        self._clock_us = to_us(now)
        self._now_us = log_time_us(self._clock_us, self.head.recorded_us)
        self._enter()

    def keep_work(self) -> None:
        if self.trouble is not None:
            raise self.trouble
        commands = {**self._top.commands, **self._top.flushed_commands}
        if self.head is not self._top.start:
            self.head = msgspec.structs.replace(self.head, recorded_us=self._now_us)
        self._keep()
        self._known_commands.update({name: done_of(row) for name, row in commands.items()})

    def undo_work(self) -> None:
        while len(self._layers) > 1:
            self._undo()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """What is done in its body is kept, or undone whole when the body raises."""
        self._enter()
        depth = len(self._layers)
        try:
            yield
            self._keep()
        except BaseException:
            while len(self._layers) >= depth:
                self._undo()
            raise

    @property
    def recorded_at(self) -> datetime:
        return from_us(self._now_us)

    @property
    def now(self) -> datetime:
        return from_us(self._clock_us)

    # reads -----------------------------------------------------------------------------------

    def _look(self, table: str, key: str) -> Entry | None:
        """(area, row) of a current row. A row of None with an area: there, but its subject's key
        was destroyed.
        """
        place = (table, key)
        for held in reversed(self._layers):
            if place in held.seen_rows:
                return held.seen_rows[place]
        there, entry = self._recent.get(place)
        if there and (entry is None or entry[1] is not None):
            return entry
        form = self._words.form(table)
        columns = ("row_area", "row_recorded_at", "row_subject", "row_body")
        found = self._fetch(self._statements.get(table, columns, "row_key").text, (key,))
        if not found:
            self._recent.update({place: None})
            return None
        area, at, subject, body = found[0]
        entry = (area, self._words.row(form, subject, at, body))
        if subject is None:
            self._recent.update({place: entry})
        return entry

    def find(self, table: Table[R] | str, key: str) -> R | None:
        table = table_name(table)
        entry = self._look(table, key)
        return entry[1] if entry else None  # type: ignore[return-value]  # a table has one type

    def last_seq(self) -> int:
        return self.head.seq

    def get_offset(self, name: str) -> int:
        for held in reversed(self._layers):
            if name in held.offsets:
                return held.offsets[name]
        return super().get_offset(name)

    def counts(self) -> dict[str, Counts]:
        found = super().counts()
        for held in self._layers:
            for source, counts in held.counts.items():
                found[source] = found.get(source, Counts()) + counts
        return dict(sorted(found.items()))

    def seen(self, command_id: str) -> bool:
        return self.find_command(command_id) is not None

    def find_command(self, command_id: str) -> Done | None:
        for held in reversed(self._layers):
            row = held.commands.get(command_id) or held.flushed_commands.get(command_id)
            if row is not None:
                return done_of(row)
        if command_id not in self._known_commands:
            found = self._fetch(self._statements.get("commands", DONE, "id").text, (command_id,))
            self._known_commands[command_id] = Done(*found[0]) if found else None
        return self._known_commands[command_id]

    # writes ----------------------------------------------------------------------------------

    def append(
        self, request: Request, drafts: Sequence[Draft], occurred_at: datetime
    ) -> list[Event]:
        """Gives each draft its place in the log. ConflictError `command_done` when the command
        was kept earlier.
        """
        command_id = request.command.id
        before = next(
            (row for held in reversed(self._layers[1:]) if (row := written(held, command_id))), None
        )
        if before is None and self.seen(command_id):
            raise ConflictError(
                f"the command {command_id!r} was done before",
                "ask `seen` first; a command is done once",
                code="command_done",
            )
        count = int(before[7]) if before else 0
        occurred_us = to_us(occurred_at)
        occurred = from_us(occurred_us)
        first = self.head.seq + 1
        events = [
            self._append_one(request, draft, occurred, occurred_us, count + n)
            for n, draft in enumerate(drafts, 1)
        ]
        self._top.commands[command_id] = (
            command_id,
            str(request.command.__struct_config__.tag),
            request.actor,
            request.cause,
            self._now_us,
            before[5] if before else first,
            self.head.seq,
            count + len(drafts),
            request.source,
            request.content,
        )
        return events

    def _append_one(
        self, request: Request, draft: Draft, occurred: datetime, occurred_us: int, n: int
    ) -> Event:
        fact, head, now_us = draft.fact, self.head, self._now_us
        kind = str(fact.__struct_config__.tag)
        event = Event(
            seq=head.seq + 1,
            id=f"{request.command.id}.{n}",
            type=kind,
            occurred_at=occurred,
            recorded_at=from_us(now_us),
            area=draft.area,
            actor=request.actor,
            cause=request.cause,
            command=request.command.id,
            incident=draft.incident,
            subject=draft.subject,
            fact=fact,
        )
        require_storable(
            event.id, draft.area, request.actor, request.cause, draft.incident, draft.subject
        )
        body = self._words.sealed(draft.subject, now_us, _encode(fact))
        fields = (
            event.seq,
            event.id,
            kind,
            occurred_us,
            now_us,
            draft.area,
            request.actor,
            request.cause,
            event.command,
            draft.incident,
            self._words.stored(draft.subject, now_us),
            body,
        )
        digest = link(head.hash, fields)
        self.head = Head(event.seq, head.version, head.recorded_us, digest)
        self._top.events.append((*fields, digest))
        return event

    def put(self, table: Table[R] | str, row: R, valid_from: datetime) -> None:
        """Makes `row` the current one of its key, and its version from `valid_from` on."""
        table = table_name(table)
        form = self._words.form(table)
        declared = form.table
        key, area = getattr(row, declared.key), getattr(row, declared.area)
        if not isinstance(row, declared.row):
            raise InputError(
                f"a {type(row).__name__} is no row of {table}",
                "put its own kind of row",
                code="wrong_row",
            )
        require_storable(key, area)
        subject = getattr(row, declared.subject) if declared.subject else None
        subject = subject or getattr(row, "sealed_under", None)  # of many persons at once
        body = self._words.sealed(subject, self._now_us, _encode(row))
        subject = self._words.stored(subject, self._now_us)
        before = self._look(table, key)
        versions = self._top.history.setdefault(table, [])
        valid_us = to_us(valid_from)
        if before is not None and before[0] != area:
            versions.append(
                (before[0], key, self._next_version(), valid_us, self._now_us, None, None)
            )
        versions.append((area, key, self._next_version(), valid_us, self._now_us, subject, body))
        self._top.rows.setdefault(table, {})[key] = (
            key,
            area,
            self._now_us,
            subject,
            *self._words.values(form, row, self._now_us),
            body,
        )
        self._top.seen_rows[(table, key)] = (area, row)

    def remove(self, table: Table[msgspec.Struct] | str, key: str, valid_from: datetime) -> None:
        """Ends the current row of `key` from `valid_from` on; its earlier versions stay. Nothing
        when there is none.
        """
        table = table_name(table)
        before = self._look(table, key)
        if before is None:
            return
        tombstone = (
            before[0],
            key,
            self._next_version(),
            to_us(valid_from),
            self._now_us,
            None,
            None,
        )
        self._top.history.setdefault(table, []).append(tombstone)
        self._top.rows.setdefault(table, {})[key] = None
        self._top.seen_rows[(table, key)] = None

    def _next_version(self) -> int:
        head = self.head
        self.head = Head(head.seq, head.version + 1, head.recorded_us, head.hash)
        return self.head.version

    def set_offset(self, name: str, seq: int) -> None:
        self._top.offsets[name] = seq

    def add_counts(self, source: str, counts: Counts) -> None:
        self._top.counts[source] = self._top.counts.get(source, Counts()) + counts

    # into the database -----------------------------------------------------------------------

    def finish(self) -> None:
        """Flushes everything, the head last; the caller commits after the keys are on disk."""
        if self.trouble is not None:
            raise self.trouble
        self._flush(self._layers[0])
        head = self.head
        if head is not self._opened_at:
            text = self._statements.upsert("head").text
            self._many(text, [(1, head.seq, head.version, head.recorded_us, head.hash)])

    def commit(self) -> None:
        """Makes durable what `finish` flushed."""
        self._connection.execute("COMMIT")

    def settle(self) -> None:
        """After the commit: what was written becomes what is remembered, personal rows left out."""
        personal = self._words.forms.personal
        rows = self._layers[0].seen_rows
        self._recent.update(
            {place: entry for place, entry in rows.items() if place[0] not in personal}
        )
        self._recent.forget({place for place in rows if place[0] in personal})


def _encode(message: msgspec.Struct) -> bytes:
    try:
        return _encoder.encode(message)
    except (UnicodeEncodeError, OverflowError) as error:
        raise InputError(
            "a text or number cannot be kept", "send plain text and 64-bit numbers", code="bad_text"
        ) from error


DONE = ("type", "actor", "source", "content")


def done_of(row: CommandCells) -> Done:
    """What a stored command says of who asked for what."""
    return Done(row[1], row[2], row[8], row[9])


def written(held: PendingWrites, command_id: str) -> CommandCells | None:
    return held.commands.get(command_id) or held.flushed_commands.get(command_id)


def log_time_us(now_us: int, head_us: int) -> int:
    """When a work is recorded: never before what came before it, unless that lies so far ahead that
    no clock drifts so.

    A log whose last event was stamped by a clock that was wrong by months must not stamp all that
    follows so.
    """
    return now_us if head_us - now_us > AHEAD_US else max(now_us, head_us)
