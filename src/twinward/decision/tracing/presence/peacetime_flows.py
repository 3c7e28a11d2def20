"""Flows in peacetime: whole hours of finished days between the city's areas, each day told once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from twinward.core.clock import format_time, from_us, to_us
from twinward.core.errors import InputError, RefusedError, StorageError
from twinward.core.ports import MovementLake
from twinward.decision.tracing.presence.fixed_flows import (
    Cell,
    FlowLevel,
    ToldDay,
    list_moves,
    sum_of_hours,
    tell_day,
)
from twinward.decision.tracing.presence.flows import HOUR_US, LONGEST_DAYS, PER_US, FlowAnswer
from twinward.decision.tracing.scoped_lake import AreaLocator

DAY = timedelta(days=1)
WHOLE = "ask for whole hours of days that are over, or for whole days of the city"


class PeacetimeFlows:
    """The one table of each day that is told to whoever asks, kept so that a later one does not
    differ from it by a few.
    """

    def __init__(
        self,
        folder: Path,
        now: Callable[[], datetime],
        zone: str,
        leaves: AreaLocator | None,
        levels: Sequence[FlowLevel],
        k: int,
    ) -> None:
        """`folder` holds what was told, a file a day; `levels` are those of the city, the lowest
        areas first.
        """
        self._folder = folder
        self._now = now
        self._zone = ZoneInfo(zone)
        self._leaves = leaves
        self._levels = levels
        self._k = k

    def ask(
        self,
        lake: MovementLake,
        level: str,
        start: datetime | None,
        end: datetime | None,
        view: str,
        per: str,
        mine: Callable[[str], bool] | None,
    ) -> FlowAnswer:
        """The cells of a level in [start, end); by default of the last finished day with data.

        `mine` cuts to the moves that begin or end in the caller's areas.
        """
        chosen = self._level(level)
        if view != "od":
            raise RefusedError(
                f"in peacetime there is no view {view!r}",
                "ask for od; an activation opens the others",
                code="peacetime",
            )
        if per not in PER_US:
            raise InputError(f"flows per {per!r} are not known", "use hour or day", code="bad_per")
        end = end or self._last_day(lake.span_us()[1]) + DAY
        start = start or end - DAY
        cells: list[dict[str, str | int | None]] = []
        bins = 0
        for midnight, following in self._days(start, end):
            self._require_whole(per == "hour" or (start <= midnight and following <= end))
            table = self._table(lake, midnight, following, chosen)
            if per == "day":
                table, bins = sum_of_hours(table), bins + 1
            else:
                bins += int((min(end, following) - max(start, midnight)) / timedelta(hours=1))
            cells += self._rows(table, midnight, start, end, mine)
        return FlowAnswer(
            view=view,
            window=(format_time(start), format_time(end)),
            per=per,
            k=self._k,
            areas=chosen.codes,
            rows=cells,
            suppressed=len(chosen.codes) ** 2 * bins - len(cells),
        )

    def _level(self, level: str) -> FlowLevel:
        if not self._levels:
            raise InputError("this workspace has no city", "build one first", code="no_city")
        known = {one.name: one for one in self._levels[1:]}
        if level not in known:
            raise InputError(
                f"the city has no level {level!r}",
                f"it has {', '.join(sorted(known))}",
                code="bad_level",
            )
        return known[level]

    def _last_day(self, newest_us: int) -> datetime:
        """The midnight before the newest datum, or the one before it where that day goes on."""
        midnight = self._midnight(from_us(max(newest_us - 1, 0)))
        return (
            midnight if self._next(midnight) <= self._now() else self._midnight(midnight - DAY / 2)
        )

    def _midnight(self, at: datetime) -> datetime:
        return at.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def _next(self, midnight: datetime) -> datetime:
        return self._midnight((midnight + DAY * 1.25).astimezone(self._zone))

    def _days(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """The finished days that the window touches, as midnight and midnight."""
        if not timedelta() < end - start <= timedelta(days=LONGEST_DAYS):
            raise InputError(
                "the window is empty or too long",
                f"ask for at most {LONGEST_DAYS} days",
                code="bad_window",
            )
        found = []
        midnight = self._midnight(start)
        self._require_whole(
            all((to_us(at) - to_us(midnight)) % HOUR_US == 0 for at in (start, end))
        )
        while midnight < end:
            following = self._next(midnight)
            self._require_whole(following <= self._now())
            found.append((midnight, following))
            midnight = following
        return found

    def _require_whole(self, whole: bool) -> None:
        if not whole:
            raise InputError("in peacetime flows are told in fixed parts", WHOLE, code="bad_window")

    def _table(
        self, lake: MovementLake, midnight: datetime, following: datetime, level: FlowLevel
    ) -> dict[Cell, int]:
        assert self._leaves is not None
        path = self._folder / f"{midnight:%Y-%m-%d}.json"
        earlier = ToldDay()
        if path.exists():
            earlier = msgspec.json.decode(path.read_bytes(), type=ToldDay)
        moves = list_moves(lake, self._leaves, to_us(midnight), to_us(following))
        told, tables = tell_day(moves, self._levels, self._k, earlier)
        if told != earlier:
            self._keep(path, told)
        return tables[level.name]

    def _keep(self, path: Path, told: ToldDay) -> None:
        """Before anybody is told: what is not on disk could be told otherwise the next time."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(path.name + ".new")
            beside.write_bytes(msgspec.json.encode(told))
            beside.replace(path)
        except OSError as error:
            raise StorageError(
                f"what is told of {path.stem} cannot be kept: {error.strerror}", "free space"
            ) from error

    def _rows(
        self,
        table: dict[Cell, int],
        midnight: datetime,
        start: datetime,
        end: datetime,
        mine: Callable[[str], bool] | None,
    ) -> list[dict[str, str | int | None]]:
        found: list[dict[str, str | int | None]] = []
        for (hour, a, b), n in sorted(table.items()):
            at = from_us(to_us(midnight) + hour * HOUR_US)
            if start <= at < end and (mine is None or mine(a) or mine(b)):
                found.append({"at": format_time(at), "from": a, "to": b, "count": n})
        return found
