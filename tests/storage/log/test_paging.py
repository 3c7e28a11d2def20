"""Pages cut to ranges of areas: the same rows as a plain filter would find, whichever plan is
taken.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from twinward.storage.log import row_queries
from twinward.storage.log.store import SqlStore

RANGES = (("310101", "310102"), ("310105", "310105"))


@pytest.fixture
def filled(store: SqlStore, words: SimpleNamespace) -> SqlStore:
    def work(tx: Any) -> None:
        for n in range(60):
            due = None if n % 7 == 0 else words.START + timedelta(hours=n % 11)
            row = words.Incident(id=f"i{n:02d}", area=f"31010{n % 7}", level=n % 3, due_at=due)
            tx.put("incidents", row, words.START)

    store.write(work)
    return store


def plain(rows: list[Any], order: str) -> list[Any]:
    inside = [row for row in rows if any(low <= row.area <= high for low, high in RANGES)]
    nulls_low = [(row.due_at is not None, row.due_at or 0, row.id) for row in inside]
    return [
        row
        for _, row in sorted(
            zip(nulls_low, inside, strict=True), reverse=order == "-due_at", key=lambda p: p[0]
        )
    ]


@pytest.mark.parametrize("walk_above", [0, 1000])
@pytest.mark.parametrize("order", ["due_at", "-due_at"])
def test_a_page_is_the_plain_list_cut(
    filled: SqlStore, monkeypatch: pytest.MonkeyPatch, walk_above: int, order: str
) -> None:
    monkeypatch.setattr(row_queries, "WALK_ABOVE", walk_above)
    with filled.read() as reader:
        wanted = plain(reader.list_rows("incidents"), order)
        for offset in (0, 5, len(wanted)):
            found, total = reader.list_page(
                "incidents", order=order, limit=5, offset=offset, within=RANGES
            )
            assert total == len(wanted) == reader.count("incidents", within=RANGES)
            assert found == wanted[offset : offset + 5]
        assert {row.id for row in reader.list_rows("incidents", within=RANGES)} == {
            row.id for row in wanted
        }


def test_a_page_takes_filters_and_a_window_too(filled: SqlStore, words: SimpleNamespace) -> None:
    window = ("due_at", words.START + timedelta(hours=2), words.START + timedelta(hours=4))
    with filled.read() as reader:
        found, total = reader.list_page(
            "incidents", order="due_at", limit=99, within=RANGES, between=window, level=1
        )
        wanted = [row for row in plain(reader.list_rows("incidents"), "due_at") if row.level == 1]
    assert found == [row for row in wanted if row.due_at and window[1] <= row.due_at < window[2]]
    assert total == len(found) > 0


def test_no_range_at_all_matches_nothing(
    filled: SqlStore, open_at: Callable[..., SqlStore]
) -> None:
    with filled.read() as reader:
        assert reader.list_rows("incidents", within=()) == []
        assert reader.list_page("incidents", order="due_at", limit=5, within=()) == ([], 0)
