"""Questions about movement: scope first, then the answer, then the audit entry; aggregates with small counts hidden."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np
from scipy.spatial import cKDTree

from twinward.core.clock import from_us
from twinward.core.ports import MovementLake
from twinward.core.scope import Scope
from twinward.decision.tracing.contacts import ContactQuestion, list_contacts
from twinward.decision.tracing.opened import PURPOSE, AreaLocator, OpenedLake
from twinward.decision.tracing.settings import Settings
from twinward.service.activations import record_look, scope_for
from twinward.service.platform import Caller, Platform

T = TypeVar("T")
__all__ = ["Tracing", "join_tracing"]
FAR_DEGREES = 0.5  # a point farther than this from every area is in none of them
DEFAULT_WINDOW = timedelta(days=14)
Audit = Callable[[Scope, str, dict[str, Any]], None]  # scope, question, its arguments


class AskableLake(Protocol):
    """The lake as a thing to ask: every question sees one consistent state."""

    def ask(self, question: Callable[[Any], T]) -> T: ...


class Tracing:
    """The use cases of tracing. One instance serves a process and stays warm."""

    def __init__(
        self,
        lake: AskableLake,
        scope_for: Callable[[str], Scope],
        audit: Audit,
        settings: Settings,
        areas: AreaLocator | None = None,
        k: int = 5,
    ) -> None:
        self.lake = lake
        self.scope_for = scope_for
        self.audit = audit
        self.settings = settings
        self.areas = areas
        self.k = k

    def contacts(self, **asked: Any) -> dict[str, Any]:
        """`trace contacts`; the fields of a ContactQuestion, a missing end of the window by default."""
        scope = self.scope_for(PURPOSE)
        question = ContactQuestion(**(asked | self.window(scope, asked.get("start"), asked.get("end"))))
        return self._about_persons(scope, "contacts", asked, lambda lake: list_contacts(lake, question, self.settings))

    def window(self, scope: Scope, start: datetime | None, end: datetime | None) -> dict[str, datetime]:
        """The window asked for; what is missing follows from the newest data that the scope opens."""
        if end is None:
            newest = from_us(self.lake.ask(lambda lake: lake.span_us())[1])
            end = min(max(newest, scope.data_from), scope.data_to)
        return {"start": start or max(end - DEFAULT_WINDOW, scope.data_from), "end": end}

    def _about_persons(
        self, scope: Scope, name: str, asked: dict[str, Any], answer: Callable[[OpenedLake], Any]
    ) -> dict[str, Any]:
        """Answer and audit. `query_ms` is the time of the answer alone: the lake is opened and warm before."""

        def ask(lake: MovementLake) -> tuple[Any, float]:
            opened = OpenedLake(lake, scope, self.areas)
            started = time.perf_counter()
            return answer(opened), (time.perf_counter() - started) * 1e3

        result, query_ms = self.lake.ask(ask)
        self.audit(scope, f"trace.{name}", asked)
        out: dict[str, Any] = msgspec.to_builtins(result)
        return out | {"activation": scope.activation, "query_ms": round(query_ms, 3)}


def join_tracing(platform: Platform, caller: Caller, lake: AskableLake) -> Tracing:
    """Tracing on a platform: scopes from its activations, looks on its record, areas from its city."""

    def record(scope: Scope, question: str, arguments: dict[str, Any]) -> None:
        record_look(platform, caller, scope, PURPOSE, str(arguments.get("subject") or "*"), question)

    return Tracing(
        lake,
        lambda purpose: scope_for(platform, caller, purpose),
        record,
        Settings(timezone=platform.settings.timezone),
        locate_by_nearest(list(platform.around.areas.by_code.values())),
        platform.settings.k_anonymity,
    )


def locate_by_nearest(areas: list[Any]) -> AreaLocator | None:
    """Points belong to the lowest area whose own point is nearest; None without a city."""
    parents = {area.parent for area in areas if getattr(area, "parent", None)}
    leaves = [area for area in areas if area.code not in parents and hasattr(area, "lon")]
    if not leaves:
        return None
    points = np.array([[area.lon, area.lat] for area in leaves])
    squeeze = np.array([np.cos(np.radians(points[:, 1].mean())), 1.0])
    tree = cKDTree(points * squeeze)

    def locate(lon: Any, lat: Any) -> Any:
        far_degrees, row = tree.query(np.stack([lon, lat], axis=1) * squeeze)
        return np.where(far_degrees <= FAR_DEGREES, row, -1)

    return AreaLocator([area.code for area in leaves], locate)
