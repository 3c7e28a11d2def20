"""Numbers for pseudonyms and place codes: append-only tables of text, kept in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twinward.storage.lake.manifest import NamesPiece, sync_file


class NameTable:
    """A table of names; the number of a name is its position."""

    def __init__(self, root: Path, pieces: Sequence[NamesPiece]) -> None:
        self.root = root
        self.pieces = tuple(pieces)
        self.last: tuple[pa.Array, NDArray[Any]] = (
            pa.nulls(0),
            np.empty(0, np.int32),
        )  # a dictionary and its numbers
        self.column: pa.StringArray = pa.chunked_array(
            [self._read(piece) for piece in pieces], type=pa.string()
        ).combine_chunks()

    def _read(self, piece: NamesPiece) -> pa.StringArray:
        with pa.memory_map(str(self.root / piece.name)) as source:
            return pa.ipc.open_file(source).read_all().column(0).combine_chunks()

    def __len__(self) -> int:
        return len(self.column)

    def find(self, name: str) -> int | None:
        position = pc.index(self.column, pa.scalar(name, pa.string())).as_py()
        return None if position < 0 else int(position)

    def list_names(self, numbers: NDArray[Any]) -> list[str]:
        return [str(name) for name in self.column.take(pa.array(numbers)).to_pylist()]

    def number(self, values: pa.Array) -> tuple[NDArray[Any], NameTable]:
        """Numbers (int32) of a string array without nulls, and the table grown by the names that
        were new.
        """
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        (before, numbers), distinct = self.last, encoded.dictionary
        if len(before) == 0 or not distinct.slice(0, len(before)).equals(before):
            before, numbers = distinct.slice(0, 0), numbers[:0]
        grown = self
        if len(distinct) > len(before):
            tail, grown = self._number_distinct(distinct.slice(len(before)).cast(pa.string()))
            numbers = np.concatenate([numbers, tail])
        grown.last = (distinct, numbers)
        return numbers[encoded.indices.to_numpy(zero_copy_only=False)], grown

    def _number_distinct(self, distinct: pa.StringArray) -> tuple[NDArray[Any], NameTable]:
        known = (
            pc.index_in(distinct, self.column)
            .fill_null(-1)
            .to_numpy(zero_copy_only=False)
            .astype(np.int32)
        )
        new = np.flatnonzero(known < 0)
        known[new] = len(self.column) + np.arange(len(new), dtype=np.int32)
        if not len(new):
            return known, self
        grown = NameTable(self.root, ())
        grown.pieces = self.pieces
        grown.column = pa.concat_arrays([self.column, distinct.take(pa.array(new))])
        return known, grown

    def write(self, name: str) -> tuple[NamesPiece, ...]:
        """The pieces of this table; what is not on disk yet is written as a piece called `name`."""
        kept = sum(piece.rows for piece in self.pieces)
        pieces = self.pieces
        if len(pieces) >= 16:  # rewrite now and then, so that opening stays one read
            kept, pieces = 0, ()
        if kept == len(self.column):
            return pieces
        table = pa.table({"name": self.column.slice(kept)})
        path = self.root / name
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        sync_file(path)
        return (*pieces, NamesPiece(name=name, rows=len(self.column) - kept))
