"""Small counts: hidden, and others with them, so that no sum or difference of what is published
gives them back.

Cells are named counts; a sum says which parts make which total, so one-way tables, two-way tables,
areas inside areas and several tables that share totals are all the same thing. A cell of 1 to k - 1
is hidden (primary suppression); then others are (complementary suppression) until, by linear
programming over all that is published, every hidden small cell could be any of at least k values
(the audit of Fischetti and Salazar, Management Science 2001, with greedy choices).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

HIDDEN = None
TOLERANCE = 1e-6


class Sum(msgspec.Struct, frozen=True):
    """`total` is the sum of `parts`, and every reader knows it."""

    total: str
    parts: tuple[str, ...]


def suppress(counts: Mapping[str, int], sums: Sequence[Sum], k: int) -> dict[str, int | None]:
    """What may be published: None where a count is hidden. Zeros are shown; they name nobody."""
    small = [name for name, count in counts.items() if 0 < count < k]
    hidden = set(small)
    for name in small:
        while feasible_width(name, hidden, counts, sums) < k - 1 - TOLERANCE:
            other = _choose_complement(name, hidden, counts, sums)
            if other is None:
                return dict.fromkeys(counts, HIDDEN)  # nothing is left that could hide it
            hidden.add(other)
    return {name: HIDDEN if name in hidden else count for name, count in counts.items()}


def feasible_width(
    name: str, hidden: set[str], counts: Mapping[str, int], sums: Sequence[Sum]
) -> float:
    """Greatest minus least value that a hidden cell can have, given everything shown and that no
    count is negative.
    """
    import numpy as np  # only who publishes pays for these
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    column = {cell: n for n, cell in enumerate(sorted(hidden))}
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    right: list[float] = []
    for one in sums:
        signed = [(one.total, -1.0), *((part, 1.0) for part in one.parts)]
        if not any(cell in column for cell, _ in signed):
            continue
        for cell, sign in signed:
            if cell in column:
                rows.append(len(right))
                columns.append(column[cell])
                values.append(sign)
        right.append(-sum(sign * counts[cell] for cell, sign in signed if cell not in column))
    if not right:
        return float("inf")
    matrix = csr_matrix((values, (rows, columns)), shape=(len(right), len(column)))
    aim = np.zeros(len(column))
    aim[column[name]] = 1.0
    least = linprog(aim, A_eq=matrix, b_eq=right, bounds=(0, None), method="highs")
    most = linprog(-aim, A_eq=matrix, b_eq=right, bounds=(0, None), method="highs")
    return float("inf") if most.status == 3 else float(-most.fun - least.fun)


def _choose_complement(
    name: str, hidden: set[str], counts: Mapping[str, int], sums: Sequence[Sum]
) -> str | None:
    """The next cell to hide: joined to `name` by sums of hidden cells, not zero, a part rather
    than a total, small.
    """
    reached, waiting, totals = {name}, [name], {one.total for one in sums}
    candidates: list[tuple[int, bool, int, str]] = []
    steps = 0
    while waiting and not candidates:
        steps += 1
        following: list[str] = []
        for cell in waiting:
            for one in sums:
                reference = (one.total, *one.parts)
                if cell not in reference:
                    continue
                lone = sum(other in hidden for other in reference) == 1
                for other in reference:
                    if other in hidden and other not in reached:
                        reached.add(other)
                        following.append(other)
                    elif other not in hidden and counts[other] > 0:
                        candidates.append((0 if lone else 1, other in totals, counts[other], other))
        waiting = following
    return min(candidates)[3] if candidates else None


def one_way(parts: Sequence[str], total: str) -> list[Sum]:
    return [Sum(total, tuple(parts))]


def two_way(rows: Sequence[str], columns: Sequence[str]) -> list[Sum]:
    """The sums of a table whose cells are named `row|column`, its margins `row|` and `|column`,
    its total `|`.
    """
    found = [Sum(f"{row}|", tuple(f"{row}|{column}" for column in columns)) for row in rows]
    found += [Sum(f"|{column}", tuple(f"{row}|{column}" for row in rows)) for column in columns]
    return [
        *found,
        Sum("|", tuple(f"{row}|" for row in rows)),
        Sum("|", tuple(f"|{column}" for column in columns)),
    ]


def add_margins(cells: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Counts of a two-way table with its margins, named as `two_way` names them."""
    found: dict[str, int] = {}
    for (row, column), count in cells.items():
        for name in (f"{row}|{column}", f"{row}|", f"|{column}", "|"):
            found[name] = found.get(name, 0) + count
    return found


def hold_small_changes(
    counts: Mapping[str, int], published: Mapping[str, int | None], k: int
) -> dict[str, int]:
    """Counts as they may follow an earlier publication: one that has changed by less than k stays
    as it was told.

    So the difference of two publications of the same thing names nobody either.
    """
    held = {}
    for name, count in counts.items():
        before = published.get(name)
        held[name] = before if before is not None and 0 < abs(count - before) < k else count
    return held
