"""The keys of persons, as the store sees them."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class Sealer(Protocol):
    """Seals personal bytes under the key of one subject and one retention day; destroyed keys
    open nothing.
    """

    def seal(self, subject: str, day: date, plain: bytes) -> bytes: ...

    def open(self, subject: str, day: date, sealed: bytes) -> bytes | None: ...

    def name(self, subject: str, day: date) -> str:
        """The word that stands for a subject of that day wherever it is not sealed."""

    def subject_of(self, word: str) -> str | None:
        """Whom such a word stands for: itself where it is none, None when its key is destroyed."""

    def names_of(self, subject: str) -> list[str]:
        """All such words of a subject."""

    def flush(self) -> None:
        """Make new keys durable; the store calls it before it commits what they sealed."""

    def pending(self) -> int:
        """How many keys were made since the last flush."""

    def drop(self, keep: int) -> None:
        """Forget all of them but the first `keep`: what they sealed was undone."""
