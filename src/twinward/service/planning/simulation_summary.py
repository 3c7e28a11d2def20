"""The headline figures of a simulation, as the command line prints them."""

from __future__ import annotations

import hashlib
from typing import NotRequired, TypedDict

import msgspec
import numpy as np

from twinward.decision.planning.fitting.forecast import say_fit
from twinward.service.planning.simulation import ContactsReport, SimulationAnswer, name_of

OVER_REPLICATES = (
    "infections",
    "attack_rate",
    "deaths",
    "peak_day",
    "peak_new",
    "r0_realised",
)


class LiveSummary(TypedDict):
    """What a run from where the twins stand began with; `fit` to the reports, where enough was
    reported.
    """

    reported: float
    estimated: float
    notes: tuple[str, ...]
    measures: list[str]
    fit: object


class SimulationSummary(TypedDict):
    """Counts of persons, days from day 0, seconds; `simulated` is always true."""

    residents: int
    days: int
    seed: int
    threads: int
    disease: str
    infections: int
    attack_rate: float
    deaths: int
    peak_day: int
    peak_new: int
    r0_realised: float
    generation_time_d: float
    cpu_s: float
    wall_s: float
    setup_s: float
    agent_days_per_cpu_s: float
    ns_per_infection: float
    peak_rss_mb: float
    sha256: str
    fingerprint: str
    simulated: bool
    finished: bool
    notes: list[str]
    replicates: NotRequired[int]
    over_replicates: NotRequired[dict[str, list[float]]]
    quantiles: NotRequired[dict[str, dict[str, float]]]
    live: NotRequired[LiveSummary]
    contact_fit: NotRequired[ContactsReport]
    profile: NotRequired[dict[str, float]]
    files: NotRequired[list[str]]


def summarise(answer: SimulationAnswer) -> SimulationSummary:
    """The headline figures of a run or an ensemble; those of the first run where one is meant."""
    o = answer.outcome
    outcomes = answer.ensemble.outcomes if answer.ensemble else [o]
    infections, cpu_s = sum(x.infections for x in outcomes), sum(x.cpu_s for x in outcomes)
    agent_days = sum(x.residents * x.days for x in outcomes)
    hashes = "".join(x.sha256 for x in outcomes)
    result: SimulationSummary = {
        "residents": o.residents,
        "days": o.days,
        "seed": o.seed,
        "threads": o.threads,
        "disease": o.disease,
        "infections": o.infections,
        "attack_rate": o.attack_rate,
        "deaths": o.deaths,
        "peak_day": o.peak_day,
        "peak_new": o.peak_new,
        "r0_realised": o.r0_realised,
        "generation_time_d": o.generation_time_d,
        "cpu_s": cpu_s,
        "wall_s": sum(x.wall_s for x in outcomes),
        "setup_s": answer.setup_s,
        "agent_days_per_cpu_s": agent_days / max(cpu_s, 1e-9),
        "ns_per_infection": cpu_s * 1e9 / max(infections, 1),
        "peak_rss_mb": answer.peak_rss_mb,
        "sha256": o.sha256 if len(outcomes) == 1 else hashlib.sha256(hashes.encode()).hexdigest(),
        "fingerprint": o.fingerprint,
        "simulated": True,
        "finished": o.finished,
        "notes": answer.notes,
    }
    _add_replicates(result, answer)
    _add_live(result, answer)
    if answer.contact_fit:
        result["contact_fit"] = answer.contact_fit
    return result


def _add_replicates(result: SimulationSummary, answer: SimulationAnswer) -> None:
    if not answer.ensemble:
        return
    outcomes, levels = answer.ensemble.outcomes, answer.ensemble.levels
    result["replicates"] = len(outcomes)
    result["over_replicates"] = {
        name: [float(getattr(x, name)) for x in outcomes] for name in OVER_REPLICATES
    }
    result["quantiles"] = {
        name: dict(zip(map(str, levels), np.quantile(values, levels).tolist(), strict=True))
        for name, values in result["over_replicates"].items()
    }


def _add_live(result: SimulationSummary, answer: SimulationAnswer) -> None:
    live, prospect = answer.live, answer.prospect
    if not live:
        return
    result["live"] = {
        "reported": live.reported,
        "estimated": live.estimated,
        "notes": live.notes,
        "measures": [name_of(one) for one in live.measures],
        "fit": None if prospect is None else msgspec.to_builtins(say_fit(prospect, live.today)),
    }
