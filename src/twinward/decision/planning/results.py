"""Turns finished runs of plans into the figures of a sheet: spreads, fans, who bears what."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from twinward.decision.planning.burden import Floats, Population
from twinward.decision.planning.candidate import NONE, Candidate
from twinward.decision.planning.comparison import (
    LEVELS,
    CriterionShare,
    Fairness,
    PlanResult,
    Spread,
)
from twinward.decision.planning.figures import FAN, FIGURES, Run, gini
from twinward.decision.planning.odds import BREAKING, PlanOrder
from twinward.decision.planning.replicates import ReplicateRunner
from twinward.decision.simulation.epidemic.outcome import AGE_BANDS
from twinward.library.hazards.measures import Measure


def criterion(arena: ReplicateRunner, runs: Sequence[Run], ranked_by: str) -> Floats:
    """The ranked figure of each run, with the price of a working day that its world has."""
    found = values(runs, ranked_by)
    if ranked_by == "cost":
        more = np.array([world.of("work_day") - 1.0 for world in arena.worlds])
        found = found + arena.costs.of("work_day") * more * values(runs, "work_days")
    return found


def breaks_of(one: Candidate, runs: Sequence[Run]) -> tuple[str, ...]:
    """What the plan would break: beds or intensive care in more than a tenth of the runs, and what
    the candidate says of authority and law.
    """
    beds, icu = overflow(runs)
    full = ("capacity",) if max(beds, icu if runs[0].capacity[1] else 0.0) > BREAKING else ()
    return full + one.breaks


def overflow(runs: Sequence[Run]) -> tuple[float, float]:
    """Shares of the runs in which hospital beds, and beds in intensive care, do not suffice."""
    beds, icu = runs[0].capacity
    return (
        float(np.mean([r.totals["turned_away"] > 0 or r.totals["bed_peak"] > beds for r in runs])),
        float(np.mean([r.totals["icu_peak"] >= icu for r in runs])),
    )


def values(runs: Sequence[Run], name: str) -> Floats:
    return np.array([run.totals[name] for run in runs])


def spread(column: Floats) -> Spread:
    low, median, high = np.quantile(column, (0.05, 0.5, 0.95))
    return Spread(
        mean=round4(column.mean()), low=round4(low), median=round4(median), high=round4(high)
    )


def round4(value: float) -> float:
    """Four digits after the point: more say nothing."""
    return round(float(value), 4)


def make_sheets(
    arena: ReplicateRunner,
    candidates: Sequence[Candidate],
    by_plan: Sequence[Sequence[Run]],
    standing: PlanOrder,
    broken: Sequence[tuple[str, ...]],
    beaten: Sequence[int | None],
    hide_below: int,
) -> list[PlanResult]:
    """One sheet for each plan, in the order of the ranking."""
    population, top = arena.population, standing.order[0]
    sheets = []
    for place, n in enumerate(standing.order, start=1):
        one, runs = candidates[n], by_plan[n]
        over_beds, over_icu = overflow(runs)
        by_area, by_age = shares(population, runs, hide_below)
        better = beaten[n]
        sheets.append(
            PlanResult(
                id=one.id,
                title=one.title,
                origin=one.origin,
                place=place,
                role=role_of(one, broken[n], standing),
                breaks=broken[n],
                needs=one.needs,
                tied=n in standing.tied,
                notes=one.notes,
                notes_reasons=one.notes_reasons,
                probability_best=rounded(standing.odds[n]),
                wins=standing.wins[n],
                measures=tuple(say_measure(m) for m in one.measures),
                figures={name: spread(values(runs, name)) for name in FIGURES},
                against_first={
                    name: spread(values(runs, name) - values(by_plan[top], name))
                    for name in FIGURES
                },
                over_beds=over_beds,
                over_icu=over_icu,
                pareto=better is None,
                beaten_by=None if better is None else candidates[better].id,
                by_area=by_area,
                by_age=by_age,
                fairness=fairness(population, runs),
                fan=fan_of(runs),
            )
        )
    return sheets


def role_of(one: Candidate, broken: tuple[str, ...], standing: PlanOrder) -> str:
    if one.id == NONE:
        return "baseline"
    if broken:
        return "marked"
    return "unranked" if standing.crowned is None else "ranked"


def rounded(odds: float | None) -> float | None:
    """Odds to the hundredth: runs carry no more."""
    return None if odds is None else round(odds, 2)


def fan_of(runs: Sequence[Run]) -> dict[str, list[list[float]]]:
    names = [*FAN, *(name for name in ("new_reports",) if name in runs[0].days)]
    return {
        name: np.round(
            np.quantile([r.days[name] for r in runs], LEVELS, axis=0, method="hazen"), 1
        ).tolist()
        for name in names
    }


def beaten_by(means: Floats, n: int, ranked: Sequence[bool] | None = None) -> int | None:
    """The first plan that is nowhere worse and somewhere better, if there is one; of those that may
    be first, where `ranked` says which.
    """
    for other in range(len(means)):
        may = ranked is None or ranked[other] or not ranked[n]
        if may and (means[other] <= means[n]).all() and (means[other] < means[n]).any():
            return other
    return None


def heads(population: Population) -> tuple[Floats, Floats]:
    return population.fold(population.residents)


def shares(
    population: Population, runs: Sequence[Run], hide_below: int
) -> tuple[list[CriterionShare], list[CriterionShare]]:
    """What each area and each age band bears, as means over replicates."""
    found = []
    for k, keys in enumerate((population.groups, list(AGE_BANDS))):
        people = heads(population)[k]
        ill = np.array([run.infections[k] for run in runs])
        lost = 100 * np.array([run.lost[k] for run in runs]) / np.maximum(people, 1.0)
        found.append(
            [
                share(key, int(people[n]), ill[:, n], lost[:, n], hide_below)
                for n, key in enumerate(keys)
            ]
        )
    return found[0], found[1]


def low_high(column: Floats) -> tuple[float, float]:
    low, high = np.quantile(column, (0.05, 0.95))
    return round4(low), round4(high)


def share(key: str, people: int, ill: Floats, lost: Floats, hide_below: int) -> CriterionShare:
    """One area or age band; `ill` and `lost` by replicate. A range would tell what a hidden mean
    does not.
    """
    mean, hidden = ill.mean(), 0 < ill.mean() < hide_below
    ill_range, lost_range = low_high(ill), low_high(lost)
    small = hidden or 0 < ill_range[0] < hide_below
    return CriterionShare(
        key=key,
        name=key,
        residents=people,
        infections=None if hidden else round4(mean),
        infections_range=None if small else ill_range,
        days_lost_per_100=round4(lost.mean()),
        days_lost_range=lost_range,
    )


def fairness(population: Population, runs: Sequence[Run]) -> Fairness:
    """Gini and most against mean of days lost per head."""
    parts = []
    for k in (0, 1):
        people = heads(population)[k]
        lost = np.mean([run.lost[k] for run in runs], axis=0)
        here = people > 0
        per_head = lost[here] / people[here]
        mean = lost.sum() / max(people.sum(), 1.0)
        parts += [
            round4(gini(per_head, people[here])),
            round4(per_head.max() / mean) if mean > 0 else 1.0,
        ]
    return Fairness(
        gini_by_area=parts[0], most_by_area=parts[1], gini_by_age=parts[2], most_by_age=parts[3]
    )


def say_measure(measure: Measure) -> str:
    """A measure in words: what differs from its defaults."""
    kind = str(measure.__struct_config__.tag)
    skip = {"name", "found", "trigger"}
    fields = {f.name: f.default for f in msgspec.structs.fields(measure)}
    parts = []
    for name, default in fields.items():
        value = getattr(measure, name)
        if name not in skip and value != default and value not in ([],):
            parts.append(f"{name} {len(value)} areas" if name == "areas" else f"{name} {value}")
    return kind + (f" ({', '.join(parts)})" if parts else "")
