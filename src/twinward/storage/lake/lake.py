"""The lake as one object: append, keep, compact, ask; writers take a lock, readers never wait."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from twinward.core.clock import to_us
from twinward.core.errors import BusyError, StorageError
from twinward.core.ports import MovePoints
from twinward.storage.lake import compaction
from twinward.storage.lake.append import Append, Appended
from twinward.storage.lake.manifest import MANIFEST, LakeManifest, commit_manifest, load_manifest
from twinward.storage.lake.snapshot import LakeSnapshot
from twinward.storage.lake.sql_process import run_sql_apart

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
RETRIES = 20  # a reader that lost a race against compaction starts again from the new manifest


class Lake:
    """An observation lake in a folder. Times of recording are arguments; the lake has no clock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._snapshot: LakeSnapshot | None = None
        self._asking = threading.RLock()  # open Parquet files are read by one thread at a time
        self._stamp: tuple[int, int] | None = None

    def append(
        self, batches: Iterable[pa.Table], at: datetime, memory_rows: int | None = None
    ) -> Appended:
        """Store all batches (Arrow tables, see `Append.add`) in one commit: all of them or,
        after a kill, none.
        """
        with self._writing() as manifest:
            work = Append(self.root, manifest, to_us(at), memory_rows)
            for table in batches:
                work.add(table)
            commit_manifest(self.root, work.finish())
            return work.done

    def expire(
        self, at: datetime, retention_days: int, kept: Sequence[tuple[datetime, datetime]] = ()
    ) -> int:
        """Delete what was recorded more than `retention_days` before `at`, except data from `kept`
        windows.

        Returns the number of fixes deleted. `kept` are the windows of data of open activations.
        """
        with self._writing() as manifest:
            cut = to_us(at - timedelta(days=retention_days))
            windows = [(to_us(start), to_us(end)) for start, end in kept]
            after, dropped = compaction.expire(self.root, manifest, cut, windows)
            if dropped:
                commit_manifest(self.root, after)
            return dropped

    def tidy(self) -> int:
        """Merge small pieces; how many merges there were. Readers read on. After every append of
        what comes in bit by bit, so that an append does not take longer each time.
        """
        with self._writing() as manifest:
            after, merged = compaction.tidy(self.root, manifest)
            if merged:
                commit_manifest(self.root, after)
            return merged

    def compact(self, most_parts: int = 1) -> int:
        """Merge days that are kept in more than `most_parts` pieces; how many days were merged.
        Readers read on.
        """
        with self._writing() as manifest:
            after, days = compaction.compact(self.root, manifest, most_parts)
            if days:
                commit_manifest(self.root, after)
            return days

    def snapshot(self) -> LakeSnapshot:
        """The present state, opened; kept warm until something is committed."""
        stamp = self._manifest_stamp()
        if self._snapshot is None or stamp != self._stamp:
            self._snapshot = self._retry(
                lambda: LakeSnapshot(self.root, load_manifest(self.root), self._snapshot)
            )
            self._stamp = stamp
        return self._snapshot

    def ask(self, question: Callable[[LakeSnapshot], T]) -> T:
        """The answer from one consistent state, also while a writer retires files."""

        def once() -> T:
            return question(self.snapshot())

        with self._asking:
            return self._retry(once)

    def has_data(self) -> bool:
        """Whether anything was ever committed here."""
        return self._manifest_stamp() is not None

    def status(self) -> dict[str, object]:
        """What the lake holds, as counts; nothing about a person."""
        return describe(self.snapshot().manifest)

    def sql(
        self, text: str, start: datetime, end: datetime, move: MovePoints | None = None
    ) -> dict[str, object]:
        """One SELECT over the data in [start, end): see `sql.run_sql`; in a process of its own."""

        def once() -> dict[str, object]:
            return run_sql_apart(
                self.root.resolve(),
                load_manifest(self.root),
                text,
                (to_us(start), to_us(end)),
                move,
            )

        return self._retry(once)

    def _retry(self, work: Callable[[], T]) -> T:
        for _ in range(RETRIES):
            try:
                return work()
            except FileNotFoundError:
                self._stamp = None  # a file was retired between the manifest and its opening
        raise StorageError(
            "files of the lake are missing", "restore the lake from a backup", code="lake_broken"
        )

    def _manifest_stamp(self) -> tuple[int, int] | None:
        try:
            stat = os.stat(self.root / MANIFEST)
        except FileNotFoundError:
            return None
        return stat.st_ino, stat.st_mtime_ns

    @contextmanager
    def _writing(self) -> Iterator[LakeManifest]:
        """The writer's lock, the state to build on, and afterwards a folder without leftovers."""
        self.root.mkdir(parents=True, exist_ok=True)
        with open(self.root / "writer.lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise BusyError(
                    "another process writes to the lake", "wait for it to end", code="lake_busy"
                ) from error
            self._sweep()
            yield load_manifest(self.root)
            self._sweep()

    def _sweep(self) -> None:
        """Delete files that the manifest does not name: an interrupted append's, or retired
        ones.
        """
        kept = load_manifest(self.root).files() | {MANIFEST, "writer.lock", "rejected"}
        for path in self.root.iterdir():
            if path.name in kept:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def describe(manifest: LakeManifest) -> dict[str, object]:
    """What the lake holds, as counts."""
    fixes = manifest.parts_of("subject")
    return {
        "days": len(manifest.days()),
        "fixes": sum(part.rows for part in fixes),
        "visits": sum(side.rows for side in manifest.visits),
        "subjects": sum(piece.rows for piece in manifest.subjects),
        "parts": len(manifest.parts),
        "bytes": sum(part.bytes + part.crowd_bytes for part in manifest.parts),
        "visit_bytes": sum(side.bytes for side in manifest.visits),
        "generation": manifest.generation,
        "from_us": min((part.from_us for part in fixes), default=None),
        "to_us": max((part.to_us for part in fixes), default=None),
    }
