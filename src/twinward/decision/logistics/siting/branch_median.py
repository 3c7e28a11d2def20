"""Branch and bound for a p-median that the Lagrangian alone leaves open: a site is forced open or
struck out.

Few sites and much slack stall a linear program; the Lagrangian bound of a node costs milliseconds
and fixes most sites by their reduced costs (Beasley 1985, EJOR 21:270; Christofides, Beasley 1982,
EJOR 10:196).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from twinward.decision.logistics.siting.kernels import ascend, interchange

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
STEPS = 120
MARGIN = 1e-7


class _Node:
    """Sites that may open (columns of the whole problem), which of them must, and the prices
    that gave its bound.
    """

    def __init__(
        self, bound: float, sites: Ints, forced: Bools, price: Floats, branch: int
    ) -> None:
        self.bound, self.sites, self.forced, self.price, self.branch = (
            bound,
            sites,
            forced,
            price,
            branch,
        )


class MedianTree:
    """The search for one problem: `value` and `open_sites` of the best answer, `bound` that none
    can undercut.
    """

    def __init__(
        self, cost: Floats, p: int, value: float, open_sites: Bools, *, whole: bool
    ) -> None:
        self.cost, self.p, self.whole = cost, p, whole
        self.value, self.open_sites = value, open_sites.copy()

    def prove(
        self, price: Floats, gap: float, seconds: Callable[[], float], until_s: float
    ) -> float:
        """A bound: (1 - gap) of the best value when the search ends, else that of the weakest node
        left.

        A gap of 0 proves the best value optimal.
        """
        every = np.arange(self.cost.shape[1])
        root = self._look(every, np.zeros(len(every), bool), price, gap, 4 * STEPS)
        queue: list[tuple[float, int, _Node]] = [(root.bound, 0, root)] if root else []
        made = 1
        while queue:
            if seconds() > until_s:
                return min(queue[0][0], self._enough(gap))
            _, _, node = heapq.heappop(queue)
            for child in self._split(node, gap):
                heapq.heappush(queue, (max(child.bound, node.bound), made, child))
                made += 1
        return self._enough(gap)

    def _enough(self, gap: float) -> float:
        """From this bound on a node needs no more looking at."""
        return min(
            self.value * (1.0 - gap), self.value - (1.0 - 2e-6 if self.whole else 1e-9 * self.value)
        )

    def _split(self, node: _Node, gap: float) -> list[_Node]:
        """The node with its branching site open, and with it struck out."""
        opened = node.forced.copy()
        opened[node.branch] = True
        keep = np.arange(len(node.sites)) != node.branch
        found = [
            self._look(node.sites, opened, node.price, gap, STEPS),
            self._look(node.sites[keep], node.forced[keep], node.price, gap, STEPS),
        ]
        return [child for child in found if child is not None]

    def _look(
        self, sites: Ints, forced: Bools, price: Floats, gap: float, steps: int
    ) -> _Node | None:
        """The node with its bound and fixed sites; None when it holds nothing better."""
        if len(sites) < self.p or forced.sum() > self.p:
            return None
        if len(sites) == self.p or forced.sum() == self.p:
            self._offer(sites if len(sites) == self.p else sites[forced])
            return None
        cost = np.ascontiguousarray(self.cost[:, sites])
        enough = self._enough(gap)
        bound, price, reduced, times = ascend(
            cost, forced, self.p, price.copy(), self.value, enough, steps
        )
        wanted = self.p - int(forced.sum())
        ranked = np.where(forced, np.inf, reduced)
        order = np.argsort(ranked, kind="stable")
        self._offer(sites[np.concatenate([order[:wanted], np.flatnonzero(forced)])])
        if bound >= enough - MARGIN:
            return None
        last, following = ranked[order[wanted - 1]], ranked[order[wanted]]
        sure = forced.copy()
        sure[order[:wanted]] |= bound - reduced[order[:wanted]] + following > enough + MARGIN
        possible = sure | (bound + reduced - last <= enough + MARGIN)
        possible[order[:wanted]] = True
        free = np.flatnonzero(possible & ~sure)
        if not len(free) or sure.sum() == self.p:
            self._offer(sites[sure] if sure.sum() == self.p else sites[possible])
            return None
        often = times[free] / max(times.max(), 1)
        branch = free[int(np.argmax(often))]
        return _Node(bound, sites[possible], sure[possible], price, int(possible[:branch].sum()))

    def _offer(self, chosen: Ints) -> None:
        """Take a choice of sites if it is better than the best, improved by exchange when it is
        near.
        """
        if len(chosen) != self.p:
            return
        value = float(self.cost[:, chosen].min(axis=1).sum())
        if value >= 1.01 * self.value:
            return
        sites = np.zeros(self.cost.shape[1], bool)
        sites[chosen] = True
        if value < self.value:
            interchange(self.cost, sites, 1e-9)
            self.value, self.open_sites = float(self.cost[:, sites].min(axis=1).sum()), sites
