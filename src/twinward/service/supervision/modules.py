"""Use cases of supervision: modules and their figures, coverage, defects. What stands for the home
of a person is shown one by one only under an activation, and each look is on record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

import msgspec

from twinward.core.errors import RefusedError
from twinward.core.scope import Scope
from twinward.library.supervision.module import Module, ScreenFigure
from twinward.security.authorization.jurisdictions import Ranges
from twinward.service.access.approvals import with_emergency_access
from twinward.service.access.person_listing import record_listing, scope_to_see, within_area
from twinward.service.incidents.queries import require_word
from twinward.service.platform import Caller, Platform
from twinward.service.supervision.coverage import ObjectCoverage, State, cover
from twinward.service.supervision.hearing import Refusals
from twinward.service.supervision.judging import get_module
from twinward.twins.emergency.supervision.rows import (
    CHECK_STATES,
    DEFECTS,
    SUPERVISED,
    CheckState,
    FoundDefect,
    SupervisedObject,
)

STATES = ("good", "late", "never")
DEFECT_STATES = ("open", "mended", "dismissed")


class FigureValue(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a module's screen; None where it is hidden or nobody has told it."""

    id: str
    title: str
    value: float | None


class ModuleLine(msgspec.Struct, frozen=True, kw_only=True):
    """One module with what it supervises in the caller's areas. `hidden`: small counts of persons'
    homes are not told.
    """

    id: str
    version: str
    title: str
    termination: int
    about_persons: bool
    objects: int | None
    late: int | None
    never: int | None
    defects: int | None
    figures: tuple[FigureValue, ...]
    hidden: bool


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """A module with its objects, those that are late longest first. `activation`: under which
    persons' homes are shown; without one they are counted only.
    """

    as_of: datetime
    module: ModuleLine
    items: list[ObjectCoverage]
    refused: Refusals
    activation: str = ""


class DefectView(msgspec.Struct, frozen=True, kw_only=True):
    """One defect with the task that it became; `times`: how often it was found while open."""

    id: str
    module: str
    object: str
    kind: str
    title: str
    area: str
    area_name: str
    severity: str
    status: str
    found: str
    evidence: str
    department: str
    began_at: datetime
    opened_at: datetime
    task: str
    value: float | None
    ended_at: datetime | None
    because: str | None
    times: int
    again_at: tuple[datetime, ...]


class DefectFilter(TypedDict, total=False):
    """Which defects."""

    module: str
    status: str
    department: str


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one module in the caller's areas."""

    things: list[SupervisedObject]
    states: list[CheckState]
    defects: list[FoundDefect]
    items: list[ObjectCoverage]


def survey(platform: Platform, module: Module, within: Ranges | None, at: datetime) -> Survey:
    with platform.store.read() as rows:
        things: list[SupervisedObject] = rows.list_rows(
            SUPERVISED, module=module.id, status="supervised", within=within
        )
        states: list[CheckState] = rows.list_rows(CHECK_STATES, module=module.id, within=within)
        defects: list[FoundDefect] = rows.list_rows(
            DEFECTS, module=module.id, status="open", within=within
        )
    open_of = Counter(one.object for one in defects)
    items = cover(platform, module, things, states, open_of, at)
    return Survey(things=things, states=states, defects=defects, items=items)


def list_modules(platform: Platform, caller: Caller) -> list[ModuleLine]:
    """Every module with its figures, those of the ten terminations in their order first."""
    platform.policy.require(caller, "see_situation")
    within = platform.policy.ranges(caller)
    now = platform.clock.now()
    modules = sorted(
        platform.reference.modules().values(), key=lambda one: (one.termination or 99, one.id)
    )
    return [line_of(platform, one, survey(platform, one, within, now)) for one in modules]


def show_module(platform: Platform, caller: Caller, name: str) -> Module:
    """The module as data, with its forms."""
    platform.policy.require(caller, "see_situation")
    return get_module(platform, name)


def get_coverage(
    platform: Platform,
    caller: Caller,
    name: str,
    *,
    area: str | None = None,
    state: str | None = None,
    file: bool = False,
) -> Coverage:
    """The module's objects in the caller's areas. `file`: they are taken away as a file, which the
    record of looks at persons says; RefusedError where no activation shows them (any more).
    """
    platform.policy.require(caller, "see_situation")
    require_word(state, STATES, "state")
    module = get_module(platform, name)
    scope = find_scope(platform, caller, module)
    if file and scope is None and module.about_persons:
        scope = scope_to_see(platform, with_emergency_access(platform, caller))  # says why not
    within = area_ranges(platform, caller, scope, area)
    now = platform.clock.now()
    known = survey(platform, module, within, now)
    shown = module.about_persons is False or scope is not None
    items = [one for one in known.items if state in (None, one.state)] if shown else []
    if scope is not None:
        told = tuple(sorted({one.subject for one in known.things if one.subject}))
        question = f"{'file of the ' if file else ''}coverage of {module.id}"
        record_listing(platform, caller, scope, question, told)
    return Coverage(
        as_of=now,
        module=line_of(platform, module, known, whole=scope is not None),
        items=items,
        refused=platform.supervision.refused.get(module.id, Refusals()),
        activation=scope.activation if scope is not None else "",
    )


