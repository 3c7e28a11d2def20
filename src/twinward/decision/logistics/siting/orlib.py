"""Reads p-median instances in the form of the OR-Library (Beasley 1985): nodes, edges, p, then
one edge a line.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from twinward.core.errors import InputError

MOST_COST = 1e12
MAX_NODES = 20_000


class MedianInstance(msgspec.Struct, frozen=True, kw_only=True):
    """Every node is a customer and a possible site. `cost[i, j]` is the shortest path from
    customer i to site j.
    """

    cost: NDArray[np.float64]
    p: int


def _bad(line: int, text: str, why: str) -> InputError:
    return InputError(
        f"line {line}: {why}: {text.strip()[:60]!r}",
        "the first line holds nodes, edges and p; each further line two nodes (from 1) and a cost",
        code="bad_orlib",
    )


def _numbers(line: int, text: str, count: int) -> list[float]:
    words = text.split()
    if len(words) != count:
        raise _bad(line, text, f"{len(words)} numbers where {count} belong")
    try:
        values = [float(word) for word in words]
    except ValueError as error:
        raise _bad(line, text, "not a number") from error
    if not all(np.isfinite(values)):
        raise _bad(line, text, "not a finite number")
    return values


def _whole(line: int, text: str, value: float, low: int, high: int, what: str) -> int:
    if value != int(value) or not low <= value <= high:
        raise _bad(line, text, f"{what} {value:g} is not a whole number from {low} to {high}")
    return int(value)


def read_edges(text: str) -> tuple[int, int, dict[tuple[int, int], float]]:
    """(nodes, p, cost by edge with nodes from 0). A later line for the same edge replaces the
    earlier one.
    """
    lines = [
        (number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()
    ]
    if not lines:
        raise InputError("the file is empty", "give an OR-Library p-median file", code="bad_orlib")
    number, line = lines[0]
    head = _numbers(number, line, 3)
    n = _whole(number, line, head[0], 1, MAX_NODES, "nodes")
    m = _whole(number, line, head[1], 0, n * n * 10, "edges")
    p = _whole(number, line, head[2], 1, n, "p")
    if len(lines) - 1 != m:
        raise _bad(number, line, f"{m} edges are announced but {len(lines) - 1} lines follow")
    edges: dict[tuple[int, int], float] = {}
    for number, line in lines[1:]:
        a, b, cost = _numbers(number, line, 3)
        i = _whole(number, line, a, 1, n, "node") - 1
        j = _whole(number, line, b, 1, n, "node") - 1
        if cost < 0:
            raise _bad(number, line, "the cost is negative")
        if cost > MOST_COST:
            raise _bad(number, line, f"the cost is above {MOST_COST:g}")
        edges[(min(i, j), max(i, j))] = cost
    return n, p, edges


def read_orlib(text: str) -> MedianInstance:
    """All-pairs shortest paths of the graph in `text`; InputError when a node cannot be reached."""
    n, p, edges = read_edges(text)
    pairs = np.array([pair for pair in edges if pair[0] != pair[1]], np.int64).reshape(-1, 2)
    values = np.array([cost for pair, cost in edges.items() if pair[0] != pair[1]], np.float64)
    # explicit zeros would be dropped as "no edge": shift them to the smallest number and round it
    # away again
    graph = coo_array(
        (np.where(values == 0, 1e-12, values), (pairs[:, 0], pairs[:, 1])), shape=(n, n)
    ).tocsr()
    cost = dijkstra(graph, directed=False)
    if not np.isfinite(cost).all():
        lost = int(np.flatnonzero(~np.isfinite(cost[0]))[0]) + 1
        raise InputError(
            f"node {lost} cannot be reached from node 1",
            "add an edge: every node must be served",
            code="disconnected",
        )
    return MedianInstance(cost=np.round(cost, 9), p=p)
