"""`twinward module ACT`: supervision as data, and what of it is late or wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from twinward.cli.edge.object_csv import write_csv
from twinward.cli.framework.output import emit_json, emit_table, emit_text, local
from twinward.cli.framework.session import add_person, open_for
from twinward.cli.main import add_common
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from twinward.service.intake.commands import BatchAccount
    from twinward.service.supervision.judging import Check, Module

ACTS = "list|show|validate|add|rules|register|record|coverage|defects|dismiss|retire"
HIDDEN = "hidden"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar=ACTS)
    leaves = {
        name: acts.add_parser(name, help=text, description=text)
        for name, text in (
            ("list", "modules with what they supervise, late and open"),
            ("show", "one module: objects, forms, defects, duties"),
            ("validate", "check a module's file, or all that are there"),
            ("add", "put a module's file into the workspace"),
            ("rules", "a module's rules for an edge.toml"),
            ("register", "put the objects of a CSV file under their modules"),
            ("record", "fill in a form of an object"),
            ("coverage", "what has not been heard from"),
            ("defects", "what is wrong, with its task"),
            ("dismiss", "nothing was wrong: a false alarm"),
            ("retire", "an object is supervised no longer"),
        )
    }
    for name, leaf in leaves.items():
        leaf.set_defaults(answer=ANSWERS[name])
        (add_common if name == "validate" else add_person)(leaf)
    for name in ("show", "rules", "coverage"):
        leaves[name].add_argument("module", help="id of a module")
    leaves["validate"].add_argument("files", nargs="*", type=Path, help="default: the bundled ones")
    leaves["add"].add_argument("file", type=Path, help="the TOML file of a module")
    leaves["register"].add_argument("file", type=Path, help="CSV: object,module,kind,area and more")
    leaves["register"].add_argument("--source", default="objects-file", help="who says so")
    leaves["record"].add_argument("object", help="id of a supervised object")
    leaves["record"].add_argument("check", help="id of a check of its module")
    leaves["record"].add_argument(
        "answers", nargs="*", metavar="NAME=VALUE", help="what was found, field by field"
    )
    leaves["record"].add_argument("--note", default="", help="what else is to be said; no names")
    leaves["coverage"].add_argument("--area", help="only this area and what lies in it")
    leaves["coverage"].add_argument("--state", help="good, late or never")
    leaves["coverage"].add_argument(
        "--csv", action="store_true", help="as comma-separated values; on record where persons are"
    )
    leaves["defects"].add_argument("--module", help="only this module")
    leaves["defects"].add_argument("--area", help="only this area and what lies in it")
    leaves["defects"].add_argument("--status", default="open", help="open, mended, dismissed, all")
    for name, what in (("dismiss", "defect"), ("retire", "object")):
        leaves[name].add_argument("id", help=f"id of the {what}")
        leaves[name].add_argument("--because", required=True, help="the reason, kept on record")


def run(options: argparse.Namespace) -> int:
    return int(options.answer(options) or 0)


def list_all(options: argparse.Namespace) -> None:
    from twinward.service.supervision.modules import list_modules

    with open_for(options) as (platform, caller):
        found = list_modules(platform, caller)
    if options.json:
        emit_json({"modules": found})
        return
    rows = [
        (
            one.termination or "",
            one.id,
            one.title,
            *(
                HIDDEN if value is None else value
                for value in (one.objects, one.late, one.never, one.defects)
            ),
        )
        for one in found
    ]
    emit_table(("no.", "module", "title", "objects", "late", "never heard", "defects"), rows)


def show(options: argparse.Namespace) -> None:
    from twinward.service.supervision.modules import show_module

    with open_for(options) as (platform, caller):
        found = show_module(platform, caller, options.module)
    if options.json:
        emit_json(found)
        return
    emit_text(f"{found.title} ({found.id} {found.version}); {found.source}")
    tell_forms(found)
    emit_table(
        ("defect", "what is wrong", "ended by", "department", "within h"),
        [
            (one.id, one.title, one.evidence, duty.department, duty.deadline_h)
            for one in found.defects
            for duty in (found.duty_of(one),)
        ],
    )


def tell_forms(found: Module) -> None:
    for check in found.checks:
        round_ = f"every {check.cadence_h:g} h" if check.cadence_h else "when it happens"
        emit_text(f"{check.id} ({', '.join(check.objects)}; {round_}): {check.title}")
        for field in check.fields:
            kind = f"{field.kind} {field.unit}".strip()
            emit_text(f"  {field.name} ({kind}): {field.title}")


def validate(options: argparse.Namespace) -> int:
    from twinward.service.supervision.validating import validate_modules

    found = validate_modules(options.files)
    if options.json:
        emit_json({"modules": found, "ok": all(one.ok for one in found)})
    else:
        for one in found:
            emit_text(f"{one.file}: good" if one.ok else one.fault)
    return 0 if all(one.ok for one in found) else InputError.exit_code


def add(options: argparse.Namespace) -> None:
    from twinward.service.supervision.module_bundles import add_module

    with open_for(options) as (platform, caller):
        found = add_module(platform, caller, options.file)
    if options.json:
        emit_json({"module": found.id, "version": found.version})
    else:
        emit_text(f"module {found.id} {found.version} is in force")


def rules(options: argparse.Namespace) -> None:
    from twinward.service.supervision.module_bundles import edge_rules
    from twinward.service.supervision.modules import show_module

    with open_for(options) as (platform, caller):
        found = show_module(platform, caller, options.module)
    if options.json:
        emit_json({"module": found.id, "rules": found.rules()})
    else:
        sys.stdout.write(edge_rules(found))


def register(options: argparse.Namespace) -> None:
    from twinward.service.supervision.registering import register_objects

    with open_for(options) as (platform, caller):
        found = register_objects(platform, caller, options.file, options.source)
    tell_account(options, found)


def tell_account(options: argparse.Namespace, found: BatchAccount) -> None:
    if options.json:
        emit_json(found)
        return
    emit_text(f"received {found.received}, stored {found.stored}, duplicate {found.duplicate}")
    for one in found.rejected:
        emit_text(f"row {one.index + 1}: {one.message} [{one.code}]")
        if one.advice:
            emit_text(f"    {one.advice}")


def record(options: argparse.Namespace) -> None:
    from twinward.service.supervision.judging import find_check
    from twinward.service.supervision.registering import record_check

    with open_for(options) as (platform, caller):
        check = find_check(platform, options.object, options.check)
        answers = dict(answer_of(text, check) for text in options.answers)
        found = record_check(platform, caller, options.object, options.check, answers, options.note)
    tell_account(options, found)


def answer_of(text: str, check: Check) -> tuple[str, object]:
    """NAME=VALUE, the value by the kind of its field; what is no value is refused with the form."""
    name, _, value = text.partition("=")
    kind = next((one.kind for one in check.fields if one.name == name), "text")
    if kind == "yes" and value in ("yes", "no", "true", "false"):
        return name, value in ("yes", "true")
    if kind == "number":
        try:
            return name, float(value)
        except ValueError:
            return name, value
    return name, value


def coverage(options: argparse.Namespace) -> None:
    from twinward.service.supervision.modules import get_coverage

    with open_for(options) as (platform, caller):
        found = get_coverage(
            platform,
            caller,
            options.module,
            area=options.area,
            state=options.state,
            file=options.csv,
        )
    if options.json:
        emit_json(found)
        return
    if options.csv:
        write_csv(found)
        return
    line = found.module
    emit_text(f"{line.title}: " + (HIDDEN if line.hidden else f"{line.objects} objects"))
    rows = [
        (
            one.object,
            one.name,
            one.area_name,
            one.state,
            local(one.heard_at) if one.heard_at else "–",
            one.late_h or "",
            one.defects or "",
        )
        for one in found.items
    ]
    if rows:
        emit_table(("object", "name", "area", "state", "heard", "late h", "defects"), rows)


def defects(options: argparse.Namespace) -> None:
    from twinward.service.supervision.modules import list_defects

    with open_for(options) as (platform, caller):
        found = list_defects(
            platform,
            caller,
            module=options.module,
            area=options.area,
            status=None if options.status == "all" else options.status,
        )
    if options.json:
        emit_json({"defects": found})
        return
    rows = [
        (
            *(one.id, one.title, one.object, one.area_name, one.severity),
            *(one.times if one.times > 1 else "", one.department, one.status),
        )
        for one in found
    ]
    if rows:
        heads = ("defect", "what", "object", "area", "severity", "times", "department", "status")
        emit_table(heads, rows)
    else:
        emit_text("no defect")


def dismiss(options: argparse.Namespace) -> None:
    from twinward.service.supervision.registering import tell

    with open_for(options) as (platform, caller):
        found = tell(platform, caller, "DismissDefect", defect=options.id, because=options.because)
    tell_account(options, found)


def retire(options: argparse.Namespace) -> None:
    from twinward.service.supervision.registering import tell

    with open_for(options) as (platform, caller):
        found = tell(platform, caller, "RetireObject", object=options.id, because=options.because)
    tell_account(options, found)


ANSWERS = {
    "list": list_all,
    "show": show,
    "validate": validate,
    "add": add,
    "rules": rules,
    "register": register,
    "record": record,
    "coverage": coverage,
    "defects": defects,
    "dismiss": dismiss,
    "retire": retire,
}
