"""A run in which most are infected is finished at random: the same sums as the whole run, in less
time, and never where a second strain or arrivals could matter.
"""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.decision.planning.candidate import Candidate
from twinward.decision.planning.costs import load_costs
from twinward.decision.planning.replicates import (
    FINISHED,
    LARGE,
    Experiment,
    Replicate,
    ReplicateRunner,
)
from twinward.decision.simulation.epidemic import Scenario, Simulator, load_disease
from twinward.decision.simulation.epidemic.kernels.leftover import name_sources, sum_intensity
from twinward.decision.simulation.epidemic.ledger import make_proposals, make_records
from twinward.decision.simulation.epidemic.scenario import Importation
from twinward.library.hazards.measures import Distancing, Measure, SchoolClosure

BASE = plain_base(60_000, 1)
OMICRON = load_disease("sars-cov-2-omicron-ba2")
ASKED = Scenario(base=BASE, disease=OMICRON, days=30, seed=4, infected=60)


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(BASE)


@pytest.mark.parametrize("measures", [(), (SchoolClosure(), Distancing(reduction=0.3))])
def test_a_finished_run_has_the_sums_of_the_whole_run(
    simulator: Simulator, measures: tuple[Measure, ...]
) -> None:
    whole = simulator.run(msgspec.structs.replace(ASKED, measures=measures))
    asked = msgspec.structs.replace(ASKED, measures=measures, finish_share=FINISHED)
    finished = simulator.run(asked)
    assert whole.infections > FINISHED * BASE.residents
    assert finished.infections == pytest.approx(whole.infections, rel=0.01)
    assert finished.deaths == pytest.approx(whole.deaths, abs=3 * np.sqrt(whole.deaths) + 3)
    a, b = whole.series, finished.series
    begins = int(np.argmax(a["susceptible"] <= (1 - FINISHED) * BASE.residents))
    assert (a["new_infections"][: begins + 1] == b["new_infections"][: begins + 1]).all()
    assert b["hospital"].max() == pytest.approx(a["hospital"].max(), rel=0.05, abs=3)
    for by in ("by_area", "by_age"):
        one, other = (getattr(run, by).sum(axis=0) for run in (whole, finished))
        assert np.abs(other - one).sum() < 0.02 * whole.infections
    compartments = sum(b[name][-1] for name in list(b)[:9])
    assert compartments == BASE.residents


def test_arrivals_from_outside_keep_the_run_whole(simulator: Simulator) -> None:
    arrivals = (Importation(first_day=5, last_day=9, per_day=2.0),)
    asked = msgspec.structs.replace(ASKED, importations=arrivals)
    finished = msgspec.structs.replace(asked, finish_share=FINISHED)
    assert simulator.run(finished).sha256 == simulator.run(asked).sha256


def test_an_outbreak_that_stays_small_is_never_finished_at_random(simulator: Simulator) -> None:
    mild = load_disease("sars-cov-2-omicron-ba2", ["transmission.r0=1.1"])
    asked = msgspec.structs.replace(ASKED, disease=mild)
    finished = msgspec.structs.replace(asked, finish_share=FINISHED)
    assert simulator.run(finished).sha256 == simulator.run(asked).sha256


def test_sources_are_named_in_proportion_to_their_attempts() -> None:
    """Against a loop that anybody can read."""
    rec = make_records(6)
    rec.day[:], rec.latent[:] = [0, 0, 1, 2, 3, 9], 1
    rec.rate[:], rec.cls[:] = [1.0, 3.0, 2.0, 0.0, 4.0, 5.0], 0
    total, profile = np.ones(1, np.float32), np.array([0.2, 0.5, 0.3], np.float32)
    attempts = [
        rec.rate[r] * profile[3 - rec.day[r] - 1] if 0 <= 3 - rec.day[r] - 1 < 3 else 0.0
        for r in range(6)
    ]
    whole = sum_intensity(3, 0, 6, rec, total, profile)
    assert whole == pytest.approx(sum(attempts))
    out = make_proposals(1000)
    name_sources(3, 0, 6, rec, total, profile, whole, 0.5, out, 1000)
    share = np.bincount(out.source[:1000], minlength=6) / 1000
    assert share == pytest.approx(np.array(attempts) / whole, abs=0.002)


def test_comparisons_of_large_cities_alone_finish_their_runs() -> None:
    plan = Candidate(id="none", title="none", origin="x", measures=())
    question = Experiment(base=BASE, disease=OMICRON, days=5, replicates=1, seed=1)
    runner = ReplicateRunner(question, load_costs())
    job = Replicate(candidate=plan, replicate=0)
    assert BASE.residents < LARGE and runner.scenario(job).finish_share == 1.0
