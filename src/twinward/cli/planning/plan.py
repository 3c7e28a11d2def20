"""`twinward plan …`: list, show, validate, diff, ready, generate; and, in `plan_compare`,
compare, search and adopt.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from twinward.app.workspace import MARK, open_areas
from twinward.cli.framework.output import emit_json, emit_text, say
from twinward.cli.framework.parser import add_schema
from twinward.cli.framework.session import add_person, open_for
from twinward.cli.main import add_common
from twinward.cli.planning.plan_compare import ACTS, add_acts, add_making, run_act
from twinward.core.clock import SystemClock, parse_time
from twinward.core.errors import InputError
from twinward.service.plans import plan_library


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_schema(parser, plan_library.plan_schema, "plan")
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    listing = acts.add_parser("list", help="the plans there are")
    listing.add_argument("--hazard")
    listing.add_argument(
        "--made", action="store_true", help="only those that were generated, with what from"
    )
    listing.set_defaults(answer=_list)
    showing = acts.add_parser("show", help="one plan, whole")
    showing.add_argument("plan", help="its id, or a TOML file")
    showing.set_defaults(answer=_show)
    checking = acts.add_parser("validate", help="every fault of a plan file, with its line")
    checking.add_argument("file", nargs="+", type=Path)
    add_schema(checking, plan_library.plan_schema, "plan")
    checking.add_argument("--at", help="deadlines before this instant are past; default: now")
    checking.set_defaults(answer=_validate)
    laying = acts.add_parser("diff", help="what changes from one plan to another")
    laying.add_argument("one")
    laying.add_argument("other")
    laying.set_defaults(answer=_diff)
    making = acts.add_parser(
        "generate", help="plans from variables of a plan, or from blocks: as files, or kept"
    )
    add_making(making)
    making.add_argument("--count", type=int, default=8)
    making.add_argument("--seed", type=int, default=1)
    making.add_argument(
        "--areas", default="", help="area codes with commas: where plans of blocks hold"
    )
    where = making.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", type=Path, metavar="DIR", help="write them as files")
    where.add_argument(
        "--keep",
        action="store_true",
        help="keep them in the workspace, with what they were made from",
    )
    making.set_defaults(answer=_generate)
    readying = acts.add_parser(
        "ready", help="is each plan ready: its faults, its drills, what it needs and lacks"
    )
    readying.add_argument("--hazard")
    readying.set_defaults(answer=_ready)
    for leaf in (listing, showing, checking, laying):
        add_common(leaf)
    add_person(readying)
    add_person(making)
    add_acts(acts)


def run(options: argparse.Namespace) -> int:
    if options.act in ACTS:
        return run_act(options)
    return int(options.answer(options) or 0)


def library_of(options: argparse.Namespace) -> Any:
    """With the workspace's own plans, where there is a workspace."""
    return plan_library.library_of(
        options.workspace if (options.workspace / MARK).exists() else None
    )


def areas_of(options: argparse.Namespace) -> Any:
    """The areas of the workspace's city; None where there is none."""
    known = (options.workspace / "city" / "city.json").exists()
    return open_areas(options.workspace) if known else None


def _list(options: argparse.Namespace) -> None:
    found = [
        line
        for line in plan_library.list_plans(library_of(options), options.hazard)
        if line.made or not options.made
    ]
    if options.json:
        emit_json({"plans": found})
        return
    for plan in found:
        mark = "standard" if plan.standard else "made" if plan.made else "to choose"
        emit_text(f"{plan.id:<32} {plan.level:>3}  {mark:<9}  {plan.title}")
        if options.made:
            emit_text("    " + "; ".join(f"{key} {value}" for key, value in plan.made.items()))
    if not found:
        emit_text(
            "no plan; make some with `twinward plan generate --keep`" if options.made else "no plan"
        )


def _show(options: argparse.Namespace) -> None:
    plan = plan_library.get_plan(library_of(options), options.plan)
    if options.json:
        emit_json(plan)
    else:
        emit_text(plan_library.write_toml(plan))


def _validate(options: argparse.Namespace) -> int:
    now = parse_time(options.at) if options.at else SystemClock().now()
    checked = plan_library.validate(
        options.file, plan_library.library_of(None), now, areas_of(options)
    )
    faults = [fault for one in checked for fault in one.errors]
    for fault in faults:
        say(fault.text)
    if options.json:
        errors = [
            {**{k: getattr(f, k) for k in f.__struct_fields__}, "text": f.text} for f in faults
        ]
        emit_json({"valid": not faults, "files": checked, "errors": errors})
    else:
        for one in checked:
            emit_text(f"{one.file}: " + ("valid" if one.valid else f"{len(one.errors)} to mend"))
    return InputError.exit_code if faults else 0


def _diff(options: argparse.Namespace) -> None:
    library = library_of(options)
    one, other = (
        plan_library.get_plan(library, options.one),
        plan_library.get_plan(library, options.other),
    )
    if options.json:
        emit_json(plan_library.diff(one, other))
    else:
        emit_text(plan_library.diff_text(one, other) or "the same")


def _ready(options: argparse.Namespace) -> None:
    from twinward.service.plans.readiness import assess

    with open_for(options) as (platform, caller):
        found = assess(platform, caller, options.hazard)
    if options.json:
        emit_json(found)
        return
    emit_text(f"{found.ready} of {len(found.plans)} plans are ready")
    for one in found.plans:
        emit_text(f"{one.plan:<32} {one.level:>3}  {'ready' if one.ready else 'not ready'}")
        emit_text("\n".join(f"    {why}" for why in one.because)) if one.because else None
    for old in found.old_counts:
        emit_text(f"count anew: {old}")


def _generate(options: argparse.Namespace) -> None:
    areas = tuple(code for code in options.areas.split(",") if code)
    asked = plan_library.MakeRequest(
        base=options.base,
        vary=tuple(options.vary),
        count=options.count,
        seed=options.seed,
        areas=areas,
    )
    if options.keep:
        with open_for(options) as (platform, caller):
            rows = [
                {"id": line.id, "title": line.title, "made": line.made}
                for line in plan_library.keep(platform, caller, asked, files=True)
            ]
    else:
        made = plan_library.generate(
            library_of(options), asked, files=True, areas=areas_of(options)
        )
        files = plan_library.write_plans(made, options.out)
        rows = [
            {"id": plan.id, "title": plan.title, "file": str(path)}
            for plan, path in zip(made, files, strict=True)
        ]
    if options.json:
        emit_json({"base": options.base, "seed": options.seed, "plans": rows})
    else:
        for row in rows:
            emit_text(f"{row.get('file', row['id'])}  {row['title']}")
