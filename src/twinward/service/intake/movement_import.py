"""Filling and keeping the observation lake: files and batches in, counts reconciled, reasons for
every refused row.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from twinward.core.clock import Clock
from twinward.core.errors import BusyError, InputError
from twinward.core.geography import check_crs
from twinward.core.ids import derive_id
from twinward.edge.feeds.movement import REASONS, MovementFile, Rejected
from twinward.edge.feeds.plausible import Bounds, Surroundings
from twinward.service.access.two_runs import agreed_instant
from twinward.service.platform import Platform
from twinward.twins.emergency.access.rows import ACTIVATIONS

if TYPE_CHECKING:
    import pyarrow as pa

REASON_ROWS = 1_000_000  # a reasons file holds at most so many rows; the counts are always complete


class ImportedMovement(Protocol):
    """What the lake says of one append."""

    stored: int
    duplicate: int
    flagged: int
    visits: int
    bytes: int
    visit_bytes: int


class WritableLake(Protocol):
    """The lake as a place to put things."""

    root: Path

    def append(self, batches: Iterable[pa.Table], at: datetime) -> ImportedMovement: ...

    def expire(
        self, at: datetime, retention_days: int, kept: Sequence[tuple[datetime, datetime]] = ()
    ) -> int: ...

    def compact(self, most_parts: int = 1) -> int: ...


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """received = stored + rejected + duplicate. `visits` is the change of their number, `bytes`
    both orders.
    """

    received: int
    stored: int
    rejected: int
    duplicate: int
    flagged: int
    visits: int
    seconds: float
    bytes: int
    visit_bytes: int
    reasons: dict[str, int]
    reasons_file: str | None


def ingest_files(
    lake: WritableLake,
    files: Sequence[Path],
    clock: Clock,
    rename: dict[str, str],
    *,
    bounds: Bounds | None = None,
    crs: str | None = None,
) -> Ingested:
    """All files in one append: after an interruption none of it is there. `bounds` are the
    city's, `crs` the coordinates of the files (WGS 84 where it is None).
    """
    if not files:
        raise InputError("no file was named", "twinward lake ingest FILE…", code="no_file")
    if crs is not None:
        check_crs(crs, "--crs")
    started = time.perf_counter()
    at = clock.now()
    around = Surroundings(now=at, bounds=bounds)
    sources = [MovementFile(path, rename, around, crs) for path in files]
    done = lake.append(each_batch(sources), at)
    rejected = [row for source in sources for row in source.rejected]
    reasons: dict[str, int] = {}
    for row in rejected:
        reasons[row.code] = reasons.get(row.code, 0) + 1
    return Ingested(
        received=sum(source.received for source in sources),
        stored=done.stored,
        rejected=len(rejected),
        duplicate=done.duplicate,
        flagged=done.flagged,
        visits=done.visits,
        seconds=round(time.perf_counter() - started, 3),
        bytes=done.bytes,
        visit_bytes=done.visit_bytes,
        reasons=reasons,
        reasons_file=write_reasons(lake.root, at, rejected) if rejected else None,
    )


def expire(platform: Platform, lake: WritableLake, at: datetime) -> int:
    """Delete what is past its retention; what the window of an activation in force covers is
    kept.
    """
    now = platform.clock.now()
    with platform.store.read() as rows:
        kept = [
            (row.data_from, row.data_to) for row in rows.list_rows(ACTIVATIONS) if row.is_open(now)
        ]
    days = platform.settings.lake.retention_days
    with suppress(BusyError):  # the process that owns the inbox has its own turn
        platform.intake.expire(at, days, kept)
    return lake.expire(at, days, kept)


def each_batch(sources: Sequence[MovementFile]) -> Iterator[pa.Table]:
    for source in sources:
        yield from source.batches()


def write_reasons(root: Path, at: datetime, rejected: Sequence[Rejected]) -> str:
    """One line for each refused row, by file and row number; the row itself is not repeated."""
    folder = root / "rejected"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{derive_id('rejected', at.isoformat(), rejected[0].file)}.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "row", "code", "message"])
        writer.writerows(
            [row.file, row.row, row.code, REASONS[row.code]] for row in rejected[:REASON_ROWS]
        )
    return str(path)


def expire_due(platform: Platform, lake: WritableLake, *, confirmed: bool = False) -> int:
    """`expire`, judged by the instant on which two runs a day apart agree; `confirmed`: a person
    says that the clock is right.
    """
    now = platform.clock.now()
    return expire(platform, lake, agreed_instant(platform.workspace, now, confirmed=confirmed))
