"""Which plan may be adopted: one of the library, its file without a fault today."""

from __future__ import annotations

from pathlib import Path

from twinward.core.errors import ConflictError, InputError
from twinward.library.plans.plan import Plan
from twinward.library.plans.plan_options import NAME, choices_of_name, plan_of_name
from twinward.library.plans.validation import read_text, validate_plan
from twinward.service.plans.plan_library import write_plans
from twinward.service.platform import Platform


def import_adoptable(platform: Platform, name: str) -> Plan:
    """Takes a plan into the library as its file stands now, to be adopted; InputError
    `unknown_plan`, or `bad_plan` with every fault of its file by line.
    """
    library = platform.reference.library
    path = library.find_file(name) or make_of_blocks(platform, name)
    if path is None:
        raise InputError(
            f"there is no plan {name!r}", "known: " + ", ".join(library.plans), code="unknown_plan"
        )
    plan, faults = validate_plan(
        read_text(path), path.name, library, platform.clock.now(), platform.reference.areas
    )
    if plan is None or faults:
        raise InputError(
            "\n".join(fault.text for fault in faults), "mend the file", code="bad_plan"
        )
    known = library.plans.get(name)
    if known is not None and plan != known and plan.version == known.version:
        raise ConflictError(
            f"{path.name} has changed and is still version {plan.version}",
            "give it a new version",
            code="same_version",
        )
    library.put(plan, path)
    return plan


def make_of_blocks(platform: Platform, name: str) -> Path | None:
    """The file of a plan made of blocks, which its name says, written on first use; None for
    another name.
    """
    if not name.startswith(NAME):
        return None
    for area in choices_of_name(name)[1]:
        platform.reference.areas.require(area)
    (path,) = write_plans([plan_of_name(name)], platform.workspace / "plans")
    return path
