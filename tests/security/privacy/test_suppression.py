"""Attempts to get hidden counts back out of what is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reference.undo_suppression import list_fitting

from twinward.core.clock import parse_time
from twinward.security.privacy.suppression import (
    Sum,
    add_margins,
    hold_small_changes,
    one_way,
    suppress,
    two_way,
)
from twinward.service.access.publication import publish

K = 3
ROWS, COLUMNS = ("a", "b"), ("x", "y", "z")
tables = st.lists(st.integers(0, 6), min_size=6, max_size=6)


def published(values: list[int]) -> tuple[dict[str, int], dict[str, int | None], list[Sum]]:
    cells = dict(zip([(row, column) for row in ROWS for column in COLUMNS], values, strict=True))
    counts, sums = add_margins(cells), two_way(ROWS, COLUMNS)
    return counts, suppress(counts, sums, K), sums


@settings(deadline=None, max_examples=25)
@given(tables)
def test_every_hidden_small_count_could_be_several_numbers(values: list[int]) -> None:
    counts, shown, sums = published(values)
    assert all(shown[name] in (None, count) for name, count in counts.items())
    assert all(shown[name] is None for name, count in counts.items() if 0 < count < K)
    fitting = (
        list_fitting(shown, sums, most=7) if sum(v is None for v in shown.values()) <= 5 else None
    )
    for name, count in counts.items():
        if 0 < count < K and fitting is not None:
            assert len({table[name] for table in fitting}) >= K, (name, shown)


def test_a_known_total_does_not_give_the_one_hidden_count_back() -> None:
    counts = {"a": 2, "b": 40, "c": 50, "all": 92}
    shown = suppress(counts, one_way(["a", "b", "c"], "all"), 5)
    assert shown == {"a": None, "b": None, "c": 50, "all": 92}


def test_two_small_counts_with_a_small_sum_are_not_left_to_each_other() -> None:
    """1 + 1 = 2 would leave three values only: a third one must be hidden with them."""
    counts = {"a": 1, "b": 1, "c": 50, "all": 52}
    assert suppress(counts, one_way(["a", "b", "c"], "all"), 5)["c"] is None


def test_streets_of_a_district_are_safe_beside_the_table_of_districts() -> None:
    """Two tables that share totals are joined: the district's total is known from the other one."""
    counts = {"s1": 2, "s2": 9, "d1": 11, "d2": 30, "d3": 8, "city": 49}
    sums = [Sum("d1", ("s1", "s2")), Sum("city", ("d1", "d2", "d3"))]
    shown = suppress(counts, sums, 5)
    assert shown["s1"] is None and (shown["s2"] is None or shown["d1"] is None)
    tables = list_fitting(shown, sums, most=20)
    assert len({table["s1"] for table in tables}) >= 5


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    counts = add_margins({(row, column): 9 for row in ROWS for column in COLUMNS})
    assert suppress(counts, two_way(ROWS, COLUMNS), 5) == counts


def test_of_a_table_of_one_person_only_the_zeros_are_published() -> None:
    counts = add_margins(
        {(row, column): int(row == "a" and column == "x") for row in ROWS for column in COLUMNS}
    )
    shown = suppress(counts, two_way(ROWS, COLUMNS), 5)
    assert {name for name, count in shown.items() if count is None} == {"a|x", "a|", "|x", "|"}
    assert {count for count in shown.values() if count is not None} == {0}


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=8),
    st.integers(2, 6),
)
def test_the_difference_of_two_releases_names_nobody(pairs: list[Any], k: int) -> None:
    before: dict[str, int | None] = {str(n): old for n, (old, _) in enumerate(pairs)}
    after = hold_small_changes({str(n): new for n, (_, new) in enumerate(pairs)}, before, k)
    assert all(
        after[name] == old or abs(after[name] - (old or 0)) >= k for name, old in before.items()
    )


def test_a_publication_hides_holds_and_explains_itself(world: Any) -> None:
    world.report_cases(per_leaf=3)
    caller = world.person("ma")
    since, until = parse_time("2022-03-20T00:00:00Z"), parse_time("2022-05-01T00:00:00Z")
    first = publish(world.platform, caller, "cases", "district", since, until)
    assert first.cells["31|confirmed"] == 6  # two streets of three
    assert first.cells["310|confirmed"] is None and first.cells["32|confirmed"] is None
    assert first.cells["|"] == 12
    assert first.sheet.k == 5 and first.sheet.hidden_cells >= 4 and "hidden" in first.sheet.method
    world.report_one("31-a", "extra")
    second = publish(world.platform, caller, "cases", "district", since, until)
    assert second.cells == first.cells
    assert [event.fact.kind for event in world.events("AccessNoted")][-2:] == [
        "published",
        "published",
    ]


def test_no_release_can_be_subtracted_from_another(world: Any) -> None:
    """Over all pairs of windows and levels: the same one again, one beside it, or a refusal."""
    from datetime import timedelta
    from itertools import product

    from twinward.core.errors import ConflictError

    world.report_cases(per_leaf=3)
    caller = world.person("ma")
    start = parse_time("2022-03-20T00:00:00Z")
    publish(world.platform, caller, "cases", "district", start, start + timedelta(20))
    seen: set[tuple[int, int]] = {(0, 20)}
    for first, last, level in product(range(-6, 30, 3), range(-3, 36, 3), ("district", "street")):
        if first >= last:
            continue
        ends = (start + timedelta(first, minutes=5), start + timedelta(last, minutes=7))
        apart = all(last <= a or first >= b or (first, last) == (a, b) for a, b in seen)
        try:
            publish(world.platform, caller, "cases", level, *ends)
        except ConflictError as refused:
            assert refused.code in ("other_level", "window_overlaps")
            assert level == "street" or not apart
        else:
            assert level == "district" and apart
            seen.add((first, last))


def test_the_public_cannot_ask_for_another_instant(world: Any) -> None:
    at = "2022-03-31T12:00:00Z"
    assert world.client.get("/v1/public").status_code == 200
    refused = world.client.get("/v1/public", params={"at": at})
    assert (refused.status_code, refused.json()["code"]) == (403, "role_not_allowed")
    assert world.get("ma", "/v1/public", at=at).status_code == 200


def test_a_late_report_does_not_move_a_public_count_by_a_few(tmp_path: Path) -> None:
    from twinward.service.console.workspaces import ToldInPublic

    path = tmp_path / "published" / "public.json"

    def tell(count: int | None) -> int | None:
        return ToldInPublic(path, 5, keeps=True).hold("days", {"2022-03-31": count})["2022-03-31"]

    assert [tell(n) for n in (6, 7, 10, 11, 12, None, 13, 0, 3)] == [
        6,
        6,
        6,
        11,
        11,
        None,
        11,
        0,
        0,
    ]
