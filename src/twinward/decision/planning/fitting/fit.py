"""Fits the simulator to the reports of a live emergency: transmission by area and week, then what
may come.

Reports are infections found, `delay` days after they happened (the disease's own course). A renewal
filter with the disease's own generation time says how R moved and may move; the simulator itself is
run over the last two weeks under the measures then in force, and its transmission changed until its
infections reproduce as the reports say.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator
from twinward.decision.planning.fitting.past import MOST_AREAS, PastWeeks
from twinward.decision.planning.fitting.rounds import NEAR, FittingRounds, miss_of
from twinward.decision.simulation.epidemic.background import Background
from twinward.decision.simulation.epidemic.live_state import LiveState
from twinward.decision.simulation.epidemic.report_table import (
    Floats,
    Reports,
    delay_of,
    generation_of,
    make_table,
    pressure_of,
)
from twinward.decision.simulation.epidemic.run import Simulator
from twinward.decision.surveillance.forecasting.renewal import Paths, fit_renewal, project
from twinward.library.hazards.diseases import Disease

LEAST_KNOWN_D, LEAST_REPORTS = 6, 60  # fewer say nothing about transmission
PAST_D, WEEK_D = 14, 7
# runs of the first week and of both at most; each corrects the one before, the nearest counts
ROUNDS = (5, 6)
FUTURES = 2_000
HEADROOM = 2.5  # the simulator's R0 is set so far above what the last week needs
HIGHEST_LEFT = 0.6  # above this factor of any area the simulator's R0 is raised
# No round raises R0 above this: the highest of measles lie near 18 (Anderson and May 1982), and
# above it contacts of a day are met again and again, so that transmission no longer can be scaled.
# What this does not make comes of orders that are not kept, or of wrong reports.
HIGHEST_R0 = 22.0
OFF = 1.5  # a simulator that is so many times off its own past ranks no plans
# Shares of what measures are said to do that are tried in turn, where no transmission makes the
# reports under all of it: transmission and what orders leave of it show in reports as a product
REACHED = (1.0, 0.9, 0.75, 0.5)
BLOCKS = (
    (0, 2),
    (2, 4),
    (4, 7),
    (7, 10),
    (10, 14),
    (14, 21),
    (21, 1600),
)  # days in which transmission is constant
EVEN = 1.0, 1.0  # beta: any share is as likely as any other
# Standard deviation of the log of a week that a model of constant transmission forecasts, and most
# observations that a past of two weeks is worth (assumptions: one city in one fortnight)
WEEK_ERROR, MOST_LEARNT = 0.5, 8.0
LASTING = (1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25)  # how far an area goes on differing from the city


class PastDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the past: how many days ago, what was reported (None: nothing was told), what
    the simulator says.
    """

    ago: int
    reported: float | None
    simulated: float


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """The fitted simulator. Factors are of the transmission of `disease`, whose R0 is scaled to
    hold them all.

    left: float64[areas, 2] of the two weeks of the past; r: of the last week, as the reports have
    it; effect: log of what the measures that show in the reports leave of transmission; drawn:
    float64[blocks] log of how much more the simulator makes of a start that is drawn than of one
    that grew; paths: possible futures of reports from the first day without one; delay, lag: days
    from infection to report, and from the last known report to day 0; reached: share of what
    measures are said to do that the reports leave room for
    """

    disease: Disease
    reports: Reports
    past: tuple[PastDay, ...]
    left: Floats
    r: float
    effect: float
    drawn: Floats
    paths: Paths
    delay: int
    lag: int
    areas: tuple[str, ...]
    reached: float = 1.0
    kept: tuple[float, float] = EVEN

    def ratio(self, days: int) -> float:
        """What the simulator says of the last known days, over what was reported."""
        known = [day for day in self.past[-days:] if day.reported is not None]
        return (sum(day.simulated for day in known) + 1.0) / (
            sum(day.reported or 0.0 for day in known) + 1.0
        )

    @property
    def held(self) -> bool:
        """Whether the simulator comes near enough to the reports that it was fitted to."""
        return all(1 / OFF <= self.ratio(days) <= OFF for days in (WEEK_D, PAST_D))

    def background(self, log_r: Floats, compliance: float) -> tuple[Background, ...]:
        """Transmission of one possible future. log_r: float64[days] of the city from day 1 under
        what is in force.

        compliance: a factor on everybody's, which what is in force must have been reached with
        """
        city = self.city_left()
        found = []
        for n, (first, end) in enumerate(BLOCKS):
            days = log_r[max(first - 1, 0) : max(end - 1, 1)]
            mean = float(days.mean()) if len(days) else float(log_r[-1])
            change = mean - np.log(self.r) - self.drawn[n] + self.effect * (1.0 - compliance)
            left = city * np.exp(change)
            found += self.by_area(left, LASTING[n], first, end)
        return tuple(found)

    def city_left(self) -> float:
        weight = np.nansum(self.reports.counts[:, -WEEK_D:], axis=1) + 1e-9
        return float((self.left[:, 1] * weight).sum() / weight.sum())

    def by_area(self, left: float, lasting: float, first: int, end: int) -> list[Background]:
        """The city's factor, moved in each area by how it differed in the last week."""
        own = left * (self.left[:, 1] / self.city_left()) ** lasting
        top = float(min(own.max(), 1.0))
        found = [Background(start_day=first, end_day=end, left=top)]
        if len(self.areas) <= MOST_AREAS:
            found += [
                Background(
                    start_day=first,
                    end_day=end,
                    areas=[code],
                    left=float(min(value / own.max(), 1.0)),
                )
                for code, value in zip(self.areas, own, strict=True)
                if value < own.max()
            ]
        return found


