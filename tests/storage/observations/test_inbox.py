"""An acknowledged batch is on disk, its account balances, and what came before is known again."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from reference.observing import as_rows, known_slowly, reading, told_slowly
from twinward.core.clock import SetClock
from twinward.core.errors import BusyError, StorageError
from twinward.core.messages import Counts
from twinward.storage.observations import inbox as inbox_module
from twinward.storage.observations import key_runs
from twinward.storage.observations.duplicate_filter import (
    DuplicateFilter,
    known_keys,
    seed_of,
    text_keys,
)
from twinward.storage.observations.inbox import Inbox


@pytest.fixture
def open_inbox(tmp_path: Path, clock: SetClock) -> Iterator[Callable[..., Inbox]]:
    opened: list[Inbox] = []

    def opener(**options: Any) -> Inbox:
        opened.append(Inbox(tmp_path / "inbox", clock, **options))
        return opened[-1]

    yield opener
    for one in opened:
        one.close()


def rows(*numbers: int) -> Any:
    return as_rows([reading(n) for n in numbers])


def drained(box: Inbox) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []

    def sink(batch_id: str, frames: list[Any]) -> None:
        found.append(
            (batch_id, [key for frame in frames for key in frame.rows.column(0).to_pylist()])
        )

    box.drain(sink)
    return found


def test_received_is_stored_rejected_and_duplicate(open_inbox: Any) -> None:
    box = open_inbox()
    first = box.accept("lab", rows(1, 2, 3), 2).result()
    again = box.accept("lab", rows(3, 4, 4), 0).result()
    other = box.accept("gate", rows(3), 0).result()
    assert first == Counts(received=5, stored=3, rejected=2)
    assert again == Counts(received=3, stored=1, duplicate=2)
    assert other == Counts(received=1, stored=1)
    assert box.counts() == {"lab": first + again, "gate": other}


def test_all_of_it_is_there_after_reopening(open_inbox: Any) -> None:
    box = open_inbox()
    box.accept("lab", rows(1, 2), 1).result()
    before = box.counts()
    box.close()
    box = open_inbox()
    assert box.counts() == before
    assert box.accept("lab", rows(2, 3), 0).result() == Counts(received=2, stored=1, duplicate=1)
    assert drained(box) == [("observations-1-2", ["r-1", "r-2", "r-3"])]


def test_a_torn_tail_is_cut_and_the_rest_kept(open_inbox: Any) -> None:
    box = open_inbox()
    box.accept("lab", rows(1), 0).result()
    box.accept("lab", rows(2), 0).result()
    box.close()
    (path,) = box.segments()
    data = path.read_bytes()
    path.write_bytes(data[:-7])
    box = open_inbox()
    assert box.counts()["lab"].stored == 1
    box.accept("lab", rows(2), 0).result()  # never acknowledged, so sent again, and stored
    assert drained(box) == [("observations-1-2", ["r-1", "r-2"])]


def test_damage_inside_is_reported_and_nothing_is_thrown_away(open_inbox: Any) -> None:
    box = open_inbox()
    for number in range(3):
        box.accept("lab", rows(number), 0).result()
    box.close()
    (path,) = box.segments()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(StorageError) as found:
        open_inbox()
    assert found.value.code == "inbox_damaged"
    assert path.read_bytes() == data


def test_one_process_owns_the_inbox(open_inbox: Any) -> None:
    open_inbox()
    with pytest.raises(BusyError, match=str(os.getpid())):
        open_inbox()


def test_a_drain_cut_short_is_done_again_with_the_same_batch(open_inbox: Any) -> None:
    box = open_inbox()
    box.accept("lab", rows(1), 0).result()

    def crash(batch_id: str, frames: list[Any]) -> None:
        raise RuntimeError("power")

    with pytest.raises(RuntimeError):
        box.drain(crash)
    box.accept("lab", rows(2), 0).result()
    box.close()
    box = open_inbox()
    assert drained(box) == [("observations-1-1", ["r-1"])]
    assert drained(box) == [("observations-2-2", ["r-2"])]
    assert drained(box) == []
    assert box.counts()["lab"].stored == 2


def test_drained_files_go_and_their_keys_stay(
    open_inbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "SEGMENT_BYTES", 1)  # a file for each group
    box = open_inbox()
    for number in range(4):
        box.accept("lab", rows(number), 0).result()
    assert len(drained(box)[0][1]) == 4
    assert len(box.segments()) == 1
    box.close()
    box = open_inbox()
    assert box.accept("lab", rows(0, 1, 2, 3, 4), 0).result().duplicate == 4
    assert box.counts()["lab"] == Counts(received=9, stored=5, duplicate=4)


def test_a_full_disk_is_said_and_left_behind(
    open_inbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = open_inbox()
    box.accept("lab", rows(1), 0).result()
    write = box._write

    def full(data: bytes) -> None:
        box._file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(box, "_write", full)
    with pytest.raises(StorageError) as found:
        box.accept("lab", rows(1, 2), 0).result()
    assert found.value.code == "disk_full"
    monkeypatch.setattr(box, "_write", write)
    assert box.accept("lab", rows(1, 2), 0).result() == Counts(received=2, stored=1, duplicate=1)
    assert box.counts()["lab"] == Counts(received=3, stored=2, duplicate=1)


def test_after_a_failed_sync_nothing_is_taken_until_the_disk_is_back(
    open_inbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to start anything anew; what was refused counts nowhere."""
    box = open_inbox()
    assert box.accept("lab", rows(7), 0).result().stored == 1

    def broken(*_: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(box, "_write", broken)
        patch.setattr(box, "_load", broken)
        for _ in range(2):
            with pytest.raises(StorageError) as found:
                box.accept("lab", rows(1), 0).result()
            assert found.value.code == "disk_failed"
    deadline = time.monotonic() + 60
    while box._failed is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert box.accept("lab", rows(1), 0).result() == Counts(received=1, stored=1)
    assert box.counts()["lab"] == Counts(received=2, stored=2)


def test_known_keys_are_those_of_the_slow_twin() -> None:
    random = np.random.default_rng(7)
    batches = [[f"id-{n}" for n in random.integers(0, 60_000, 5_000)] for _ in range(20)]
    keys = DuplicateFilter(1_000_000)
    found = [keys.add(text_keys(pa.array(batch), seed_of("lab"))).tolist() for batch in batches]
    assert found == known_slowly(batches, 1_000_000)


@pytest.mark.parametrize("largest", [1 << 20, 1 << 10])  # in memory; in files
def test_another_body_is_told_from_the_same_like_by_the_slow_twin(
    tmp_path: Path, largest: int
) -> None:
    random = np.random.default_rng(9)
    fields = ("value", "lon", "unit", "subject", "type", "time_us")
    batches = []
    for _ in range(8):
        batch = []
        for number in random.integers(0, 4_000, 1_000).tolist():
            item = reading(number) | {"lon": None, "unit": None, "area": f"a-{random.integers(9)}"}
            if random.random() < 0.3:  # one of what was sensed is another; where it was never is
                field = fields[random.integers(len(fields))]
                other = int(random.integers(2, 4))
                item[field] = f"u{other}" if field in ("unit", "subject", "type") else other
            batch.append(item)
        batches.append(batch)
    keys = DuplicateFilter(1_000_000, tmp_path, largest=largest)
    found = [keys.add(known_keys(as_rows(batch), seed_of("lab"))).tolist() for batch in batches]
    assert found == told_slowly(batches)
    assert {one for batch in found for one in batch} == {0, 1, 2}
    keys.close()


@pytest.mark.parametrize("segment", [1 << 20, 1])  # keys from frames; from files of drained ones
def test_a_conflict_is_told_after_a_restart_and_after_a_drain(
    open_inbox: Any, monkeypatch: pytest.MonkeyPatch, segment: int
) -> None:
    monkeypatch.setattr(inbox_module, "SEGMENT_BYTES", segment)
    box = open_inbox()
    box.accept("lab", rows(0), 0).result()
    box.accept("lab", rows(1, 2), 0).result()
    drained(box)
    assert bool(list(box.root.glob("*.known"))) == (segment == 1)
    box.close()
    other = as_rows([reading(0), reading(1, value=2.0), reading(7), reading(7, sensor="s-2")])
    kept = open_inbox().accept("lab", other, 0)
    assert (kept.conflicts, kept.result().duplicate) == ([1, 3], 3)


def test_keys_of_an_older_release_are_duplicates_of_any_body(
    open_inbox: Any, tmp_path: Path
) -> None:
    (tmp_path / "inbox").mkdir()
    held = text_keys(pa.array(["r-1", "r-2"]), seed_of("lab"))
    held.tofile(tmp_path / "inbox" / "000000000001.keys")
    kept = open_inbox().accept("lab", as_rows([reading(1), reading(2, value=9.0), reading(3)]), 0)
    assert (kept.result().duplicate, kept.conflicts) == (2, [])


def test_beyond_the_horizon_old_keys_are_forgotten_and_memory_stays() -> None:
    keys = DuplicateFilter(50_000)
    made = [
        text_keys(pa.array([f"{b}-{n}" for n in range(10_000)]), seed_of("lab")) for b in range(30)
    ]
    for batch in made:
        keys.add(batch)
    assert keys._table.nbytes <= (1 << 18) * 16
    assert all(keys.add(made[b]).all() for b in range(26, 30))  # within the horizon
    assert not keys.add(made[0]).any()
    keys.close()


def test_keys_in_files_are_known_like_those_in_memory(tmp_path: Path) -> None:
    random = np.random.default_rng(8)
    batches = [[f"id-{n}" for n in random.integers(0, 60_000, 5_000)] for _ in range(20)]
    keys = DuplicateFilter(1_000_000, tmp_path, largest=1 << 12)
    found = [keys.add(text_keys(pa.array(batch), seed_of("lab"))).tolist() for batch in batches]
    assert found == known_slowly(batches, 1_000_000)
    assert len(keys._newer._runs) > 10
    assert len(keys) == len({one for batch in batches for one in batch})
    assert keys._table.nbytes == (1 << 12) * 16
    assert not list(tmp_path.iterdir())  # the files have no name: nothing stays behind a crash
    keys.close()


def test_a_disk_that_takes_no_keys_forgets_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = DuplicateFilter(1_000_000, tmp_path, largest=1 << 12)
    made = [
        text_keys(pa.array([f"{b}-{n}" for n in range(1_000)]), seed_of("lab")) for b in range(12)
    ]

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patched:
        patched.setattr(key_runs.tempfile, "TemporaryFile", full)
        for batch in made[:8]:
            assert not keys.add(batch).any()
    for batch in made[8:]:
        assert not keys.add(batch).any()
    assert len(keys._newer._runs) == 1
    assert all(keys.add(batch).all() for batch in made)
    keys.close()


def test_keys_depend_on_the_source_and_every_byte() -> None:
    texts = [f"a{n}" for n in range(2_000)] + ["", "x", "x\x01", "12345678", "123456789"]
    one, two = (text_keys(pa.array(texts), seed_of(source)) for source in ("lab", "gate"))
    assert len(np.unique(np.concatenate([one, two]), axis=0)) == 2 * len(texts)
    sliced = text_keys(pa.array(texts).slice(5, 9), seed_of("lab"))
    assert np.array_equal(sliced, one[5:14])


def test_who_listens_and_fails_does_not_stop_the_inbox(
    open_inbox: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise OverflowError("date value out of range")

    box = open_inbox(on_durable=fail)
    assert box.accept("lab", rows(1), 0).result(timeout=60).stored == 1
    assert box.accept("lab", rows(2), 0).result(timeout=60).stored == 1
    assert "could not be shown" in caplog.text
    assert drained(box)[0][1] == ["r-1", "r-2"]
