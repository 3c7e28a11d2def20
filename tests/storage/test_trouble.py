"""A full disk, a broken disk, a lost connection are said; what was acknowledged stays, no silent
second try.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest

from twinward.core.errors import StorageError
from twinward.storage.database.databases import Sqlite
from twinward.storage.log.audit import verify_chain


def append(words: Any, n: int, text: str = "x") -> Any:
    def work(tx: Any) -> None:
        tx.append(words.ask(f"cmd-{n}"), [words.opened(f"inc-{n}")], words.START)
        tx.put("incidents", words.Incident(id=f"inc-{n}", area="310101", note=text), words.START)

    return work


def test_a_full_disk_refuses_what_does_not_fit_and_goes_on_when_there_is_room(
    tmp_path: Path, open_at: Any, words: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_at(tmp_path)
    store.write(append(words, 1))
    limit = store._connection.execute("PRAGMA page_count").fetchone()[0]
    connect = Sqlite.connect

    def small(self: Sqlite, *, write: bool) -> sqlite3.Connection:
        connection = connect(self, write=write)
        connection.execute(f"PRAGMA max_page_count={limit}")
        return connection

    store._connection.execute(f"PRAGMA max_page_count={limit}")
    with monkeypatch.context() as patch:
        patch.setattr(Sqlite, "connect", small)
        for n in (2, 3):
            with pytest.raises(StorageError) as refused:
                store.write(append(words, n, "long" * 100_000))
            assert refused.value.code == "disk_full"
        with store.read() as reader:
            assert reader.count("incidents") == 1
    store._connection = None  # room again: the writer opens anew
    store.write(append(words, 4))
    with store.read() as reader:
        assert [event.command for event in reader.events_after(0)] == ["cmd-1", "cmd-4"]
    assert verify_chain(store.database).ok


class BrokenDisk:
    """A connection whose commits the disk does not keep."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, text: str, *values: Any) -> Any:
        if text == "COMMIT":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error
        return self._connection.execute(text, *values)


def test_after_a_failed_sync_nothing_more_is_written_until_the_next_start(
    tmp_path: Path, open_at: Any, words: Any
) -> None:
    store = open_at(tmp_path)
    store.write(append(words, 1))
    store._connection = BrokenDisk(store._connection)
    for n in (2, 3):
        with pytest.raises(StorageError) as refused:
            store.write(append(words, n))
        assert refused.value.code == "disk_failed"
    store.close()
    again = open_at(tmp_path)
    again.write(append(words, 4))
    with again.read() as reader:
        assert [event.command for event in reader.events_after(0)] == ["cmd-1", "cmd-4"]


def cut_off(url: str) -> None:
    """The server ends every connection to its database but this one."""
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_connection_lost_between_works_is_made_anew_and_nobody_is_refused(
    new_database: str, open_at: Any, words: Any
) -> None:
    store = open_at(new_database)
    store.write(append(words, 1))
    store.read().close()  # a connection that waits for the next reader
    cut_off(new_database)
    store.write(append(words, 2))
    with store.read() as reader:
        assert [event.seq for event in reader.events_after(0)] == [1, 2]
    assert verify_chain(store.database).ok


def test_a_connection_lost_in_the_middle_of_a_work_is_said_and_the_next_work_connects_anew(
    new_database: str, open_at: Any, words: Any
) -> None:
    store = open_at(new_database)
    store.write(append(words, 1))

    def cut(tx: Any) -> None:
        append(words, 2)(tx)
        cut_off(new_database)

    with pytest.raises(StorageError) as refused:
        store.write(cut)
    assert refused.value.code == "connection_lost"
    store.write(append(words, 2))
    with store.read() as reader:
        assert [event.seq for event in reader.events_after(0)] == [1, 2]
    assert verify_chain(store.database).ok


def test_a_server_that_is_not_there_is_said_at_once(open_at: Any, tmp_path: Path) -> None:
    with pytest.raises(StorageError) as refused:
        open_at(f"postgresql://nobody@/none?host={tmp_path}")
    assert refused.value.code == "connection_lost"


def test_a_file_that_is_no_database_is_said(open_at: Any, tmp_path: Path) -> None:
    (tmp_path / "twinward.db").write_bytes(
        b"no database at all, but long enough to be looked at " * 100
    )
    with pytest.raises(StorageError) as refused:
        open_at(tmp_path)
    assert refused.value.code == "database_damaged"
