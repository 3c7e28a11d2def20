"""From a fitted past to runs of the future: who is infected today in each possible future, and
how transmission goes on.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from twinward.core.chance import generator
from twinward.decision.planning.fitting.fit import BLOCKS, Fit, fit_live
from twinward.decision.planning.fitting.past import times_compliance
from twinward.decision.simulation.epidemic.background import Background
from twinward.decision.simulation.epidemic.live_state import LiveResidents, LiveState
from twinward.decision.simulation.epidemic.report_table import Floats, generation_of, pressure_of
from twinward.decision.simulation.epidemic.run import Simulator
from twinward.decision.simulation.epidemic.scenario import InitialState, Scenario
from twinward.decision.simulation.epidemic.starting import Carriers, draw_carriers
from twinward.library.hazards.diseases import Disease
from twinward.library.hazards.measures import Measure

MOST_HIDDEN = 4.0  # times the assumed number of infections for each report that any run can take
HIGHEST = 0.995  # quantile of the futures' newest infections that is made room for
SEEN_D = (
    4  # days after the first reports that can show it, by which an order has shown what it does
)
LEAST_SEEN = 20.0  # infections behind a ratio
EFFECT_CARRIERS = 20_000  # of a run without measures, which would else run out of residents
EFFECT_D, EFFECT_BLOCK = 7, 2  # days run without measures, and the block that shows what they do
LEAST_FUTURE_D = 7  # days of the forecast behind the growth of a future


class Prospect(msgspec.Struct, frozen=True, kw_only=True):
    """The fit, the residents who may carry the disease today, and how many of them do in each
    future.
    """

    fit: Fit
    carriers: Carriers
    found_share: float
    heads: Floats  # float64[areas] residents
    hidden_most: float  # infections that nobody found for each that was, as the carriers were drawn
    newest_most: Floats  # float64[ages] infections of the last days, likewise
    seen: tuple[Measure, ...] = ()  # in force for so long that the reports show what they do
    young: tuple[Measure, ...] = ()  # in force, and too young for that
    bias: Floats = np.zeros(
        0
    )  # log of the reports that the middle run makes over the middle future
    unseen: dict[type, float] = {}  # part of what a young kind does that no report can show yet

    def is_new(self, measure: Measure) -> bool:
        """Whether no report shows yet what such a measure does here."""
        if measure in self.seen or measure in self.young:
            return measure not in self.seen
        return type(measure) not in {type(one) for one in self.seen}

    def as_kept(
        self, measures: tuple[Measure, ...], compliance: float, share: float
    ) -> tuple[Measure, ...]:
        """Measures as people keep to them: as far as the reports leave room for, the new ones by
        `share`, and of those that began to show only what is yet to show.
        """
        reached = self.fit.reached * compliance
        return tuple(
            times_compliance(
                one,
                reached * share * self.unseen.get(type(one), 1.0) if self.is_new(one) else reached,
            )
            for one in measures
        )

    def each(self, more: float) -> float:
        """Infections for one report, when they are `more` times as many as assumed; never fewer
        than the reports.
        """
        return float(np.clip(more / self.found_share, 1.0, 1.0 + self.hidden_most))

    def newest(self, future: int) -> Floats:
        """float64[ages] reports to come of those infected on the last days, today first; -1: the
        middle future.
        """
        fresh = self.fit.lag + self.fit.delay
        table = self.fit.paths.expected[:, :fresh]
        row = np.median(table, axis=0) if future < 0 else table[future]
        return np.asarray(row[::-1])

    def initial(self, future: int, more: float) -> InitialState:
        """The start of one run."""
        each = self.each(more)
        hidden = (each - 1.0) / self.hidden_most if self.hidden_most else 0.0
        share = self.newest(future) * each / np.maximum(self.newest_most, 1e-9)
        return self.carriers.take(min(hidden, 1.0), np.minimum(share, 1.0))

    def log_r(self, future: int, days: int) -> Floats:
        """float64[days] of the city from day 1 on, under what is in force."""
        first = self.fit.lag + self.fit.delay
        table = self.fit.paths.log_r[:, first : first + max(days, 1)]
        return np.asarray(np.median(table, axis=0) if future < 0 else table[future])

    def background(self, future: int, days: int, compliance: float) -> tuple[Background, ...]:
        return self.fit.background(self.log_r(future, days), compliance)

    def growth_of(self, future: int, days: int) -> float:
        """Mean R of a future over that of the middle one."""
        span = max(min(days, 14), LEAST_FUTURE_D)
        return float(np.exp(self.log_r(future, span).mean() - self.log_r(-1, span).mean()))

    def reports_of(
        self, infections: Floats, future: int, more: float, noisy: bool = False
    ) -> Floats:
        """float64[days] reports on day 1, 2, … of a run, from its new infections by day (day 0 left
        out by the caller).

        Those of the first `delay` days come from infections before day 0; a future's own reporting
        is laid over them.
        """
        days, each = len(infections), self.each(more)
        lag, delay = self.fit.lag, self.fit.delay
        paths = self.fit.paths
        before = self.newest(future)[::-1][lag : lag + delay]
        found = np.concatenate([before, infections / each])[:days]
        if noisy and future >= 0:
            part = slice(lag, lag + days)
            found = (
                found * (paths.counts[future, part] + 0.5) / (paths.expected[future, part] + 0.5)
            )
        return np.asarray(found)


def look_ahead(
    simulator: Simulator,
    state: LiveState,
    disease: Disease,
    seed: int,
    days: int,
    hidden_most: float = 2.0,
) -> Prospect | None:
    """Fits the simulator to the reports and draws who may be infected today; None where too little
    was reported.

    hidden_most: times the assumed infections for each report that a run may ask for, at most
    MOST_HIDDEN
    """
    fit = fit_live(simulator, state, disease, seed, days)
    if fit is None:
        return None
    hidden = min(hidden_most, MOST_HIDDEN) / state.found_share - 1.0
    fresh = fit.lag + fit.delay
    most = np.quantile(fit.paths.expected[:, :fresh], HIGHEST, axis=0)[::-1] * (1.0 + hidden)
    recent = np.nansum(fit.reports.counts[:, -7:], axis=1)
    share = recent / max(recent.sum(), 1e-9)
    newest = {code: most * part for code, part in zip(fit.areas, share, strict=True)}
    carriers = draw_carriers(
        state.reports, fit.delay, hidden, newest, LiveResidents(simulator.base, seed)
    )
    prospect = Prospect(
        fit=fit,
        carriers=carriers,
        found_share=state.found_share,
        heads=heads_of(simulator),
        hidden_most=hidden,
        newest_most=np.asarray(most),
        seen=tuple(one.measure for one in state.in_force if one.since_d >= fit.delay + SEEN_D),
        young=tuple(one.measure for one in state.in_force if one.since_d < fit.delay + SEEN_D),
        unseen=unseen_of(state, fit.delay),
    )
    drawn = beyond_middle(simulator, state, prospect, prospect.seen, seed, days)
    effect = 0.0
    if prospect.seen:
        without = beyond_middle(simulator, state, prospect, (), seed, EFFECT_D, EFFECT_CARRIERS)
        effect = min(float((drawn - without)[EFFECT_BLOCK]), 0.0)
    found = msgspec.structs.replace(fit, drawn=drawn, effect=effect)
    prospect = msgspec.structs.replace(prospect, fit=found)
    return msgspec.structs.replace(prospect, bias=bias_of(simulator, state, prospect, seed, days))


def bias_of(
    simulator: Simulator, state: LiveState, prospect: Prospect, seed: int, days: int
) -> Floats:
    """float64[days] log of the reports that the corrected run of the middle future makes, under
    what the reports show already, over the reports of that future: what is left of it is the
    start's fault, and no forecast's.
    """
    span = min(days, prospect.fit.paths.log_r.shape[1] - prospect.fit.lag - prospect.fit.delay)
    series: Any = simulator.run(middle_run(simulator, state, prospect, prospect.seen, seed, span))
    infections = series.series["new_infections"][1:]
    reports = prospect.reports_of(infections, -1, 1.0)
    wanted = np.median(prospect.fit.paths.expected, axis=0)[prospect.fit.lag :][: len(reports)]
    return np.asarray(np.log((reports[: len(wanted)] + 1.0) / (wanted + 1.0)))


def unseen_of(state: LiveState, delay: int) -> dict[type, float]:
    """kind -> part of the effect of its oldest young order that no report can show yet: all of it
    until the first reports of those who were infected under it, nothing SEEN_D days later.
    """
    found: dict[type, float] = {}
    for one in state.in_force:
        if one.since_d < delay + SEEN_D:
            part = float(np.clip(1.0 - (one.since_d - delay) / SEEN_D, 0.0, 1.0))
            kind = type(one.measure)
            found[kind] = min(part, found.get(kind, 1.0))
    return found


def heads_of(simulator: Simulator) -> Floats:
    """float64[areas] residents of each area in which the simulator counts."""
    city = simulator.people.city
    of_leaf = np.diff(np.asarray(city.leaf_start, np.float64))
    group = np.asarray(city.leaf_group, np.int64)
    heads = np.bincount(group, weights=of_leaf, minlength=len(simulator.people.groups))
    return np.asarray(heads, np.float64)


def beyond_middle(
    simulator: Simulator,
    state: LiveState,
    prospect: Prospect,
    measures: tuple[Measure, ...],
    seed: int,
    days: int,
    most: int = 0,
) -> Floats:
    """float64[blocks] log of the R that the simulator makes of the middle future, over the R that
    it holds. most: carriers of the run at most (0: all); few of many show the same R sooner.

    Carriers who are drawn have nobody infected around them yet; orders of the last days, places
    that fill up and contacts that are yet to be traced change the simulated course before they can
    show in any report.
    """
    fit = prospect.fit
    span = min(days, 14, fit.paths.log_r.shape[1] - fit.lag - fit.delay)
    scenario = middle_run(simulator, state, prospect, measures, seed, span)
    initial, part_of = thinned(prospect.initial(-1, 1.0), most, seed)
    scenario = msgspec.structs.replace(scenario, initial=initial)
    series: Any = simulator.run(scenario).series["new_infections"][1:] / prospect.each(1.0)
    before = [fit.reports.filled().sum(axis=0), prospect.newest(-1)[::-1]]
    whole = np.concatenate([np.concatenate(before) * part_of, series])
    pressure = pressure_of(whole, generation_of(fit.disease))
    start = len(whole) - len(series)
    wanted = prospect.log_r(-1, span)
    found: list[float] = []
    for first, end in BLOCKS:
        part = slice(start + max(first - 1, 0), start + max(end - 1, 1))
        if whole[part].sum() < LEAST_SEEN:
            found.append(found[-1] if found else 0.0)
            continue
        got = np.log((whole[part].sum() + 0.5) / (pressure[part].sum() + 0.5))
        found.append(
            float(np.clip(got - wanted[max(first - 1, 0) : max(end - 1, 1)].mean(), -1.5, 1.5))
        )
    return np.asarray(found)


def middle_run(
    simulator: Simulator,
    state: LiveState,
    prospect: Prospect,
    measures: tuple[Measure, ...],
    seed: int,
    span: int,
) -> Scenario:
    """The run of the middle future."""
    fit = prospect.fit
    return Scenario(
        base=simulator.base,
        disease=fit.disease,
        days=span + 1,
        seed=seed,
        initial=prospect.initial(-1, 1.0),
        measures=tuple(times_compliance(one, fit.reached) for one in measures),
        background=prospect.background(-1, span, 1.0),
        level=simulator.level,
        confirmed_before=confirmed_before(fit),
        beds=state.beds,
        icu_beds=state.icu_beds,
    )


def thinned(initial: InitialState, most: int, seed: int) -> tuple[InitialState, float]:
    """At most so many of the infected, drawn by chance, and which share of all that is."""
    count = len(initial.infected)
    if not most or count <= most:
        return initial, 1.0
    kept = np.sort(generator(seed, "planning.few-carriers").permutation(count)[:most])
    fewer = msgspec.structs.replace(
        initial,
        infected=initial.infected[kept],
        infected_days_ago=initial.infected_days_ago[kept],
    )
    return fewer, most / count


def confirmed_before(fit: Fit) -> tuple[int, ...]:
    """Reports of the last seven known days, for measures that wait for a figure."""
    return tuple(round(float(x)) for x in fit.reports.filled().sum(axis=0)[-7:])
