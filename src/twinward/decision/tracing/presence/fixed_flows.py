"""Movement between the city's areas as anybody may know it: fixed cells, told alike to everybody.

A cell is an hour of a finished day of the city, an area left and an area reached. The lowest areas
are told first: a cell with fewer than k persons is not told, as an empty one is not. A larger area
tells what its parts tell, and the rest beside it only where the rest itself is k or more and could
be spread over its untold parts in many ways. A day tells the sum of its hours. So no question is
free to choose its cells, and no difference of two answers is a number of persons below k.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.ports import MovementLake
from twinward.decision.tracing.presence.flows import HOUR_US, in_time_order
from twinward.decision.tracing.scoped_lake import AreaLocator

AHEAD_US = 24 * HOUR_US  # the stay that follows the last one of a day may begin on the next
Cell = tuple[int, str, str]  # hour of the day, area left, area reached
Moves = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]  # hour, from, to, subject


class FlowLevel(msgspec.Struct, frozen=True, kw_only=True):
    """Areas of one level. `row` int64[leaves]: which of `codes` each lowest area lies in, or -1."""

    name: str
    codes: list[str]
    row: NDArray[Any]


class ToldDay(msgspec.Struct, frozen=True, kw_only=True):
    """What has been told of a day: cells of the lowest areas, and by level the rests told beside
    them.
    """

    base: list[tuple[int, str, str, int]] = []
    rests: dict[str, list[tuple[int, str, str, int]]] = {}


def list_moves(lake: MovementLake, leaves: AreaLocator, start_us: int, end_us: int) -> Moves:
    """Who stayed in one lowest area and next in another, in the hour in which the first stay
    ended.
    """
    visits = lake.visits_between(start_us, end_us + AHEAD_US)
    subject, area, _, end = in_time_order(visits, leaves)
    go = (subject[1:] == subject[:-1]) & (area[1:] != area[:-1])
    go &= (area[1:] >= 0) & (area[:-1] >= 0) & (end[:-1] >= start_us) & (end[:-1] < end_us)
    rows = np.flatnonzero(go)
    return (end[rows] - start_us) // HOUR_US, area[rows], area[rows + 1], subject[rows]


def tell_day(
    moves: Moves, levels: Sequence[FlowLevel], k: int, earlier: ToldDay
) -> tuple[ToldDay, dict[str, dict[Cell, int]]]:
    """What may be told of a day, level by level, the lowest first (`levels[0]`: the lowest areas).

    A count told `earlier` is told again unless it has changed by k or more.
    """
    lowest = levels[0]
    base = hold(
        {c: n for c, n in count_persons(moves, lowest).items() if n >= k}, _as_dict(earlier.base), k
    )
    told, tables = base, {lowest.name: base}
    complete: set[Cell] = set(base)  # cells of the level below that hide nothing
    rests: dict[str, list[tuple[int, str, str, int]]] = {}
    for below, level in pairwise(levels):
        told, rest = add_up(
            moves, below, level, told, complete, k, earlier.rests.get(level.name, [])
        )
        tables[level.name], complete = told, set(rest)
        rests[level.name] = _as_rows(rest)
    return ToldDay(base=_as_rows(base), rests=rests), tables


def add_up(
    moves: Moves,
    below: FlowLevel,
    level: FlowLevel,
    told_below: dict[Cell, int],
    complete: set[Cell],
    k: int,
    earlier: list[tuple[int, str, str, int]],
) -> tuple[dict[Cell, int], dict[Cell, int]]:
    """(what is told of a level's cells, which rests are in it)."""
    above = parents_of(below, level)
    parts = dict.fromkeys(level.codes, 0)
    for code in above.values():
        parts[code] += 1
    told: dict[Cell, int] = {}
    known: dict[Cell, int] = {}
    for table, out in ((told_below, told), (dict.fromkeys(complete, 1), known)):
        for (hour, a, b), n in table.items():
            cell = (hour, above.get(a, ""), above.get(b, ""))
            if cell[1] and cell[2] and cell[1] != cell[2]:
                out[cell] = out.get(cell, 0) + n
    rest: dict[Cell, int] = {}
    for cell, n in count_persons(moves, level).items():
        left = n - told.get(cell, 0)
        untold = parts[cell[1]] * parts[cell[2]] - known.get(cell, 0)
        if left >= k and left <= (untold - 1) * (k - 1):
            rest[cell] = left
    rest = hold(rest, _as_dict(earlier), k)
    for cell, n in rest.items():
        told[cell] = told.get(cell, 0) + n
    return told, rest


def count_persons(moves: Moves, level: FlowLevel) -> dict[Cell, int]:
    """Distinct persons of every cell of a level."""
    hour, left, reached, subject = moves
    a, b = level.row[left], level.row[reached]
    between = (a >= 0) & (b >= 0) & (a != b)
    rows = np.stack([hour[between], a[between], b[between], subject[between]], axis=1)
    cells = np.unique(rows.astype(np.int64), axis=0)[:, :3]
    found, count = np.unique(cells, axis=0, return_counts=True)
    codes = level.codes
    return {
        (h, codes[one], codes[two]): n
        for (h, one, two), n in zip(found.tolist(), count.tolist(), strict=True)
    }


def parents_of(below: FlowLevel, level: FlowLevel) -> dict[str, str]:
    """The area of `level` that each area of the level below lies in."""
    both = (below.row >= 0) & (level.row >= 0)
    pairs = np.unique(np.stack([below.row[both], level.row[both]], axis=1), axis=0)
    return {below.codes[one]: level.codes[two] for one, two in pairs.tolist()}


def hold(counts: dict[Cell, int], earlier: dict[Cell, int], k: int) -> dict[Cell, int]:
    """Counts that have moved by less than k since they were told stay as they were told."""
    held = dict(counts)
    for cell, before in earlier.items():
        if abs(counts.get(cell, 0) - before) < k:
            held[cell] = before
    return held


def sum_of_hours(table: dict[Cell, int]) -> dict[Cell, int]:
    """The day's table: what its hours tell, added up."""
    found: dict[Cell, int] = {}
    for (_, a, b), n in table.items():
        found[0, a, b] = found.get((0, a, b), 0) + n
    return found


def _as_dict(rows: list[tuple[int, str, str, int]]) -> dict[Cell, int]:
    return {(hour, a, b): n for hour, a, b, n in rows}


def _as_rows(table: dict[Cell, int]) -> list[tuple[int, str, str, int]]:
    return sorted((*cell, n) for cell, n in table.items())
