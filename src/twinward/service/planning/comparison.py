"""Use case: compare plans from the live state or on a plain city."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import msgspec

from twinward.citybase.schema import CityBase
from twinward.core.errors import AbsentError, InputError
from twinward.decision.planning.candidate import (
    AS_NOW,
    NONE,
    Candidate,
    from_file,
    from_plan,
    is_plan_file,
)
from twinward.decision.planning.compare import ComparisonContext, Progress, compare, question_name
from twinward.decision.planning.comparison import Comparison
from twinward.decision.planning.costs import load_costs
from twinward.decision.planning.legality import with_law
from twinward.decision.planning.replicates import Experiment, KnownFit, ReplicateRunner
from twinward.decision.planning.search import SearchResult, search, search_name
from twinward.decision.simulation.epidemic import load_disease
from twinward.decision.simulation.epidemic.live_state import LiveState
from twinward.decision.simulation.epidemic.run import require_memory
from twinward.library.hazards.diseases import DEFAULT
from twinward.library.loading import Library, load_library
from twinward.library.plans.plan import Plan
from twinward.library.plans.plan_options import NAME, plan_of_name
from twinward.service.logistics.need_course import hospital_beds
from twinward.service.planning.comparison_store import (
    CompareRequest,
    check_numbers,
    require_time,
    unfinished,
)
from twinward.service.planning.live_state import fork_live, only_hazard, usual_disease
from twinward.service.plans.plan_library import MakeRequest, generate, get_plan, store
from twinward.service.platform import Platform, snapshot_of
from twinward.twins.emergency.incidents.rows import INCIDENTS
from twinward.twins.emergency.resources.rows import STOCKS


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison with everything read and checked, the workspace no longer needed."""

    arena: ReplicateRunner
    candidates: list[Candidate]
    frame: ComparisonContext
    request: CompareRequest


def get_ready(platform: Platform | None, request: CompareRequest, *, files: bool = False) -> Ready:
    """Reads city, live state and plans, and checks them. `files`: plan names may be paths of
    TOML files.
    """
    check_numbers(request)
    if request.residents is not None or platform is None:
        return ready_without_workspace(request, files)
    require_time(platform, request.at)
    base = open_base(platform)
    incident, hazard, affected = where(platform, request)
    hazard = hazard or only_hazard(platform, request.at)
    disease = request.disease or usual_disease(hazard)
    state = fork_live(
        platform, base, disease, hazard, request.at, request.seed, request.found_share
    )
    today = local_day(platform, request.at)
    plans = [
        with_law(one, platform.reference.library, today, request.days)
        for one in list_candidates(request, platform.reference.library, state, affected, files)
    ]
    if request.base:  # whoever reads the sheet must be able to adopt what is on it
        store(
            platform,
            make_plans(request, platform.reference.library, files),
            request.seed,
            "comparison",
        )
    question = Experiment(
        base=base,
        disease=load_disease(disease, list(request.settings)),
        days=request.days,
        replicates=request.replicates,
        seed=request.seed,
        initial=state.initial,
        level=request.level,
        live=state,
        doubts=request.doubts,
        beds=city_beds(platform, request.at, "beds", base.residents),
        icu_beds=city_beds(platform, request.at, "icu_beds", base.residents),
    )
    k = platform.settings.k_anonymity
    frame = ComparisonContext(
        as_of=request.at or platform.clock.now(),
        live=True,
        incident=incident,
        notes=state.notes,
        notes_reasons=state.notes_reasons,
        hide_below=k,
        drill=platform.drill,
        start={"reported": hide(state.reported, k), "estimated": hide(state.estimated, k)},
        today=today,
    )
    arena = ReplicateRunner(question, load_costs(platform.workspace / "unit-costs.toml"))
    arena.check(plans)
    return Ready(arena=arena, candidates=plans, frame=frame, request=request)


def ready_without_workspace(request: CompareRequest, files: bool) -> Ready:
    """A plain city of so many residents, the first infected drawn at random."""
    from twinward.citybase.people.plain_city import plain_base

    if request.residents is None or request.residents < 1:
        raise InputError("there are no residents", "give some", code="no_residents")
    if request.at is not None:
        raise InputError("a plain city has no live state", "leave --at out", code="at_needs_city")
    require_memory(request.residents)
    plans = list_candidates(request, load_library(), None, list(request.areas), files)
    question = Experiment(
        base=plain_base(request.residents, request.seed),
        disease=load_disease(request.disease or DEFAULT, list(request.settings)),
        days=request.days,
        replicates=request.replicates,
        seed=request.seed,
        infected=request.infected,
        level=request.level,
        doubts=request.doubts,
    )
    frame = ComparisonContext(start={"infected": float(request.infected)})
    return Ready(
        arena=ReplicateRunner(question, load_costs()),
        candidates=plans,
        frame=frame,
        request=request,
    )


def open_base(platform: Platform) -> CityBase:
    """The workspace's city, memory-mapped."""
    from twinward.citybase.columns import open_city

    folder = platform.workspace / "city"
    if not folder.is_dir():
        raise AbsentError(
            "this workspace has no city",
            "build one with `twinward city build`, or give --residents N",
            code="no_city",
        )
    base = open_city(folder)
    if not base.residents:
        raise InputError(
            "this city has no residents", "build it with residents", code="no_residents"
        )
    return base


