"""The last weeks run again by the simulator, from what was reported before them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from twinward.decision.simulation.epidemic.background import Background
from twinward.decision.simulation.epidemic.fitting.mixing import make_mixing
from twinward.decision.simulation.epidemic.fitting.reproduction import attempts_for_r0
from twinward.decision.simulation.epidemic.live_state import LiveResidents, LiveState
from twinward.decision.simulation.epidemic.report_table import Floats, Reports, delay_of
from twinward.decision.simulation.epidemic.run import Simulator
from twinward.decision.simulation.epidemic.scenario import Scenario
from twinward.decision.simulation.epidemic.starting import draw_carriers
from twinward.library.hazards.diseases import Disease
from twinward.library.hazards.measures import Measure

MOST_AREAS = 60  # more areas share one transmission
# Times the reported infections at which a run is seen to be far too high, of these at least
FOLLOWED, LEAST_FOLLOWED = 3.0, 1_000.0
LEAST_POWER, STEP = 0.3, 1.08  # of attempts, by which R0 rises with them at least; and onward


class PastWeeks:
    """The last weeks run again by the simulator, from what was reported before them."""

    def __init__(
        self,
        simulator: Simulator,
        state: LiveState,
        disease: Disease,
        reports: Reports,
        span: int,
        seed: int,
        reached: float = 1.0,
    ) -> None:
        self.simulator, self.state, self.span, self.seed = simulator, state, span, seed
        self.base_disease, self.disease, self.reports = disease, disease, reports
        self.rates: dict[float, float] = {}
        self.delay = delay_of(disease)
        self.back = (
            reports.last_ago + self.delay + span
        )  # day 0 of these runs, in days before the live state's
        self.found = state.found_share
        earlier = [(area, ago - self.back, count) for area, ago, count in state.reports]
        carriers = draw_carriers(
            filled_in(earlier, state.known_ago, self.back),
            self.delay,
            1.0 / self.found - 1.0,
            {},
            LiveResidents(simulator.base, seed),
        )
        self.initial = carriers.take(1.0, np.ones(1))
        self.measures = tuple(
            times_compliance(one, reached) for one in then_in_force(state, self.back)
        )

    def run_scaled(self, scale: float) -> Callable[[Floats, int], Floats]:
        """A function that runs the first `days` of the past with R0 times `scale`: factors
        float64[areas, 2], days -> reports by area. A run that makes many times too many is not
        followed to its end: its last day stands for those left.
        """
        self.disease = scaled(self.base_disease, scale)
        return self.run_of(self.disease, ())

    def begun_after(self, day: int) -> tuple[Measure, ...]:
        """Measures that began in the past after so many of its days, and before its last."""
        return tuple(one for one in self.measures if day < one.start_day < self.span)

    def run_of(
        self, disease: Disease, without: tuple[Measure, ...]
    ) -> Callable[[Floats, int], Floats]:
        """The same of a disease as it is, without some of the measures."""
        measures = tuple(one for one in self.measures if one not in without)
        wanted = self.reports.filled()
        before = wanted[:, : -self.span]

        def run(left: Floats, days: int) -> Floats:
            most = wanted[:, before.shape[1] : before.shape[1] + days].sum() / self.found
            scenario = Scenario(
                base=self.simulator.base,
                disease=disease,
                days=days + 1,
                seed=self.seed,
                initial=self.initial,
                measures=measures,
                background=self.background(left),
                level=self.simulator.level,
                stop_above=round(FOLLOWED * max(most, LEAST_FOLLOWED)),
            )
            simulated = self.simulator.run(scenario).by_area[1:].T * self.found
            short = days - simulated.shape[1]
            if short > 0:
                last = simulated[:, -1:] if simulated.shape[1] else FOLLOWED * wanted[:, -1:]
                simulated = np.concatenate([simulated, np.repeat(last, short, axis=1)], axis=1)
            return np.concatenate([before, simulated], axis=1)

        return run

    def rate(self, scale: float) -> float:
        """Attempts to infect of one infected person with R0 times `scale`."""
        if scale not in self.rates:
            disease = scaled(self.base_disease, scale)
            mixing = make_mixing(disease, False, None)
            city = self.simulator.people.city
            self.rates[scale] = attempts_for_r0(disease, city, mixing, False)
        return self.rates[scale]

    def raise_rate(self, scale: float, wanted: float) -> tuple[float, float]:
        """The scale of R0 under which at least `wanted` times as many attempts are made, and how
        many times. Attempts rise far more than R0: households and teams run out of people.
        """
        higher = scale * wanted**LEAST_POWER
        while (times := self.rate(higher) / self.rate(scale)) < wanted:
            higher *= STEP
        return higher, times

    def background(self, left: Floats) -> tuple[Background, ...]:
        half = self.span - self.span // 2
        found = []
        for week, (first, end) in enumerate(((0, half + 1), (half + 1, self.span + 1))):
            if len(left) > MOST_AREAS:
                found.append(
                    Background(
                        start_day=first, end_day=end, left=float(min(left[:, week].mean(), 1.0))
                    )
                )
                continue
            found += [
                Background(start_day=first, end_day=end, areas=[code], left=float(min(value, 1.0)))
                for code, value in zip(self.simulator.people.groups, left[:, week], strict=True)
            ]
        return tuple(found)


def filled_in(
    reports: list[tuple[str, int, int]], known: frozenset[int] | None, back: int
) -> list[tuple[str, int, int]]:
    """The same, with a day of which nothing was told between its neighbours filled by the day
    before it.
    """
    if known is None or not known:
        return reports
    days = {ago - back for ago in known}
    missing = set(range(min(days), max(days) + 1)) - days
    extra = []
    for ago in sorted(missing):
        earlier = min((d for d in days if d > ago), default=None)
        later = max((d for d in days if d < ago), default=None)
        near = [d for d in (earlier, later) if d is not None]
        extra += [(area, ago, round(count / len(near))) for area, d, count in reports if d in near]
    return reports + extra


def then_in_force(state: LiveState, back: int) -> tuple[Measure, ...]:
    """What is in force now, each measure from the day of the past on which it began."""
    return tuple(
        msgspec.structs.replace(one.measure, start_day=max(0, back - one.since_d))
        for one in state.in_force
        if one.measure.start_day == 0
    )


def times_compliance(measure: Measure, factor: float) -> Measure:
    """The measure, complied with so many times as often."""
    return msgspec.structs.replace(measure, compliance=min(1.0, measure.compliance * factor))


def scaled(disease: Disease, scale: float) -> Disease:
    """The disease with R0 times `scale`."""
    r0 = msgspec.structs.replace(
        disease.transmission.r0, value=disease.transmission.r0.value * scale
    )
    return msgspec.structs.replace(
        disease, transmission=msgspec.structs.replace(disease.transmission, r0=r0)
    )
