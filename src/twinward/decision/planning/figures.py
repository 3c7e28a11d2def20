"""The figures of one run of one plan: health, capacity, what the measures asked of people, what
had to be at hand.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.decision.planning.burden import Burden, Floats, Population, burden_of_day
from twinward.decision.planning.costs import CostTable
from twinward.decision.simulation.epidemic.course import by_year
from twinward.decision.simulation.epidemic.outcome import SimulationOutcome
from twinward.library.hazards.diseases import Disease
from twinward.library.hazards.measures import (
    CaseIsolation,
    ContactTracing,
    HouseholdQuarantine,
    Measure,
    QuarantineFacility,
)

HEALTH = (
    "infections",
    "deaths",
    "deaths_to_come",
    "still_infected",
    "bed_peak",
    "icu_peak",
    "turned_away",
)
ASKED = ("restricted_days", "school_days", "work_days")
NEEDED = ("tests", "tracers", "quarantine_places", "doses")
MONEY = ("cost_of_response", "cost_of_illness", "cost_of_restriction", "cost")
FIGURES = (*HEALTH, *ASKED, *NEEDED, *MONEY)
INFECTED = ("exposed", "presymptomatic", "asymptomatic", "mild", "hospital", "intensive_care")
FAN = ("new_infections", "beds_in_use", "icu_in_use", "new_deaths")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run: totals by name, daily series for the fan, infections and days lost by area and by
    age band.
    """

    totals: dict[str, float]
    days: dict[str, Floats]
    infections: tuple[Floats, Floats]
    lost: tuple[Floats, Floats]
    capacity: tuple[int, int]


class Counter:
    """Turns outcomes of one plan into figures; a day's burden is reckoned once for each set of
    measures in force.
    """

    def __init__(
        self,
        measures: tuple[Measure, ...],
        population: Population,
        costs: CostTable,
        disease: Disease,
    ) -> None:
        self.measures, self.population, self.costs = measures, population, costs
        self._burdens: dict[bytes, Burden] = {}
        kinds = (HouseholdQuarantine, ContactTracing)
        self.quarantine_d = max((m.days for m in measures if isinstance(m, kinds)), default=0)
        self.isolation_d = max(
            (m.days for m in measures if isinstance(m, CaseIsolation | QuarantineFacility)),
            default=0,
        )
        facilities = [m for m in measures if isinstance(m, QuarantineFacility)]
        self.guest_d = max((m.days for m in facilities), default=0)
        self.guest_share = max((m.reach for m in facilities), default=0.0)
        tracing = [m for m in measures if isinstance(m, ContactTracing)]
        self.cases_per_tracer = max((m.cases_per_tracer_day for m in tracing), default=0.0)
        self.dying = dying_share(disease, population)

    def count(self, outcome: SimulationOutcome) -> Run:
        """Everything of one run."""
        series = outcome.series
        burdens = [self.burden(row) for row in outcome.active]
        controlled = held(series["new_quarantined"], self.quarantine_d) + held(
            series["new_confirmed"], self.isolation_d
        )
        infections = (
            outcome.by_area.sum(axis=0).astype(float),
            outcome.by_age.sum(axis=0).astype(float),
        )
        parts = [
            tuple(np.sum([getattr(b, name)[k] for b in burdens], axis=0) for k in (0, 1))
            for name in ("restricted", "school", "work")
        ]
        lost = tuple(
            sum(part[k] for part in parts)
            + controlled.sum() * infections[k] / max(1.0, infections[k].sum())
            for k in (0, 1)
        )
        beds = (series["hospital"]).astype(float)
        icu = series["intensive_care"].astype(float)
        totals = self.totals(outcome, burdens, controlled, beds, icu)
        return Run(
            totals=totals
            | self.price(
                totals, float(sum(b.masked[0].sum() for b in burdens)), controlled, beds, icu
            ),
            days={
                "new_infections": series["new_infections"].astype(float),
                "beds_in_use": beds,
                "icu_in_use": icu,
                "new_deaths": series["new_deaths"].astype(float),
            },
            infections=infections,
            lost=lost,
            capacity=(outcome.beds, outcome.icu_beds),
        )

    def totals(
        self,
        outcome: SimulationOutcome,
        burdens: list[Burden],
        controlled: Floats,
        beds: Floats,
        icu: Floats,
    ) -> dict[str, float]:
        """Health, what was asked of people, what was needed."""
        series = outcome.series
        traced = (
            series["new_confirmed"].astype(float)
            if self.cases_per_tracer
            else np.zeros(outcome.days)
        )
        return {
            "infections": float(outcome.infections),
            "deaths": float(outcome.deaths),
            "deaths_to_come": max(
                0.0, float(outcome.by_age.sum(axis=0) @ self.dying) - outcome.deaths
            ),
            "still_infected": float(sum(series[name][-1] for name in INFECTED)),
            "bed_peak": float(beds.max()),
            "icu_peak": float(icu.max()),
            "turned_away": float(series["turned_away"].sum()),
            "restricted_days": float(
                sum(b.restricted[0].sum() for b in burdens) + controlled.sum()
            ),
            "school_days": float(sum(b.school[0].sum() for b in burdens)),
            "work_days": float(sum(b.work[0].sum() for b in burdens)),
            "tests": float(series["tests"].sum()),
            "tracers": float(traced.max() / self.cases_per_tracer)
            if self.cases_per_tracer
            else 0.0,
            "quarantine_places": float(
                held(series["new_confirmed"], self.guest_d).max() * self.guest_share
            ),
            "doses": float(series["new_vaccinated"].sum()),
        }

    def price(
        self, totals: dict[str, float], masked: float, controlled: Floats, beds: Floats, icu: Floats
    ) -> dict[str, float]:
        """Money by the table of unit costs: of the response, of the illness, of what was asked
        of people.
        """
        of = self.costs.of
        response = (
            totals["tests"] * of("test")
            + totals["doses"] * of("dose")
            + masked * of("mask_day")
            + totals["tracers"] * of("traced_case") * self.cases_per_tracer * len(beds)
            + totals["quarantine_places"] * of("quarantine_day") * len(beds)
            + float(controlled.sum()) * of("home_day")
        )
        illness = (
            totals["infections"] * of("infection")
            + (totals["deaths"] + totals["deaths_to_come"]) * of("death")
            + float(beds.sum()) * of("bed_day")
            + float(icu.sum()) * of("icu_day")
        )
        asked = sum(
            totals[name] * of(unit)
            for name, unit in (
                ("restricted_days", "restricted_day"),
                ("school_days", "school_day"),
                ("work_days", "work_day"),
            )
        )
        return {
            "cost_of_response": response,
            "cost_of_illness": illness,
            "cost_of_restriction": asked,
            "cost": response + illness + asked,
        }

    def burden(self, active: NDArray[Any]) -> Burden:
        """What the measures in force on a day ask."""
        key = active.tobytes()
        if key not in self._burdens:
            holding = tuple(m for m, on in zip(self.measures, active, strict=True) if on)
            self._burdens[key] = burden_of_day(holding, self.population)
        return self._burdens[key]