def where(platform: Platform, request: CompareRequest) -> tuple[str | None, str | None, list[str]]:
    """(incident, hazard, affected areas): those of the incident named, or of all open ones of the
    hazard.

    No areas stand for the whole city, as in a measure.
    """
    with platform.store.read() as reader:
        snapshot = snapshot_of(platform, reader, request.at)
        rows = snapshot.list_rows(INCIDENTS)
        if request.incident is not None:
            rows = [row for row in rows if row.id == request.incident]
            if not rows:
                raise AbsentError(
                    f"there is no incident {request.incident}",
                    "list them with `twinward incident list`",
                )
        hazard = rows[0].hazard if request.incident is not None else request.hazard
        for area in request.areas:
            platform.reference.areas.require(area)
        fitting = [row for row in rows if row.status == "open" and hazard in (None, row.hazard)]
        affected = sorted({area for row in fitting for area in row.affected})
    areas = list(request.areas) or affected
    return request.incident, hazard, [] if platform.reference.areas.root in areas else areas


def local_day(platform: Platform, at: datetime | None) -> date:
    """The city's day of an instant."""
    with platform.store.read() as reader:
        zone = snapshot_of(platform, reader, at).zone
    return (at or platform.clock.now()).astimezone(zone).date()


def city_beds(platform: Platform, at: datetime | None, kind: str, residents: int) -> int | None:
    """Beds of the city: what its hospitals have stated, else what its places say; None: unknown."""
    with platform.store.read() as reader:
        stocks = snapshot_of(platform, reader, at).list_rows(STOCKS, kind=kind)
    stated = sum(row.quantity for row in stocks)
    if stated > 0:
        return int(stated)
    if kind != "beds":
        return None
    beds = sum(hospital_beds(platform.workspace / "city").values())
    return beds if beds else None


def list_candidates(
    request: CompareRequest,
    library: Library,
    state: LiveState | None,
    affected: list[str],
    files: bool,
) -> list[Candidate]:
    """The plans asked for by name, and generated ones."""
    named = [
        find_candidate(name, library, state, affected, files, request.areas)
        for name in request.plans
    ]
    made = make_plans(request, library, files)
    return named + [from_plan(plan, affected) for plan in made]


def make_plans(request: CompareRequest, library: Library, files: bool) -> list[Plan]:
    """The generated ones: the same words make the same plans as `plan generate`."""
    asked = MakeRequest(
        count=request.generate,
        seed=request.seed,
        base=request.base,
        vary=request.vary,
        areas=request.areas,
    )
    return generate(library, asked, files=files) if request.generate else []


def find_candidate(
    name: str,
    library: Library,
    state: LiveState | None,
    affected: list[str],
    files: bool,
    areas: tuple[str, ...] = (),
) -> Candidate:
    """`none`, `as-now`, a plan of the library, one of blocks (`gen-…`), or (on the command line)
    a file of measures.
    """
    if name == NONE:
        return Candidate(id=NONE, title="no measure", origin="built in", measures=())
    if name == AS_NOW:
        if state is None:
            raise InputError(
                "a plain city has no measures in force", "name another plan", code="unknown_plan"
            )
        return Candidate(
            id=AS_NOW, title="the measures in force", origin="built in", measures=state.measures
        )
    if (plan := library.find(name)) is not None:
        return from_plan(plan, affected)
    if name.startswith(NAME):
        return from_plan(plan_of_name(name, areas), affected)
    if files and name.endswith(".toml"):
        path = Path(name)
        if is_plan_file(path):
            return msgspec.structs.replace(
                from_plan(get_plan(library, name), affected), origin="file"
            )
        return from_file(path)
    known = ", ".join([NONE, AS_NOW, *library.plans])
    raise InputError(
        f"there is no plan {name!r}",
        f"known: {known}; or a TOML file of measures",
        code="unknown_plan",
    )


def hide(count: int, k: int) -> float | None:
    """A count as it may leave: 0, or at least `k`; None for a smaller one."""
    return float(count) if count == 0 or count >= k else None


def run_ready(
    ready: Ready,
    progress: Progress | None = None,
    *,
    workspace: Path | None = None,
    file: Path | None = None,
    known: KnownFit | None = None,
) -> Comparison:
    """Runs a checked comparison; finished runs are kept in `file`, or in the workspace until all
    are done. `known`: a fit of an earlier one, which of a large city costs more than a plan.
    """
    request = ready.request
    with unfinished(workspace, file, question_name(ready.arena)) as kept:
        return compare(
            ready.arena,
            ready.candidates,
            ready.frame,
            ranked_by=request.ranked_by,
            file=kept,
            workers=request.workers or os.cpu_count() or 1,
            progress=progress,
            known=known,
        )


def search_ready(
    ready: Ready,
    trials: int,
    progress: Progress | None = None,
    *,
    workspace: Path | None = None,
    file: Path | None = None,
) -> SearchResult:
    """Searches the generated plans on a checked question; trials are kept as runs of a
    comparison are.
    """
    request = ready.request
    areas = list(request.areas)
    with unfinished(workspace, file, search_name(ready.arena, areas, request.ranked_by)) as kept:
        return search(
            ready.arena,
            trials,
            areas,
            request.ranked_by,
            kept,
            request.workers or os.cpu_count() or 1,
            progress,
        )