def fit_live(
    simulator: Simulator, state: LiveState, disease: Disease, seed: int, days: int
) -> Fit | None:
    """The simulator fitted to what was reported; None where too little was to say anything of
    transmission.
    """
    people, generation, delay = simulator.people, generation_of(disease), delay_of(disease)
    reports = make_table(state.reports, state.known_ago, people)
    if reports.days_known < LEAST_KNOWN_D or np.nansum(reports.city) < LEAST_REPORTS:
        return None
    filter_ = fit_renewal(reports.city, None, seed, serial=generation)
    ahead = reports.last_ago + delay + days
    paths = project(filter_, reports.counts.shape[1], ahead, None, seed, FUTURES)
    counts = reports.filled()
    span = min(PAST_D, counts.shape[1] - 2)
    r = city_r(counts, generation, span)
    reached, (_, fitted, left, infections) = fit_reached(
        lambda share: PastWeeks(simulator, state, disease, reports, span, seed, share), reports, r
    )
    past = PastWeeks(simulator, state, disease, reports, span, seed, reached)
    kept = learn_kept(past, fitted, left, infections)
    shown = tuple(
        PastDay(
            ago=reports.last_ago + span - 1 - k,
            reported=None if np.isnan(reports.city[-span + k]) else float(reports.city[-span + k]),
            simulated=round(float(infections[:, -span + k].sum()), 1),
        )
        for k in range(span)
    )
    last_r = float(city_r(infections, generation, span)[1])
    return Fit(
        disease=fitted,
        reports=reports,
        past=shown,
        left=left,
        r=last_r,
        effect=0.0,
        drawn=np.zeros(len(BLOCKS)),
        paths=paths,
        delay=delay,
        lag=reports.last_ago,
        areas=tuple(people.groups),
        reached=reached,
        kept=kept,
    )


FittedPast = tuple[float, Disease, Floats, Floats]


def fit_reached(
    past_of: Callable[[float], PastWeeks], reports: Reports, r: Floats
) -> tuple[float, FittedPast]:
    """The most of what measures are said to do under which the past can be made to fit, and that
    fit; the nearest where none does.
    """
    best: tuple[float, FittedPast] | None = None
    for share in REACHED:
        past = past_of(share)
        found = fit_past(past, reports, r)
        if best is None or found[0] < best[1][0]:
            best = share, found
        if found[0] <= np.log(OFF) or not past.measures:
            break
    assert best is not None, "at least one share is tried"
    return best


