"""Corrections of transmission, round by round, until the past run again comes near its reports."""

from __future__ import annotations

import numpy as np

from twinward.decision.simulation.epidemic.report_table import Floats

# infections of a week change by this power of transmission (a guess; each round corrects it)
RESPONSE = 1.8
STEEPEST = 6.0  # power of transmission that a week is taken to change by at most
CALMING = 0.6  # areas move so much less each round, so that the city's rounds can be compared
APART = 2.5  # times that an area may differ from the city
WEIGHT_OF = 100.0  # reports at which an area's own growth counts as much as the city's
STEP_UP = 2.0  # times that one round may raise transmission: what overshoots infects everybody
NEAR = 1.1  # times off at which no further round is run
WITHIN = 0.15  # part of a bracket, from either end, in which no guess is made


class Bracket:
    """City's transmission of one week (log) that was seen to bring too few, and too many."""

    def __init__(self) -> None:
        self.few: tuple[float, float] | None = None
        self.many: tuple[float, float] | None = None
        self.last: tuple[float, float] | None = None

    def next(self, at: float, lacking: float) -> float:
        """Where to go from `at`, where log(reported / simulated) is `lacking`."""
        response = RESPONSE
        if self.last is not None and abs(at - self.last[0]) > 0.05:
            response = (self.last[1] - lacking) / (at - self.last[0])
        self.last = (at, lacking)
        step = float(np.clip(lacking, -2.0, 2.0)) / float(np.clip(response, RESPONSE, STEEPEST))
        wanted = at + min(step, float(np.log(STEP_UP)))
        if lacking > 0:
            self.few = (at, lacking)
        else:
            self.many = (at, lacking)
        if self.few is None or self.many is None:
            return wanted
        (low, short), (high, over) = self.few, self.many
        if low >= high:  # the week before has changed meanwhile: what was seen last counts
            self.few, self.many = (self.few, None) if lacking > 0 else (None, self.many)
            return wanted
        part = short / max(short - over, 1e-9)
        return low + (high - low) * float(np.clip(part, WITHIN, 1 - WITHIN))

    def move(self, by: float) -> None:
        """All that was seen, on a scale whose zero has moved."""
        self.few, self.many, self.last = (
            None if seen is None else (seen[0] + by, seen[1])
            for seen in (self.few, self.many, self.last)
        )


class Rounds:
    """Moves transmission by area and week; what earlier rounds showed bounds the next."""

    def __init__(self, counts: Floats, span: int) -> None:
        half = span - span // 2
        self.parts = (slice(-span, -span + half), slice(-span + half, None))
        self.size = self.by_week(counts)
        self.weight = self.size.sum(axis=1) + 1e-9
        self.weeks = (Bracket(), Bracket())
        self.of_areas = 1.0

    def by_week(self, table: Floats) -> Floats:
        return np.stack([table[:, part].sum(axis=1) for part in self.parts], axis=1)

    def corrected(self, left: Floats, infections: Floats) -> Floats:
        """float64[areas, 2] transmission moved so that each half of the span brings as many
        infections as were reported.

        An area's own ratio counts by its size and is drawn to the city's; no area leaves the city
        by more than APART times; no round raises transmission by more than STEP_UP times.
        """
        got = self.by_week(infections)
        own = np.log((self.size + 1.0) / (got + 1.0))
        city = np.log((self.size.sum(axis=0) + 1.0) / (got.sum(axis=0) + 1.0))
        own[:, 1] -= own[:, 0]  # what the first week leaves wrong is not the second's fault
        city[1] -= city[0]
        share = self.size / (self.size + WEIGHT_OF)
        before = self.middle(left)
        step = np.clip(share * (own - city), -2.0, 2.0) / RESPONSE * self.of_areas
        self.of_areas *= CALMING
        found = [
            week.next(float(at), float(lacking))
            for week, at, lacking in zip(self.weeks, before, city, strict=True)
        ]
        if abs(found[0] - before[0]) > np.log(STEP_UP) / 2:
            self.weeks = (self.weeks[0], Bracket())  # seen after another first week
        apart = np.exp(np.clip(np.log(left) + step - before, -np.log(APART), np.log(APART)))
        return np.asarray(np.exp(np.asarray(found) - self.middle(apart)) * apart)

    def rescale(self, raised: float) -> None:
        """R0 was raised so many times: factors that were seen are as much smaller."""
        for week in self.weeks:
            week.move(-float(np.log(raised)))

    def middle(self, left: Floats) -> Floats:
        """float64[2] log of the city's, to which each area counts by its reports."""
        return np.asarray(np.log(np.average(left, axis=0, weights=self.weight)))


def miss_of(reported: Floats, simulated: Floats, spans: tuple[int, ...]) -> float:
    """The greatest log of how many times the simulated is off over the last days of any span; days
    of which nothing was told (NaN) do not count.
    """
    found = 0.0
    for days in spans:
        known = ~np.isnan(reported[-days:])
        one, other = reported[-days:][known].sum(), simulated[-days:][known].sum()
        found = max(found, abs(float(np.log((other + 1.0) / (one + 1.0)))))
    return found
