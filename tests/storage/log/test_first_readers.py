"""Threads that read a kind of row or fact for the first time at once all read it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any


def test_many_threads_meet_every_type_for_the_first_time_at_once(
    open_at: Any, tmp_path: Any, words: Any
) -> None:
    def work(tx: Any) -> None:
        for event in tx.append(words.ask("cmd-1"), [words.opened("inc-1")], words.START):
            row = words.Incident(id=event.incident, area=event.area)
            tx.put("incidents", row, event.occurred_at)

    open_at(tmp_path).write(work)
    again = open_at(tmp_path)  # another reader, that has read nothing yet

    def look(_: int) -> tuple[str, str]:
        with again.read() as reader:
            (event,) = reader.events_after(0)
            return event.fact.incident, reader.get("incidents", "inc-1").id

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(look, range(64))) == {("inc-1", "inc-1")}
