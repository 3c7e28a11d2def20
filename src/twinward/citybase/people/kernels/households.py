"""Deals ages and sexes to leaf areas and groups each leaf's residents into households that live
together plausibly.

A leaf's residents are only a count of each cell (age * 2 + sex); a household takes members out of
these counts. Every draw is keyed by leaf and slot, so the result does not depend on the number of
threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from twinward.core.kernels import below, key2, uniform

CELLS = 202  # age 0-100, two sexes
ADULT = 36  # the first cell of age 18
OLD = 130  # the first cell of age 65
S21, S42, MASK21 = np.uint64(21), np.uint64(42), np.uint64(0x1FFFFF)
# fractional steps of it are the most even sequence on the unit interval (Weyl)
GOLDEN_RATIO = 0.6180339887498949


@njit(cache=True, nogil=True)
def branch(key: Any, slot: Any) -> Any:
    """A key of its own for `slot`; one function, compiled once, where `key2` would be written
    out at every call.
    """
    return key2(key, np.uint64(slot))


@njit(cache=True, nogil=True)
def chance_of(key: Any, slot: Any) -> Any:
    """A float64 in [0, 1) for `slot`."""
    return uniform(key2(key, np.uint64(slot)))


@njit(cache=True, nogil=True)
def deal_cells(
    start: Any,
    cumulative: Any,
    hint: Any,
    shift: Any,
    stride: Any,
    offset: Any,
    first: Any,
    last: Any,
    counts: Any,
) -> None:
    """Counts the cells of leaves first..last: resident k holds card (k * stride + offset) mod N of
    one sorted deck.

    The stride is coprime to N, so every card is dealt once (city totals are exact), and near N
    times the golden ratio, so each leaf gets nearly the city's own profile. `hint` holds the cell
    of each card block of 2**shift.
    """
    total = cumulative[CELLS]
    for leaf in range(first, last):
        card = (start[leaf] * stride + offset) % total
        for _ in range(start[leaf], start[leaf + 1]):
            cell = hint[card >> shift]
            while card >= cumulative[cell + 1]:
                cell += 1
            counts[leaf, cell] += 1
            card += stride
            if card >= total:
                card -= total


@njit(cache=True, nogil=True)
def take_old(counts: Any, care_start: Any, old_weight: Any, key: Any, cells: Any) -> None:
    """Moves `care_start[l+1] - care_start[l]` residents of 65 and over out of each leaf's counts
    into `cells`.
    """
    for leaf in range(len(care_start) - 1):
        for seat in range(care_start[leaf], care_start[leaf + 1]):
            weight = 0.0
            for cell in range(OLD, CELLS):
                weight += counts[leaf, cell] * old_weight[cell]
            mark = chance_of(key, seat) * weight
            taken = -1
            for cell in range(OLD, CELLS):
                if counts[leaf, cell] > 0:
                    taken = cell
                    mark -= counts[leaf, cell] * old_weight[cell]
                    if mark < 0.0:
                        break
            cells[seat] = taken
            counts[leaf, taken] -= 1


@njit(cache=True, nogil=True)
def draw_sizes(people: Any, adults: Any, size_cumulative: Any, key: Any, sizes: Any) -> Any:
    """Household sizes of one leaf, summing to `people`, at most one household an adult; returns
    how many.
    """
    u, placed, households = uniform(key), 0, 0
    while placed < people:
        u += GOLDEN_RATIO
        if u >= 1.0:
            u -= 1.0
        size = 1
        while u >= size_cumulative[size]:
            size += 1
        size = min(size, people - placed)
        sizes[households] = size
        households += 1
        placed += size
    turn = 0
    while (
        households > adults
    ):  # fewer adults than households: dissolve the last one into the others
        households -= 1
        for _ in range(sizes[households]):
            sizes[turn % households] += 1
            turn += 1
    return households


@njit(cache=True, nogil=True)
def count_households(
    people: Any,
    adults: Any,
    size_cumulative: Any,
    key: Any,
    first: Any,
    last: Any,
    sizes: Any,
    households: Any,
) -> None:
    """How many households leaves first..last will have; the same draws as `fill_leaves`."""
    for leaf in range(first, last):
        leaf_key = branch(key, leaf)
        households[leaf] = draw_sizes(people[leaf], adults[leaf], size_cumulative, leaf_key, sizes)


@njit(cache=True, nogil=True)
def place_children(children: Any, sizes: Any, households: Any, key: Any, kids: Any) -> None:
    """How many children each household has: families of three and more first, lone parents next,
    crowding last.
    """
    wanted = 0.0
    for h in range(households):
        kids[h] = 0
        if sizes[h] == 2:
            wanted += 0.06
        elif sizes[h] >= 3:
            wanted += 1.0 + 0.4 * min(sizes[h] - 3, 2)
    share = 1.0 if children >= wanted else children / wanted
    for step in range(5):
        for h in range(households):
            if children == 0:
                return
            size, more = sizes[h], 0
            if step == 0:
                u = chance_of(key, h)
                if u < share * (0.06 if size == 2 else 1.0) and size >= 2:
                    more = 1
                    if size >= 4 and chance_of(key, h + households) < 0.4 * min(size - 3, 2):
                        more = 2
            elif step == 1 and size >= 3 and kids[h] == 0:
                more = 1
            elif step == 2 and size >= 3:
                more = size - 2 - kids[h]
            elif step == 3 and size == 2:
                more = 1 - kids[h]
            elif step == 4:
                more = size - 1 - kids[h]
            more = min(max(more, 0), children)
            kids[h] += more
            children -= more


@njit(cache=True, nogil=True)
def take_any(counts: Any, low: Any, high: Any, left: Any, key: Any) -> Any:
    """A random resident of cells low..high-1, of whom `left` remain."""
    mark = below(key, left)
    for cell in range(low, high):
        mark -= counts[cell]
        if mark < 0:
            counts[cell] -= 1
            return cell
    return -1


@njit(cache=True, nogil=True)
def take_near(counts: Any, target: Any, low: Any, high: Any, sex: Any) -> Any:
    """The resident of ages low..high nearest to `target`, of `sex` where there is one at that
    distance or at all.
    """
    target = min(max(target, low), high)
    for wanted in (sex, 1 - sex):
        for distance in range(max(target - low, high - target) + 1):
            for age in (target + distance, target - distance):
                if low <= age <= high and counts[2 * age + wanted] > 0:
                    counts[2 * age + wanted] -= 1
                    return 2 * age + wanted
    return -1


@njit(cache=True, nogil=True)
def near(key: Any, slot: Any, mean: Any, spread: Any) -> Any:
    """A bell-shaped whole number about `mean` within +-1.5 `spread`: the sum of three uniforms."""
    k = branch(key, slot)
    thirds = (k & MASK21) + ((k >> S21) & MASK21) + ((k >> S42) & MASK21)
    return int(np.floor(mean + spread * (np.float64(thirds) / 2097152.0 - 1.5) + 0.5))


@njit(cache=True, nogil=True)
def fill_household(counts: Any, left: Any, size: Any, kids: Any, key: Any, out: Any) -> None:
    """Writes the cells of one household into out[:size]: adults first, then children. `left` =
    adults, children.

    Parents are 20 to 45 years older than each of their children and near each other in age; further
    adults are grandparents, grown-up children, or, when no such resident remains, anybody grown up.
    """
    adults = size - kids
    low, high, target = 18, 100, -1
    for i in range(kids):  # children first: they bound the ages of their parents
        cell = -1
        if i > 0:
            first = out[adults] >> 1
            low_kid, high_kid = max(0, first - 12), min(17, first + 12)
            cell = take_near(counts, near(key, 10 + i, first - 3.0, 3.0), low_kid, high_kid, i & 1)
        if cell < 0:
            cell = take_any(counts, 0, ADULT, left[1], branch(key, 30 + i))
        left[1] -= 1
        out[adults + i] = cell
        low, high = max(low, (cell >> 1) + 20), min(high, (cell >> 1) + 45)
        target = max(target, cell >> 1)
    head = -1
    if kids > 0 and low <= high:
        head = take_near(counts, near(key, 1, target + 29.5, 6.0), low, high, 1)
    if head < 0:
        head = take_any(counts, ADULT, CELLS, left[0], branch(key, 2))
    left[0] -= 1
    out[0] = head
    age, sex, kind = head >> 1, head & 1, chance_of(key, 3)
    if kids == 0:
        low, high = max(18, age - 12), min(100, age + 12)
    for i in range(1, adults):
        cell = -1
        if (
            i == 1 and (kids > 0 or kind < 0.85) and low <= high
        ):  # a couple: he is about two years older
            cell = take_near(
                counts, near(key, 4, age + (2.0 if sex == 1 else -2.0), 3.0), low, high, 1 - sex
            )
        elif i == 1 or kind < 0.9:  # another generation
            down = kids == 0 and (age >= 63 or (age >= 40 and (i & 1 == 0)))
            if down and age >= 38:
                cell = take_near(
                    counts, near(key, 4 + i, age - 29.0, 6.0), max(18, age - 45), age - 20, i & 1
                )
            elif not down and age <= 80:
                elder = near(key, 4 + i, age + 28.0, 6.0)
                cell = take_near(counts, elder, age + 20, min(100, age + 45), 1 - (i & 1))
        if cell < 0:
            cell = take_any(counts, ADULT, CELLS, left[0], branch(key, 50 + i))
        left[0] -= 1
        out[i] = cell


@njit(cache=True, nogil=True)
def fill_leaves(
    counts: Any,
    people: Any,
    adults: Any,
    size_cumulative: Any,
    key: Any,
    start: Any,
    care_start: Any,
    care_cells: Any,
    first_household: Any,
    first: Any,
    last: Any,
    buffer: Any,
    age_sex: Any,
    household_of: Any,
    household_start: Any,
) -> None:
    """Writes residents and households of leaves first..last; a resident of a care home is a
    household of one.
    """
    sizes, kids, position = buffer[0], buffer[1], buffer[2]
    cells, left = np.empty(buffer.shape[1], np.int32), np.empty(2, np.int64)
    for leaf in range(first, last):
        leaf_key = branch(key, leaf)
        households = draw_sizes(people[leaf], adults[leaf], size_cumulative, leaf_key, sizes)
        left[0], left[1] = adults[leaf], people[leaf] - adults[leaf]
        place_children(left[1], sizes, households, leaf_key, kids)
        at = start[leaf]
        for h in range(households):
            position[h] = at
            at += sizes[h]
        for step in range(
            3
        ):  # families choose first, then those who live together, then those alone
            for h in range(households):
                if step != (0 if kids[h] > 0 else (1 if sizes[h] > 1 else 2)):
                    continue
                row, size = first_household[leaf] + h, sizes[h]
                fill_household(counts[leaf], left, size, kids[h], branch(leaf_key, row), cells)
                household_start[row] = position[h]
                for i in range(size):
                    age_sex[position[h] + i] = (cells[i] >> 1) | ((cells[i] & 1) << 7)
                    household_of[position[h] + i] = row
        row = first_household[leaf] + households
        for seat in range(care_start[leaf], care_start[leaf + 1]):
            household_start[row] = at
            age_sex[at] = (care_cells[seat] >> 1) | ((care_cells[seat] & 1) << 7)
            household_of[at] = row
            row += 1
            at += 1
