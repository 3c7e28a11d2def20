"""Misuse found in a day's changes and looks: who did unusually many, at night, elsewhere, for no
reason on record.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

MANY_AT_LEAST = 10.0  # fewer a day are anybody's work
MANY_ALONE = 50.0  # where nobody else acts that day
MANY_DEVIATIONS = 6.0  # median absolute deviations above the median of all who act
NIGHT_FROM_H, NIGHT_TO_H = 22, 6
NIGHT_AT_LEAST = 3


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One change or look, with what it names as its cause."""

    actor: str
    kind: Literal["change", "look"]
    at: datetime
    area: str
    linked: str | None
    event: str


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, of whom, and the first event of it."""

    what: Literal["many", "at_night", "elsewhere", "no_cause", "alone", "forced", "log_broken"]
    actor: str
    count: int
    event: str


def find_anomalies(
    deeds: Sequence[Deed],
    covers: Callable[[str, str], bool],
    known: Collection[str],
    zone: ZoneInfo,
) -> list[Anomaly]:
    """`covers(actor, area)`: whether the area is in the actor's jurisdiction; `known` are ids
    that can be a cause.
    """
    found: list[Anomaly] = []
    for kind in ("change", "look"):
        some = [deed for deed in deeds if deed.kind == kind]
        found += _many(some)
        found += _each("at_night", some, lambda deed: _is_night(deed.at, zone), NIGHT_AT_LEAST)
        found += _each("elsewhere", some, lambda deed: not covers(deed.actor, deed.area), 1)
    changes = [deed for deed in deeds if deed.kind == "change"]
    return found + _each("no_cause", changes, lambda deed: deed.linked not in known, 1)


def _many(deeds: Sequence[Deed]) -> list[Anomaly]:
    """Each is held against the others' day, so that one who does most of the work does not set
    the measure.
    """
    counts = Counter(deed.actor for deed in deeds)
    first = {deed.actor: deed.event for deed in reversed(deeds)}
    found = []
    for actor, count in sorted(counts.items()):
        others = [n for other, n in counts.items() if other != actor]
        limit = MANY_ALONE
        if others:
            median = statistics.median(others)
            deviation = statistics.median(abs(n - median) for n in others)
            limit = max(MANY_AT_LEAST, median + MANY_DEVIATIONS * max(deviation, 1.0))
        if count > limit:
            found.append(Anomaly(what="many", actor=actor, count=count, event=first[actor]))
    return found


def _each(
    what: str, deeds: Sequence[Deed], wrong: Callable[[Deed], bool], at_least: int
) -> list[Anomaly]:
    by_actor: dict[str, list[Deed]] = {}
    for deed in deeds:
        if wrong(deed):
            by_actor.setdefault(deed.actor, []).append(deed)
    return [
        Anomaly(what=what, actor=actor, count=len(some), event=some[0].event)  # type: ignore[arg-type]
        for actor, some in sorted(by_actor.items())
        if len(some) >= at_least
    ]


def _is_night(at: datetime, zone: ZoneInfo) -> bool:
    hour = at.astimezone(zone).hour
    return hour >= NIGHT_FROM_H or hour < NIGHT_TO_H