def list_defects(
    platform: Platform,
    caller: Caller,
    *,
    module: str | None = None,
    status: str | None = "open",
    area: str | None = None,
) -> list[DefectView]:
    """Defects in the caller's areas, the newest first; those of persons' homes under an activation.

    One who answers for a department sees that department's.
    """
    platform.policy.require(caller, "see_situation")
    require_word(status, DEFECT_STATES, "status")
    modules = platform.reference.modules()
    asked = [get_module(platform, module)] if module else list(modules.values())
    found: list[DefectView] = []
    for one in asked:
        scope = find_scope(platform, caller, one)
        if one.about_persons and scope is None:
            continue
        equals: DefectFilter = {"module": one.id}
        if status:
            equals["status"] = status
        if caller.department:
            equals["department"] = caller.department
        with platform.store.read() as rows:
            mine: list[FoundDefect] = rows.list_rows(
                DEFECTS, within=area_ranges(platform, caller, scope, area), **equals
            )
        if scope is not None:
            record_listing(platform, caller, scope, f"defects of {one.id}", ())
        found += [show_defect(platform, row) for row in mine]
    return sorted(found, key=lambda one: one.opened_at, reverse=True)


def show_defect(platform: Platform, row: FoundDefect) -> DefectView:
    names = set(DefectView.__struct_fields__) - {"area_name"}
    fields = {name: getattr(row, name) for name in names}
    return DefectView(area_name=platform.reference.areas.name(row.area), **fields)


def find_scope(platform: Platform, caller: Caller, module: Module) -> Scope | None:
    """The scope under which a module's persons may be seen; None where none is open, or none is
    needed.
    """
    if not module.about_persons:
        return None
    try:
        return scope_to_see(platform, with_emergency_access(platform, caller))
    except RefusedError:
        return None


def area_ranges(
    platform: Platform, caller: Caller, scope: Scope | None, area: str | None
) -> Ranges | None:
    """The caller's areas, cut to what the scope opens and to one area with all below it."""
    return within_area(platform, platform.policy.ranges(caller, scope), area)


def line_of(
    platform: Platform, module: Module, known: Survey, *, whole: bool = False
) -> ModuleLine:
    """The module's numbers; small counts of persons' homes are hidden unless an activation shows
    them.
    """
    states = Counter[State](one.state for one in known.items)
    counts: dict[str, float] = {
        "objects": len(known.items),
        "late": states["late"],
        "never": states["never"],
        "defects": len(known.defects),
    }
    figures = [(one, figure_of(one, known, counts)) for one in module.figures]
    k = platform.settings.k_anonymity
    numbers = [*counts.values(), *(value for _, value in figures if value is not None)]
    hidden = module.about_persons and not whole and any(0 < one < k for one in numbers)
    return ModuleLine(
        id=module.id,
        version=module.version,
        title=module.title,
        termination=module.termination,
        about_persons=module.about_persons,
        figures=tuple(
            FigureValue(id=one.id, title=one.title, value=None if hidden else value)
            for one, value in figures
        ),
        hidden=hidden,
        **{name: None if hidden else int(value) for name, value in counts.items()},
    )


def figure_of(figure: ScreenFigure, known: Survey, counts: dict[str, float]) -> float | None:
    """A number of the screen; None where nobody has told any part of it."""
    if figure.of in counts and not figure.kinds:
        return counts[figure.of]
    mine = {one.id for one in known.things if not figure.kinds or one.kind in figure.kinds}
    if figure.of == "objects":
        return len(mine)
    if figure.of == "defects":
        return sum(one.object in mine for one in known.defects)
    if figure.of in ("late", "never"):
        return sum(one.object in mine and one.state == figure.of for one in known.items)
    return sum_of(figure, known, mine)


def sum_of(figure: ScreenFigure, known: Survey, mine: set[str]) -> float | None:
    told: Sequence[float] = [
        one.facts[figure.name]
        for one in known.things
        if figure.of == "fact" and one.id in mine and figure.name in one.facts
    ] or [
        one.numbers[figure.name]
        for one in known.states
        if figure.of == "answer"
        and one.object in mine
        and one.check == figure.check
        and figure.name in one.numbers
    ]
    return sum(told) if told else None
