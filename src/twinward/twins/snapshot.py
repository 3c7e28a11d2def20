"""A read-only picture of both twins, now or as of an instant: what views and decisions read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec

from twinward.core.ports import R, Reader, Table
from twinward.twins.city.areas import AreaTree
from twinward.twins.emergency.incidents.closure import find_evidence
from twinward.twins.emergency.incidents.rows import INCIDENTS, CriterionResult
from twinward.twins.emergency.reports.case_history import find_case

__all__ = ["Snapshot", "find_case"]


KEPT_INSTANTS = 2  # whoever looks at an instant asks for several pages of it


class InstantRows(msgspec.Struct):
    """Decoded rows of one instant: lists by table and area prefix, and by key of each table."""

    lists: dict[tuple[str, str | None], list[Any]] = {}
    by_key: dict[str, dict[str, Any]] = {}


class PastRows:
    """Rows of instants of the past, decoded once for all who look at the same instant on the same
    log. Rows about persons are not kept: their keys may be destroyed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, datetime], InstantRows] = OrderedDict()

    def at(self, seq: int, at: datetime) -> InstantRows:
        """What is kept of one instant as the log up to `seq` tells it."""
        with self._lock:
            rows = self._kept.setdefault((seq, at), InstantRows())
            self._kept.move_to_end((seq, at))
            while len(self._kept) > KEPT_INSTANTS:
                self._kept.popitem(last=False)
            return rows


class Snapshot:
    """Rows of every projection as they were at `at`, or as they are when `at` is None. Nothing
    here writes.

    What was recorded after `at` is not in it: an answer about the past knows nothing that was
    learned later.
    """

    def __init__(
        self,
        reader: Reader,
        areas: AreaTree,
        at: datetime | None = None,
        zone: tzinfo = UTC,
        past: PastRows | None = None,
    ) -> None:
        self.reader = reader
        self.areas = areas
        self.at = at
        self.zone = zone
        self._own = InstantRows()
        self._shared = self._own
        if past is not None and at is not None:
            self._shared = past.at(reader.last_seq(), at)

    def list_rows(
        self,
        table: Table[R],
        *,
        under: str | None = None,
        order: str | None = None,
        limit: int | None = None,
        **equals: Any,
    ) -> list[R]:
        """Rows that equal every filter (a tuple means any of), under an area code prefix, by key
        or `order`.
        """
        if self.at is None:
            return self.reader.list_rows(table, under=under, order=order, limit=limit, **equals)
        rows = self._rows_then(table, under)
        fitting = [
            row
            for row in rows
            if all(equals_or_in(getattr(row, name), v) for name, v in equals.items())
        ]
        if order is not None:
            name = order.removeprefix("-")
            known = [row for row in fitting if getattr(row, name) is not None]
            known.sort(key=lambda row: getattr(row, name), reverse=order.startswith("-"))
            fitting = [row for row in fitting if getattr(row, name) is None] + known
        return fitting[:limit]

    def count(self, table: Table[R], *, under: str | None = None, **equals: Any) -> int:
        if self.at is None:
            return self.reader.count(table, under=under, **equals)
        return len(self.list_rows(table, under=under, **equals))

    def find(self, table: Table[R], key: str) -> R | None:
        """One row, or None."""
        if self.at is None:
            return self.reader.find(table, key)
        kept = self._kept(table).by_key
        if table.name not in kept:
            rows = self._rows_then(table, None)
            kept[table.name] = {getattr(row, table.key): row for row in rows}
        found: R | None = kept[table.name].get(key)
        return found

    def _kept(self, table: Table[msgspec.Struct]) -> InstantRows:
        """Where rows of a table are kept: persons' for this picture alone."""
        personal = table.subject is not None or hasattr(table.row, "sealed_under")
        return self._own if personal else self._shared

    def _rows_then(self, table: Table[R], under: str | None) -> list[R]:
        assert self.at is not None
        kept, key = self._kept(table).lists, (table.name, under)
        if key not in kept:
            kept[key] = self.reader.as_of(table, self.at, area=under, known_at=self.at)
        rows: list[R] = kept[key]
        return rows

    def list_evidence(self, incident: str, now: datetime) -> list[CriterionResult]:
        """Each objective of the incident's plan, whether it holds, and what shows it; of a
        closed one as it closed.
        """
        found = self.find(INCIDENTS, incident)
        if found is not None and found.status == "closed":
            return [
                CriterionResult(
                    objective=key,
                    holds=True,
                    because=because,
                    reasons=found.evidence_reasons.get(key, ()),
                )
                for key, because in found.evidence.items()
            ]
        at = (self.at or now).astimezone(self.zone)
        return find_evidence(found, self, at) if found is not None else []  # type: ignore[arg-type]


def equals_or_in(value: object, wanted: object) -> bool:
    return value in wanted if isinstance(wanted, tuple) else bool(value == wanted)
