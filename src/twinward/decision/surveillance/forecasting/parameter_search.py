"""The search for parameters of the renewal model by Optuna: resumable, the same trials for the same
seed.

A trial is one parameter set, its value the log-likelihood of each next day (higher is better).
Trials are proposed in batches: the first from points spread evenly, then by Optuna's Parzen
estimator from the batches before. What a trial proposes and finds depends on the trials before it
and the seed alone, so a search that was killed ends as if it had not been.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.chance import generator, stream
from twinward.core.errors import InputError
from twinward.decision.surveillance.forecasting.fitted import Track
from twinward.decision.surveillance.forecasting.model import PRIORS, even_points, from_unit, to_unit
from twinward.decision.surveillance.forecasting.renewal import SETS, RenewalFit, follow, temper

BATCH, EVEN_BATCHES = 16, 4
TRIALS, MOST_TRIALS = 192, 20_000
PARTICLES = 320  # twice those of the forecast: the search must not chase noise
POINTS = 4_096  # of the prior, each as likely as the trial nearest to it
FILE, NAME, PLACE = "study.journal", "calibration", "place"


class FitTrial(msgspec.Struct, frozen=True):
    """One parameter set and the log-likelihood it reached."""

    parameters: dict[str, float]
    value: float


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """The trials of a search, and how many of them were there already."""

    trials: list[FitTrial]
    resumed: int


def search(
    counts: NDArray[Any],
    population: float | None,
    seed: int,
    trials: int,
    folder: Path | None = None,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Search:
    """At least `trials` trials in whole batches; with `folder` each batch is kept there before
    the next begins.
    """
    kept = _Kept(folder, fingerprint(counts, population, seed), resume)
    done = kept.load()
    resumed = len(done)
    wanted = -(-trials // BATCH) * BATCH
    while len(done) < wanted:
        if progress is not None:
            progress(len(done), wanted)
        batch = propose(done, seed)
        fit = follow(
            counts, batch, population, generator(seed, f"forecast.trials.{len(done)}"), PARTICLES
        )
        fresh = [
            FitTrial(dict(zip(PRIORS, row, strict=True)), value)
            for row, value in zip(batch.tolist(), fit.evidence.tolist(), strict=True)
        ]
        kept.add(fresh, len(done))
        done += fresh
    if progress is not None:
        progress(wanted, wanted)
    return Search(trials=done[:wanted], resumed=min(resumed, wanted))


def propose(done: list[FitTrial], seed: int) -> NDArray[Any]:
    """float64[BATCH, 5]: the next parameter sets, from the trials before and the seed alone."""
    if len(done) < BATCH * EVEN_BATCHES:
        points = even_points(seed, BATCH * EVEN_BATCHES, "forecast.trials")
        return from_unit(points[len(done) : len(done) + BATCH])
    optuna = _quiet_optuna()
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    study.add_trials(_to_optuna(done))
    rows = []
    for number in range(len(done), len(done) + BATCH):
        study.sampler = optuna.samplers.TPESampler(
            seed=int(stream(seed, f"forecast.propose.{number}")) % 2**31,
            n_startup_trials=0,
            multivariate=True,
        )
        rows.append([study.ask(_space()).params[name] for name in PRIORS])
    return np.array(rows)


def posterior(found: Search, seed: int) -> NDArray[Any]:
    """float64[SETS, 5] draws: evenly spread points of the prior, each as likely as the trial
    nearest to it.
    """
    from scipy.spatial import cKDTree

    rows = np.array([[trial.parameters[name] for name in PRIORS] for trial in found.trials])
    points = even_points(seed, POINTS, "forecast.posterior")
    nearest = cKDTree(to_unit(rows)).query(points)[1]
    weights = temper(np.array([trial.value for trial in found.trials])[nearest])
    places = (generator(seed, "forecast.posterior.draw").random() + np.arange(SETS)) / SETS
    return from_unit(points[np.minimum(np.searchsorted(np.cumsum(weights), places), POINTS - 1)])


def fit_posterior(
    counts: NDArray[Any], population: float | None, found: Search, seed: int
) -> tuple[RenewalFit, Track]:
    """The posterior's parameter sets, all of equal weight, followed through the series."""
    parameters = posterior(found, seed)
    track = Track(parameters, seed)
    return follow(
        counts, parameters, population, generator(seed, "forecast.fit"), watch=track
    ), track


def fingerprint(counts: NDArray[Any], population: float | None, seed: int) -> str:
    """What a search belongs to: its counts, population, seed and priors."""
    series = np.asarray(counts, float).tobytes().hex()
    words = f"{series}/{population}/{seed}/{PRIORS}/{PARTICLES}/{BATCH}"
    return hashlib.sha256(words.encode()).hexdigest()


class _Kept:
    """The trials in Optuna's own journal in a folder, or nowhere."""

    def __init__(self, folder: Path | None, belongs_to: str, resume: bool) -> None:
        self._study: Any = None
        if folder is None:
            return
        optuna = _quiet_optuna()
        from optuna.storages import journal

        path = folder / FILE
        if resume and path.is_file():
            whole = path.read_bytes()
            path.write_bytes(whole[: whole.rfind(b"\n") + 1])  # a kill can leave half a line
        else:
            path.unlink(missing_ok=True)
        lock = journal.JournalFileSymlinkLock(str(path), grace_period=3)
        storage = optuna.storages.JournalStorage(journal.JournalFileBackend(str(path), lock))
        self._study = optuna.create_study(
            storage=storage, study_name=NAME, direction="maximize", load_if_exists=True
        )
        known = self._study.user_attrs.get("belongs_to")
        if known not in (None, belongs_to):
            raise InputError(
                f"the search in {folder} is of other counts, another population or another seed",
                "leave --resume out to begin anew, or name another --out",
                code="other_study",
            )
        if known is None:
            self._study.set_user_attr("belongs_to", belongs_to)

    def load(self) -> list[FitTrial]:
        """Whole batches that were kept; what a kill left of a batch is done again."""
        if self._study is None:
            return []
        by_place = {
            row.user_attrs[PLACE]: FitTrial({name: row.params[name] for name in PRIORS}, row.value)
            for row in self._study.trials
        }
        whole = next(n for n in range(len(by_place) + 1) if n not in by_place) // BATCH * BATCH
        return [by_place[n] for n in range(whole)]

    def add(self, trials: list[FitTrial], first: int) -> None:
        if self._study is not None:
            self._study.add_trials(_to_optuna(trials, first))


def _quiet_optuna() -> Any:
    import optuna  # loaded by a search alone

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


def _space() -> dict[str, object]:
    import optuna

    return {
        name: optuna.distributions.FloatDistribution(low, high, log=logarithmic)
        for name, (low, high, logarithmic) in PRIORS.items()
    }


def _to_optuna(trials: list[FitTrial], first: int = 0) -> list[object]:
    import optuna

    space = _space()
    return [
        optuna.trial.create_trial(
            params=trial.parameters,
            distributions=space,
            value=trial.value,
            user_attrs={PLACE: place},
        )
        for place, trial in enumerate(trials, start=first)
    ]
