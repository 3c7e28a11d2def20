"""Forecasts from the live state against what came, `predict` by incident, and odds in planted worlds.

python -m benchmarks.bench_live_fit [--worlds 20] [--workspace WS --instants T,T,… [--replicates 8]]
Without a workspace only the planted worlds are measured. The workspace is one in which a recorded
outbreak was played to its end; an instant's forecast reads what was known then, the rest of the log
is read afterwards. Baseline: the damped rule on the fourth root, growth halved each week (in days).
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from twinward.citybase.people.plain_city import plain_base
from twinward.decision.planning.candidate import Candidate
from twinward.decision.planning.compare import ComparisonContext, compare
from twinward.decision.planning.costs import load_costs
from twinward.decision.planning.doubts import draw_worlds
from twinward.decision.planning.replicates import Experiment, Replicate, ReplicateRunner
from twinward.decision.simulation.epidemic import load_disease
from twinward.decision.surveillance.forecasting.score import (
    LEVELS,
    coverage,
    weighted_interval_score,
)
from twinward.library.hazards.measures import (
    Distancing,
    GatheringLimit,
    Lockdown,
    Masks,
    SchoolClosure,
    WorkplaceClosure,
)

DAYS = 14
ERRORS, LEAST_PAST = 26, 14
PLANS = (
    Candidate(id="masks", title="masks", origin="", measures=(Masks(), GatheringLimit(persons=5))),
    Candidate(
        id="half",
        title="half",
        origin="",
        measures=(SchoolClosure(), WorkplaceClosure(coverage=0.4), Distancing(reduction=0.3)),
    ),
    Candidate(id="shut", title="shut", origin="", measures=(Lockdown(reduction=0.7),)),
)


def damped(counts: NDArray[Any], days: int) -> NDArray[Any]:
    """float64[days, 23]: the level of the last week, its growth halved each week, own errors."""
    known = np.isfinite(counts)
    at = np.arange(len(counts))
    filled = np.interp(at, at[known], counts[known])

    def middle(past: NDArray[Any], ahead: int) -> NDArray[Any]:
        level = np.log1p(past[-7:].mean())
        before = np.log1p(past[-14:-7].mean()) if len(past) >= 14 else level
        growth = np.clip(level - before, -np.log(3), np.log(3)) / 7
        return np.asarray(level + growth * np.cumsum(0.5 ** (np.arange(1, ahead + 1) / 7)))

    z, rows = norm.ppf(LEVELS), []
    for h in range(1, days + 1):
        first = 0.3 * np.sqrt(h / 7)
        wrong = [
            np.clip(
                np.log1p(filled[o + h - 1]) - middle(filled[:o], h)[h - 1], -3 * first, 3 * first
            )
            for o in range(LEAST_PAST, len(filled) - h + 1)
        ][-ERRORS:]
        spread = np.sqrt((8 * first**2 + np.square(wrong).sum()) / (8 + len(wrong)))
        centre = middle(filled, h)[h - 1]
        rows.append(
            np.maximum(np.exp(centre / 4) * (1 + z * min(2 * first, spread) / 4), 0) ** 4 - 1
        )
    return np.maximum(np.array(rows), 0.0)


def planted_worlds(number: int, replicates: int) -> dict[str, Any]:
    """How often the plan that is named first is the best of a world that was drawn from the doubts."""
    costs, disease = load_costs(), load_disease("sars-cov-2-ancestral")
    stated, right, undecided = [], [], 0
    for seed in range(1, number + 1):
        base = plain_base(12_000, seed)
        question = Experiment(
            base=base, disease=disease, days=35, replicates=replicates, seed=seed, infected=40,
            beds=10**6, icu_beds=10**6,
        )  # fmt: skip
        runner = ReplicateRunner(question, costs)
        sheet = compare(runner, PLANS, ComparisonContext(), ranked_by="cost")
        truth = ReplicateRunner(msgspec.structs.replace(question, seed=10_000 + seed), costs)
        world = draw_worlds(costs, 64, 77_000 + seed, None, 35, True)[seed % 64]
        truth.worlds = [world] * replicates
        means = {}
        for plan in PLANS:
            runs = [truth.do(Replicate(candidate=plan, replicate=k)) for k in range(6)]
            more = costs.of("work_day") * (world.of("work_day") - 1.0)
            means[plan.id] = np.mean(
                [r.totals["cost"] + more * r.totals["work_days"] for r in runs]
            )
        undecided += bool(sheet.tied)
        stated.append(sheet.probability_right or 0.0)
        right.append(min(means, key=lambda name: means[name]) == sheet.first)
    gap = abs(float(np.mean(stated)) - float(np.mean(right)))
    return {
        "worlds": number,
        "odds_stated": float(np.mean(stated)),
        "first_was_best": float(np.mean(right)),
        "gap": gap,
        "not_told_apart": undecided,
    }


def live_forecasts(workspace: Path, instants: list[datetime], replicates: int) -> dict[str, Any]:
    """The forecast of `as-now` and every incident's `predict` at each instant, scored on the log."""
    from twinward.app.compose import open_platform
    from twinward.service.planning.comparison import get_ready, run_ready
    from twinward.service.planning.comparison_store import CompareRequest

    platform = open_platform(workspace)
    rows: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for at in instants:
        started = time.perf_counter()
        request = CompareRequest(plans=("as-now",), at=at, days=DAYS + 1, replicates=replicates)
        ready = get_ready(platform, request)
        sheet = run_ready(ready, workspace=workspace)
        if sheet.forecast is None:  # refused, or too few reports: counted, never left out unsaid
            refused.append({"at": at.isoformat(), "refused": sheet.refused or "too few reports"})
            print(json.dumps(refused[-1]), flush=True)
            continue
        table = np.array([list(day.values.values()) for day in sheet.forecast.quantiles])
        days = [day.date for day in sheet.forecast.quantiles]
        series, first = reported(platform)
        today = at.astimezone(ready.frame.as_of.tzinfo).date() if ready.frame.as_of else at.date()
        offset = (days[0] - first).days
        came = series[offset : offset + DAYS]
        known = series[: (today - first).days]
        base = damped(known, DAYS + 1)[1:]
        rows.append(
            {
                "at": at.isoformat(),
                "held": sheet.fit.held if sheet.fit else None,
                "ratio_14d": sheet.fit.ratio_14d if sheet.fit else None,
                "wis": weighted_interval_score(table, came),
                "wis_damped": weighted_interval_score(base, came),
                "coverage_90": coverage(table, came, 0.9),
                "seconds": time.perf_counter() - started,
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    platform.close()
    if not rows:
        return {"instants": [], "refused": refused}
    ratio = sum(r["wis"] for r in rows) / sum(r["wis_damped"] for r in rows)
    return {
        "instants": rows,
        "refused": refused,
        "wis_to_damped": ratio,
        "coverage_90": float(np.mean([r["coverage_90"] for r in rows])),
    }


def reported(platform: Any) -> tuple[NDArray[Any], Any]:
    """(new infections by day of the whole log, NaN where nothing was told; the first day)."""
    from datetime import date

    from twinward.service.platform import snapshot_of
    from twinward.twins.emergency.reports.rows import COUNTS

    with platform.store.read() as reader:
        counts = snapshot_of(platform, reader, None).list_rows(COUNTS)
    told = sorted({date.fromisoformat(row.day) for row in counts})
    series = np.full((told[-1] - told[0]).days + 1, np.nan)
    for day in told:
        series[(day - told[0]).days] = 0.0
    for row in counts:
        if row.status in ("confirmed", "asymptomatic") and row.found_in != "reclassified":
            series[(date.fromisoformat(row.day) - told[0]).days] += row.count
    return series, told[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--replicates", type=int, default=12)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--first", default="2022-03-15T20:00:00+08:00")
    parser.add_argument("--instants", type=int, default=8, help="one every six days from --first")
    options = parser.parse_args()
    found: dict[str, Any] = {}
    if options.worlds:
        found["planted"] = planted_worlds(options.worlds, options.replicates)
        print(json.dumps(found["planted"]), flush=True)
    if options.workspace:
        first = datetime.fromisoformat(options.first)
        instants = [first + timedelta(days=6 * k) for k in range(options.instants)]
        found["live"] = live_forecasts(options.workspace, instants, options.replicates)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
