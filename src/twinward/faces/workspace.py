"""A workspace opened for reading: incidents, tasks, cases and the log as data frames.

    import twinward as tw
    with tw.open_platform("demo") as workspace:
        workspace.incidents().to_frame()

Reading asks the same rules as everybody: what is seen of persons needs an activation and is on
record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from twinward.app import compose
from twinward.app.workspace import MARK
from twinward.core.clock import parse_time
from twinward.faces.arguments import ArgumentError, require_whole, speaks_python
from twinward.faces.city import City
from twinward.faces.city import open as open_city
from twinward.faces.frames import Table
from twinward.service.access.authorization import require_verb
from twinward.service.access.local_caller import local_caller
from twinward.service.access.person_listing import MAX_PAGE, list_persons
from twinward.service.incidents import event_queries, queries
from twinward.service.incidents.shown import ShownEvent
from twinward.service.logistics.supply_queries import list_stocks
from twinward.service.platform import Caller, Platform

__all__ = ["Workspace", "open_platform"]
MOST_ROWS = 1_000_000


@speaks_python
def open_platform(workspace: str | Path, *, token: str | None = None) -> Workspace:
    """Opens a workspace; use it with `with`, or `close()` it.

    token: access token of an account (what `twinward login` writes); without it the owner of the
    folder reads as local-admin, and a managed workspace refuses
    """
    platform = compose.open_platform(Path(workspace))
    try:
        if token is not None:
            caller = platform.identities.read(token, platform.clock.now())
        else:
            caller = local_caller(platform, platform.workspace / MARK)
    except BaseException:
        platform.close()
        raise
    return Workspace(platform, caller)


class Workspace:
    """One open workspace and who reads it. Each method gives a Table: `.to_frame()` and so on."""

    def __init__(self, platform: Platform, caller: Caller) -> None:
        self.platform, self.caller = platform, caller

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Workspace: {self.platform.workspace}, read by {self.caller.name}>"

    def close(self) -> None:
        """Closes the files; tables that were read stay."""
        self.platform.close()

    @property
    def city(self) -> City:
        """The workspace's city. AbsentError where there is none."""
        return open_city(self.platform.workspace)

    def incidents(self, *, status: str | None = None, at: datetime | str | None = None) -> Table:
        """Incidents, newest first; `at` an instant with zone: as they were then."""
        require_verb(self.platform, self.caller, "incident list")
        rows = queries.list_incidents(
            self.platform, at=_instant("at", at), status=status, caller=self.caller
        )
        return make_table("incidents", rows)

    def tasks(
        self,
        *,
        incident: str | None = None,
        department: str | None = None,
        status: str | None = None,
        at: datetime | str | None = None,
    ) -> Table:
        """Tasks by deadline; `status` a word of the glossary, or `open` or `at_work`."""
        require_verb(self.platform, self.caller, "task list")
        rows = queries.list_tasks(
            self.platform,
            incident=incident,
            department=department,
            status=status,
            at=_instant("at", at),
            limit=MOST_ROWS,
            caller=self.caller,
        )
        return make_table("tasks", rows)

    def events(self, after: int = 0, limit: int = 1000) -> Table:
        """The log from a sequence number on, in order; `fact` is a mapping."""
        require_verb(self.platform, self.caller, "incident list")
        limit = require_whole("limit", limit, 1, MOST_ROWS)
        rows: list[ShownEvent] = []
        while len(rows) < limit:
            page = event_queries.list_events(self.platform, after, limit - len(rows), self.caller)
            if not page:
                break
            rows += page
            after = page[-1]["seq"]
        return make_table("events", rows)

    def sources(self) -> Table:
        """Each source's account: received = stored + rejected + duplicate."""
        require_verb(self.platform, self.caller, "incident list")
        return make_table("sources", queries.list_sources(self.platform))

    def stocks(self, *, kind: str | None = None, at: datetime | str | None = None) -> Table:
        """What is held where, by kind and area."""
        require_verb(self.platform, self.caller, "supply stock")
        rows = list_stocks(self.platform, self.caller, kind=kind, at=_instant("at", at))
        return make_table("stocks", rows)

    def cases(self, **filters: str | None) -> Table:
        """Cases by pseudonym, newest first, that an activation opens; the look is on record.
        Filters: hazard, status. RefusedError in peacetime.
        """
        return self._persons("cases", filters)

    def contacts(self, **filters: str | None) -> Table:
        """Contacts by pseudonym, as `cases`. Filters: incident, case, step."""
        return self._persons("contacts", filters)

    def contacts_of(
        self,
        subject: str,
        *,
        start: datetime | str | None = None,
        end: datetime | str | None = None,
        radius_m: float = 50.0,
        minutes: float = 15.0,
        min_duration_min: float = 15.0,
        min_probability: float = 0.0,
        limit: int | None = None,
    ) -> Table:
        """Who shared place and time with a subject, most likely infected first, from the movement
        in the lake; needs an activation for tracing, and is on record. The window is the
        activation's, or from `start` to `end`, instants with zone.
        """
        require_verb(self.platform, self.caller, "trace contacts")
        found = compose.make_tracing(self.platform, self.caller).contacts(
            subject=subject,
            start=_instant("start", start),
            end=_instant("end", end),
            radius_m=radius_m,
            minutes=minutes,
            min_duration_min=min_duration_min,
            min_probability=min_probability,
            limit=limit,
        )
        return make_table("contacts", found["contacts"])

    def _persons(self, kind: str, filters: Mapping[str, str | None]) -> Table:
        rows: list[dict[str, object]] = []
        asked: dict[str, Any] = dict(filters)
        while True:
            page = list_persons(
                self.platform,
                self.caller,
                kind,
                limit=MAX_PAGE,
                offset=len(rows),
                at=None,
                **asked,
            )
            rows += page.items
            if len(rows) >= page.total or not page.items:
                return make_table(kind, rows)


def make_table(name: str, rows: Iterable[msgspec.Struct | Mapping[str, object]]) -> Table:
    """Rows of structs or mappings as a table; what is nested inside a row becomes plain."""
    plain = [{column: _cell(value) for column, value in _fields(row).items()} for row in rows]
    return Table(name, plain)


def _fields(row: msgspec.Struct | Mapping[str, object]) -> dict[str, object]:
    return msgspec.structs.asdict(row) if isinstance(row, msgspec.Struct) else dict(row)


def _cell(value: object) -> object:
    if value is None or isinstance(value, str | int | float | bool | datetime):
        return value
    return msgspec.to_builtins(value)


def _instant(name: str, value: datetime | str | None) -> datetime | None:
    if isinstance(value, str):
        return parse_time(value)
    if value is not None and value.tzinfo is None:
        raise ArgumentError(f"{name} must have a time zone, got {value!r}", argument=name)
    return value
