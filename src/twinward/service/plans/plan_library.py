"""Plans for who writes and chooses them: list, show, validate, lay beside each other, make
variants.
"""

from __future__ import annotations

import difflib
from collections.abc import Container, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from twinward.core.clock import format_time
from twinward.core.errors import AbsentError, InputError
from twinward.library.loading import HOME, Library, load_library
from twinward.library.manuals import Manual, find_manual, get_manual, list_manuals
from twinward.library.plans.generation import generate_plans, parse_variables, write_toml
from twinward.library.plans.plan import Plan
from twinward.library.plans.plan_options import NAME, plan_of_name
from twinward.library.plans.step_rules import check_steps
from twinward.library.plans.validation import PlanFault, plan_schema, read_text, validate_plan
from twinward.service.platform import Caller, Platform

__all__ = ["Manual", "find_manual", "get_manual", "list_manuals", "plan_schema", "write_toml"]


class PlanLine(msgspec.Struct, frozen=True, kw_only=True):
    """One plan in the list; `standard`: the loop takes it by itself when its level is reached."""

    id: str
    version: str
    hazard: str
    level: str
    title: str
    standard: bool
    automatic: bool
    tasks: int
    departments: tuple[str, ...]
    measures: tuple[str, ...]
    made: dict[str, str]


class MakeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Plans to make: variants of `base` by `vary` (NAME=V,V; none: the usual); without a base,
    of blocks in `areas`.
    """

    count: int = 8
    seed: int = 1
    base: str = ""
    vary: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()


class CheckedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What validation found in one file."""

    file: str
    plan: str | None
    valid: bool
    errors: tuple[PlanFault, ...]


def library_of(workspace: Path | None) -> Library:
    """The bundled library, with a workspace's own plans on top."""
    return load_library(extra_plans=workspace / "plans" if workspace is not None else None)


def list_plans(library: Library, hazard: str | None = None) -> list[PlanLine]:
    if hazard is not None and library.find_hazard(hazard) is None:
        known = "known: " + ", ".join(library.hazards)
        raise InputError(f"there is no hazard {hazard!r}", known, code="unknown_hazard")
    family = library.find_hazard(hazard) if hazard is not None else None
    return [
        line_of(plan)
        for plan in library.plans.values()
        if family is None or plan.hazard == family.id
    ]


def line_of(plan: Plan) -> PlanLine:
    return PlanLine(
        id=plan.id,
        version=plan.version,
        hazard=plan.hazard,
        level=plan.level,
        title=plan.title,
        standard=plan.standard,
        automatic=plan.authority.automatic,
        tasks=len(plan.tasks),
        departments=tuple(dict.fromkeys(task.department for task in plan.every_task())),
        measures=tuple(dict.fromkeys(str(m.__struct_config__.tag) for m in plan.measures)),
        made=plan.made,
    )


def get_known_plan(library: Library, name: str) -> Plan:
    """A plan of the library by id."""
    found = library.find(name)
    if found is None:
        raise AbsentError(
            f"there is no plan {name!r}", "known: " + ", ".join(library.plans), code="no_plan"
        )
    return found


def get_plan(library: Library, name: str) -> Plan:
    """A plan of the library by id, or of a file by its path."""
    if name.startswith(NAME) and library.find(name) is None:
        return plan_of_name(name)
    if library.find(name) is not None or not name.endswith(".toml"):
        return get_known_plan(library, name)
    plan, faults = validate_plan(
        read_text(Path(name)), name, library, datetime.min.replace(tzinfo=UTC)
    )
    if plan is None or faults:
        raise InputError(
            "\n".join(fault.text for fault in faults), "mend the file", code="bad_plan"
        )
    return plan


def validate(
    files: Sequence[Path], library: Library, now: datetime, areas: Container[str] | None
) -> list[CheckedPlan]:
    """Every file by itself; a name of a bundled plan stands for its file."""
    checked = []
    for given in files:
        path = (
            HOME / "plans" / f"{given}.toml"
            if not given.exists() and str(given) in library.plans
            else given
        )
        plan, faults = validate_plan(read_text(path), str(given), library, now, areas)
        name = plan.id if plan else None
        checked.append(
            CheckedPlan(file=str(given), plan=name, valid=not faults, errors=tuple(faults))
        )
    return checked


