"""A log of schema version 1 is refused, upgraded, and then as whole and as useful as before."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from twinward.core.errors import InputError
from twinward.storage.database.databases import choose_database
from twinward.storage.log.audit import verify_chain
from twinward.storage.maintenance.migrate import migrate

BACK_TO_1 = (
    "DROP TABLE head",
    "ALTER TABLE commands DROP COLUMN last_seq",
    "UPDATE meta SET value = '1' WHERE name = 'schema_version'",
)


def check_upgrade(place: str, open_at: Any, words: Any) -> None:
    with pytest.raises(InputError) as refused:
        open_at(place)
    assert refused.value.code == "schema_old"
    assert migrate(choose_database(place)) == (1, 2)
    assert migrate(choose_database(place)) == (2, 2)
    store = open_at(place)
    assert verify_chain(store.database).ok
    with store.read() as reader:
        assert reader.last_seq() == 6
        assert reader.find_event("cmd-2.2").seq == 6
        assert [row.level for row in reader.list_rows("incidents")] == [1, 2, 3]

    def work(tx: Any) -> None:
        tx.append(words.ask("cmd-9"), [words.opened("inc-0")], words.START)
        tx.put("incidents", words.Incident(id="inc-0", area="310101", level=9), words.START)

    store.write(work)
    with store.read() as reader:
        assert [row.level for row in reader.as_of("incidents", words.START)] == [9, 2, 3]
    assert verify_chain(store.database).entries == 7


def test_the_log_kept_from_version_1(tmp_path: Path, open_at: Any, words: Any) -> None:
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.executescript(Path(__file__).with_name("version-1.sql").read_text("utf-8"))
    connection.close()
    check_upgrade(str(path), open_at, words)


def test_a_log_set_back_to_version_1(place: str, open_at: Any, words: Any) -> None:
    store = open_at(place)
    for n in range(3):

        def work(tx: Any, n: int = n) -> None:
            tx.append(words.ask(f"cmd-{n}"), [words.opened(f"inc-{n}")] * 2, words.START)
            tx.put(
                "incidents", words.Incident(id=f"inc-{n}", area="310101", level=n + 1), words.START
            )

        store.write(work)
    store.close()
    connection = store.database.connect(write=True)
    for text in BACK_TO_1:
        connection.execute(text)
    connection.close()
    check_upgrade(place, open_at, words)


def test_a_later_version_and_an_empty_place_are_refused(place: str, open_at: Any) -> None:
    with pytest.raises(InputError) as refused:
        migrate(choose_database(place))
    assert refused.value.code == "no_log"
    store = open_at(place)
    store.close()
    connection = store.database.connect(write=True)
    connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema_version'")
    connection.close()
    for attempt in (lambda: open_at(place), lambda: migrate(choose_database(place))):
        with pytest.raises(InputError) as refused:
            attempt()
        assert refused.value.code == "schema_new"