def fit_past(past: PastWeeks, reports: Reports, r: Floats) -> FittedPast:
    """How far off it is (log), the disease with R0 scaled, float64[areas, 2] what is left of its
    transmission, and the infections found by area, of the round that came nearest to the reports.

    r: float64[2] of the two weeks, as the reports have it. The first week is fitted by runs that
    end with it, then the second. R0 rises with what is needed: no area's factor is ever cut off
    at 1 in a run.
    """
    rounds = FittingRounds(reports.filled(), past.span)
    factor = HEADROOM * max(float(r.max()), 0.5) / past.base_disease.transmission.r0.value
    left: Floats = np.tile(
        np.maximum(r, 0.2) / HEADROOM / max(float(r.max()), 0.5), (len(reports.counts), 1)
    )
    run = past.run_scaled(factor)
    nearest: FittedPast | None = None
    for week, most in enumerate(ROUNDS):
        for _ in range(most):
            infections = run(left, rounds.ends[week])
            if week == 1:
                miss = miss_of(reports.city, infections.sum(axis=0), (WEEK_D, past.span))
                if nearest is None or miss < nearest[0]:
                    nearest = (miss, past.disease, left, infections)
            if abs(rounds.lacking(infections, week)) <= np.log(NEAR):
                break
            moved = rounds.corrected(left, infections, week)
            raised = float(moved.max()) / HIGHEST_LEFT
            if raised > 1.0:
                higher, more = past.raise_rate(factor, raised)
                if higher * past.base_disease.transmission.r0.value > HIGHEST_R0:
                    break
                factor, moved = higher, moved / more
                rounds.rescale(more)
                run = past.run_scaled(factor)
            left = moved
    assert nearest is not None, "at least one round is run"
    return nearest


def learn_kept(
    past: PastWeeks, fitted: Disease, left: Floats, infections: Floats
) -> tuple[float, float]:
    """Beta distribution of the share of what orders are said to do that is kept to while they are
    young, from those that began within the past: the second week as the first week's transmission
    would have made it with them and without them, beside what was reported.

    Even where none began there, or where they are said to do next to nothing.
    """
    young = past.begun_after(WEEK_D // 2)
    if not young:
        return EVEN
    rounds = FittingRounds(past.reports.filled(), past.span)
    same = left.copy()
    same[:, 1] = left[:, 0]
    week = [
        rounds.in_week(run(same, past.span), 1).sum() + 1.0
        for run in (past.run_of(fitted, ()), past.run_of(fitted, young))
    ]
    came = rounds.in_week(infections, 1).sum() + 1.0
    said = float(np.log(week[1] / week[0]))
    if said <= 0.0:
        return EVEN
    share = float(np.clip(np.log(week[1] / came) / said, 0.0, 1.0))
    counts = min((said / WEEK_ERROR) ** 2, MOST_LEARNT)
    return 1.0 + counts * share, 1.0 + counts * (1.0 - share)


def reproduction(counts: Floats, generation: Floats, span: int) -> Floats:
    """float64[areas, 2] infections over what earlier ones of the area would cause, in the two
    halves of the span.
    """
    pressure = pressure_of(counts, generation)
    half = span - span // 2
    parts = (slice(-span, -span + half), slice(-span + half, None))
    return np.stack(
        [
            (counts[:, part].sum(axis=1) + 0.5) / (pressure[:, part].sum(axis=1) + 0.5)
            for part in parts
        ],
        axis=1,
    )


def city_r(counts: Floats, generation: Floats, span: int) -> Floats:
    """float64[2] the same of the city."""
    return np.asarray(reproduction(counts.sum(axis=0, keepdims=True), generation, span)[0])


def stratified(fit: Fit, number: int, days: int, seed: int) -> NDArray[np.float64]:
    """int64[number] futures that stand for all: evenly spread by how many reports they bring, in
    an order by chance.
    """
    total = fit.paths.expected[:, fit.lag : fit.lag + max(days, fit.delay + 1)].sum(axis=1)
    order = np.argsort(total, kind="stable")
    at = ((np.arange(number) + 0.5) / number * len(order)).astype(np.int64)
    return generator(seed, "planning.futures").permutation(order[at])
