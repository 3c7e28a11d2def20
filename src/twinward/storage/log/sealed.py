"""Sealed history: every version of a table up to one, sorted, as memory-mapped Arrow columns for
fast looks back.

The database stays the truth; a sealed file only answers faster, and can be thrown away at any time.
"""

from __future__ import annotations

import bisect
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import inspect

from twinward.core.coding.files import write_whole
from twinward.core.lazy import LazyModule
from twinward.storage.database.schema import Projection
from twinward.storage.database.statements import beyond
from twinward.storage.log.pending_writes import Version
from twinward.storage.log.row_queries import RowCodec

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from twinward.storage.database.connection import Connection
else:
    np = LazyModule("numpy")
    pa = LazyModule("pyarrow")

PAGE = 50_000  # versions read from the database at a time, each page a short read of its own
FIELDS = "row_area, row_key, row_version, row_valid_from, row_recorded_at, row_subject, row_body"
ARROW_TYPES: dict[type, str] = {
    inspect.StrType: "string",
    inspect.FloatType: "float64",
    inspect.IntType: "int64",
    inspect.BoolType: "int64",
    inspect.DateTimeType: "int64",
}


def arrow_type(kind: type) -> pa.DataType:
    """The Arrow type of a declared column."""
    return getattr(pa, ARROW_TYPES[kind])()


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """What one sealed file holds; written last, so that a file without it does not count."""

    file: str
    version: int  # all versions up to this one are in it
    recorded_us: int  # the last of them was recorded then
    areas: list[str]
    starts: list[int]  # first row of each area
    batches: list[int]  # first row of each batch
    rows: int


