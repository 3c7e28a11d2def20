"""Looks back: rows or columns of a table as they were at an instant, from the database and from
sealed history.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twinward.core.lazy import LazyModule
from twinward.storage.database.schema import Projection
from twinward.storage.database.statements import Statements, beyond
from twinward.storage.log.row_queries import ALL_TIME_US, RowCodec
from twinward.storage.log.sealed import SealedHistory, arrow_type

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
else:
    np = LazyModule("numpy")
    pa = LazyModule("pyarrow")
    pc = LazyModule("pyarrow.compute")

Fetch = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]
Held = tuple[
    str, str, int, str | None, bytes | None
]  # area, key, recorded_at, subject, body (None: no such row)


class PastReader:
    """Answers for one picture of the log; `version` is the last version in it."""

    def __init__(
        self,
        fetch: Fetch,
        statements: Statements,
        words: RowCodec,
        sealed: SealedHistory | None,
        version: int,
    ) -> None:
        self._fetch = fetch
        self._statements = statements
        self._words = words
        self._sealed = sealed
        self._version = version

    def rows(self, table: str, at_us: int, area: str | None, known_us: int | None) -> list[Any]:
        """Rows by key."""
        form = self._words.form(table)
        batches, held = self._held(form, at_us, area, known_us)
        for batch in batches:
            names = ("area", "key", "recorded_at", "subject", "body")
            held += zip(*(batch.column(name).to_pylist() for name in names), strict=True)
        row = self._words.row
        made = [
            (key, row(form, subject, at, body))
            for _, key, at, subject, body in held
            if body is not None
        ]
        return [one for _, one in sorted(made, key=_first) if one is not None]

    def columns(self, table: str, at_us: int, area: str | None) -> pa.Table:
        """An Arrow table of key, area and the declared columns (instants as microseconds, truth
        as 0 or 1).
        """
        form = self._words.form(table)
        names = [f"column_{name}" for name in form.columns]
        schema = pa.schema(
            [("key", pa.string()), ("area", pa.string())]
            + [(n, arrow_type(form.kinds[n])) for n in form.columns]
        )
        batches, held = self._held(form, at_us, area, None)
        parts = []
        if form.table.subject is None:
            parts = [
                pa.record_batch([b.column(n) for n in ("key", "area", *names)], schema=schema)
                for b in batches
            ]
        else:
            for batch in batches:
                fields = ("area", "key", "recorded_at", "subject", "body")
                held += zip(*(batch.column(name).to_pylist() for name in fields), strict=True)
        rows = []
        for where, key, recorded, subject, body in held:
            row = self._words.row(form, subject, recorded, body) if body is not None else None
            if row is not None:
                rows.append((key, where, *form.values(row)))
        if rows:
            arrays = [
                pa.array(column, f.type)
                for column, f in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            parts.append(pa.record_batch(arrays, schema=schema))
        return pa.Table.from_batches(parts, schema)

    def _held(
        self, form: Projection, at_us: int, area: str | None, known_us: int | None
    ) -> tuple[list[pa.RecordBatch], list[Held]]:
        """What held then: sealed batches, and what the database adds to them or puts in their
        place.
        """
        sealed = self._sealed.find(form) if self._sealed is not None else None
        if sealed is not None:
            d = sealed.directory
            if d.version > self._version or (known_us is not None and known_us < d.recorded_us):
                sealed = None
        after = sealed.directory.version if sealed is not None else None
        values: dict[str, object] = {
            "at": at_us,
            "known": ALL_TIME_US if known_us is None else known_us,
            "after": after,
        }
        if area is not None:
            values.update(under=area, beyond=beyond(area))
        statement = self._statements.as_of(form, area=area is not None, after=sealed is not None)
        held: list[Held] = [
            row[:5] for row in self._fetch(statement.text, statement.values(values))
        ]  # type: ignore[misc]
        batches = list(sealed.at(at_us, area)) if sealed is not None else []
        return without(batches, {row[:2] for row in held}) if held else batches, held


def without(batches: list[pa.RecordBatch], replaced: set[tuple[str, str]]) -> list[pa.RecordBatch]:
    """The batches less the (area, key) pairs given."""
    keys = pa.array(sorted({key for _, key in replaced}), pa.string())
    left = []
    for batch in batches:
        suspects = pc.indices_nonzero(pc.is_in(batch.column("key"), value_set=keys)).to_pylist()
        areas, names = batch.column("area"), batch.column("key")
        gone = {n for n in suspects if (areas[n].as_py(), names[n].as_py()) in replaced}
        keep = np.ones(len(batch), np.bool_)
        keep[list(gone)] = False
        left.append(batch.filter(pa.array(keep)) if gone else batch)
    return left


def _first(pair: tuple[str, object]) -> str:
    return pair[0]
