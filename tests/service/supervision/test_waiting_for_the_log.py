"""While a watch waits for the log and the disk, the batches that come are shown all the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from twinward.core.clock import SetClock
from twinward.core.errors import StorageError
from twinward.core.messages import Command
from twinward.service.supervision.reading_watch import ReadingWatch
from twinward.twins.city.messages import EndDeviceAlarm

if TYPE_CHECKING:
    import pyarrow as pa

NOW = datetime(2022, 3, 6, tzinfo=UTC)
ASKED = EndDeviceAlarm(id="cmd-1", rule="warm", device="t-1", at=NOW)


class Awaited(Future[None]):
    """Tells when somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.awaited = threading.Event()

    def result(self, timeout: float | None = None) -> None:
        self.awaited.set()
        super().result(timeout)


class SlowLog:
    """Says that it has a command when it is told to."""

    def __init__(self) -> None:
        self.futures: list[Awaited] = []
        self.written = 0

    def submit(self, work: Callable[[Any], None]) -> Future[None]:
        self.futures.append(Awaited())
        return self.futures[-1]

    def write(self, work: Callable[[Any], None]) -> None:
        self.written += 1


class CountingEngine:
    def __init__(self) -> None:
        self.seen: list[int] = []

    def look(self, source: str, readings: pa.RecordBatch, now_us: int) -> list[Command]:
        self.seen.append(now_us)
        return [ASKED]

    def advance(self, now_us: int) -> list[Command]:
        return []


class CountingWatch(ReadingWatch):
    """Keeps how many batches its engine had seen."""

    def __init__(self, log: SlowLog) -> None:
        super().__init__(log, lambda tx, asked: [], SetClock(NOW))  # type: ignore[arg-type]
        self.kept: list[tuple[int, int]] = []
        self._engine = CountingEngine()

    @property
    def engine(self) -> CountingEngine:
        return self._engine

    def _read_again(self) -> None:
        pass

    def _memories(self) -> Callable[[], None]:
        now = (len(self._engine.seen), self._seen[0])
        return lambda: self.kept.append(now)


def show(watch: CountingWatch, number: int) -> None:
    watch.look("edge-1", None, number, number)  # type: ignore[arg-type]


def test_a_batch_does_not_wait_until_the_log_has_what_was_asked_before() -> None:
    log = SlowLog()
    watch = CountingWatch(log)
    show(watch, 1)
    drain = threading.Thread(target=watch.settle, daemon=True)
    drain.start()
    assert log.futures[0].awaited.wait(20)
    later = threading.Thread(target=show, args=(watch, 2), daemon=True)
    later.start()
    later.join(timeout=20)
    assert not later.is_alive() and drain.is_alive()
    assert watch.engine.seen == [1, 2] and watch.kept == []
    log.futures[0].set_result(None)  # the second is not waited for, and is in nothing that is kept
    drain.join(timeout=20)
    assert not drain.is_alive()
    assert watch.kept == [(1, 1)]


def test_what_the_log_refused_is_asked_for_again_before_it_is_kept() -> None:
    log = SlowLog()
    watch = CountingWatch(log)
    show(watch, 1)
    log.futures[0].set_exception(StorageError("the log is away", "wait", code="closed"))
    watch.settle()
    assert (log.written, watch.kept) == (1, [(1, 1)])
    watch.settle()
    assert log.written == 1
