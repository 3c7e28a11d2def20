"""Questions about movement: scope first, then the answer, then the audit entry; aggregates with
small counts hidden.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np

from twinward.core.clock import from_us, to_us
from twinward.core.errors import UNREADABLE, InputError, RefusedError
from twinward.core.ports import MovementLake, MovePoints
from twinward.core.scope import ALL_AREAS, Scope
from twinward.decision.tracing.contacts.case_file import home_of, tell_movement
from twinward.decision.tracing.contacts.companions import list_companions
from twinward.decision.tracing.contacts.higher_order import list_second_order, trace_backward
from twinward.decision.tracing.contacts.search import ContactQuestion, list_contacts
from twinward.decision.tracing.contacts.venue_kinds import VenueRules
from twinward.decision.tracing.presence.areas import AskedAreas, read_areas
from twinward.decision.tracing.presence.flows import HOUR_US, FlowAnswer, list_flows
from twinward.decision.tracing.presence.peacetime_flows import PeacetimeFlows
from twinward.decision.tracing.presence.visited import (
    DwellAnswer,
    VisitedAnswer,
    list_dwells,
    list_visited,
)
from twinward.decision.tracing.scoped_lake import PURPOSE, ScopedLake
from twinward.security.privacy.masking import PointMask, mask_points
from twinward.service.tracing.access_record import (
    AccessRecord,
    of_dwell,
    of_flows,
    of_person,
    of_visited,
    of_words,
)
from twinward.service.tracing.city_areas import CityAreas
from twinward.service.tracing.small_areas import MOST_SMALL, Named, hide_few, require_coarse
from twinward.twins.emergency.access.messages import LONGEST_WORDS

T = TypeVar("T")
Found = TypeVar("Found")
DEFAULT_WINDOW = timedelta(days=14)
Audit = Callable[[Scope, AccessRecord], None]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer about persons carries: the activation that opened it, and how long it
    took.
    """

    activation: str
    query_ms: float


class AskableLake(Protocol):
    """The lake as a thing to ask: every question sees one consistent state."""

    def ask(self, question: Callable[[Any], T]) -> T: ...

    def sql(
        self, text: str, start: datetime, end: datetime, move: MovePoints | None
    ) -> dict[str, Any]: ...


