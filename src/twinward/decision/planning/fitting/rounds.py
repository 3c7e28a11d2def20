"""Corrections of transmission, round by round, until the past run again comes near its reports."""

from __future__ import annotations

import numpy as np

from twinward.decision.simulation.epidemic.report_table import Floats

# infections of a week change by this power of transmission (a guess; each round corrects it)
RESPONSE = 1.8
FLATTEST, STEEPEST = 0.5, 6.0  # power of transmission by which a week is taken to change
CALMING = 0.6  # areas move so much less each round, so that the city's rounds can be compared
APART = 2.5  # times that an area may differ from the city
WEIGHT_OF = 100.0  # reports at which an area's own growth counts as much as the city's
STEP_UP = 3.0  # times that one round may raise transmission: what overshoots infects everybody
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
        step = float(np.clip(lacking, -2.0, 2.0)) / float(np.clip(response, FLATTEST, STEEPEST))
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


class FittingRounds:
    """Moves transmission by area, one week after the other; what earlier rounds showed bounds the
    next.
    """

    def __init__(self, counts: Floats, span: int) -> None:
        half = span - span // 2
        self.parts = (slice(-span, -span + half), slice(-span + half, None))
        self.ends = (half, span)  # days of the past that a run must have to show each week
        self.size = np.stack([counts[:, part].sum(axis=1) for part in self.parts], axis=1)
        self.first = counts.shape[1] - span
        self.weight = self.size.sum(axis=1) + 1e-9
        self.weeks = (Bracket(), Bracket())
        self.of_areas = 1.0

    def in_week(self, infections: Floats, week: int) -> Floats:
        """float64[areas] what a run makes in a week, which it may end with."""
        start = self.first + (self.ends[0] if week else 0)
        return np.asarray(infections[:, start : self.first + self.ends[week]].sum(axis=1))

    def lacking(self, infections: Floats, week: int) -> float:
        """log of what the city reported in the week over what the run makes."""
        got = self.in_week(infections, week).sum()
        return float(np.log((self.size[:, week].sum() + 1.0) / (got + 1.0)))

    def corrected(self, left: Floats, infections: Floats, week: int) -> Floats:
        """float64[areas, 2] transmission of one week moved so that it brings as many infections as
        were reported; the next week begins where this one ends.

        An area's own ratio counts by its size and is drawn to the city's; no area leaves the city
        by more than APART times; no round raises transmission by more than STEP_UP times.
        """
        got = self.in_week(infections, week)
        own = np.log((self.size[:, week] + 1.0) / (got + 1.0))
        city = self.lacking(infections, week)
        share = self.size[:, week] / (self.size[:, week] + WEIGHT_OF)
        before = float(self.middle(left)[week])
        step = np.clip(share * (own - city), -2.0, 2.0) / RESPONSE * self.of_areas
        self.of_areas *= CALMING
        wanted = self.weeks[week].next(before, city)
        apart = np.clip(np.log(left[:, week]) + step - before, -np.log(APART), np.log(APART))
        moved = np.exp(apart)
        moved *= np.exp(wanted) / np.exp(np.average(np.log(moved), weights=self.weight))
        found = left.copy()
        if week == 0:
            found[:, 1] *= moved / found[:, 0]
        found[:, week] = moved
        return found

    def rescale(self, raised: float) -> None:
        """R0 was raised so many times: factors that were seen are as much smaller."""
        for week in self.weeks:
            week.move(-float(np.log(raised)))

    def middle(self, left: Floats) -> Floats:
        """float64[2] log of the city's, to which each area counts by its reports."""
        return np.asarray(np.average(np.log(left), axis=0, weights=self.weight))


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
