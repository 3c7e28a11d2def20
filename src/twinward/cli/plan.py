"""`twinward plan …`: list, show, validate, diff, generate; and, in `plan_compare`, compare, search and adopt."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from twinward import app
from twinward.cli.main import add_common
from twinward.cli.output import emit_json, emit_text, say
from twinward.cli.plan_compare import ACTS, add_acts, run_act
from twinward.core.clock import SystemClock, parse_time
from twinward.core.errors import InputError
from twinward.service import plans


class PrintSchema(argparse.Action):
    """`--schema` prints and ends, whatever else is missing."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        emit_json(plans.plan_schema())
        parser.exit(0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    schema: dict[str, Any] = {"action": PrintSchema, "nargs": 0, "help": "print the JSON Schema of a plan, and stop"}
    parser.add_argument("--schema", **schema)
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    listing = acts.add_parser("list", help="the plans there are")
    listing.add_argument("--hazard")
    listing.set_defaults(answer=_list)
    showing = acts.add_parser("show", help="one plan, whole")
    showing.add_argument("plan", help="its id, or a TOML file")
    showing.set_defaults(answer=_show)
    checking = acts.add_parser("validate", help="every fault of a plan file, with its line")
    checking.add_argument("file", nargs="+", type=Path)
    checking.add_argument("--schema", **schema)
    checking.add_argument("--at", help="deadlines before this instant are past; default: now")
    checking.set_defaults(answer=_validate)
    laying = acts.add_parser("diff", help="what changes from one plan to another")
    laying.add_argument("one")
    laying.add_argument("other")
    laying.set_defaults(answer=_diff)
    making = acts.add_parser("generate", help="variants of a plan from variables, as files")
    making.add_argument("--base", required=True, help="id or TOML file of the plan to vary")
    making.add_argument(
        "--vary", action="append", default=[], metavar="NAME=V,V",
        help="start_day=0,7  areas=affected,city  KIND=on,off  KIND.FIELD=V,V; default: all the usual",
    )  # fmt: skip
    making.add_argument("--count", type=int, default=8)
    making.add_argument("--seed", type=int, default=1)
    making.add_argument("--out", type=Path, required=True, metavar="DIR")
    making.set_defaults(answer=_generate)
    for leaf in (listing, showing, checking, laying, making):
        add_common(leaf)
    add_acts(acts)


def run(options: argparse.Namespace) -> int:
    if options.act in ACTS:
        return run_act(options)
    return int(options.answer(options) or 0)


def library_of(options: argparse.Namespace) -> Any:
    """With the workspace's own plans, where there is a workspace."""
    return plans.library_of(options.workspace if (options.workspace / app.MARK).exists() else None)


def _list(options: argparse.Namespace) -> None:
    found = plans.list_plans(library_of(options), options.hazard)
    if options.json:
        emit_json({"plans": found})
        return
    for plan in found:
        mark = "standard" if plan.standard else "to choose"
        emit_text(f"{plan.id:<32} {plan.level:>3}  {mark:<9}  {plan.title}")


def _show(options: argparse.Namespace) -> None:
    plan = plans.get_plan(library_of(options), options.plan)
    if options.json:
        emit_json(plan)
    else:
        emit_text(plans.write_toml(plan))


def _validate(options: argparse.Namespace) -> int:
    now = parse_time(options.at) if options.at else SystemClock().now()
    areas = None
    if (options.workspace / "city" / "city.json").exists():
        areas = app.open_areas(options.workspace)
    checked = plans.validate(options.file, plans.library_of(None), now, areas)
    faults = [fault for one in checked for fault in one.errors]
    for fault in faults:
        say(fault.text)
    if options.json:
        errors = [{**{k: getattr(f, k) for k in f.__struct_fields__}, "text": f.text} for f in faults]
        emit_json({"valid": not faults, "files": checked, "errors": errors})
    else:
        for one in checked:
            emit_text(f"{one.file}: " + ("valid" if one.valid else f"{len(one.errors)} to mend"))
    return InputError.exit_code if faults else 0


def _diff(options: argparse.Namespace) -> None:
    library = library_of(options)
    one, other = plans.get_plan(library, options.one), plans.get_plan(library, options.other)
    if options.json:
        emit_json(plans.diff(one, other))
    else:
        emit_text(plans.diff_text(one, other) or "the same")


def _generate(options: argparse.Namespace) -> None:
    base = plans.get_plan(library_of(options), options.base)
    made = plans.generate(base, options.vary, options.count, options.seed, options.out)
    if options.json:
        emit_json({"base": base.id, "seed": options.seed, "plans": made})
    else:
        for row in made:
            emit_text(f"{row['file']}  {row['title']}")
