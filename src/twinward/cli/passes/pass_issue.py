"""`twinward pass issue|revoke|list|print|publish`: signed passes, status lists, the public tree."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.cli.framework.input_files import read_file
from twinward.cli.framework.output import emit_fields, emit_json, emit_table, write_file
from twinward.cli.framework.output_paths import check_folder
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.cli.main import add_common
from twinward.core.errors import InputError
from twinward.service.passes import declarations, issuing, printing, publishing, verification
from twinward.service.passes.revocations import revoke_all
from twinward.service.platform import Caller, Platform

NAMES = ("issue", "revoke", "list", "print", "publish")
REASONS = ("status_changed", "issued_in_error", "lost", "key_compromised", "died")


def add_verbs(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    issue = acts.add_parser("issue", help="sign a pass, after its person's status was looked at")
    issue.add_argument("--kind", choices=issuing.PASS_KINDS, required=True)
    issue.add_argument("--area", help="whose counter issues it; default: the whole city")
    issue.add_argument("--subject", help="the pseudonym of whose it is; none for a gate token")
    issue.add_argument("--from", dest="valid_from", type=as_time, help="default: now")
    issue.add_argument("--until", type=as_time, help="default: as long as the kind may last")
    issue.add_argument("--holder", default="", help="a hint to compare, such as Z*** 1954")
    issue.add_argument("--journey", help="FROM,TO: area codes or names, for a travel pass")
    issue.add_argument("--content", default="", help="what a declaration says")
    issue.add_argument("--signed", type=Path, help="a statement signed with `pass declare`")
    issue.add_argument("--count", type=int, default=1, help="so many one-time passes, 1 to 50")
    issue.add_argument("--certificate", type=Path, help="JSON: name, birth, statement (an HCERT)")
    issue.add_argument("--out", type=Path, help="write the token; default: only print it")
    revoke = acts.add_parser("revoke", help="a pass is good no more, from the next list on")
    revoke.add_argument("pass_id", nargs="?", help="its number; or --subject")
    revoke.add_argument("--subject", help="all that a person holds, those signed ahead too")
    revoke.add_argument("--reason", choices=REASONS, required=True)
    lists = acts.add_parser("list", help="sign fresh status lists into a folder")
    lists.add_argument("--out", type=Path, help="default: WORKSPACE/passes/lists")
    publish = acts.add_parser("publish", help="write the public tree: static files, all signed")
    publish.add_argument("folder", type=Path)
    for sub in (issue, revoke, lists, publish):
        add_person(sub)
    printed = acts.add_parser("print", help="passes or a place code as a PDF in large print")
    add_common(printed, workspace=False)
    printed.add_argument(
        "--token", action="append", required=True, help="a file; again for a family's cards"
    )
    printed.add_argument("--issuer", default="the city")
    printed.add_argument("--zone", default="Asia/Shanghai", help="the clock to print times by")
    printed.add_argument("--out", type=Path, required=True)


def run(options: argparse.Namespace) -> int:
    if options.act == "print":
        texts = [verification.read_token(read_file(path)) for path in options.token]
        pdf = printing.print_passes(texts, issuer=options.issuer, zone=options.zone)
        write_file(options.out, pdf)
        return show(options, {"file": str(options.out), "pages": len(texts)})
    with open_for(options) as (platform, caller):
        if options.act == "issue":
            return show(options, issue_asked(options, platform, caller), named=True)
        if options.act == "revoke" and options.subject is not None:
            return show(options, revoke_all(platform, caller, options.subject, options.reason))
        if options.act == "revoke":
            if options.pass_id is None:
                raise InputError("say which pass", "its number, or --subject", code="bad_pass")
            found = issuing.revoke(platform, caller, options.pass_id, options.reason)
            return show(options, {n: getattr(found, n) for n in found.__struct_fields__})
        if options.act == "publish":
            tree = publishing.publish(platform, caller, options.folder)
            return show(options, {n: getattr(tree, n) for n in tree.__struct_fields__})
        made = publishing.write_lists(platform, caller)
        folder = options.out or options.workspace / "passes" / "lists"
        check_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in made.items():
            write_file(folder / name, data)
    shown = publishing.describe_lists(made)
    if not options.json:
        emit_table(
            ["file", "bytes", "places"], [[r["file"], r["bytes"], r["places"]] for r in shown]
        )
        return 0
    emit_json({"lists": shown, "folder": str(folder)})
    return 0


def show(options: argparse.Namespace, result: dict[str, object], *, named: bool = False) -> int:
    if options.json:
        emit_json(result, named=named)
    else:
        emit_fields(result)
    return 0


def issue_asked(
    options: argparse.Namespace, platform: Platform, caller: Caller
) -> dict[str, object]:
    """The passes; the first one's fields, and all of them when there are several."""
    journey = tuple(options.journey.split(",")) if options.journey else None
    if journey is not None and len(journey) != 2:
        raise InputError("--journey is FROM,TO", "two names and a comma", code="bad_journey")
    content = options.content
    if options.signed is not None:
        text = verification.read_token(read_file(options.signed))
        content = declarations.read_declaration(text, platform.clock.now()).content
    wish = issuing.read_wish(
        kind=options.kind,
        area=options.area or platform.reference.areas.root,
        subject=options.subject,
        valid_from=options.valid_from,
        until=options.until,
        holder=options.holder,
        journey=journey,
        content=content,
        certificate=read_file(options.certificate) if options.certificate else None,
    )
    made = issuing.issue(platform, caller, wish, options.count)
    if options.out is not None:
        write_file(options.out, "".join(one.token + "\n" for one in made).encode())
    fields = [{name: getattr(one, name) for name in one.__struct_fields__} for one in made]
    return fields[0] | ({"passes": fields} if len(fields) > 1 else {})
