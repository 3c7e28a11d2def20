"""`twinward intake FILE|-`, `intake list|accept|reject`: what documents claim, and who judges."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from twinward.cli.framework.input_files import read_file
from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.core.errors import InputError

if TYPE_CHECKING:
    from twinward.service.documents.claims import ClaimView

SHOWN = ("id", "kind", "area_name", "happened_at", "quantity", "unit", "confidence", "span")
MOST_BYTES = 50_000_000
ACTS = ("list", "accept", "reject")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="a document, - for standard input; or list, accept, reject")
    parser.add_argument("claim", nargs="?", help="the id of what is accepted or rejected")
    parser.add_argument("--source", default="desk", help="whence a document came, for the rules")
    parser.add_argument("--status", default="waiting", help="of list: waiting, accepted … or all")
    parser.add_argument("--kind", help="of list: only this kind, as fire or flood")
    parser.add_argument("--area", help="of accept: corrects where")
    parser.add_argument("--quantity", type=float, help="of accept: corrects how much")
    parser.add_argument("--at", type=as_time, help="of accept: corrects when")
    parser.add_argument("--because", help="of reject: the reason, for the record")
    add_person(parser)


def run(options: argparse.Namespace) -> int:
    act = options.file if options.file in ACTS else "read"
    if act in ("accept", "reject") and not options.claim:
        raise InputError(
            f"{act} needs the id of a claim", "see `intake list`", code="missing_field"
        )
    {"read": _read, "list": _list, "accept": _accept, "reject": _reject}[act](options)
    return 0


def _read(options: argparse.Namespace) -> None:
    from twinward.service.documents import claims

    data = read_file(options.file, MOST_BYTES)
    with open_for(options) as (platform, caller):
        found = claims.take_in(platform, caller, data, options.source)
    if options.json:
        emit_json(found)
        return
    emit_text(
        f"{found.media}, {found.letters} letters: {found.recorded} new claims, "
        f"{found.known} known, {found.accepted} accepted by rules"
    )
    for note in found.notes:
        emit_text(f"note: {note}")
    show(found.claims)


def show(found: list[ClaimView]) -> None:
    emit_table(list(SHOWN), [[getattr(one, name) for name in SHOWN] for one in found])


def _list(options: argparse.Namespace) -> None:
    from twinward.service.documents import claims

    with open_for(options) as (platform, caller):
        found = claims.list_claims(platform, caller, status=options.status, kind=options.kind)
    if options.json:
        emit_json({"claims": found})
    else:
        show(found)


def _accept(options: argparse.Namespace) -> None:
    from twinward.service.documents import claims

    at = options.at.isoformat() if options.at else None
    corrected = {"area": options.area, "quantity": options.quantity, "happened_at": at}
    with open_for(options) as (platform, caller):
        found = claims.judge(platform, caller, options.claim, "AcceptClaim", **corrected)
        platform.loop.catch_up()
    emit_json(found) if options.json else show([found])


def _reject(options: argparse.Namespace) -> None:
    from twinward.service.documents import claims

    with open_for(options) as (platform, caller):
        found = claims.judge(
            platform, caller, options.claim, "RejectClaim", because=options.because or ""
        )
    emit_json(found) if options.json else show([found])
