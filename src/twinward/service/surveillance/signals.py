"""Use case: areas with more cases than usual, with how often chance alone would say so.

Each day of each area is compared with the four weeks before the last seven days, by a negative
binomial with the dispersion of those weeks. An area signals when chance brings such a count less
than once in the recurrence time over all areas together, and not again for seven days unless the
count has grown.
"""

from __future__ import annotations

from datetime import date, datetime

import msgspec
import numpy as np
from scipy.stats import nbinom, poisson

from twinward.core.errors import InputError
from twinward.decision.surveillance.arrays import Floats
from twinward.service.city.population import level_of
from twinward.service.platform import Caller, Platform, snapshot_of
from twinward.service.surveillance.area_counts import PAST_D, AreaCounts, count_areas
from twinward.service.visibility import concerns
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.incidents.rows import INCIDENTS, Incident

WINDOW_D = 7  # rolling, for calendar weeks miss what lies across their edge
BASELINE_D, FEWEST_D = 28, 14
QUIET_D = 7
GROWN = 1.5  # times the count of the last signal
LEAST_CASES = 3
REVIEWED_D = 28  # days looked back for what has signalled already


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """Observed and expected cases of the seven days up to `day`."""

    area: str
    name: str
    day: date
    since: date
    state: str  # new, ongoing or grown
    observed: int
    expected: float
    ratio: float
    recurrence_days: float
    incident: str | None  # the open incident that it would join; None: one would be opened
    method: str = "rolling 7 days, negative binomial"


class SignalReport(msgspec.Struct, frozen=True, kw_only=True):
    """Signals of today, the least likely by chance first."""

    as_of: datetime
    hazard: str | None
    areas: int
    recurrence_days: float
    signals: list[Signal]
    notes: list[str]


def list_signals(
    platform: Platform,
    caller: Caller,
    *,
    level: str | None = None,
    hazard: str | None = None,
    recurrence_days: float = 365.0,
    counted: m.CountedCases = "new",
    at: datetime | None = None,
) -> SignalReport:
    """Signals of one level of areas that concern the caller."""
    if not 1 <= recurrence_days <= 100_000:
        raise InputError(
            f"recurrence_days must be 1 to 100,000, got {recurrence_days:g}",
            "365 is one false signal a year",
            code="bad_recurrence",
        )
    codes = [code for code in level_of(platform, level) if concerns(platform, caller, code)]
    counts = count_areas(platform, hazard, at)
    with platform.store.read() as reader:
        incidents = snapshot_of(platform, reader, at).list_rows(INCIDENTS)
    opened = [one for one in incidents if one.status == "open" and one.hazard == counts.hazard]
    found = []
    for code in codes:
        signal = _judge(platform, counts, counted, code, len(codes), recurrence_days, opened)
        if signal is not None:
            found.append(signal)
    found.sort(key=lambda one: (-one.recurrence_days, one.area))
    return SignalReport(
        as_of=platform.clock.now() if at is None else at,
        hazard=counts.hazard,
        areas=len(codes),
        recurrence_days=recurrence_days,
        signals=found,
        notes=_notes(counts),
    )


def chance_of(observed: float, baseline: Floats) -> tuple[float, float]:
    """(probability of so many cases in WINDOW_D days or more, expected) from the days before."""
    known = baseline[np.isfinite(baseline)]
    if len(known) < FEWEST_D:
        return 1.0, float("nan")
    daily = (known.sum() + 0.5) / (len(known) + 1)
    expected = WINDOW_D * daily
    weeks = known[-(len(known) // WINDOW_D) * WINDOW_D :].reshape(-1, WINDOW_D).sum(axis=1)
    extra = max(float(weeks.var(ddof=1)) / expected - 1.0, 0.0) if len(weeks) > 1 else 0.0
    # the mean is itself uncertain: it was learnt from len(known) days
    extra += WINDOW_D / len(known)
    if extra <= 1e-6:
        return float(poisson.sf(observed - 1, expected)), expected
    return float(nbinom.sf(observed - 1, expected / extra, 1 / (1 + extra))), expected


def _judge(
    platform: Platform,
    counts: AreaCounts,
    counted: m.CountedCases,
    code: str,
    areas: int,
    recurrence: float,
    opened: list[Incident],
) -> Signal | None:
    new = counts.seen(code, counted)
    history = [
        _signals_on(new, day, areas, recurrence) for day in range(PAST_D - REVIEWED_D, PAST_D)
    ]
    if not history[-1][0]:
        return None
    _, observed, usual, p = history[-1]
    expected = float(usual)  # JSON knows no number of NumPy's
    run = 0
    for held, *_ in reversed(history):
        if not held:
            break
        run += 1
    before = max((row[1] for row in history[-1 - QUIET_D : -1] if row[0]), default=0.0)
    state = "new" if run <= 1 and before == 0 else "ongoing"
    if before and observed > GROWN * before:
        state = "grown"
    mine = [one for one in opened if platform.reference.areas.is_under(code, one.area)]
    node = platform.reference.areas.by_code.get(code)
    return Signal(
        area=code,
        name=node.name if node is not None else code,
        day=counts.day(PAST_D - 1),
        since=counts.day(PAST_D - run),
        state=state,
        observed=int(observed),
        expected=round(expected, 2),
        ratio=round(observed / max(expected, 1e-9), 2),
        recurrence_days=float(min(1.0 / max(p * areas, 1e-9), 1e6)),
        incident=mine[0].id if mine else None,
    )


def _signals_on(
    new: Floats, day: int, areas: int, recurrence: float
) -> tuple[bool, float, float, float]:
    window = new[day - WINDOW_D + 1 : day + 1]
    observed = float(np.nansum(window))
    low = max(0, day + 1 - WINDOW_D - BASELINE_D)
    p, expected = chance_of(observed, new[low : day + 1 - WINDOW_D])
    held = observed >= LEAST_CASES and p * areas * recurrence <= 1.0
    return held, observed, expected, p


def _notes(counts: AreaCounts) -> list[str]:
    if not counts.days:
        return ["no cases have been reported"]
    return ["a signal is a question for an officer; it opens nothing by itself"]
