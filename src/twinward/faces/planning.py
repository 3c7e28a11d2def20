"""Plans laid beside each other on the same random numbers.

import twinward as tw
sheet = tw.planning.compare(
    ["none", {"id": "test and isolate", "measures": ["symptomatic_testing", "case_isolation"]}],
    residents=20_000, days=28, replicates=4,
)
sheet.to_frame(), sheet.plot("infections"), sheet.why["en"]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from twinward.citybase.people.plain_city import MOST_RESIDENTS
from twinward.decision.planning.candidate import Candidate
from twinward.decision.planning.compare import RANKED_BY
from twinward.decision.planning.comparison import Comparison
from twinward.decision.planning.figures import FIGURES
from twinward.faces import plots
from twinward.faces.arguments import ArgumentError, require_choice, require_whole, speaks_python
from twinward.faces.frames import Columns, Result
from twinward.faces.simulation import read_some_measures
from twinward.library.loading import load_library
from twinward.service.planning.comparison import ready_without_workspace, run_ready
from twinward.service.planning.comparison_store import CompareRequest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FIGURES", "RANKED_BY", "Comparison", "PlanComparison", "compare", "list_plans"]
Plans = Sequence[str | Mapping[str, Any]]


class PlanComparison(Result):
    """Plans beside each other, simulated. `sheet` is the whole of it, `why` the ranking in words.

    Tables: `figures` (a row a plan, the median of each figure), `spreads` (a row a plan and
    figure: mean, low, median, high), `areas` and `ages` (who bears what), `sensitivity`.
    """

    def __init__(self, sheet: Comparison) -> None:
        self.sheet, self.why = sheet, sheet.why

    @property
    def summary(self) -> dict[str, object]:
        one = self.sheet
        return {
            "first": one.first,
            "probability_right": one.probability_right,
            "ranked_by": one.ranked_by,
            "plans": len(one.plans),
            "residents": one.residents,
            "disease": one.disease,
            "days": one.days,
            "replicates": one.replicates,
            "simulated": True,
        }

    def list_tables(self) -> list[str]:
        return ["figures", "spreads", "areas", "ages", "sensitivity"]

    def _columns(self, table: str) -> Columns:
        plans = self.sheet.plans
        if table == "figures":
            return {
                "plan": [plan.id for plan in plans],
                "title": [plan.title for plan in plans],
                "place": [plan.place for plan in plans],
                "probability_best": [plan.probability_best for plan in plans],
                "pareto": [plan.pareto for plan in plans],
                **{
                    name: [plan.figures[name].median for plan in plans]
                    for name in (plans[0].figures if plans else ())
                },
            }
        if table == "spreads":
            rows = [
                {"plan": plan.id, "figure": name, **msgspec.structs.asdict(spread)}
                for plan in plans
                for name, spread in plan.figures.items()
            ]
        elif table == "sensitivity":
            rows = [msgspec.structs.asdict(row) for row in self.sheet.sensitivity]
        else:
            rows = [
                {"plan": plan.id, **msgspec.structs.asdict(row)}
                for plan in plans
                for row in (plan.by_area if table == "areas" else plan.by_age)
            ]
        return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}

    def plot(self, figure: str = "cost", axes: Axes | None = None) -> Axes:
        """One figure of every plan with its range; returns the matplotlib axes."""
        if self.sheet.refused:
            raise ArgumentError(self.sheet.refused, code="fit_misses")
        require_choice("figure", figure, tuple(self.sheet.plans[0].figures))
        return plots.plot_comparison(self.sheet, figure, axes)


def list_plans() -> list[dict[str, str]]:
    """Plans of the library: id, version, title, hazard."""
    return [
        {name: str(getattr(plan, name)) for name in ("id", "version", "title", "hazard")}
        for plan in load_library().plans.values()
    ]


@speaks_python
def compare(
    plans: Plans,
    *,
    residents: int = 20_000,
    disease: str | None = None,
    settings: Mapping[str, object] | None = None,
    days: int = 28,
    replicates: int = 20,
    seed: int = 1,
    infected: int = 100,
    ranked_by: str = "cost",
    sensitivity: bool = False,
    workers: int = 1,
) -> PlanComparison:
    """Runs every plan `replicates` times on the same random numbers and ranks them.

    plans: ids of the library (`list_plans()`), "none", or your own as
        {"id": "mine", "measures": ["case_isolation", …]} (measures as of `simulate`)
    sensitivity: draw the uncertain inputs anew for each run, and say what the ranking hangs on
    workers: processes; 0 is one a core; never changes the result

    Raises ArgumentError (a ValueError) that names the argument.
    """
    require_choice("ranked_by", ranked_by, RANKED_BY)
    known = tuple(plan for plan in plans if isinstance(plan, str))
    own = {id(plan): _candidate(plan) for plan in plans if not isinstance(plan, str)}
    request = CompareRequest(
        plans=known or ("none",),
        residents=require_whole("residents", residents, 1, MOST_RESIDENTS),
        disease=disease,
        settings=tuple(
            f"{path}={msgspec.json.encode(value).decode()}"
            for path, value in (settings or {}).items()
        ),
        days=require_whole("days", days, 1, 365),
        replicates=require_whole("replicates", replicates, 1, 1000),
        seed=require_whole("seed", seed, 0, 2**31 - 1),
        infected=require_whole("infected", infected, 0, residents),
        ranked_by=ranked_by,
        doubts=sensitivity,
        workers=require_whole("workers", workers, 0, 1024),
    )
    ready = ready_without_workspace(request, files=False)
    named = iter(ready.candidates if known else ())
    candidates = [next(named) if isinstance(plan, str) else own[id(plan)] for plan in plans]
    ready = msgspec.structs.replace(ready, candidates=candidates)
    return PlanComparison(run_ready(ready))


def _candidate(plan: Mapping[str, Any]) -> Candidate:
    if not isinstance(plan, Mapping) or not plan.get("id"):
        raise ArgumentError(
            f"plans must be ids or dicts with id and measures, got {plan!r}", argument="plans"
        )
    name = str(plan["id"])
    return Candidate(
        id=name,
        title=str(plan.get("title", name)),
        origin="given",
        measures=read_some_measures(plan.get("measures", ())),
    )
