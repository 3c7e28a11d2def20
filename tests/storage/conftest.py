"""A store on each database: SQLite in a file, PostgreSQL in a private cluster that lives for the
session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from twinward.core.clock import SetClock
from twinward.core.messages import Command, Draft, Fact, Request
from twinward.core.ports import Table
from twinward.storage.log.store import SqlStore, open_store

START = datetime(2022, 3, 6, 8, 0, tzinfo=UTC)


class OpenIncident(Command, frozen=True, kw_only=True):
    area: str = "310101"


class IncidentOpened(Fact, frozen=True, kw_only=True):
    incident: str
    hazard: str = "epidemic"


class CaseReported(Fact, frozen=True, kw_only=True):
    case: str


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    area: str
    state: str = "open"
    level: int = 4
    load: float = 0.0
    urgent: bool = False
    due_at: datetime | None = None
    note: str | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    area: str
    person: str
    state: str = "reported"


TABLES = (
    Table(
        name="incidents",
        row=Incident,
        columns=("state", "level", "load", "urgent", "due_at", "note"),
        indexes=(("state", "level"),),
    ),
    Table(name="cases", row=Case, columns=("state",), subject="person"),
)
FACTS = (IncidentOpened, CaseReported)


class ToySealer:
    """Seals by turning bytes over with one key byte for each subject and day; destroyed keys
    open nothing.
    """

    def __init__(self) -> None:
        self.destroyed: set[tuple[str, date]] = set()
        self.flushed = 0

    def seal(self, subject: str, day: date, plain: bytes) -> bytes:
        return b"S" + bytes(255 - byte for byte in plain)

    def open(self, subject: str, day: date, sealed: bytes) -> bytes | None:
        if (subject, day) in self.destroyed:
            return None
        assert sealed[:1] == b"S"
        return bytes(255 - byte for byte in sealed[1:])

    def name(self, subject: str, day: date) -> str:
        return f"toy:{subject}:{day}"

    def subject_of(self, word: str) -> str | None:
        if not word.startswith("toy:"):
            return word
        subject, _, day = word.removeprefix("toy:").rpartition(":")
        return None if (subject, date.fromisoformat(day)) in self.destroyed else subject

    def names_of(self, subject: str) -> list[str]:
        return [self.name(subject, START.date() + timedelta(days=n)) for n in range(-30, 400)]

    def flush(self) -> None:
        self.flushed += 1

    def pending(self) -> int:
        return 0

    def drop(self, keep: int) -> None:
        pass


def ask(command_id: str, **more: str) -> Request:
    return Request(command=OpenIncident(id=command_id), actor="officer", **more)


def opened(incident: str, area: str = "310101", subject: str | None = None) -> Draft:
    return Draft(
        fact=IncidentOpened(incident=incident), area=area, incident=incident, subject=subject
    )


@pytest.fixture(scope="session")
def words() -> SimpleNamespace:
    """The messages and rows that these tests speak of."""
    return SimpleNamespace(
        START=START,
        OpenIncident=OpenIncident,
        IncidentOpened=IncidentOpened,
        CaseReported=CaseReported,
        Incident=Incident,
        Case=Case,
        TABLES=TABLES,
        FACTS=FACTS,
        ToySealer=ToySealer,
        ask=ask,
        opened=opened,
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new log is to be: each test that asks for it runs on both databases."""
    if request.param == "sqlite":
        return str(tmp_path / "log.db")
    return str(request.getfixturevalue("new_database"))


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


@pytest.fixture
def open_at(clock: SetClock) -> Iterator[Callable[..., SqlStore]]:
    """Opens stores and closes them at the end of the test."""
    stores: list[SqlStore] = []

    def opener(place: str, **options: object) -> SqlStore:
        settings = {"tables": TABLES, "facts": FACTS, "clock": clock, **options}
        stores.append(open_store(place, **settings))  # type: ignore[arg-type]
        return stores[-1]

    yield opener
    for store in stores:
        store.close()


@pytest.fixture
def store(place: str, open_at: Callable[..., SqlStore]) -> SqlStore:
    return open_at(place)
