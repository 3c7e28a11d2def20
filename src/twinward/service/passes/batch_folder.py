"""What a batch of passes keeps on disk: its plan, its key, its public chunks and its roll.

The key and the roll say whose place is which, and are deleted when the batch has ended.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from twinward.core.errors import AbsentError
from twinward.security.passes.batch_signing import BatchPlan, Chunk, places_of, roll_number
from twinward.security.passes.ceremony import replace_file

BATCHES, BOOK = "batches", "book.key"
PLAN, KEY = "plan.json", "batch.key"


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """Of whom a batch is: how many lines, and the digest of the file, so that a batch goes on with
    the same persons or not at all.
    """

    lines: int
    sha256: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    plan: BatchPlan
    roster: Roster


class BatchFolder:
    """The folder of one batch."""

    def __init__(self, passes: Path, batch: str) -> None:
        self.path = passes / BATCHES / batch

    def begin(self, plan: BatchPlan, roster: Roster) -> None:
        self.path.mkdir(parents=True, mode=0o700)
        replace_file(self.path / KEY, secrets.token_bytes(32), 0o600)
        replace_file(self.path / PLAN, msgspec.json.encode(Kept(plan=plan, roster=roster)), 0o600)

    def read(self) -> Kept:
        """AbsentError where there is none, or it has ended and was deleted."""
        try:
            return msgspec.json.decode((self.path / PLAN).read_bytes(), type=Kept)
        except FileNotFoundError as error:
            name = self.path.name
            raise AbsentError(f"there is no batch {name}", "begin one: `pass ahead`") from error

    def key(self) -> bytes:
        return (self.path / KEY).read_bytes()

    def chunk_file(self, number: int) -> Path:
        return self.path / f"{number:05}.bin"

    def is_signed(self, number: int) -> bool:
        """The roll is written first: whoever has a pass can be found."""
        return self.chunk_file(number).exists()

    def keep(self, number: int, chunk: Chunk) -> None:
        """Whole or not at all. The slots are public, and read by whatever serves them."""
        replace_file(self.path / f"{number:05}.roll", chunk.roll, 0o600)
        replace_file(self.chunk_file(number), chunk.slots, 0o644)

    def chunk_files(self) -> list[Path]:
        return sorted(self.path.glob("*.bin"))

    def ordinals(self, subject: str) -> Iterator[int]:
        """Where a person stands in the roll; more than once where the roster names them twice."""
        plan, number = self.read().plan, roll_number(self.key(), subject)
        for path in sorted(self.path.glob("*.roll")):
            found = np.flatnonzero(np.fromfile(path, np.uint64) == np.uint64(number))
            yield from (int(path.stem) * plan.chunk + int(at) for at in found)

    def places(self, subject: str) -> list[int]:
        """The person's places in the batch's status list."""
        plan, key = self.read().plan, self.key()
        return [int(places_of(plan, key, at, 1)[0]) for at in self.ordinals(subject)]

    def count_doubles(self) -> int:
        """Persons beyond the first time that the roster names them."""
        rolls = [np.fromfile(path, np.uint64) for path in sorted(self.path.glob("*.roll"))]
        return sum(map(len, rolls)) - len(np.unique(np.concatenate(rolls))) if rolls else 0

    def delete(self) -> None:
        """The key first: without it the rest says nothing of anybody."""
        key = self.path / KEY
        if key.exists():
            replace_file(key, secrets.token_bytes(32), 0o600)
            os.unlink(key)
        shutil.rmtree(self.path, ignore_errors=True)


def list_batches(passes: Path) -> list[BatchFolder]:
    """The batches that are kept, by name."""
    folder = passes / BATCHES
    names = sorted(path.parent.name for path in folder.glob(f"*/{PLAN}"))
    return [BatchFolder(passes, name) for name in names]


def book_key(passes: Path) -> bytes:
    """The secret from which every holder's book is made; it outlives batches."""
    path = passes / BOOK
    if not path.exists():
        replace_file(path, secrets.token_bytes(32), 0o600)
    return path.read_bytes()
