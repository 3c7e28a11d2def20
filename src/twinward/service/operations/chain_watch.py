"""The chain of the log and the record of looks, followed: what was checked once is not read again
at each question.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from twinward.core.ports import Reader

LOOKS_SHOWN = 100
LOOKS = ("LookRecorded", "PersonsListed")
BROKEN_AGAIN = timedelta(minutes=1)  # how soon a broken chain is walked anew


class ChainCheck(Protocol):
    """What a verification of the chain says."""

    @property
    def entries(self) -> int: ...

    @property
    def ok(self) -> bool: ...

    @property
    def first_bad(self) -> int | None: ...

    @property
    def head(self) -> str: ...


# entries from the first one on, bound to a hash in hex; the whole log without these
Verify = Callable[[int, str], ChainCheck]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the whole chain, and when all of it was last read."""

    entries: int
    ok: bool
    first_bad: int | None
    head: str
    at: datetime
    whole_at: datetime


class ChainWatch:
    """Walks the whole chain now and then, and in between only what was added since: an entry that
    is added must be bound to the very hash that was found before, so that a chain written anew as a
    whole is found, too.
    """

    def __init__(self, verify: Verify) -> None:
        self._verify = verify
        self._lock = threading.Lock()
        self._last: Checked | None = None

    def walk(self, now: datetime) -> Checked:
        """Read the whole log."""
        with self._lock:
            return self._walk(now)

    def _walk(self, now: datetime) -> Checked:
        found, last = self._verify(1, ""), self._last
        ok, bad = found.ok, found.first_bad
        if ok and last is not None and last.ok:
            ok = self._verify(last.entries + 1, last.head).ok
            bad = None if ok else last.entries  # it had another hash
        self._last = Checked(
            entries=found.entries, ok=ok, first_bad=bad, head=found.head, at=now, whole_at=now
        )
        return self._last

    def check(self, now: datetime) -> Checked:
        """Read what was added since the last time; the whole log the first time."""
        with self._lock:
            last = self._last
            if last is None:
                return self._walk(now)
            if not last.ok:
                return last if now - last.at < BROKEN_AGAIN else self._walk(now)
            found = self._verify(last.entries + 1, last.head)
            if not found.ok:  # where it broke only the whole tells
                return self._walk(now)
            self._last = msgspec.structs.replace(
                last, entries=last.entries + found.entries, head=found.head, at=now
            )
            return self._last


class LookLine(msgspec.Struct, frozen=True, kw_only=True):
    """One look: by whom, for what, at how many persons; whom it was at stays sealed."""

    at: datetime
    by: str
    purpose: str
    question: str
    persons: int
    activation: str


class LookReader:
    """The latest looks, newest first, and how many there are; each is read from the log once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: deque[LookLine] = deque(maxlen=LOOKS_SHOWN)
        self._after = 0
        self._total = 0

    def read(self, reader: Reader) -> tuple[int, list[LookLine]]:
        """How many looks there are, and the latest of them."""
        with self._lock:
            last = reader.last_seq()
            while page := reader.events_after(self._after, types=LOOKS):
                self._after = page[-1].seq
                self._total += len(page)
                for event in page:
                    fact = event.fact
                    persons = len(getattr(fact, "subjects", ())) or getattr(fact, "persons", 1)
                    self._latest.appendleft(
                        LookLine(
                            at=event.occurred_at,
                            by=event.actor,
                            purpose=getattr(fact, "purpose", ""),
                            question=getattr(fact, "question", ""),
                            persons=persons,
                            activation=getattr(fact, "activation", ""),
                        )
                    )
            self._after = max(self._after, last)
            return self._total, list(self._latest)
