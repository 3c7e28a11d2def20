"""Use case: run an outbreak forward on a city or a plain number of residents, once or as an
ensemble.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from twinward.citybase.schema import CityBase
from twinward.core.errors import AbsentError, InputError
from twinward.decision.planning.fitting.forecast import UNFITTED, require_held
from twinward.decision.planning.fitting.prospect import Prospect, confirmed_before, look_ahead
from twinward.decision.simulation.epidemic import (
    Ensemble,
    Scenario,
    SimulationOutcome,
    load_disease,
    load_measures,
    run,
    run_ensemble,
)
from twinward.decision.simulation.epidemic.engine import STEPS
from twinward.decision.simulation.epidemic.fitting.contact_matrices import (
    ContactsReport,
    fit_contacts,
    report_fit,
)
from twinward.decision.simulation.epidemic.live_state import LiveState
from twinward.decision.simulation.epidemic.run import Simulator, require_memory
from twinward.decision.simulation.epidemic.scenario import MIXINGS, check_scenario
from twinward.library.hazards.diseases import DEFAULT, disease_schema
from twinward.library.hazards.measures import Measure, list_idle, measures_schema

__all__ = ["ContactsReport", "LiveFork", "SimulationAnswer", "SimulationRequest", "simulate"]
LiveFork = Callable[[CityBase], LiveState]  # where the twins stand, on a city


class SimulationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked on the command line or through the API."""

    residents: int | None = None
    city: Path | None = None
    disease: str = DEFAULT
    settings: tuple[str, ...] = ()
    infected: int = 100
    measures: Path | None = None
    days: int = 180
    seed: int = 1
    replicates: int = 1
    threads: int = 1
    mixing: str = "settings"
    level: str | None = None
    contacts: Path | None = None
    cluster: str | None = None
    keep_tree: bool = False


class SimulationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The first run, the ensemble when there are several, and what the machine spent."""

    outcome: SimulationOutcome
    ensemble: Ensemble | None
    setup_s: float
    peak_rss_mb: float
    contact_fit: ContactsReport | None
    live: LiveState | None = None
    prospect: Prospect | None = None  # the fit to the reports, where enough was reported
    notes: list[str] = []  # what a reader of the figures should know about the measures


def write(answer: SimulationAnswer, tree: Path | None, out: Path | None) -> list[str]:
    """Writes the infection tree and the folder of results; returns the names of the folder's
    files.
    """
    from twinward.report.simulation import write_results, write_tree

    if tree is not None:
        write_tree(answer.outcome, tree)
    return write_results(answer.outcome, answer.ensemble, out) if out is not None else []


def schema(of: str) -> dict[str, object]:
    """JSON Schema of a disease or measures file."""
    return disease_schema() if of == "disease" else measures_schema()


def explain() -> list[tuple[str, str]]:
    """The steps of a day, in their order."""
    return list(STEPS)


def simulate(
    request: SimulationRequest,
    progress: Callable[[int], None] | None = None,
    live: LiveFork | None = None,
) -> SimulationAnswer:
    """Checks everything, then runs. Raises InputError before anything runs.

    With `live` the run starts where the twins stand: who is infected and apart, and the measures in
    force.
    """
    started = time.perf_counter()
    _check(request)
    disease = load_disease(request.disease, list(request.settings))
    measures = load_measures(request.measures) if request.measures else ()
    if request.residents is not None:
        require_memory(request.residents)
    base = open_base(request)
    state = live(base) if live is not None else None
    measures = (*measures, *state.measures) if state is not None else measures
    scenario = Scenario(
        initial=state.initial if state is not None else None,
        base=base,
        disease=disease,
        days=request.days,
        seed=request.seed,
        infected=request.infected,
        measures=measures,
        mixing=request.mixing,
        threads=request.threads,
        level=request.level,
        keep_tree=request.keep_tree,
    )
    check_scenario(scenario)
    prospect, notes = None, list_idle(measures)
    if state is not None and request.mixing == "settings":
        simulator = Simulator(base, request.level)
        prospect = look_ahead(simulator, state, disease, request.seed, request.days, 1.0)
        if prospect is not None:
            require_held(prospect)
            scenario = fitted(scenario, prospect)
        else:
            notes.append(UNFITTED["en"])
    fit = None
    if request.contacts is not None:
        fit = fit_contacts(base, request.contacts)
        scenario = msgspec.structs.replace(scenario, contact_factors=fit.factors)
    prepared_s = time.perf_counter() - started
    ensemble = None
    if request.replicates > 1 or request.cluster is not None:
        ensemble = _ensemble(request, scenario, progress)
        outcome = ensemble.outcomes[0]
    else:
        outcome = run(scenario, progress)
    return SimulationAnswer(
        outcome=outcome,
        ensemble=ensemble,
        setup_s=prepared_s + outcome.setup_s,
        peak_rss_mb=peak_rss_mb(),
        contact_fit=report_fit(fit, fitted=True) if fit else None,
        live=state,
        prospect=prospect,
        notes=notes,
    )


def name_of(measure: Measure) -> str:
    """Its own name, else its kind."""
    return measure.name or str(measure.__struct_config__.tag)


NEW_ORDERS = 0.5  # share of people who keep to orders that no report shows yet: the middle


def fitted(scenario: Scenario, prospect: Prospect) -> Scenario:
    """The scenario from the middle of the futures that the reports leave open."""
    return msgspec.structs.replace(
        scenario,
        disease=prospect.fit.disease,
        initial=prospect.initial(-1, 1.0),
        measures=prospect.as_kept(scenario.measures, 1.0, NEW_ORDERS),
        background=prospect.background(-1, scenario.days, 1.0),
        confirmed_before=confirmed_before(prospect.fit),
    )


def compare_contacts(request: SimulationRequest, folder: Path) -> ContactsReport:
    """The contacts by setting and age of a city beside the matrices of a folder, without running
    anything.

    Those of `request.contacts` where it names a folder to which the contacts are fitted, else the
    bundled numbers.
    """
    if request.contacts not in (None, folder):
        raise InputError(
            "--contacts and --contacts-report name different folders",
            "give both the same",
            code="bad_contacts",
        )
    if request.residents is not None:
        require_memory(request.residents)
    return report_fit(fit_contacts(open_base(request), folder), fitted=request.contacts is not None)


def _check(request: SimulationRequest) -> None:
    for holds, message, advice, code in (
        (
            request.days >= 1,
            f"{request.days} days cannot be simulated",
            "give --days 1 or more",
            "no_days",
        ),
        (
            request.replicates >= 1,
            "there must be at least one replicate",
            "give --replicates 1",
            "bad_replicates",
        ),
        (
            request.residents is None or request.residents > 0,
            "there are no residents",
            "give some",
            "no_residents",
        ),
        (request.infected >= 0, "a negative number of infected", "give 0 or more", "bad_infected"),
        (request.threads >= 1, "threads must be 1 or more", "give --threads 1", "bad_threads"),
        (
            request.mixing in MIXINGS,
            f"no mixing {request.mixing!r}",
            f"one of {', '.join(MIXINGS)}",
            "bad_mixing",
        ),
    ):
        if not holds:
            raise InputError(message, advice, code=code)


def open_base(request: SimulationRequest) -> CityBase:
    """The city of the workspace, or a plain city of so many residents."""
    if request.residents is not None:
        from twinward.citybase.people.plain_city import plain_base

        return plain_base(request.residents, request.seed)
    from twinward.citybase.columns import open_city

    if request.city is None or not request.city.is_dir():
        raise AbsentError(
            "this workspace has no city",
            "build one with `twinward city build`, or give --residents N",
            code="no_city",
        )
    return open_city(request.city)


def _ensemble(
    request: SimulationRequest, scenario: Scenario, progress: Callable[[int], None] | None
) -> Ensemble:
    """One process a core where the machine has room for it; the same numbers either way."""
    if request.cluster is not None:
        return run_ensemble(scenario, request.replicates, cluster=request.cluster)
    single = msgspec.structs.replace(scenario, threads=1)
    workers = min(request.replicates, request.threads, os.cpu_count() or 1)
    if workers < 2:
        return run_ensemble(single, request.replicates, progress=progress)
    require_memory(scenario.base.residents * workers)
    with ProcessPoolExecutor(workers) as executor:
        return run_ensemble(single, request.replicates, executor=executor)


def peak_rss_mb() -> float:
    """Peak resident memory of this process and the largest of its finished children, in 1e6
    bytes.
    """
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return (mine + children) * 1024 / 1e6
