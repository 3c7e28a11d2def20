"""Runs plans on common random numbers: one packed city, the same seeds for every plan, one
process a core.
"""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import numpy as np

from twinward.citybase.schema import CityBase
from twinward.core.chance import generator
from twinward.core.errors import InputError
from twinward.decision.planning.burden import count_population
from twinward.decision.planning.candidate import Candidate
from twinward.decision.planning.costs import CostTable
from twinward.decision.planning.doubts import PerturbedInputs, draw_worlds
from twinward.decision.planning.figures import Counter, Run
from twinward.decision.planning.fitting.past import times_compliance
from twinward.decision.planning.fitting.prospect import Prospect, confirmed_before, look_ahead
from twinward.decision.simulation.epidemic.background import Background
from twinward.decision.simulation.epidemic.live_state import LiveState
from twinward.decision.simulation.epidemic.run import Simulator
from twinward.decision.simulation.epidemic.scenario import (
    BYTES_PER_RESIDENT,
    InitialState,
    Scenario,
    check_areas,
)
from twinward.library.hazards.diseases import Disease

COUNTERS_KEPT = 128
# Runs of a large city in which so many are infected are finished at random: see `leftover`
LARGE, FINISHED = 500_000, 0.8


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for every plan: where the outbreak stands, the disease, how long, which
    seeds.
    """

    base: CityBase
    disease: Disease
    days: int
    replicates: int
    seed: int
    infected: int = 100
    initial: InitialState | None = None
    level: str | None = None
    live: LiveState | None = None  # to which the simulator is fitted, where enough was reported
    doubts: bool = True
    beds: int | None = None
    icu_beds: int | None = None


class Replicate(msgspec.Struct, frozen=True, kw_only=True):
    """One replicate of one plan; replicate k has the same seed whichever plan it is of."""

    candidate: Candidate
    replicate: int


class KnownFit(msgspec.Struct, frozen=True, kw_only=True):
    """A fit and the name of what it rests on; a prospect of None: too little was reported."""

    name: str
    prospect: Prospect | None


class ReplicateRunner:
    """A city packed once, on which jobs are run; forked processes share its pages."""

    def __init__(self, question: Experiment, costs: CostTable) -> None:
        check_question(question)
        self.question, self.costs = question, costs
        self.simulator = Simulator(question.base, question.level)
        self.population = count_population(question.base, self.simulator.people)
        self._counters: dict[str, Counter] = {}
        self.prospect: Prospect | None = None
        self.worlds = draw_worlds(
            costs, question.replicates, question.seed, None, question.days, question.doubts
        )
        self._fitted = False

    def fit(self, known: KnownFit | None = None) -> None:
        """Fits the simulator to the reports of the live state, once; without one, or with few
        reports, nothing. A fit that is `known` from the same question is taken as it is.
        """
        q = self.question
        if q.live is None or self._fitted:
            return
        self._fitted = True
        if known is not None and known.name == self.fit_name():
            self.prospect = known.prospect
        else:
            doubt = self.costs.doubts["infected_now"].high if q.doubts else 1.0
            self.prospect = look_ahead(
                self.simulator, q.live, q.disease, q.seed, q.days, max(doubt, 1.0)
            )
        self.worlds = draw_worlds(self.costs, q.replicates, q.seed, self.prospect, q.days, q.doubts)

    def fit_name(self) -> str:
        """SHA-256 of all that the fit rests on: neither the plans nor how often they are run."""
        q = self.question
        doubt = self.costs.doubts["infected_now"].high if q.doubts else 1.0
        parts = [q.base.sha256, q.base.residents, q.level, q.disease, q.seed, q.days, doubt]
        live = [] if q.live is None else [sorted(q.live.reports), list(q.live.in_force)]
        if q.live is not None:
            ago = None if q.live.known_ago is None else sorted(q.live.known_ago)
            live += [ago, q.live.found_share, q.live.beds, q.live.icu_beds]
        return hashlib.sha256(msgspec.json.encode([*parts, live])).hexdigest()

    def known_fit(self) -> KnownFit | None:
        """What `fit` found, for the next runner that asks the same; None before it."""
        return KnownFit(name=self.fit_name(), prospect=self.prospect) if self._fitted else None

    def misses(self) -> bool:
        """Whether the fitted simulator is too far off its own past to say what may come."""
        return self.prospect is not None and not self.prospect.fit.held

    def check(self, candidates: Sequence[Candidate]) -> None:
        """InputError `unknown_area` before anything runs."""
        for one in candidates:
            check_areas(one.measures, self.question.base)

    def make_ready(self, jobs: Sequence[Replicate]) -> None:
        """Tables of every disease and kernels of every measure among the jobs, before the
        processes part.
        """
        seen: set[tuple[object, ...]] = set()
        for job in jobs:
            kinds = (
                self.worlds[job.replicate].of("severity"),
                frozenset(type(m) for m in job.candidate.measures),
            )
            if kinds not in seen:
                seen.add(kinds)
                self.simulator.make_ready(self.scenario(job))

    def do(self, job: Replicate) -> Run:
        """One run and its figures."""
        outcome = self.simulator.run(self.scenario(job))
        if not outcome.finished:
            raise KeyboardInterrupt
        run = self.counter(job.candidate).count(outcome)
        return (
            run
            if self.prospect is None
            else with_reports(run, self.prospect, self.worlds[job.replicate])
        )

    def counter(self, candidate: Candidate) -> Counter:
        if candidate.id not in self._counters:
            if len(self._counters) >= COUNTERS_KEPT:
                self._counters.clear()
            q = self.question
            self._counters[candidate.id] = Counter(
                candidate.measures, self.population, self.costs, q.disease
            )
        return self._counters[candidate.id]

    def scenario(self, job: Replicate) -> Scenario:
        """The scenario of a job in the world of its replicate."""
        q, world, prospect = self.question, self.worlds[job.replicate], self.prospect
        compliance, more = world.of("compliance"), world.of("infected_now")
        measures = (
            prospect.as_kept(job.candidate.measures, compliance, world.young_orders)
            if prospect is not None
            else tuple(times_compliance(m, compliance) for m in job.candidate.measures)
        )
        asked = Scenario(
            base=q.base,
            disease=q.disease,
            days=q.days,
            seed=q.seed + job.replicate,
            infected=q.infected,
            initial=q.initial,
            measures=measures,
            level=q.level,
            beds=q.beds,
            icu_beds=q.icu_beds,
            finish_share=FINISHED if q.base.residents >= LARGE else 1.0,
        )
        if prospect is not None:
            return msgspec.structs.replace(
                asked,
                disease=perturbed(prospect.fit.disease, "severity", world.of("severity")),
                initial=prospect.initial(world.future, more),
                confirmed_before=confirmed_before(prospect.fit),
                background=prospect.background(world.future, q.days, compliance),
            )
        highest = max(w.of("r0") for w in self.worlds)
        left = world.of("r0") / highest
        disease = perturbed(perturbed(q.disease, "r0", highest), "severity", world.of("severity"))
        initial = (
            scale_infected(q.initial, more, q)
            if q.initial is not None and more != 1.0
            else q.initial
        )
        return msgspec.structs.replace(
            asked,
            disease=disease,
            initial=initial,
            infected=min(round(q.infected * more), q.base.residents),
            background=() if left == 1.0 else (Background(left=left),),
        )


def with_reports(run: Run, prospect: Prospect, world: PerturbedInputs) -> Run:
    """The run with the reports that its infections lead to, day 0 without any."""
    infections = run.days["new_infections"][1:]
    reports = prospect.reports_of(infections, world.future, world.of("infected_now"))
    return msgspec.structs.replace(
        run, days={**run.days, "new_reports": np.concatenate([[0.0], reports])}
    )


def check_question(question: Experiment) -> None:
    """InputError for no days, no replicates, more infected than residents."""
    levels = sorted({area.level for area in question.base.areas})
    for holds, message, advice, code in (
        (
            question.level is None or question.level in levels,
            f"there is no level {question.level!r}",
            "one of " + ", ".join(levels),
            "unknown_level",
        ),
        (
            1 <= question.days <= 365,
            f"{question.days} days cannot be compared",
            "give --days 1 to 365",
            "bad_days",
        ),
        (
            1 <= question.replicates <= 1000,
            f"{question.replicates} replicates",
            "give 1 to 1000",
            "bad_replicates",
        ),
        (
            0 <= question.infected <= question.base.residents,
            "more infected than residents",
            "give fewer",
            "too_many_infected",
        ),
    ):
        if not holds:
            raise InputError(message, advice, code=code)


def perturbed(disease: Disease, doubt: str, factor: float) -> Disease:
    """The disease with R0 or the chance of hospital multiplied."""
    if doubt == "r0":
        figure = msgspec.structs.replace(
            disease.transmission.r0, value=disease.transmission.r0.value * factor
        )
        return msgspec.structs.replace(
            disease, transmission=msgspec.structs.replace(disease.transmission, r0=figure)
        )
    if doubt == "severity":
        known = disease.severity.hospital_given_symptoms
        figure_by_age = msgspec.structs.replace(
            known, value=[min(1.0, x * factor) for x in known.value]
        )
        return msgspec.structs.replace(
            disease,
            severity=msgspec.structs.replace(
                disease.severity, hospital_given_symptoms=figure_by_age
            ),
        )
    return disease


def scale_infected(initial: InitialState, factor: float, question: Experiment) -> InitialState:
    """Fewer of those who are infected now, or more: further ones live near those who are known."""
    chance = generator(question.seed, "planning.infected-now")
    count = len(initial.infected)
    wanted = round(count * factor)
    chosen = np.sort(chance.permutation(count)[: min(wanted, count)])
    who, ago = initial.infected[chosen], initial.infected_days_ago[chosen]
    if wanted > count and count:
        near = chance.integers(count, size=wanted - count)
        places = (
            initial.infected[near] + chance.integers(1, 2000, size=len(near))
        ) % question.base.residents
        places, first = np.unique(places, return_index=True)
        fresh = ~np.isin(places, np.concatenate([initial.infected, initial.immune]))
        who = np.concatenate([who, places[fresh]])
        ago = np.concatenate([ago, initial.infected_days_ago[near[first[fresh]]]])
    return msgspec.structs.replace(
        initial, infected=who, infected_days_ago=ago, strain=np.zeros(0, np.int64)
    )


_here: list[
    ReplicateRunner
] = []  # what forked processes find: the arena as it was when they parted


def _do(job: Replicate) -> Run:
    return _here[-1].do(job)


@contextmanager
def worker_pool(arena: ReplicateRunner, workers: int) -> Iterator[Any]:
    """A function that runs jobs and yields their runs in order; with several workers, in
    processes forked now.
    """
    workers = min(workers, workers_that_fit(arena.question.base.residents))
    if workers < 2:
        yield lambda jobs: map(arena.do, jobs)
        return
    _here.append(arena)
    try:
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            yield lambda jobs: pool.imap(_do, jobs)
    finally:
        _here.pop()


def workers_that_fit(residents: int) -> int:
    """How many processes the free memory holds; each writes its own copy of the residents'
    words.
    """
    import psutil

    return max(1, int(psutil.virtual_memory().available // (residents * BYTES_PER_RESIDENT)))
