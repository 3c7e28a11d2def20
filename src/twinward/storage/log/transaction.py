"""The writer's view: writes are held back and flushed in bulk, reads see them all the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from twinward.core.clock import from_us, to_us
from twinward.core.errors import ConflictError, InputError
from twinward.core.messages import Counts, Draft, Event, Request
from twinward.core.ports import R, Table, table_name
from twinward.storage.database.statements import Statements
from twinward.storage.log.chain import link
from twinward.storage.log.pending_writes import Head, PendingWrites, RowCache
from twinward.storage.log.row_queries import RowCodec, RowQueries

_encode = msgspec.msgpack.Encoder().encode


class GroupTransaction(RowQueries):
    """One database transaction that carries many works; a work that fails leaves no trace in it."""

    def __init__(
        self,
        connection: Any,
        statements: Statements,
        words: RowCodec,
        head: Head,
        now: datetime,
        recent: RowCache,
    ) -> None:
        super().__init__(connection, statements, words)
        self.head = self._opened_at = head
        self._now_us = to_us(now)
        self._recent = recent
        self._group = PendingWrites()
        self._work = PendingWrites()
        self._known_commands: dict[str, bool] = {}
        self._start = head
        self._savepoint = False

    # one work inside the group
    # -----------------------------------------------------------------------------------

    def begin_work(self, now: datetime) -> None:
        """Opens a work; time never runs backwards in the log, whatever the clock does."""
        self._now_us = max(to_us(now), self.head.recorded_us)
        self._start = self.head
        self._work = PendingWrites()
        self._savepoint = False

    def keep_work(self) -> None:
        if self._savepoint:
            self._connection.execute("RELEASE SAVEPOINT work")
        if self.head is not self._start:
            self.head = msgspec.structs.replace(self.head, recorded_us=self._now_us)
        self._group.take(self._work)
        for commands in (self._work.commands, self._work.flushed_commands):
            self._known_commands.update(dict.fromkeys(commands, True))

    def undo_work(self) -> None:
        if self._savepoint:
            self._connection.execute("ROLLBACK TO SAVEPOINT work")
            self._connection.execute("RELEASE SAVEPOINT work")
        self.head = self._start
        self._work = PendingWrites()

    @property
    def recorded_at(self) -> datetime:
        return from_us(self._now_us)

    # reads
    # ----------------------------------------------------------------------------------------------

    def _before_list(self, table: str | None) -> None:
        """Hands over held writes that the read could miss: first the group's, then, behind a
        savepoint, the work's.
        """
        group, work = self._group, self._work
        if table is None:
            waiting = bool(group.events or work.events)
        else:
            waiting = bool(group.rows.get(table) or work.rows.get(table))
        if not waiting:
            return
        if not self._savepoint:
            self._flush(group)
            self._connection.execute("SAVEPOINT work")
            self._savepoint = True
        if table is None:
            self._flush_log(work)
        else:
            self._flush_rows(work, table)

    def _look(self, table: str, key: str) -> tuple[str, Any] | None:
        """(area, row) of a current row. A row of None with an area: there, but its subject's key
        was destroyed.
        """
        place = (table, key)
        for held in (self._work.seen_rows, self._group.seen_rows):
            if place in held:
                return held[place]
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
        return entry[1] if entry else None

    def last_seq(self) -> int:
        return self.head.seq

    def get_offset(self, name: str) -> int:
        for held in (self._work.offsets, self._group.offsets):
            if name in held:
                return held[name]
        return super().get_offset(name)

    def counts(self) -> dict[str, Counts]:
        found = super().counts()
        for held in (self._group.counts, self._work.counts):
            for source, counts in held.items():
                found[source] = found.get(source, Counts()) + counts
        return dict(sorted(found.items()))

    def seen(self, command_id: str) -> bool:
        if command_id in self._work.commands or command_id in self._work.flushed_commands:
            return True
        known = self._known_commands.get(command_id)
        if known is None:
            found = self._fetch(
                self._statements.get("commands", ("first_seq",), "id").text, (command_id,)
            )
            known = self._known_commands[command_id] = bool(found)
        return known

    # writes
    # ----------------------------------------------------------------------------------------------

    def append(
        self, request: Request, drafts: Sequence[Draft], occurred_at: datetime
    ) -> list[Event]:
        """Gives each draft its place in the log. ConflictError `command_done` when the command
        was kept earlier.
        """
        command_id = request.command.id
        before = self._work.commands.get(command_id) or self._work.flushed_commands.get(command_id)
        if before is None and self.seen(command_id):
            raise ConflictError(
                f"the command {command_id!r} was done before",
                "ask `seen` first; a command is done once",
                code="command_done",
            )
        count = int(before[-1]) if before else 0
        occurred_us = to_us(occurred_at)
        occurred = from_us(occurred_us)
        first = self.head.seq + 1
        events = [
            self._append_one(request, draft, occurred, occurred_us, count + n)
            for n, draft in enumerate(drafts, 1)
        ]
        self._work.commands[command_id] = (
            command_id,
            str(request.command.__struct_config__.tag),
            request.actor,
            request.cause,
            self._now_us,
            before[5] if before else first,
            self.head.seq,
            count + len(drafts),
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
        _require_text(
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
            draft.subject,
            body,
        )
        digest = link(head.hash, fields)
        self.head = Head(event.seq, head.version, head.recorded_us, digest)
        self._work.events.append((*fields, digest))
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
        _require_text(key, area)
        subject = getattr(row, declared.subject) if declared.subject else None
        body = self._words.sealed(subject, self._now_us, _encode(row))
        before = self._look(table, key)
        versions = self._work.history.setdefault(table, [])
        valid_us = to_us(valid_from)
        if before is not None and before[0] != area:
            versions.append(
                (before[0], key, self._next_version(), valid_us, self._now_us, None, None)
            )
        versions.append((area, key, self._next_version(), valid_us, self._now_us, subject, body))
        self._work.rows.setdefault(table, {})[key] = (
            key,
            area,
            self._now_us,
            subject,
            *form.values(row),
            body,
        )
        self._work.seen_rows[(table, key)] = (area, row)

    def remove(self, table: Table[Any] | str, key: str, valid_from: datetime) -> None:
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
        self._work.history.setdefault(table, []).append(tombstone)
        self._work.rows.setdefault(table, {})[key] = None
        self._work.seen_rows[(table, key)] = None

    def _next_version(self) -> int:
        head = self.head
        self.head = Head(head.seq, head.version + 1, head.recorded_us, head.hash)
        return self.head.version

    def set_offset(self, name: str, seq: int) -> None:
        self._work.offsets[name] = seq

    def add_counts(self, source: str, counts: Counts) -> None:
        self._work.counts[source] = self._work.counts.get(source, Counts()) + counts

    # into the database
    # -------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Flushes everything, the head last; the caller commits."""
        self._flush(self._group)
        head = self.head
        if head is not self._opened_at:
            text = self._statements.upsert("head").text
            self._many(text, [(1, head.seq, head.version, head.recorded_us, head.hash)])

    def settle(self) -> None:
        """After the commit: what was written becomes what is remembered, personal rows left out."""
        personal = {name for name, form in self._words.forms.items() if form.table.subject}
        rows = self._group.seen_rows
        self._recent.update(
            {place: entry for place, entry in rows.items() if place[0] not in personal}
        )
        self._recent.forget({place for place in rows if place[0] in personal})

    def _flush(self, held: PendingWrites) -> None:
        self._flush_log(held)
        for table in list(held.rows):
            self._flush_rows(held, table)
        statements = self._statements
        for table, versions in held.history.items():
            if versions:
                self._many(
                    statements.insert(f"{table}_history").text, sorted(versions, key=_first_three)
                )
        if held.offsets:
            self._many(statements.upsert("offsets").text, sorted(held.offsets.items()))
        if held.counts:
            values = [
                (source, c.received, c.stored, c.rejected, c.duplicate)
                for source, c in sorted(held.counts.items())
            ]
            self._many(statements.upsert("source_counts", add=True).text, values)
        held.history, held.offsets, held.counts = {}, {}, {}

    def _flush_log(self, held: PendingWrites) -> None:
        if held.events:
            self._many(self._statements.insert("events").text, held.events)
        if held.commands:
            self._many(self._statements.upsert("commands").text, sorted(held.commands.values()))
        held.flushed_commands.update(held.commands)
        held.events, held.commands = [], {}

    def _flush_rows(self, held: PendingWrites, table: str) -> None:
        rows = held.rows.pop(table, {})
        gone = [(key,) for key, stored in rows.items() if stored is None]
        kept = [stored for stored in rows.values() if stored is not None]
        if gone:
            self._many(self._statements.delete(table).text, gone)
        if kept:
            self._many(self._statements.upsert(table).text, sorted(kept, key=_first))

    def _many(self, text: str, values: list[tuple[Any, ...]]) -> None:
        cursor = self._connection.cursor()
        cursor.executemany(text, values)
        cursor.close()


def _first(row: tuple[Any, ...]) -> Any:
    return row[0]


def _first_three(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[:3]


def _require_text(*texts: str | None) -> None:
    for text in texts:
        if text is not None and ("\x00" in text or not isinstance(text, str)):
            raise InputError(
                "a text holds the character NUL", "remove it; no text has it", code="bad_text"
            )
