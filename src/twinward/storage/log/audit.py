"""Verifies the log's hash chain in the database or in an exported file, and writes such a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from twinward.core.errors import UNREADABLE, InputError
from twinward.storage.database.databases import Database
from twinward.storage.database.statements import EVENT_FIELDS
from twinward.storage.log.chain import ChainCheck, check_links, link
from twinward.storage.log.drill_isolation import genesis_of, read_drill

if TYPE_CHECKING:
    from twinward.storage.database.connection import Connection

# a stored entry: the fields of EVENT_FIELDS in their order, and the hash
EntryCells = tuple[
    int, str, str, int, int, str, str, str | None, str, str | None, str | None, bytes, bytes
]
BLOCK = 5000
LAST_BYTES = 16_384  # more than the longest ending
FIELDS = ", ".join((*EVENT_FIELDS, "hash"))


class LogEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of an exported log: every field that is stored, the body as it is stored (sealed
    where personal).
    """

    seq: int
    id: str
    type: str
    occurred_at: int
    recorded_at: int
    area: str
    actor: str
    cause: str | None
    command: str
    incident: str | None
    subject: str | None
    body: bytes
    hash: bytes


class ChainEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The last line: how many entries there are and the hash of the last; a file without it has
    lost its tail.

    `drill` is the id of the drill whose log it is, if it is one.
    """

    entries: int
    head: bytes
    drill: str = ""


_encode = msgspec.json.Encoder().encode
_entry = msgspec.json.Decoder(LogEntry).decode
_ending = msgspec.json.Decoder(ChainEnd).decode
_astuple = msgspec.structs.astuple


def verify_chain(
    database: Database, first: int = 1, last: int | None = None, *, bound_to: str = ""
) -> ChainCheck:
    """Checks entries `first` to `last` (the end) of the log as they lie in the database.

    `bound_to` is the hash, in hex, that an earlier check found at the entry before `first`: without
    it the one that stands there is believed.
    """
    connection = database.connect(write=False)
    try:
        connection.execute(database.begin_read)
        seq, head = connection.execute("SELECT seq, hash FROM head").fetchone()
        drill = read_drill(connection)
        previous = genesis_of(drill)
        if bound_to:
            previous = bytes.fromhex(bound_to)
        elif first > 1:
            before = list(_rows(connection, first - 1, first - 1))
            previous = before[0][-1] if before else b""
        end = seq if last is None else min(last, seq)
        good, bad, reached = check_links(_rows(connection, first, end), previous, first)
        beyond = next(_rows(connection, seq + 1, 2**62), None) if last is None else None
        if bad is None and good < end - first + 1:
            bad = first + good  # entries that the head counts are gone
        elif bad is None and (beyond is not None or (end == seq and reached != bytes(head))):
            bad = end + 1 if beyond is not None else end
        there = (
            f"SELECT count(*) FROM events WHERE seq >= {first:d} AND seq <= "
            f"{end if last else 2**62:d}"
        )
        entries = good if bad is None else int(connection.execute(there).fetchone()[0])
        return ChainCheck(
            entries=entries, ok=bad is None, first_bad=bad, head=reached.hex(), drill=drill
        )
    except database.errors as error:
        raise database.explain(error) from error
    finally:
        connection.close()


def _rows(connection: Connection, first: int, last: int) -> Iterator[EntryCells]:
    """Stored entries in order, a block at a time."""
    while first <= last:
        text = (
            f"SELECT {FIELDS} FROM events WHERE seq >= {first:d} AND seq <= {last:d} ORDER BY "
            f"seq LIMIT {BLOCK}"
        )
        block = connection.execute(text).fetchall()
        yield from block
        if len(block) < BLOCK:
            return
        first = block[-1][0] + 1


class LineForm(Protocol):
    """A foreign form of the log's lines, such as FHIR; whoever joins the parts hands it in."""

    def is_of(self, line: bytes) -> bool: ...

    def entry_of(self, line: bytes) -> bytes:
        """The plain entry that a line carries; empty when there is none."""

    def write_entry(self, entry: dict[str, object], raw: bytes, drill: str) -> bytes: ...

    def write_ending(self, raw: bytes, entries: int, drill: str) -> bytes: ...


