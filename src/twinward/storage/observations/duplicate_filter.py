"""Which observations were accepted before: 96-bit keys of (source, source_id), each with 32 bits
of what its row held, in two generations of bounded size; the newest in memory, the rest in sorted
files.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twinward.storage.files import kernels
from twinward.storage.observations.key_runs import Generation

if TYPE_CHECKING:
    import pyarrow as pa

LARGEST = 1 << 20  # slots in memory, 16 MB; beyond, keys go into a sorted file
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


BODY_SEED = seed_of("body")
BODY_TEXTS = ("type", "subject", "unit")
BODY_NUMBERS = ("time_us", "value", "lon", "lat")


def known_keys(rows: pa.RecordBatch, seed: tuple[np.uint64, np.uint64]) -> NDArray[Any]:
    """uint64[n, 2] keys by which rows of OBSERVATION_COLUMNS are known again: of their ids, and of
    what was sensed. Where a device stood is no part of that: it may be moved before it sends again.
    """
    keys = text_keys(rows.column(0), seed)
    numbers = np.stack([_bits(rows.column(name)) for name in BODY_NUMBERS])
    texts = np.zeros((len(rows), 2), np.uint64)
    for name in BODY_TEXTS:  # each text begins where the one before ended
        data, offsets = text_parts(rows.column(name))
        high, low = texts[:, 0] ^ BODY_SEED[0], texts[:, 1] ^ BODY_SEED[1]
        kernels.hash_texts(data, offsets, high, low, texts)
    kernels.hash_bodies(numbers, texts, keys)
    return keys


def _bits(column: pa.Array) -> NDArray[np.uint64]:
    """The bits of a column of 64-bit numbers, 0 where there is none."""
    filled = column.fill_null(0) if column.null_count else column
    found: NDArray[np.uint64] = filled.to_numpy().view(np.uint64)
    return found


def without_bodies(keys: NDArray[Any]) -> NDArray[Any]:
    """Keys that an older release kept, which knew nothing of bodies."""
    kept = keys.copy()
    kept[:, 1] = (kept[:, 1] & ~kernels.BODY) | (kernels.ONE << kernels.BODY_BITS)
    return kept


def size_for(keys: int) -> int:
    """The slots, a power of two, in which so many keys stand with room between them."""
    size = 1
    while keys > FULL * size:
        size *= 2
    return size


class DuplicateFilter:
    """A key is known if it is among the last `horizon` keys added, and perhaps up to twice as
    far back.

    `largest` slots are kept in memory, and a byte for each key of the horizon that says whether a
    look at the files is worth while: memory is level from the start, however much comes in.
    """

    def __init__(self, horizon: int, folder: Path | None = None, *, largest: int = LARGEST) -> None:
        """`folder` holds the files, which have no name there and end with the process."""
        self.horizon = horizon
        self._folder = folder
        self._largest = size_for(min(horizon, int(FULL * largest)))
        self._table = np.full((self._largest, 2), 0, np.uint64)  # all of it, from the start
        self._count = 0
        self._newer = Generation(horizon, folder)
        self._older = Generation(horizon, folder)

    def __len__(self) -> int:
        return self._count + self._newer.count

    def add(self, keys: NDArray[Any]) -> NDArray[np.uint8]:
        """Adds keys; for each 0 where it is new, 1 where it was known already, also from earlier in
        `keys`, and 2 where it was known with another body.
        """
        most = max(int(FULL * self._largest) // 4, 1)
        if len(keys) > most:
            return np.concatenate([self.add(keys[n : n + most]) for n in range(0, len(keys), most)])
        if self._count + len(keys) > FULL * len(self._table):
            self._make_room(len(keys))
        known = self._newer.find(keys)
        known = np.where(known != 0, known, self._older.find(keys))
        self._count += kernels.add_keys(self._table, keys, known)
        return known

    def _make_room(self, more: int) -> None:
        """The keys in memory go to the files, or, where that cannot be, into a larger table."""
        if self._count and self._count + more > FULL * self._largest:
            self._spill()
        size = max(len(self._table), size_for(self._count + more))
        if size > len(self._table):
            held = self._held()
            self._table = np.zeros((size, 2), np.uint64)
            kernels.add_keys(self._table, held, np.zeros(len(held), np.uint8))

    def _held(self) -> NDArray[Any]:
        found: NDArray[Any] = self._table[self._table[:, 1] != 0]
        return found

    def _spill(self) -> None:
        """The keys in memory go into a file; where none can be written they stay, and the table
        grows meanwhile.
        """
        if self._newer.count + self._count > self.horizon and self._newer.count:
            self._older.close()
            self._older, self._newer = self._newer, Generation(self.horizon, self._folder)
        try:
            self._newer.take(self._held())
        except OSError:
            return
        if len(self._table) > self._largest:
            self._table = np.full((self._largest, 2), 0, np.uint64)
        self._table[:], self._count = 0, 0

    def close(self) -> None:
        """Lets go of the files."""
        self._newer.close()
        self._older.close()
