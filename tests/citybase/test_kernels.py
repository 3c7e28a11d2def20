"""The kernels give what their slow, obvious twins give."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from twinward.citybase.inputs import ranges
from twinward.citybase.people.kernels.households import CELLS, deal_cells, draw_sizes, take_near
from twinward.citybase.people.kernels.sites import number_seats, place_pupils, shuffled
from twinward.core.kernels import key2, uniform

path = Path(__file__).resolve().parents[1] / "reference" / "slow_population.py"
spec = importlib.util.spec_from_file_location("slow_population", path)
assert spec is not None and spec.loader is not None
slow = importlib.util.module_from_spec(spec)
spec.loader.exec_module(slow)


def test_dealing_is_the_deck_written_out() -> None:
    chance = np.random.default_rng(1)
    deck = chance.integers(0, 9, CELLS)
    start, stride, total = (
        ranges(chance.multinomial(int(deck.sum()), np.ones(7) / 7)),
        101,
        int(deck.sum()),
    )
    while np.gcd(stride, total) != 1:
        stride += 2
    shift = 3
    cumulative = ranges(deck)
    blocks = (np.arange((total >> shift) + 1) << shift).clip(max=total - 1)
    hint = np.searchsorted(cumulative, blocks, side="right") - 1
    counts = np.zeros((7, CELLS), np.int32)
    deal_cells(start, cumulative, hint, shift, stride, 17, 0, 7, counts)
    assert counts.sum(axis=0).tolist() == deck.tolist()
    for leaf, cells in enumerate(slow.deal(start.tolist(), deck.tolist(), stride, 17)):
        assert {cell: n for cell, n in enumerate(counts[leaf].tolist()) if n} == dict(cells)


def test_pupils_are_placed_as_one_by_one() -> None:
    chance = np.random.default_rng(2)
    waiting, room = chance.integers(0, 8, (6, 101)), chance.integers(0, 40, 5)
    pairs = [
        (int(a), int(b))
        for a, b in chance.permutation([(leaf, school) for leaf in range(6) for school in range(5)])
    ]
    pupils = {(leaf, age): int(waiting[leaf, age]) for leaf in range(6) for age in (6, 7, 8)}
    wanted = slow.place_pupils(pairs, pupils, dict(enumerate(room.tolist())))
    rows, taken = np.empty((500, 5), np.int32), np.zeros((5, 101), np.int64)
    leaves, schools = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
    n = place_pupils(leaves, schools, 6, 9, waiting.copy(), room.copy(), taken, rows)
    assert {(int(a), int(b), int(c)): int(k) for a, b, c, k, _ in rows[:n]} == dict(wanted)
    assert (taken.sum(axis=1) <= room).all()


@pytest.mark.parametrize(("people", "adults"), [(0, 0), (1, 1), (500, 400), (500, 90)])
def test_household_sizes_are_drawn_as_one_by_one(people: int, adults: int) -> None:
    cumulative = np.array([0.0, 0.3, 0.6, 0.8, 2.0])
    key = np.uint64(key2(np.uint64(5), np.uint64(6)))
    sizes = np.zeros(people + 1, np.int64)
    n = draw_sizes(people, adults, cumulative, key, sizes)
    assert sizes[:n].tolist() == slow.draw_sizes(
        people, adults, cumulative.tolist(), float(uniform(key))
    )
    assert sizes[:n].sum() == people and n <= adults


@pytest.mark.parametrize("n", [1, 2, 3, 64, 65, 1000, 4097])
def test_shuffling_is_one_to_one_and_depends_on_the_key(n: int) -> None:
    one = [shuffled(i, n, np.uint64(12345)) for i in range(n)]
    assert sorted(one) == list(range(n))
    if n > 60:
        assert one != [shuffled(i, n, np.uint64(54321)) for i in range(n)]
        assert abs(np.corrcoef(one, np.arange(n))[0, 1]) < 0.35


def test_the_nearest_age_of_the_wanted_sex_is_taken() -> None:
    counts = np.zeros(CELLS, np.int32)
    for age, sex in ((30, 1), (34, 0), (40, 1)):
        counts[2 * age + sex] = 1
    assert take_near(counts, 36, 20, 60, 1) == 2 * 40 + 1
    assert take_near(counts, 36, 20, 60, 1) == 2 * 30 + 1
    assert take_near(counts, 36, 20, 60, 1) == 2 * 34  # none of that sex is left
    assert take_near(counts, 36, 20, 60, 1) == -1


def test_seats_come_in_even_teams() -> None:
    staff = np.array([25, 3, 12])
    kind = np.array([0, 2, 0], np.uint8)
    site, team = np.empty(40, np.uint32), np.empty(40, np.uint16)
    number_seats(np.array([2, 0, 1]), staff, kind, 12, site, team)
    assert site.tolist() == [2] * 12 + [0] * 25 + [1] * 3
    assert set(team[37:]) == {65535} and np.bincount(team[12:37]).tolist() == [9, 8, 8]
