"""Keys that were seen a while ago: sorted files of them, and a Bloom filter that tells whether a
look at the files is worth while.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from twinward.storage.files import kernels

BLOCK = 256  # keys read at once, 4 kB
BITS_A_KEY = 8  # with four bits set for a key some three in a hundred are looked for in vain
LEAST_BLOCKS = 64
MANY = 8  # where more than one block in so many is wanted, the file is read as a whole
KEY_BYTES = 16


class Run:
    """Sorted keys in a file without a name; the first key of each block is kept in memory."""

    def __init__(self, keys: NDArray[Any], folder: Path | None) -> None:
        """`keys` uint64[n, 2], n > 0, sorted by both halves; OSError where they cannot be kept."""
        self._first = keys[::BLOCK].copy()
        self._count = len(keys)
        # it stays open as long as the run is of use
        self._file: BinaryIO = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115
        try:
            view = np.ascontiguousarray(keys).data.cast("B")
            while view:
                view = view[self._file.write(view) :]
        except OSError:
            self._file.close()
            raise

    def find(self, keys: NDArray[Any]) -> NDArray[np.uint8]:
        """Which of uint64[n, 2] keys are in the file: 1, or 2 with another body."""
        found = np.zeros(len(keys), np.uint8)
        block = np.empty(len(keys), np.int64)
        kernels.find_blocks(self._first, keys, block)
        wanted = np.unique(block[block >= 0])
        if len(wanted) * MANY > len(self._first):
            kernels.find_sorted(self._read(0, self._count), keys, found)
            return found
        for one in wanted.tolist():
            here = np.flatnonzero(block == one)
            part = np.zeros(len(here), np.uint8)
            start = one * BLOCK
            held = self._read(start, min(BLOCK, self._count - start))
            kernels.find_sorted(held, keys[here], part)
            found[here] = part
        return found

    def _read(self, start: int, count: int) -> NDArray[Any]:
        data = bytearray()
        end = (start + count) * KEY_BYTES
        while (at := start * KEY_BYTES + len(data)) < end:
            data += os.pread(self._file.fileno(), end - at, at)
        return np.frombuffer(data, np.uint64).reshape(-1, 2)

    def close(self) -> None:
        self._file.close()


class Generation:
    """Up to `horizon` keys, and a few more, in runs."""

    def __init__(self, horizon: int, folder: Path | None) -> None:
        self.count = 0
        self._folder = folder
        blocks = LEAST_BLOCKS
        while blocks * kernels.BLOOM_BITS < horizon * BITS_A_KEY:
            blocks *= 2
        self._bits = np.full((blocks, kernels.BLOOM_WORDS), 0, np.uint64)
        self._runs: list[Run] = []

    def take(self, keys: NDArray[Any]) -> None:
        """Keeps uint64[n, 2] keys; OSError leaves all as it was."""
        order = np.lexsort((keys[:, 1], keys[:, 0]))
        run = Run(keys[order], self._folder)
        kernels.bloom_add(self._bits, keys)
        self._runs.append(run)
        self.count += len(keys)

    def find(self, keys: NDArray[Any]) -> NDArray[np.uint8]:
        """Which of uint64[n, 2] keys are here: 1, or 2 with another body."""
        found = np.zeros(len(keys), np.uint8)
        if not self._runs:
            return found
        likely = np.zeros(len(keys), np.bool_)
        kernels.bloom_find(self._bits, keys, likely)
        left = np.flatnonzero(likely)
        for run in reversed(self._runs):
            if not len(left):
                break
            found[left] = run.find(keys[left])
            left = left[found[left] == 0]
        return found

    def close(self) -> None:
        """Lets go of the files."""
        for run in self._runs:
            run.close()
        self._runs = []
