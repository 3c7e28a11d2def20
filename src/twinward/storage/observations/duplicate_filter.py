"""Which observations were accepted before: 128-bit keys of (source, source_id) in two
generations of bounded size.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twinward.storage.files import kernels

if TYPE_CHECKING:
    import pyarrow as pa

SMALLEST = 1 << 16
FULL = 0.6  # of the slots; linear probing stays short below


def text_parts(column: pa.StringArray) -> tuple[NDArray[Any], NDArray[Any]]:
    """The bytes and offsets of an Arrow string column (int32 offsets, nulls are empty)."""
    _, offsets, data = column.buffers()
    n = len(column)
    places = np.frombuffer(offsets, np.int32, n + 1, column.offset * 4)
    return (np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)), places


def seed_of(text: str) -> tuple[np.uint64, np.uint64]:
    """The two halves that start every key of one source (or of one kind)."""
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.uint64(int.from_bytes(digest[:8], "little")), np.uint64(
        int.from_bytes(digest[8:], "little")
    )


def text_keys(column: pa.StringArray, seed: tuple[np.uint64, np.uint64]) -> NDArray[Any]:
    """uint64[n, 2] keys of a string column under one seed."""
    data, offsets = text_parts(column)
    n = len(column)
    keys = np.empty((n, 2), np.uint64)
    kernels.hash_texts(data, offsets, np.full(n, seed[0]), np.full(n, seed[1]), keys)
    return keys


class DuplicateFilter:
    """A key is known if it is among the last `horizon` keys added, and perhaps up to twice as
    far back.
    """

    def __init__(self, horizon: int) -> None:
        self.horizon = horizon
        self._table = np.zeros((SMALLEST, 2), np.uint64)
        self._count = 0
        self._older = np.zeros((1, 2), np.uint64)

    def __len__(self) -> int:
        return self._count

    def add(self, keys: NDArray[Any]) -> NDArray[Any]:
        """Adds keys; True where one was known already, also from earlier in `keys`."""
        known = np.zeros(len(keys), np.bool_)
        if self._count + len(keys) > FULL * len(self._table):
            self._grow(len(keys))
        self._count += kernels.add_keys(self._table, self._older, keys, known)
        return known

    def _grow(self, more: int) -> None:
        """A larger table, or, at the horizon, a new generation."""
        size = len(self._table)
        if self._count >= self.horizon:
            self._older = self._table
            self._table, self._count = np.zeros((SMALLEST, 2), np.uint64), 0
            size = SMALLEST
        while self._count + more > FULL * size:
            size *= 2
        if size > len(self._table):
            held = self._table[self._table[:, 1] != 0]
            self._table = np.zeros((size, 2), np.uint64)
            kernels.add_keys(
                self._table, np.zeros((1, 2), np.uint64), held, np.zeros(len(held), np.bool_)
            )