class SealedHistory:
    """The sealed files of one store in a folder, one for each table."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: dict[str, tuple[Directory, pa.Table]] = {}

    def find(self, form: Projection) -> Sealed | None:
        """The sealed file of a table, or None."""
        path = self.root / f"{form.name}.json"
        if not path.exists():
            return None
        directory = msgspec.json.decode(path.read_bytes(), type=Directory)
        known = self._open.get(form.name)
        if known is None or known[0] != directory:
            source = pa.memory_map(str(self.root / directory.file))
            known = self._open[form.name] = (directory, pa.ipc.open_file(source))
        return Sealed(*known)

    def discard(self) -> None:
        """Throw all files away: they hold what has been erased; they are made anew."""
        self._open.clear()
        for path in (*self.root.glob("*.json"), *self.root.glob("*.arrow")):
            path.unlink(missing_ok=True)

    def version(self) -> int:
        """The last version that every sealed file holds; 0 when there is none."""
        found = [
            msgspec.json.decode(path.read_bytes(), type=Directory)
            for path in self.root.glob("*.json")
        ]
        return min((directory.version for directory in found), default=0)

    def seal_all(
        self,
        connection: Connection,
        words: RowCodec,
        mark: str,
        version: int,
        stopped: Callable[[], bool] = lambda: False,
    ) -> int:
        """Seals every table; how many versions there are. StorageError when `stopped` says so
        meanwhile.
        """
        rows = 0
        for form in words.forms.values():
            known = self.find(form)
            if known is not None and known.directory.version >= version:
                rows += known.directory.rows
                continue  # another process was faster
            rows += self.seal(connection, form, words, mark, version, stopped)
        return rows

    def seal(
        self,
        connection: Connection,
        form: Projection,
        words: RowCodec,
        mark: str,
        version: int,
        stopped: Callable[[], bool],
    ) -> int:
        """Writes the versions up to `version` anew; how many there are."""
        self.root.mkdir(parents=True, exist_ok=True)
        name = f"{form.name}-{version:012d}.arrow"
        schema = schema_of(form)
        areas, starts, batches, rows, recorded = [""], [0], [0], 0, 0
        with (
            pa.OSFile(str(self.root / name), "wb") as file,
            pa.ipc.new_file(file, schema) as writer,
        ):
            for versions in whole_keys(pages(connection, form, mark, version)):
                for n, one in enumerate(versions, rows):
                    if one[0] != areas[-1]:
                        areas.append(one[0])
                        starts.append(n)
                    recorded = max(recorded, one[4])
                writer.write_batch(to_batch(versions, form, words, schema))
                rows += len(versions)
                batches.append(rows)
        with (self.root / name).open("rb+") as file:
            os.fsync(file.fileno())
        directory = Directory(
            file=name,
            version=version,
            recorded_us=recorded,
            areas=areas,
            starts=starts,
            batches=batches,
            rows=rows,
        )
        write_whole(self.root / f"{form.name}.json", msgspec.json.encode(directory))
        for old in self.root.glob(f"{form.name}-*.arrow"):
            if old.name != name:
                old.unlink()  # who has it mapped may read on
        return rows


class Sealed:
    """One open sealed file."""

    def __init__(self, directory: Directory, file: pa.NativeFile) -> None:
        self.directory = directory
        self._file = file

    def at(self, at_us: int, area: str | None) -> Iterator[pa.RecordBatch]:
        """Arrow batches of the versions that held at an instant, tombstones left out; `area` is
        a code prefix.
        """
        from twinward.storage.files import kernels

        d = self.directory
        first, last = 0, d.rows
        if area is not None:
            low, high = bisect.bisect_left(d.areas, area), bisect.bisect_left(d.areas, beyond(area))
            first, last = ([*d.starts, d.rows][n] for n in (low, high))
        batch = bisect.bisect_right(d.batches, first) - 1
        while first < last:
            rows = self._file.get_batch(batch)
            start = d.batches[batch]
            part = rows.slice(first - start, min(last, d.batches[batch + 1]) - first)
            held = kernels.holds_at(
                part.column("valid_from").to_numpy(), part.column("valid_to").to_numpy(), at_us
            )
            found = part.take(pa.array(held))
            yield (
                found
                if not found.column("body").null_count
                else found.filter(found.column("body").is_valid())
            )
            first = d.batches[batch + 1]
            batch += 1


def schema_of(form: Projection) -> pa.Schema:
    """Columns of a sealed file; declared columns only where the table is about nobody."""
    fields = [
        ("area", pa.string()),
        ("key", pa.string()),
        ("valid_from", pa.int64()),
        ("valid_to", pa.int64()),
    ]
    fields += [("recorded_at", pa.int64()), ("subject", pa.string()), ("body", pa.binary())]
    if form.table.subject is None:
        fields += [(f"column_{name}", arrow_type(form.kinds[name])) for name in form.columns]
    return pa.schema(fields)


def pages(
    connection: Connection, form: Projection, mark: str, version: int
) -> Iterator[list[Version]]:
    """Versions in the order of area, key, version."""
    last = ("", "", 0)
    text = (
        f'SELECT {FIELDS} FROM "{form.history.name}" WHERE (row_area, row_key, row_version) > '
        f"({mark}, {mark}, {mark})"
        f" AND row_version <= {mark} ORDER BY row_area, row_key, row_version LIMIT {PAGE}"
    )
    while found := connection.execute(text, (*last, version)).fetchall():
        yield found
        last = found[-1][:3]


def whole_keys(blocks: Iterator[list[Version]]) -> Iterator[list[Version]]:
    """The same versions, never the versions of one key in two blocks."""
    held: list[Version] = []
    for block in blocks:
        held += block
        cut = len(held)
        while cut and held[cut - 1][:2] == held[-1][:2]:
            cut -= 1
        if cut:
            yield held[:cut]
            held = held[cut:]
    if held:
        yield held


def to_batch(
    versions: list[Version], form: Projection, words: RowCodec, schema: pa.Schema
) -> pa.RecordBatch:
    """Arrow columns of versions in order; `valid_to` is where a later version takes over."""
    from twinward.storage.files import kernels

    area, key, _, valid_from, recorded, subject, body = (
        list(column) for column in zip(*versions, strict=True)
    )
    start = np.array(
        [n == 0 or versions[n][:2] != versions[n - 1][:2] for n in range(len(versions))]
    )
    since = np.array(valid_from, np.int64)
    columns: list[pa.Array] = [
        area,
        key,
        since,
        kernels.valid_until(start, since),
        recorded,
        subject,
        body,
    ]
    if form.table.subject is None:
        nothing = (None,) * len(form.columns)
        values = [nothing if b is None else form.values(words.get_row(form, b)) for b in body]
        columns += [list(column) for column in zip(*values, strict=True)] if form.columns else []
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.record_batch(arrays, schema=schema)