def diff(one: Plan, other: Plan) -> dict[str, object]:
    """What changes from one plan to the other: fields, and tasks and measures added, gone or
    changed.
    """
    first, second = msgspec.to_builtins(one), msgspec.to_builtins(other)
    lists = ("tasks", "measures", "objectives", "triggers", "duties", "messages")
    changed = {
        key: {"from": first[key], "to": second[key]}
        for key in first
        if key not in lists and first[key] != second[key]
    }
    result: dict[str, object] = {"from": one.id, "to": other.id, "fields": changed}
    for key in lists:
        before, after = named(first[key]), named(second[key])
        result[key] = {
            "added": [after[k] for k in after if k not in before],
            "gone": [before[k] for k in before if k not in after],
            "changed": [
                {
                    "key": k,
                    "fields": {
                        f: {"from": before[k].get(f), "to": v}
                        for f, v in after[k].items()
                        if before[k].get(f) != v
                    },
                }
                for k in after
                if k in before and before[k] != after[k]
            ],
        }
    result["same"] = first == second
    return result


def named(items: list[dict[str, object]]) -> dict[str, dict[str, object]]:
    """Items by what tells them apart: key, figure, audience, department and level, or kind;
    numbered when doubled.
    """
    found: dict[str, dict[str, object]] = {}
    for item in items:
        name = str(
            item.get("key") or item.get("figure") or item.get("audience") or item.get("type") or ""
        )
        name = name or f"{item.get('department')}@{item.get('level')}"
        doubled = sum(1 for known in found if known.partition("#")[0] == name)
        found[f"{name}#{doubled}" if doubled else name] = item
    return found


def diff_text(one: Plan, other: Plan) -> str:
    """The two as text, line by line."""
    first, second = write_toml(one).splitlines(), write_toml(other).splitlines()
    return "\n".join(difflib.unified_diff(first, second, one.id, other.id, lineterm="", n=1))


def generate(
    library: Library,
    request: MakeRequest,
    *,
    files: bool = False,
    areas: Container[str] | None = None,
) -> list[Plan]:
    """Plans made from a base or from blocks; the same request gives the same plans.

    `files`: the base may be a path. `areas`: the codes of the city, where it is known.
    """
    if request.count < 1:
        raise InputError(f"{request.count} plans cannot be made", "say 1 or more", code="bad_count")
    base = (get_plan if files else get_known_plan)(library, request.base) if request.base else None
    variables = parse_variables(request.vary)
    made = generate_plans(
        request.count, request.seed, base=base, variables=variables, areas=request.areas
    )
    for _, code, message, advice in (fault for plan in made for fault in check_steps(plan, areas)):
        raise InputError(message, advice, code=code)
    return made


def keep(
    platform: Platform, caller: Caller, request: MakeRequest, *, files: bool = False
) -> list[PlanLine]:
    """Generated plans become plans of the workspace: in its folder, with what they were made
    from and by whom.
    """
    platform.policy.require(caller, "plan_ahead")
    library = platform.reference.library
    for area in request.areas:
        platform.reference.areas.require(area)
    return store(platform, generate(library, request, files=files), request.seed, caller.name)


def store(platform: Platform, plans: Sequence[Plan], seed: int, by: str) -> list[PlanLine]:
    """Checked as every plan is, then written; one that is there already stays as it is."""
    library, now = platform.reference.library, platform.clock.now()
    made = [signed(plan, seed, by, now) for plan in plans]
    for plan in made:
        _, faults = validate_plan(write_toml(plan), plan.id, library, now, platform.reference.areas)
        if faults:
            raise InputError(
                "\n".join(fault.text for fault in faults), "give other values", code="bad_plan"
            )
    fresh = [plan for plan in made if library.find(plan.id) is None]
    for path, plan in zip(write_plans(fresh, platform.workspace / "plans"), fresh, strict=True):
        library.put(plan, path)
    return [line_of(library.plans[plan.id]) for plan in made]


def signed(plan: Plan, seed: int, by: str, at: datetime) -> Plan:
    return msgspec.structs.replace(
        plan, made=plan.made | {"seed": str(seed), "by": by, "at": format_time(at)}
    )


def write_plans(plans: Sequence[Plan], out: Path) -> list[Path]:
    """One TOML file each, each whole or not there."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        for plan in plans:
            fresh = out / f"{plan.id}.new"
            fresh.write_text(write_toml(plan), "utf-8")
            fresh.replace(out / f"{plan.id}.toml")
    except OSError as error:
        raise InputError(
            f"{out} cannot be written: {error}", "name another folder", code="bad_out"
        ) from error
    return [out / f"{plan.id}.toml" for plan in plans]
