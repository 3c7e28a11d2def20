"""Turns that are forbidden: which pairs of edges they are, and a graph that has none of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from twinward.citybase.sources.ways import TurnRule


def find_turns(
    turns: Iterable[TurnRule], node_ids: NDArray[np.int64], edges: dict[str, NDArray[np.int64]]
) -> dict[str, NDArray[np.uint32]]:
    """The forbidden pairs of edges. `node_ids` ascend; a node's place in them is its number."""
    way, tail, head = edges["way"], edges["edge_from"], edges["edge_to"]
    by_head, by_tail = np.argsort(head, kind="stable"), np.argsort(tail, kind="stable")
    pairs: set[tuple[int, int]] = set()
    for turn in turns:
        node = int(np.searchsorted(node_ids, turn.via))
        if node == len(node_ids) or node_ids[node] != turn.via:
            continue
        into = by_head[slice(*np.searchsorted(head, [node, node + 1], sorter=by_head))].tolist()
        out = by_tail[slice(*np.searchsorted(tail, [node, node + 1], sorter=by_tail))].tolist()
        starts = [e for e in into if int(way[e]) in turn.start]
        meant = [e for e in out if int(way[e]) in turn.end]
        others = [e for e in out if e not in meant] if meant else []
        ends = others if turn.only else meant
        for a, b in product(starts, ends):
            same = int(way[a]) == int(way[b]) and not turn.only
            if not same or tail[a] == head[b]:  # on one way only turning round is meant
                pairs.add((a, b))
    found = np.array(sorted(pairs), dtype=np.uint32).reshape(-1, 2)
    return {"turn_from": found[:, 0], "turn_to": found[:, 1]}


def turning_matrix(
    tail: NDArray[np.uint32],
    head: NDArray[np.uint32],
    weight: NDArray[np.float64],
    turns: tuple[NDArray[np.uint32], NDArray[np.uint32]],
    nodes: int,
) -> tuple[csr_array, NDArray[np.int64]]:
    """A matrix of the edges with a number (NaN: closed) in which an edge with forbidden turns ends
    at a copy of its node, from where only the others go on; and the node of each copy.
    """
    start, end = turns[0].astype(np.int64), turns[1].astype(np.int64)
    ending, copy = np.unique(start, return_inverse=True)
    target = head.astype(np.int64)
    copies = target[ending]
    order = np.argsort(tail, kind="stable")
    first = np.searchsorted(tail, np.arange(nodes + 1), sorter=order)
    target[ending] = nodes + np.arange(len(ending))
    shut = set(zip(copy.tolist(), end.tolist(), strict=True))
    more = [
        (nodes + n, edge)
        for n, node in enumerate(copies.tolist())
        for edge in order[first[node] : first[node + 1]].tolist()
        if (n, edge) not in shut
    ]
    extra = np.array(more, dtype=np.int64).reshape(-1, 2)
    a = np.concatenate([tail.astype(np.int64), extra[:, 0]])
    b = np.concatenate([target, target[extra[:, 1]]])
    w = np.concatenate([weight, weight[extra[:, 1]]]).astype(np.float64)
    known = np.flatnonzero(~np.isnan(w))
    order = known[np.lexsort((w[known], b[known], a[known]))]
    a, b, w = a[order], b[order], w[order]
    best = np.ones(len(a), bool)
    best[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    size = nodes + len(copies)
    return csr_array((w[best], (a[best], b[best])), shape=(size, size)), copies