def write_line(record: LogEntry | ChainEnd, *, form: LineForm | None, drill: str) -> bytes:
    """The one way in which a record is written; an exported line that differs from it by a byte
    is not ours.
    """
    raw = _encode(record)
    if form is None:
        return raw + b"\n"
    if isinstance(record, ChainEnd):
        return form.write_ending(raw, record.entries, drill) + b"\n"
    return form.write_entry(msgspec.structs.asdict(record), raw, drill) + b"\n"


def export_chain(database: Database, path: Path, *, form: LineForm | None = None) -> int:
    """Writes the whole log as JSON Lines, an ending last; how many entries. The file appears only
    when it is whole.

    With `form`, each line is of that form and carries its entry.
    """
    connection = database.connect(write=False)
    beside = path.with_name(path.name + ".new")
    try:
        connection.execute(database.begin_read)
        seq, head = connection.execute("SELECT seq, hash FROM head").fetchone()
        drill = read_drill(connection)
        with beside.open("wb") as file:
            for row in _rows(connection, 1, seq):
                file.write(write_line(LogEntry(*row), form=form, drill=drill))
            file.write(write_line(ChainEnd(seq, bytes(head), drill), form=form, drill=drill))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error}", "name another file", code="not_writable"
        ) from error
    except database.errors as error:
        raise database.explain(error) from error
    finally:
        connection.close()
    return int(seq)


def verify_file(path: Path, foreign: LineForm | None = None) -> ChainCheck:
    """Checks an exported log, plain or of the foreign form; what was flipped, dropped, inserted
    or put elsewhere is found at its place.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error}", "name an exported log", code="not_readable"
        ) from error
    drill = _drill_of(path, foreign)
    previous, place, ending, bad, lines = genesis_of(drill), 1, None, False, 0
    with file:
        for line in file:
            lines += 1
            form = foreign if foreign is not None and foreign.is_of(line) else None
            raw = form.entry_of(line) if form is not None else line
            if bad or ending is not None:  # nothing may follow the ending
                bad = True
                continue
            try:
                entry = _entry(raw)
            except UNREADABLE:
                ending = _read_ending(raw)
                bad = (
                    ending is None
                    or write_line(ending, form=form, drill=drill) != line
                    or ending.entries != place - 1
                    or ending.head != previous
                )
                continue
            fields = _astuple(entry)
            # written anew it must be the same line: no byte may differ, not even one that means
            # nothing
            same = write_line(entry, form=form, drill=drill) == line
            if entry.seq != place or link(previous, fields[:-1]) != entry.hash or not same:
                bad = True
                continue
            previous = entry.hash
            place += 1
    ok = ending is not None and not bad
    entries = lines - (ending is not None)
    return ChainCheck(
        entries=entries, ok=ok, first_bad=None if ok else place, head=previous.hex(), drill=drill
    )


def _drill_of(path: Path, foreign: LineForm | None) -> str:
    """The drill whose log the file holds, as its last line says; empty for a real log or a torn
    file.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LAST_BYTES))
        line = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    carried = foreign is not None and foreign.is_of(line)
    ending = _read_ending(foreign.entry_of(line) if carried and foreign else line)
    return ending.drill if ending is not None else ""


def _read_ending(line: bytes) -> ChainEnd | None:
    try:
        return _ending(line)
    except UNREADABLE:
        return None


def anchors_that_fail(database: Database, anchors: list[tuple[int, str]]) -> list[int]:
    """Places of published (place, hash in hex) pairs that the log does not have, in the order
    given.
    """
    connection = database.connect(write=False)
    try:
        failing, drill = [], read_drill(connection)
        for place, digest in anchors:
            row = next(_rows(connection, place, place), None) if place else None
            if (bytes(row[-1]).hex() if row is not None else genesis_of(drill).hex()) != digest:
                failing.append(place)
        return failing
    finally:
        connection.close()
