"""A read-only picture of both twins, now or as of an instant: what views and decisions read."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

from twinward.core.ports import R, Reader, Table
from twinward.twins.city.areas import AreaTree
from twinward.twins.emergency.incidents.closure import CriterionResult, find_evidence
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.reports.case_history import find_case

__all__ = ["Snapshot", "find_case"]


class Snapshot:
    """Rows of every projection as they were at `at`, or as they are when `at` is None. Nothing
    here writes.
    """

    def __init__(
        self, reader: Reader, areas: AreaTree, at: datetime | None = None, zone: tzinfo = UTC
    ) -> None:
        self.reader = reader
        self.areas = areas
        self.at = at
        self.zone = zone

    def list_rows(
        self, table: Table[R], *, under: str | None = None, limit: int | None = None, **equals: Any
    ) -> list[R]:
        """Rows that equal every filter (a tuple means any of), under an area code prefix, by
        key.
        """
        if self.at is None:
            return self.reader.list_rows(table, under=under, limit=limit, **equals)
        rows = self.reader.as_of(table, self.at, area=under)
        fitting = [
            row
            for row in rows
            if all(equals_or_in(getattr(row, name), v) for name, v in equals.items())
        ]
        return fitting[:limit]

    def find(self, table: Table[R], key: str) -> R | None:
        """One row, or None."""
        if self.at is None:
            return self.reader.find(table, key)
        return next(
            (row for row in self.reader.as_of(table, self.at) if getattr(row, table.key) == key),
            None,
        )

    def list_evidence(self, incident: str, now: datetime) -> list[CriterionResult]:
        """Each objective of the incident's plan, whether it holds, and what shows it; of a
        closed one as it closed.
        """
        found = self.find(INCIDENTS, incident)
        if found is not None and found.status == "closed":
            return [
                CriterionResult(objective=key, holds=True, because=because)
                for key, because in found.evidence.items()
            ]
        return (
            find_evidence(found, self.reader, (self.at or now).astimezone(self.zone))
            if found is not None
            else []
        )


def equals_or_in(value: Any, wanted: Any) -> bool:
    return value in wanted if isinstance(wanted, tuple) else bool(value == wanted)
