"""The durable inbox of observations: a batch is acknowledged when its frame is on disk, and
drained later.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from twinward.core.clock import Clock, to_us
from twinward.core.coding.files import sync_folder, write_whole
from twinward.core.errors import StorageError
from twinward.core.messages import Counts
from twinward.core.ports import KeptBatch
from twinward.storage.files.frames import Frame, FrameHead, frame_follows, pack_frame, read_frames
from twinward.storage.observations.duplicate_filter import DuplicateFilter, known_keys, seed_of
from twinward.storage.observations.inbox_files import (
    KEYS,
    Mark,
    keep_key_files,
    own_folder,
    read_keys,
    read_mark,
)

LOG = logging.getLogger("twinward.inbox")
SEGMENT_BYTES = 64 << 20
HORIZON = 16_000_000  # observations back for which a duplicate is certainly found
RECOVER_EVERY_S = 0.5  # how often a disk that failed is tried again
GROUP_BYTES = 16 << 20  # written between two syncs at most
OTHER_BODY = 2  # what the filter says of a row that came before with another body

Durable = Callable[[FrameHead, Any], None]
Entry = tuple[
    bytes, FrameHead, Any, Future[Counts]
]  # a packed frame, its head and rows, who waits for it


class Inbox:
    """Frames of accepted observations in a folder that one process owns at a time.

    `on_durable` is called for every frame in order, once it is on disk, and for every undrained
    frame on opening.
    """

    def __init__(
        self,
        root: Path,
        clock: Clock,
        on_durable: Durable = lambda head, rows: None,
        *,
        horizon: int = HORIZON,
    ) -> None:
        self.root = root
        self._clock = clock
        self._on_durable = on_durable
        self._horizon = horizon
        root.mkdir(parents=True, exist_ok=True)
        self._lock_file = own_folder(root)
        self._accepting = threading.Lock()
        self._queue: deque[Entry] = deque()
        self._queued = threading.Condition()
        self._draining = threading.Lock()
        self._writing = threading.Lock()
        self._closing = False
        self._failed: StorageError | None = None
        self._known = DuplicateFilter(horizon, root)
        self._passed: dict[str, int] = {}  # where in a segment the frames not yet drained begin
        self._file: BinaryIO | None = None
        try:
            self._load(replay=True)
        except BaseException:
            self._known.close()
            self._lock_file.close()
            raise
        self._thread = threading.Thread(target=self._run, name="twinward-inbox", daemon=True)
        self._thread.start()

    # opening
    # ----------------------------------------------------------------------------------------------

    def _load(self, *, replay: bool) -> None:
        """Reads what is on disk: keys, counts, and where to go on; a torn tail is cut off."""
        self._mark = read_mark(self.root)
        self._totals = dict(self._mark.totals)
        self._known.close()
        self._known = DuplicateFilter(self._horizon, self.root)
        self._n = self._mark.drained
        for path in keep_key_files(self.root, self._horizon):
            self._known.add(read_keys(path))
        self._ends: dict[str, int] = {}  # last frame of each segment
        segments = self.segments()
        for path in segments:
            end = 0
            for frame in read_frames(path):
                end = frame.end
                self._ends[path.name] = self._n = max(self._n, frame.head.n)
                self._known.add(self._keys(frame.head, frame.rows))
                if frame.head.n > self._mark.drained:
                    self._count(frame.head)
                    if replay:
                        self._tell(frame.head, frame.rows)
            if end < path.stat().st_size:
                self._cut(path, end)
        self._durable_n = self._n
        self._open_segment(segments[-1] if segments else None)

    def _cut(self, path: Path, end: int) -> None:
        """A torn tail was never acknowledged; a broken frame that whole ones follow was, and is
        not thrown away.
        """
        if path != self.segments()[-1] or frame_follows(path, end):
            raise StorageError(
                f"the inbox file {path.name} is damaged at byte {end}",
                "run `twinward doctor`; restore the file from a backup, or move it away to go on "
                "without it",
                code="inbox_damaged",
            )
        os.truncate(path, end)

    def segments(self) -> list[Path]:
        """The frame files, oldest first."""
        return sorted(self.root.glob("*.frames"))

    def _open_segment(self, path: Path | None, *, fresh: bool = False) -> None:
        if fresh or path is None or path.stat().st_size >= SEGMENT_BYTES:
            path = self.root / f"{self._durable_n + 1:012d}.frames"
        opened = path.open("ab", buffering=0)
        if self._file is not None:
            self._file.close()
        self._file = opened
        self._good_bytes = self._file.tell()
        self._segment = path
        sync_folder(self.root)

    # accepting
    # ----------------------------------------------------------------------------------------------

    @staticmethod
    def _keys(head: FrameHead, rows: pa.RecordBatch) -> NDArray[np.uint64]:
        return known_keys(rows, seed_of(head.space))

    def accept(
        self, source: str, rows: pa.RecordBatch, rejected: int, sender: str = ""
    ) -> KeptBatch:
        """Keeps the rows not seen before; the future tells, when all is on disk, what the batch
        came to.

        `rows` is an Arrow batch of OBSERVATION_COLUMNS, already checked; `rejected` counts what was
        refused before. An id is known again from the same `sender` and source alone.
        """
        future = KeptBatch()
        now_us = to_us(self._clock.now())
        with self._accepting:
            if self._failed is not None:
                raise self._failed
            self._n += 1
            head = FrameHead(
                n=self._n,
                source=source,
                recorded_us=now_us,
                received=len(rows) + rejected,
                stored=len(rows),
                rejected=rejected,
                duplicate=0,
                sender=sender,
            )
            known = self._known.add(self._keys(head, rows))
            duplicate = int(np.count_nonzero(known))
            fresh = rows.filter(pa.array(known == 0)) if duplicate else rows
            future.conflicts = np.flatnonzero(known == OTHER_BODY).tolist() if duplicate else []
            head = msgspec.structs.replace(head, stored=len(rows) - duplicate, duplicate=duplicate)
            data = pack_frame(head, fresh)
            with self._queued:
                if self._closing:
                    raise StorageError("the inbox is closed", "open it again", code="closed")
                self._queue.append((data, head, fresh, future))
                self._queued.notify()
        return future

    def _run(self) -> None:
        while not self._closing or self._queue:
            group = self._take()
            with self._writing:
                if self._failed is not None:
                    self._recover()
                if group:
                    self._keep_or_refuse(group)

    def _keep_or_refuse(self, group: list[Entry]) -> None:
        try:
            self._keep(group)
        except OSError as error:
            self._give_up(group, error)
        except Exception:
            LOG.exception("the inbox met what it does not know")
            reason = StorageError(
                "a batch could not be kept: the fault is ours", "see the log", code="fault"
            )
            refuse(group, reason)

    def _keep(self, group: list[Entry]) -> None:
        if self._failed is not None:
            refuse(group, self._failed)
            return
        self._write(b"".join(data for data, _, _, _ in group))
        for _, head, rows, future in group:
            self._count(head)
            self._ends[self._segment.name] = self._durable_n = head.n
            self._tell(head, rows)
            future.set_result(head.counts)
        if self._good_bytes >= SEGMENT_BYTES:
            with suppress(OSError):  # no room for another file: this one grows on
                self._open_segment(None)

    def _tell(self, head: FrameHead, rows: pa.RecordBatch) -> None:
        """Whoever listens and fails must not stop the inbox: the batch is durable all the same."""
        try:
            self._on_durable(head, rows)
        except Exception:
            LOG.exception("a batch was kept but could not be shown")

    def _take(self) -> list[Entry]:
        with self._queued:
            while not self._queue and not self._closing:
                if not self._queued.wait(RECOVER_EVERY_S if self._failed else None):
                    break
            group, size = [], 0
            while self._queue and size < GROUP_BYTES:
                group.append(self._queue.popleft())
                size += len(group[-1][0])
            return group

    def _write(self, data: bytes) -> None:
        assert self._file is not None  # the thread that writes starts when it is open
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        os.fdatasync(self._file.fileno())
        self._good_bytes += len(data)

    def _give_up(self, group: list[Entry], error: OSError) -> None:
        """Nothing of the group counts, nor of what waits behind it: they count on its numbers."""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "is full" if full else f"did not keep what was written ({error})"
        reason = StorageError(
            f"the disk that holds the inbox {what}",
            "free space and send the batch again" if full else "see the disk; it is tried again",
            code="disk_full" if full else "disk_failed",
        )
        LOG.error("%s", reason)
        with self._accepting, self._queued:
            self._failed = reason
            group += self._queue
            self._queue.clear()
        refuse(group, reason)
        self._recover()

    def _recover(self) -> None:
        """Back to what was durable, and on from there; tried again until the disk lets us."""
        with self._accepting, self._queued:
            try:
                os.truncate(self._segment, self._good_bytes)
                self._load(replay=False)
            except Exception as error:  # whatever it is: tried again, and nothing taken meanwhile
                LOG.error("the inbox cannot go on yet: %s", error)
                return
            self._failed = None
            LOG.warning("the inbox goes on")

    # accounts
    # ----------------------------------------------------------------------------------------------

    def _count(self, head: FrameHead) -> None:
        self._totals[head.source] = self._totals.get(head.source, Counts()) + head.counts

    def counts(self) -> dict[str, Counts]:
        """Each source's account of what is durable."""
        return dict(self._totals)

    def drained_counts(self) -> dict[str, Counts]:
        """Each source's account of what has been drained."""
        return self._mark.totals

    @property
    def drained_n(self) -> int:
        return self._mark.drained

    # draining
    # ----------------------------------------------------------------------------------------------

    def drain(self, sink: Callable[[str, list[Frame]], None], upto: int | None = None) -> int:
        """Hands durable frames up to `upto` on, then forgets their files (their keys stay); how
        many frames.

        `sink(batch_id, frames)` must have made them durable when it returns. After a crash in
        between it is called again with the same id and the same frames: it must keep them once.
        """
        with self._draining:
            last = min(self._durable_n, upto if upto is not None else self._durable_n)
            plan = self.root / "plan.json"
            if plan.exists():  # a crash came between: the same batch first
                last = max(int(msgspec.json.decode(plan.read_bytes())["last"]), self._mark.drained)
            if last <= self._mark.drained:
                plan.unlink(missing_ok=True)
                return 0
            first = self._mark.drained + 1
            write_whole(plan, msgspec.json.encode({"first": first, "last": last}))
            frames = [frame for frame in self._undrained() if frame.head.n <= last]
            sink(f"observations-{first}-{last}", frames)
            self._advance(frames, last)
            plan.unlink()
            return len(frames)

    def _undrained(self) -> list[Frame]:
        durable, drained = self._durable_n, self._mark.drained
        paths = [
            path for path in self.segments() if self._ends.get(path.name, drained + 1) > drained
        ]
        found = []
        for path in paths:
            for frame in read_frames(path, self._passed.get(path.name, 0)):
                if frame.head.n <= drained:
                    self._passed[path.name] = frame.end
                elif frame.head.n <= durable:
                    found.append(frame)
        return found

    def _advance(self, frames: list[Frame], last: int) -> None:
        totals = dict(self._mark.totals)
        for frame in frames:
            totals[frame.head.source] = totals.get(frame.head.source, Counts()) + frame.head.counts
        mark = Mark(drained=last, totals=totals)
        write_whole(self.root / "mark.json", msgspec.json.encode(mark))
        self._mark = mark
        for path in self.segments():
            if path != self._segment and self._ends.get(path.name, last + 1) <= last:
                self._retire(path)

    def roll(self) -> None:
        """Begins a new file when all of the present one has been drained, so that nothing lies
        there past its time.
        """
        with self._draining, self._writing:
            if self._good_bytes and self._ends.get(self._segment.name, 0) <= self._mark.drained:
                old = self._segment
                self._open_segment(None, fresh=True)
                self._retire(old)

    def _retire(self, path: Path) -> None:
        """Keeps the keys of a drained file, then removes it."""
        keys = [self._keys(frame.head, frame.rows) for frame in read_frames(path)]
        write_whole(path.with_suffix(KEYS), np.concatenate(keys).tobytes() if keys else b"")
        path.unlink()
        self._ends.pop(path.name, None)
        self._passed.pop(path.name, None)

    def close(self) -> None:
        """Finishes what was accepted and lets another process own the inbox."""
        with self._queued:
            if self._closing:
                return
            self._closing = True
            self._queued.notify()
        self._thread.join()
        if self._file is not None:
            self._file.close()
        self._known.close()
        self._lock_file.close()


def refuse(group: list[Entry], reason: StorageError) -> None:
    """Tells everybody who waits."""
    for _, _, _, future in group:
        if not future.done():
            future.set_exception(reason)