class Tracing:
    """The use cases of tracing in the name of one caller. `lake` gives the lake, warm."""

    def __init__(
        self,
        lake: Callable[[], AskableLake],
        scope_for: Callable[[str], Scope],
        audit: Audit,
        settings: VenueRules,
        city: CityAreas,
        k: int = 5,
        mine: Callable[[str], bool] | None = None,
        mask: PointMask | None = None,
        now: Callable[[], datetime] | None = None,
        *,
        fixed_flows: PeacetimeFlows,
        note_flows: Callable[[str], None] = lambda what: None,
        strict: bool = False,
    ) -> None:
        """`mine` cuts to the caller's areas; `mask` moves the points of persons, wherever no
        named place stands; `note_flows` puts a question about flows in peacetime on record;
        `strict` names nobody in areas so small that the mask would be undone.
        """
        self.strict = strict
        self.fixed_flows = fixed_flows
        self.note_flows = note_flows
        self.lake = lake
        self.scope_for = scope_for
        self.audit = audit
        self.settings = settings
        self.city = city
        self.areas = city.lowest
        self.k = k
        self.mine = mine
        self.mask = mask
        self.now = now

    def contacts(self, **asked: Any) -> dict[str, Any]:
        """`trace contacts`; the fields of a ContactQuestion, a missing end of the window by
        default.
        """
        scope = self.scope_for(PURPOSE)
        question = ContactQuestion(
            **(asked | self.window(scope, asked.get("start"), asked.get("end")))
        )
        return self._about_person(
            scope, "contacts", asked, lambda lake: list_contacts(lake, question, self.settings)
        )

    def movement(self, **asked: Any) -> dict[str, Any]:
        """The part of a case file that movement tells."""
        scope = self.scope_for(PURPOSE)
        asked |= self.window(scope, asked.pop("start", None), asked.pop("end", None))
        return self._about_person(
            scope, "file", asked, lambda lake: tell_movement(lake, **asked, settings=self.settings)
        )

    def home_areas(self, subjects: Sequence[str], start: datetime, end: datetime) -> dict[str, str]:
        """The lowest area in which each person spends the nights, where the city and the data
        tell it.
        """
        scope, areas = self.scope_for(PURPOSE), self.areas
        if areas is None or not subjects:
            return {}

        def ask(lake: MovementLake) -> dict[str, str]:
            opened = ScopedLake(lake, scope, areas, self.mine)
            found = {name: home_of(opened, name, start, end, self.settings) for name in subjects}
            homes = {name: point for name, point in found.items() if point is not None}
            rows: Any = areas.locate(*np.array(list(homes.values())).T) if homes else []
            return {
                name: areas.codes[row] for name, row in zip(homes, rows, strict=True) if row >= 0
            }

        return self.lake().ask(ask)

    def sql(self, text: str) -> dict[str, Any]:
        """`lake sql`: a SELECT over what the activation opens; only where it opens the whole city.

        On record before it is answered: what it might tell cannot be read from its words, nor from
        how it fails.
        """
        scope = self.scope_for(PURPOSE)
        if ALL_AREAS not in scope.areas or self.mine is not None:
            raise RefusedError(
                "free questions need an activation of all areas",
                "ask with the trace verbs",
                code="area_not_open",
            )
        if len(text) > LONGEST_WORDS:
            raise InputError(
                f"the question has {len(text)} letters",
                f"use at most {LONGEST_WORDS}",
                code="bad_sql",
            )
        people = self.lake().ask(lambda lake: lake.subject_count())
        self.audit(scope, of_words(text, people, scope.data_from, scope.data_to))
        started = time.perf_counter()
        answer = self.lake().sql(
            text, scope.data_from, scope.data_to, self.mask.many if self.mask else None
        )
        return answer | {
            "activation": scope.activation,
            "query_ms": round((time.perf_counter() - started) * 1e3, 3),
        }

    def second_order(self, min_transmission: float, cap: int, **asked: Any) -> dict[str, Any]:
        """`trace contacts --second-order`: contacts of likely infected contacts, with threshold
        and cap.
        """
        scope = self.scope_for(PURPOSE)
        question = ContactQuestion(
            **(asked | self.window(scope, asked.get("start"), asked.get("end")))
        )
        return self._about_person(
            scope,
            "second_order",
            asked,
            lambda lake: list_second_order(
                lake, question, self.settings, min_transmission=min_transmission, cap=cap
            ),
        )

    def backward(
        self, subject: str, onset: datetime, known_cases: frozenset[str], limit: int
    ) -> dict[str, Any]:
        """`trace backward`: where and from whom a case may have been infected."""
        scope = self.scope_for(PURPOSE)
        return self._about_person(
            scope,
            "backward",
            {"subject": subject, "onset": onset},
            lambda lake: trace_backward(
                lake, subject, onset, self.settings, known_cases=known_cases, limit=limit
            ),
        )

    def companions(self, **asked: Any) -> dict[str, Any]:
        """`trace companions`: who shared several places with a subject."""
        scope = self.scope_for(PURPOSE)
        asked |= self.window(scope, asked.pop("start", None), asked.pop("end", None))
        return self._about_person(
            scope, "companions", asked, lambda lake: list_companions(lake, **asked)
        )

    def visited(
        self,
        areas: object,
        days: float,
        end: datetime | None,
        subject: str | None,
        limit: int | None,
    ) -> dict[str, Any]:
        """`trace visited`: who passed through the areas (GeoJSON) and who stayed, in the `days`
        before `end`.
        """
        scope = self.scope_for(PURPOSE)
        if not 0 < days <= 366:
            raise InputError(f"{days} days cannot be asked for", "use 1 to 366", code="bad_days")
        asked = read_areas(areas)
        if subject is not None or limit != 0:
            require_coarse(asked, 0 if self.strict and subject is not None else MOST_SMALL)
        to = self.window(scope, None, end)["end"]
        start = to - timedelta(days=days)
        if end is None:
            start = max(start, scope.data_from)

        def answer(lake: ScopedLake) -> VisitedAnswer:
            return list_visited(lake, asked, start, to, subject, limit)

        if subject is not None:
            return self._about_person(scope, "visited", {"subject": subject}, answer)

        def shown(lake: ScopedLake) -> VisitedAnswer:
            found = answer(lake)
            named = self._shown(asked, found.presences)
            return msgspec.structs.replace(found, presences=named)

        return self._about_persons(scope, shown, lambda found: of_visited(asked, found))

    def dwell(
        self,
        areas: object,
        over_h: float,
        start: datetime | None,
        end: datetime | None,
        limit: int | None,
    ) -> dict[str, Any]:
        """`trace dwell`: who stayed in the areas for more than `over_h` hours."""
        scope = self.scope_for(PURPOSE)
        asked = read_areas(areas)
        if limit != 0:
            require_coarse(asked)
        window = self.window(scope, start, end)

        def shown(lake: ScopedLake) -> DwellAnswer:
            found = list_dwells(lake, asked, window["start"], window["end"], over_h, limit)
            return msgspec.structs.replace(found, dwells=self._shown(asked, found.dwells))

        return self._about_persons(scope, shown, lambda found: of_dwell(asked, found))

    def _shown(self, areas: AskedAreas, rows: list[Named]) -> list[Named]:
        return hide_few(areas, rows, self.k) if self.strict else rows

    def flows(
        self,
        areas: object | None,
        level: str | None,
        start: datetime | None,
        end: datetime | None,
        *,
        view: str,
        per: str,
    ) -> dict[str, Any]:
        """`trace flows`: counts, never of fewer than k.

        In peacetime whole hours of finished days between the areas of a level, the same for
        everybody. Drawn areas, other views and other windows can be aimed at one home: they take an
        activation, are cut to what it opens, and are on record.
        """
        if (areas is None) == (level is None):
            raise InputError(
                "flows are between areas", "give either --by LEVEL or --areas FILE", code="no_areas"
            )
        scope = self._scope_for_flows(needed=areas is not None)
        if scope is None:
            return self._flows_in_peacetime(str(level), start, end, view, per)
        asked = self.city.level(str(level)) if areas is None else read_areas(areas)
        window = self.window(scope, start, end)
        if end is None:  # to the end of the hour of the newest datum
            newest = -(-to_us(window["end"]) // HOUR_US) * HOUR_US
            window["end"] = min(from_us(newest), scope.data_to)
        begin = start or max(window["end"] - timedelta(days=1), scope.data_from)

        def answer(lake: ScopedLake) -> FlowAnswer:
            lake.window(begin, window["end"])
            return list_flows(lake, asked, begin, window["end"], view=view, per=per, k=self.k)

        return self._about_persons(scope, answer, lambda found: of_flows(asked.codes, found))

    def _scope_for_flows(self, *, needed: bool) -> Scope | None:
        """The scope to ask freely with; None in peacetime, unless nothing goes without."""
        try:
            return self.scope_for(PURPOSE)
        except RefusedError:
            if needed:
                raise
            return None

    def _flows_in_peacetime(
        self, level: str, start: datetime | None, end: datetime | None, view: str, per: str
    ) -> dict[str, Any]:
        fixed = self.fixed_flows

        def ask(lake: MovementLake) -> tuple[FlowAnswer, float]:
            started = time.perf_counter()
            answer = fixed.ask(lake, level, start, end, view, per, self.mine)
            return answer, (time.perf_counter() - started) * 1e3

        answer, query_ms = self.lake().ask(ask)
        self.note_flows(f"flows by {level}, {answer.window[0]} to {answer.window[1]}, per {per}")
        out: dict[str, Any] = msgspec.to_builtins(answer)
        return out | {"query_ms": round(query_ms, 3)}

    def window(
        self, scope: Scope, start: datetime | None, end: datetime | None
    ) -> dict[str, datetime]:
        """The window asked for. A missing end is that of the newest data that the scope opens,
        or now where there are none; it never lies ahead, whatever a wrong clock has sent.
        """
        if end is None:
            latest = min(scope.data_to, self.now()) if self.now is not None else scope.data_to
            newest = min(from_us(self.lake().ask(lambda lake: lake.span_us())[1]), latest)
            end = newest if newest > scope.data_from else max(latest, scope.data_from)
        return {"start": start or max(end - DEFAULT_WINDOW, scope.data_from), "end": end}

    def may_see(self, scope: Scope, area: str, at: datetime) -> bool:
        """Whether a row of the log at an area and an instant is the caller's to see under the
        scope.
        """
        inside = scope.data_from <= at < scope.data_to and scope.covers_area(area)
        return inside and (self.mine is None or self.mine(area))

    def _about_person(
        self,
        scope: Scope,
        question: str,
        asked: dict[str, object],
        answer: Callable[[ScopedLake], object],
    ) -> dict[str, Any]:
        subject = str(asked["subject"])
        return self._about_persons(scope, answer, lambda _: of_person(question, subject), subject)

    def _about_persons(
        self,
        scope: Scope,
        answer: Callable[[ScopedLake], Found],
        look: Callable[[Found], AccessRecord],
        subject: str = "",
    ) -> dict[str, Any]:
        """Answer and audit. `query_ms` is the time of the answer alone: the lake is opened and
        warm before.
        """

        def ask(lake: MovementLake) -> tuple[Found, float]:
            opened = ScopedLake(lake, scope, self.areas, self.mine)
            started = time.perf_counter()
            return answer(opened), (time.perf_counter() - started) * 1e3

        result, query_ms = self.lake().ask(ask)
        self.audit(scope, look(result))
        out: dict[str, Any] = msgspec.to_builtins(result)
        if self.mask is not None:
            out = mask_points(out, subject, self.mask)
        return out | {"activation": scope.activation, "query_ms": round(query_ms, 3)}


def read_json(path: Path) -> object:
    """A JSON file; InputError when there is none or it is something else."""
    try:
        return msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}", "check the path", code="file_absent"
        ) from error
    except UNREADABLE as error:
        raise InputError(
            f"{path.name} is not JSON: {error}", "give a GeoJSON file", code="bad_areas"
        ) from error
