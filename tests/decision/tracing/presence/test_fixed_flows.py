"""Flows that anybody may ask for: whatever is added and subtracted, nobody is a number below k."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from twinward.decision.tracing.presence.fixed_flows import (
    FlowLevel,
    ToldDay,
    sum_of_hours,
    tell_day,
)

K = 5
LEAVES, STREETS, DISTRICTS = 24, 6, 2
HOURS = 24
ATTACKS = 10_000


def levels() -> list[FlowLevel]:
    """Communities in streets in districts in a city, as codes that nest."""
    leaf = np.arange(LEAVES)
    made = [FlowLevel(name="", codes=[f"c{n:02}" for n in leaf], row=leaf)]
    for name, count in (
        ("community", LEAVES),
        ("street", STREETS),
        ("district", DISTRICTS),
        ("city", 1),
    ):
        codes = [f"{name[0]}{n:02}" for n in range(count)]
        made.append(FlowLevel(name=name, codes=codes, row=leaf * count // LEAVES))
    return made


def day_of_moves(seed: int, persons: int = 700) -> Any:
    """People who go from home to work and back, and some who wander; many cells hold one or two."""
    random = np.random.default_rng(seed)
    home, work = random.integers(0, LEAVES, persons), random.integers(0, 6, persons)
    who = np.arange(persons)
    out, back = random.integers(6, 10, persons), random.integers(16, 20, persons)
    walkers = random.choice(persons, persons // 3, replace=False)
    other, at = random.integers(0, LEAVES, len(walkers)), random.integers(10, 16, len(walkers))
    hour = np.concatenate([out, back, at])
    left = np.concatenate([home, work, work[walkers]])
    reached = np.concatenate([work, home, other])
    subject = np.concatenate([who, who, walkers])
    go = left != reached
    return hour[go], left[go], reached[go], subject[go]


def truth_of(moves: Any, level: FlowLevel) -> dict[Any, set[int]]:
    """Who is in each cell, by a plain loop."""
    found: dict[Any, set[int]] = {}
    for hour, left, reached, who in zip(*(column.tolist() for column in moves), strict=True):
        a, b = level.row[left], level.row[reached]
        if a != b:
            found.setdefault((hour, level.codes[a], level.codes[b]), set()).add(who)
    return found


@pytest.fixture(scope="module", params=range(3))
def told(request: pytest.FixtureRequest) -> tuple[Any, ToldDay, dict[str, Any]]:
    moves = day_of_moves(request.param)
    return moves, *tell_day(moves, levels(), K, ToldDay())


def test_what_is_told_is_true_at_the_lowest_level_and_never_below_k(told: Any) -> None:
    moves, _, tables = told
    truth = truth_of(moves, levels()[0])
    assert tables[""] == {cell: len(who) for cell, who in truth.items() if len(who) >= K}
    assert all(n >= K for table in tables.values() for n in table.values())
    assert any(0 < len(who) < K for who in truth.values()), "the test would show nothing"


def test_a_larger_area_is_told_to_within_k_of_what_its_parts_leave(told: Any) -> None:
    moves, _, tables = told
    for level in levels()[1:]:
        truth = truth_of(moves, level)
        assert set(tables[level.name]) <= set(truth)
    big = truth_of(moves, levels()[3])
    near = [abs(tables["district"].get(cell, 0) - len(who)) for cell, who in big.items()]
    assert (near and max(near) < K) or np.median(near) < K


def test_no_difference_of_two_answers_is_a_number_of_persons_below_k(told: Any) -> None:
    """Random sums of parts are held against the whole, hour against day, level against level."""
    _, _, tables = told
    random = np.random.default_rng(7)
    chain, asked = levels(), [*tables]
    by_day = {name: sum_of_hours(table) for name, table in tables.items()}
    revealed = 0
    for _ in range(ATTACKS):
        below, above = sorted(random.choice(len(asked), 2, replace=False))
        fine, coarse = chain[below], chain[above]
        a, b = random.choice(coarse.codes), random.choice(coarse.codes)
        hours = sorted(random.choice(HOURS, random.integers(1, 4), replace=False).tolist())
        source = tables if random.random() < 0.5 else by_day
        hours = hours if source is tables else [0]
        above_of = dict(
            zip(
                (fine.codes[n] for n in fine.row),
                (coarse.codes[n] for n in coarse.row),
                strict=True,
            )
        )
        whole = sum(source[coarse.name].get((h, a, b), 0) for h in hours)
        parts = sum(
            n
            for (h, one, two), n in source[fine.name].items()
            if h in hours and above_of[one] == a and above_of[two] == b and a != b
        )
        revealed += 0 < abs(whole - parts) < K
    assert revealed == 0


def test_every_hidden_cell_could_be_nobody_or_any_small_number(told: Any) -> None:
    """By linear programming over all that is told: none of them is pinned down, not to within k."""
    moves, kept, tables = told
    chain = levels()
    truth = truth_of(moves, chain[0])
    random = np.random.default_rng(3)
    for hour in (8, 12, 18):
        names = [(hour, a, b) for a in chain[0].codes for b in chain[0].codes if a != b]
        hidden = [cell for cell in names if cell not in tables[""]]
        rows, right = equations(hour, chain, hidden, tables, kept)
        small = [n for n, cell in enumerate(hidden) if cell in truth]
        for n in random.choice(small, min(12, len(small)), replace=False).tolist():
            aim = np.zeros(len(hidden))
            aim[n] = 1.0
            extremes = [
                linprog(sign * aim, A_eq=rows, b_eq=right, bounds=(0, K - 1), method="highs").fun
                for sign in (1, -1)
            ]
            assert extremes[0] == pytest.approx(0) and -extremes[1] == pytest.approx(K - 1)


def equations(
    hour: int, chain: list[FlowLevel], hidden: list[Any], tables: Any, kept: ToldDay
) -> tuple[Any, Any]:
    """What a reader knows of the hidden cells of an hour: each told rest is a sum of them."""
    taken: set[int] = set()
    rows, right = [], []
    for level in chain[1:]:
        area = dict(
            zip(
                (chain[0].codes[n] for n in chain[0].row),
                (level.codes[n] for n in level.row),
                strict=True,
            )
        )
        for at, a, b, rest in kept.rests.get(level.name, []):
            if at == hour:
                inside = [
                    n
                    for n, (_, one, two) in enumerate(hidden)
                    if area[one] == a and area[two] == b and n not in taken
                ]
                row = np.zeros(len(hidden))
                row[inside] = 1.0
                rows.append(row)
                right.append(rest)
                taken |= set(inside)
    return (np.array(rows), np.array(right)) if rows else (None, None)


def test_what_was_told_stays_told_when_a_few_more_are_heard_of(told: Any) -> None:
    moves, kept, tables = told
    (hour, a, b), n = next(iter(tables[""].items()))
    codes = levels()[0].codes
    more = [
        np.append(column, [value] * (K - 1))
        for column, value in zip(moves[:3], (hour, codes.index(a), codes.index(b)), strict=True)
    ]
    who = np.append(moves[3], np.arange(10_000, 10_000 + K - 1))
    again, later = tell_day((*more, who), levels(), K, kept)
    assert later[""][hour, a, b] == n and later == tables and again == kept
    more = [np.append(column, [column[-1]]) for column in more]
    _, later = tell_day((*more, np.append(who, 20_000)), levels(), K, kept)
    assert later[""][hour, a, b] == n + K
