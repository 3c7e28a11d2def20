"""What will be needed, area by area and day by day, and the day on which what there is no longer
suffices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.library.supplies.catalogue import SupplyCourse, SupplyKind

Floats = NDArray[np.float64]
TOLERANCE = 1e-6


class HeldStock(msgspec.Struct, frozen=True, kw_only=True):
    """What one area has of one kind at the beginning of day 0, and what comes.

    `usable` is not expired, in use by others or promised away; `lots` are (last day of use,
    quantity) of its dated parts, day 0 the first; `arrivals` are (day, quantity) on their way;
    `made_per_day` comes from day `lead_d` on.
    """

    usable: float = 0.0
    lots: tuple[tuple[int, float], ...] = ()
    arrivals: tuple[tuple[int, float], ...] = ()
    made_per_day: float = 0.0
    lead_d: int = 0


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """`need` over the days (used up: the sum; held: the highest day), `have` in time, `short` of it
    (used up: in all; held: on the worst day), the first day short (None: it suffices) and what
    expires unused.
    """

    need: float
    have: float
    short: float
    short_on: int | None
    wasted: float


def stays(entering: Floats, days: float) -> Floats:
    """How many are there on each day when `entering[..., day]` come and each stays `days`
    (fractions count).
    """
    total = np.cumsum(entering, axis=-1)
    whole = int(days)
    there = total - _shifted(total, max(whole, 0))
    return np.asarray(there + (days - whole) * _shifted(entering, whole))


def _shifted(values: Floats, by: int) -> Floats:
    moved = np.zeros_like(values)
    if by < values.shape[-1]:
        moved[..., by:] = values[..., : values.shape[-1] - by]
    return moved


def drive(
    new_cases: Floats, controlled: Floats, residents: Floats, course: SupplyCourse, days: int
) -> dict[str, Floats]:
    """Drivers of need as float64[areas, days], the last `days` of `new_cases` [areas, past + days].

    `controlled` and `residents` [areas] stay as they are: whoever is under control now is taken to
    remain so. Nobody is counted twice: an area has no more cases and contacts than residents, and
    who is a case or a contact is not among those under control besides.
    """
    contacts = stays(course.contacts_per_case.value * new_cases, course.quarantine_d.value)
    level = np.ones(days)
    most = np.where(residents > 0, residents, np.inf)[:, None]  # where nobody is known, no bound
    flows = {
        "new_case": new_cases,
        "case_in_care": stays(new_cases, course.care_d.value),
        "hospital_patient": stays(
            course.hospital_share.value * new_cases, course.hospital_stay_d.value
        ),
        "icu_patient": stays(course.icu_share.value * new_cases, course.icu_stay_d.value),
        "contact": contacts,
    }
    found = {name: np.minimum(flow[:, -days:], most) for name, flow in flows.items()}
    found["contact"] = np.minimum(found["contact"], most - np.minimum(found["case_in_care"], most))
    apart = found["contact"] + found["case_in_care"]
    under = np.minimum(np.outer(controlled, level), np.maximum(most - apart, 0.0))
    return found | {
        "resident_under_control": under,
        "resident": np.outer(residents, level),
    }


def need_of(kind: SupplyKind, drivers: Mapping[str, Floats]) -> Floats:
    """float64[areas, days]: what the kind's drivers take, a day or at a time."""
    return np.asarray(sum(figure.value * drivers[name] for name, figure in kind.need.items()))


def look_ahead(kind: SupplyKind, need: Sequence[float], held: HeldStock) -> Outlook:
    """What there is against what is needed on each day: the first to expire is used first,
    nothing after its day.
    """
    days = len(need)
    arrivals = np.zeros(days)
    for day, quantity in held.arrivals:
        if day < days:
            arrivals[max(day, 0)] += quantity
    arrivals[min(held.lead_d, days) :] += held.made_per_day
    if kind.form == "held":
        return _against_level(np.asarray(need, float), held.usable + np.cumsum(arrivals))
    return _used_up(np.asarray(need, float), arrivals, held)


def _against_level(need: Floats, have: Floats) -> Outlook:
    missing = need - have
    days = np.flatnonzero(missing > TOLERANCE)
    return Outlook(
        need=float(need.max(initial=0.0)),
        have=float(have[-1]) if len(have) else 0.0,
        short=float(max(missing.max(initial=0.0), 0.0)),
        short_on=int(days[0]) if len(days) else None,
        wasted=0.0,
    )


def _used_up(need: Floats, arrivals: Floats, held: HeldStock) -> Outlook:
    lots = sorted([day, quantity] for day, quantity in held.lots)
    undated = held.usable - sum(quantity for _, quantity in lots)
    short, short_on, wasted = 0.0, None, 0.0
    for day in range(len(need)):
        wasted += sum(quantity for last, quantity in lots if last < day)
        lots = [lot for lot in lots if lot[0] >= day]
        undated += float(arrivals[day])
        left = float(need[day])
        for lot in lots:
            taken = min(lot[1], left)
            lot[1] -= taken
            left -= taken
        taken = min(max(undated, 0.0), left)
        undated -= taken
        left -= taken
        if left > TOLERANCE:
            short += left
            short_on = day if short_on is None else short_on
    have = held.usable + float(arrivals.sum())
    return Outlook(need=float(need.sum()), have=have, short=short, short_on=short_on, wasted=wasted)
