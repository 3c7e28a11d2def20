"""Which edge it is that speaks: one account speaks for an edge, the first that did."""

from __future__ import annotations

import time
from pathlib import Path

from twinward.core.ids import split_space
from twinward.service.devices.edge_book import EdgeBook
from twinward.service.platform import local_admin

MOST_KNOWN = 10_000
ASK_AGAIN_S = 1.0  # whether an account that speaks for no edge does so now


class EdgeVoices:
    """Knows the edges of namespaces of ids; what another account says in an edge's name stays in
    its own.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._known: dict[str, str] = {}  # the owner of an edge does not change
        self._others: dict[
            str, float
        ] = {}  # namespaces of no edge, and until when that is believed

    def edge_of(self, space: str) -> str:
        """The edge whose account has this namespace, else the namespace."""
        sender, source = split_space(space)
        if not sender:
            return source
        found = self._known.get(space)
        if found is None and time.monotonic() < self._others.get(space, 0.0):
            return space
        if found is None:
            with EdgeBook.open(self._workspace) as book:
                if book.sender(source) not in (sender, local_admin().name):
                    return self._other(space)
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[space] = source
        return found

    def _other(self, space: str) -> str:
        if len(self._others) >= MOST_KNOWN:
            self._others.clear()
        self._others[space] = time.monotonic() + ASK_AGAIN_S
        return space
