"""Use case: compare plans against a physical hazard on common members of its forcing."""

from __future__ import annotations

from collections.abc import Sequence

from twinward.core.errors import InputError
from twinward.decision.planning.hazards.cascade import Cascade, run_cascade
from twinward.decision.planning.hazards.compare import (
    HazardCandidate,
    HazardComparison,
    actions_of,
    compare_hazard_plans,
)
from twinward.library.loading import Library, load_library
from twinward.library.models.card import list_models
from twinward.service.hazards.forecasts import HazardRequest, prepare_run


def is_physical(hazard: str | None) -> bool:
    """Whether a hazard has a model of its own that runs over a city."""
    return hazard is not None and any(one.card.hazard == hazard for one in list_models())


def list_hazard_candidates(
    library: Library, hazard: str, names: Sequence[str]
) -> list[HazardCandidate]:
    """The plans of those names, or all of the hazard's; InputError for one of another hazard."""
    mine = [plan for plan in library.plans.values() if plan.hazard == hazard]
    found = []
    for name in names or [plan.id for plan in mine]:
        plan = library.find(name)
        if plan is None or plan.hazard != hazard:
            known = ", ".join(one.id for one in mine)
            raise InputError(
                f"there is no {hazard} plan {name!r}", f"name one of {known}", code="unknown_plan"
            )
        found.append(
            HazardCandidate(
                id=plan.id, title=plan.title, level=plan.level, actions=actions_of(plan)
            )
        )
    return found


def compare_on_hazard(
    library: Library | None, request: HazardRequest, names: Sequence[str] = (), ranked_by: str = ""
) -> HazardComparison:
    """Runs every plan on the same members; without a library, on the bundled one."""
    candidates = list_hazard_candidates(library or load_library(), request.hazard, names)
    ready = prepare_run(request)
    levels = dict(ready.levels)
    at_least = levels.get(ready.stored.card.hit_level, next(iter(levels.values())))
    return compare_hazard_plans(
        ready.model, ready.ground, ready.city, ready.ask, candidates, at_least, ranked_by
    )


def follow_quake(request: HazardRequest) -> Cascade:
    """A quake with its fires, roads and hospitals, on the same members; InputError for another
    hazard.
    """
    if request.hazard != "earthquake":
        raise InputError(
            f"a cascade begins with an earthquake, not with {request.hazard}",
            "give --scenario quake-m6 or --rupture FILE",
            code="bad_request",
        )
    ready = prepare_run(request)
    return run_cascade(ready.model.run(ready.ground, ready.ask), ready.city, request.seed)
