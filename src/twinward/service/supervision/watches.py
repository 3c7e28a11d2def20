"""Several watchers of the readings that come in, shown each batch one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twinward.core.ports import Watcher

if TYPE_CHECKING:
    import pyarrow as pa


class Watches:
    """Shows every batch to each of its watchers."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def look(self, source: str, readings: pa.RecordBatch, number: int, at_us: int) -> None:
        for one in self._watchers:
            one.look(source, readings, number, at_us)

    def settle(self) -> None:
        for one in self._watchers:
            one.settle()