def held(entering: NDArray[Any], days: int) -> Floats:
    """How many are inside on each day when each stays for `days`."""
    total = np.cumsum(entering.astype(float))
    before = np.concatenate([np.zeros(min(days, len(total))), total[: max(0, len(total) - days)]])
    return np.asarray(total - before if days else np.zeros(len(total)))


def dying_share(disease: Disease, population: Population) -> Floats:
    """float64[age bands]: of those infected, the share that dies when there is a bed for everybody
    who needs one.

    A plan under which many are infected on the last day would look cheap if only deaths until then
    were counted.
    """
    chain = disease.severity
    severe = by_year(disease, chain.symptomatic) * by_year(disease, chain.hospital_given_symptoms)
    icu = by_year(disease, chain.icu_given_hospital)
    dying = (1 - icu) * by_year(disease, chain.death_given_hospital) + icu * by_year(
        disease, chain.death_given_icu
    )
    heads = population.residents.sum(axis=0)
    band = np.arange(len(heads)) // 10
    weighed = np.bincount(band, weights=severe * dying * heads)
    return np.asarray(weighed / np.maximum(np.bincount(band, weights=heads), 1.0))


def gini(values: Floats, weights: Floats) -> float:
    """Gini coefficient of a burden per head: 0 all bear alike, towards 1 few bear it all
    (weights: heads).
    """
    order = np.argsort(values, kind="stable")
    heads, load = weights[order], (values * weights)[order]
    if load.sum() <= 0:
        return 0.0
    x = np.concatenate([[0.0], np.cumsum(heads) / heads.sum()])
    y = np.concatenate([[0.0], np.cumsum(load) / load.sum()])
    return float(1.0 - np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1])))
