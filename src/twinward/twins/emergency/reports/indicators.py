"""Indicators beside the cases: tests, imports, beds; each source replaces what it said before."""

from __future__ import annotations

from twinward.core.errors import ConflictError, RefusedError
from twinward.core.messages import Draft, Event
from twinward.core.ports import Rows, Transaction
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.reports.rows import INDICATORS, IndicatorRow
from twinward.twins.twin import Context


def indicator_key(
    command: m.ReportIndicator | m.IndicatorReported,
) -> str:
    day = command.day.isoformat()
    return f"{command.source}|{command.hazard}|{command.area}|{day}|{command.indicator}"


def report_indicator(command: m.ReportIndicator, rows: Rows, context: Context) -> list[Draft]:
    if command.day > context.day_of(context.recorded_at):
        raise RefusedError(
            f"{command.day} has not come yet", "mend the day of this row", code="time_in_future"
        )
    known: IndicatorRow | None = rows.find(INDICATORS, indicator_key(command))
    before = known.count if known is not None else None
    if before == command.count:
        raise ConflictError(
            "this count is already known", "nothing was changed", code="already_reported"
        )
    names = ("hazard", "area", "day", "indicator", "count", "source")
    fact = m.IndicatorReported(before=before, **{name: getattr(command, name) for name in names})
    return [Draft(fact=fact, area=command.area)]


def indicator_reported(fact: m.IndicatorReported, event: Event, tx: Transaction) -> None:
    key = indicator_key(fact)
    if fact.count is None:
        tx.remove(INDICATORS, key, event.occurred_at)
        return
    row = IndicatorRow(
        id=key,
        area=fact.area,
        hazard=fact.hazard,
        day=fact.day.isoformat(),
        indicator=fact.indicator,
        source=fact.source,
        count=fact.count,
    )
    tx.put(INDICATORS, row, event.occurred_at)
