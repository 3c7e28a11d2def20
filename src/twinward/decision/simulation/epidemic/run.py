"""Runs scenarios: once, many times with one packed city, or as an ensemble over processes or a
Dask cluster.
"""

from __future__ import annotations

import hashlib
import resource
import time
from collections.abc import Callable
from concurrent.futures import Executor

import msgspec
import numpy as np

from twinward import __version__
from twinward.citybase.schema import CityBase
from twinward.core.errors import InputError
from twinward.decision.simulation.epidemic.engine import Engine
from twinward.decision.simulation.epidemic.outcome import SERIES, Ensemble, SimulationOutcome
from twinward.decision.simulation.epidemic.people import forget_outbreak, open_people
from twinward.decision.simulation.epidemic.prepare import Prepared, preparation_key, prepare
from twinward.decision.simulation.epidemic.scenario import (
    BYTES_PER_RESIDENT,
    MOST_OF_FREE,
    InitialState,
    Scenario,
    check_scenario,
)

WARM_UP_INFECTED = 60
COHORT_SHARE, COHORT_LEAST = (
    0.002,
    300,
)  # the early infectees, whose offspring give R0 and generation time
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def user_seconds() -> float:
    """CPU seconds this process spent in user code."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


class Simulator:
    """A city base packed once for many runs. `run` leaves it as it was."""

    def __init__(self, base: CityBase, level: str | None = None) -> None:
        self.base, self.level = base, level
        self.people = open_people(base, level)
        self._prepared: dict[bytes, Prepared] = {}
        self._warmed: set[frozenset[type]] = set()

    def run(
        self, scenario: Scenario, progress: Callable[[int], None] | None = None
    ) -> SimulationOutcome:
        """One run of a scenario on this base. Raises InputError before anything runs."""
        check_scenario(scenario)
        started = time.perf_counter()
        prepared = self.make_ready(scenario)
        engine = Engine(scenario, self.people, prepared)
        setup_s = time.perf_counter() - started
        started, self_cpu = time.perf_counter(), user_seconds()
        finished = engine.run(bounded(engine, scenario.stop_above, progress))
        return self._outcome(engine, scenario, finished, started, self_cpu, setup_s)

    def make_ready(self, scenario: Scenario) -> Prepared:
        """Tables and compiled kernels of a scenario, made once; processes forked after it share
        them.
        """
        forget_outbreak(self.people.city)
        key = preparation_key(scenario)
        if key not in self._prepared:
            self._prepared[key] = prepare(scenario, self.people.city)
        self._warm_up(scenario, self._prepared[key])
        return self._prepared[key]

    def _warm_up(self, scenario: Scenario, prepared: Prepared) -> None:
        """Compiles or loads every kernel the run will call, so that its time is setup: four days
        on a few residents.
        """
        kinds = frozenset(type(measure) for measure in scenario.measures)
        if kinds in self._warmed:
            return
        self._warmed.add(kinds)
        residents = self.base.residents
        who = np.linspace(0, residents - 1, min(WARM_UP_INFECTED, residents)).astype(np.int64)
        early = tuple(
            msgspec.structs.replace(m, start_day=0, end_day=4, delay_d=0, trigger=None)
            for m in scenario.measures
        )
        aside = tuple(
            msgspec.structs.replace(m, start_day=0, end_day=4) for m in scenario.background
        )
        start = InitialState(infected=who, infected_days_ago=np.full(len(who), 5))
        little = msgspec.structs.replace(
            scenario,
            days=4,
            infected=0,
            initial=start,
            measures=early,
            background=aside,
            importations=(),
            keep_tree=False,
        )
        Engine(little, self.people, prepared).run()
        forget_outbreak(self.people.city)

    def _outcome(
        self,
        engine: Engine,
        scenario: Scenario,
        finished: bool,
        started: float,
        cpu: float,
        setup_s: float,
    ) -> SimulationOutcome:
        days = engine.days
        series = {name: column[:days] for name, column in engine.series.items()}
        sha256 = engine.fingerprint.close(series)
        first_time = int((series["new_infections"] - series["new_reinfections"]).sum())
        r0, generation_time_d = early_reproduction(engine)
        return SimulationOutcome(
            residents=engine.residents,
            days=days,
            seed=scenario.seed,
            threads=scenario.threads,
            disease=scenario.disease.name,
            series=series,
            by_area=engine.tally.area[:days],
            areas=engine.people.groups,
            by_age=engine.tally.age[:days],
            by_setting=engine.tally.setting[:days],
            by_strain=engine.tally.strain[:days],
            strains=[scenario.disease.name, *(s.name for s in scenario.disease.strains)],
            r0_realised=r0,
            generation_time_d=generation_time_d,
            ever_infected=first_time,
            sha256=sha256,
            fingerprint=fingerprint(scenario),
            cpu_s=user_seconds() - cpu,
            wall_s=time.perf_counter() - started,
            setup_s=setup_s,
            finished=finished,
            tree=engine.tree(),
            profile={name: round(s, 4) for name, s in engine.seconds.items()},
            estimated=scenario.initial.estimated if scenario.initial else 0.0,
            active=engine.active[:days],
            beds=engine.hospital.beds,
            icu_beds=engine.hospital.icu_beds,
        )


def bounded(
    engine: Engine, most: int, progress: Callable[[int], None] | None
) -> Callable[[int], None] | None:
    """`progress`, which ends the run once more than `most` were infected (0: never)."""
    if not most:
        return progress

    def watch(day: int) -> None:
        if engine.series["new_infections"][1 : day + 1].sum() > most:
            raise KeyboardInterrupt
        if progress:
            progress(day)

    return watch


def early_reproduction(engine: Engine) -> tuple[float, float]:
    """R0 and the generation time in days, counted from the early infectees and weighted for who is
    immune already.

    Early are the first 0.2 % of the residents, at least 300, whom residents infected; days on which
    the infectious time of the infected goes beyond the last day are left out. Where that leaves
    nobody, all infected are counted.
    """
    new, offspring = engine.series["new_infections"][: engine.days], engine.offspring[: engine.days]
    whole = max(engine.days - engine.longest_infectious, 0)
    enough = np.searchsorted(
        np.cumsum(new[1:whole]), max(COHORT_LEAST, int(COHORT_SHARE * engine.residents))
    )
    early = slice(1, min(2 + int(enough), whole))
    if not new[early].sum():
        early = slice(0, engine.days)
    caused, days_between = offspring[early].sum(axis=0)
    return float(caused / max(new[early].sum(), 1)), float(days_between / caused) if caused else 0.0


def with_seed(scenario: Scenario, seed: int) -> Scenario:
    """The same question with another seed."""
    return msgspec.structs.replace(scenario, seed=seed)


def run(scenario: Scenario, progress: Callable[[int], None] | None = None) -> SimulationOutcome:
    """One run: packs the base, then runs. For many runs on one base keep a `Simulator`."""
    check_scenario(scenario)
    require_memory(scenario.base.residents)
    started = time.perf_counter()
    simulator = Simulator(scenario.base, scenario.level)
    packing_s = time.perf_counter() - started
    outcome = simulator.run(scenario, progress)
    return msgspec.structs.replace(outcome, setup_s=outcome.setup_s + packing_s)


def run_ensemble(
    scenario: Scenario,
    replicates: int,
    executor: Executor | None = None,
    cluster: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Ensemble:
    """`replicates` runs that differ in their seed, one process a core or on a Dask cluster, with
    equal results.

    executor: any concurrent.futures executor (None: one run after another here) cluster: address of
    a Dask scheduler; a run whose worker dies is done again by another progress: called with the
    number of runs done
    """
    if replicates < 1:
        raise InputError(
            "there must be at least one replicate",
            "give --replicates 1 or more",
            code="bad_replicates",
        )
    check_scenario(scenario)
    jobs = [with_seed(scenario, scenario.seed + k) for k in range(replicates)]
    if cluster is not None:
        outcomes = _on_cluster(jobs, cluster)
    elif executor is not None:
        outcomes = list(executor.map(run, jobs))
    else:
        outcomes = _here(scenario, jobs, progress)
    stacked = {name: np.stack([o.series[name] for o in outcomes]) for name in SERIES}
    quantiles = {name: np.quantile(rows, QUANTILES, axis=0) for name, rows in stacked.items()}
    return Ensemble(outcomes=outcomes, levels=QUANTILES, quantiles=quantiles)


def _here(
    scenario: Scenario, jobs: list[Scenario], progress: Callable[[int], None] | None
) -> list[SimulationOutcome]:
    require_memory(scenario.base.residents)
    simulator, outcomes = Simulator(scenario.base, scenario.level), list[SimulationOutcome]()
    for k, job in enumerate(jobs):
        outcome = simulator.run(job)
        if not outcome.finished:
            break
        outcomes.append(outcome)
        if progress:
            progress(k + 1)
    if not outcomes:
        raise KeyboardInterrupt
    return outcomes


def _on_cluster(jobs: list[Scenario], address: str) -> list[SimulationOutcome]:
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "a cluster needs Dask", "install twinward[cluster]", code="no_dask"
        ) from error
    try:
        client = Client(address, timeout="20s")
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"no Dask scheduler answers at {address}",
            "start one with `dask scheduler` and give its address",
            code="no_cluster",
        ) from error
    with client:
        return list(client.gather(client.map(run, jobs, pure=False)))


def fingerprint(scenario: Scenario) -> str:
    """SHA-256 of everything a forecast depends on: city, disease, measures, seed, start and
    version; not threads.
    """
    digest = hashlib.sha256()
    parts: dict[str, object] = {
        "version": __version__,
        "city": scenario.base.sha256,
        "residents": scenario.base.residents,
        "disease": scenario.disease,
        "measures": scenario.measures,
        "days": scenario.days,
        "seed": scenario.seed,
        "infected": scenario.infected,
        "importations": scenario.importations,
        "mixing": scenario.mixing,
        "level": scenario.level,
        "background": scenario.background,
        "confirmed_before": scenario.confirmed_before,
        "beds": (scenario.beds, scenario.icu_beds),
    }
    if scenario.finish_share < 1.0:
        parts["finish_share"] = scenario.finish_share
    digest.update(msgspec.json.encode(parts))
    if scenario.initial is not None:
        for field in scenario.initial.__struct_fields__:
            digest.update(field.encode() + np.asarray(getattr(scenario.initial, field)).tobytes())
    if scenario.contact_factors is not None:
        digest.update(np.ascontiguousarray(scenario.contact_factors).tobytes())
    return digest.hexdigest()


def require_memory(residents: int) -> None:
    """InputError `no_memory` when the arrays of a run would not fit into the memory that is
    free.
    """
    import psutil

    free, needed = psutil.virtual_memory().available, residents * BYTES_PER_RESIDENT
    if needed > MOST_OF_FREE * free:
        raise InputError(
            f"{residents:,} residents need about {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are "
            f"free, of which "
            f"{MOST_OF_FREE:.0%} may be used",
            "ask for fewer residents, or free memory",
            code="no_memory",
        )
