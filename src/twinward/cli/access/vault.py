"""`twinward vault open|doubles|merge|unmerge|apart|rotate|break-glass|notices`: names behind
pseudonyms, each opening on record first; persons who may be one.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import msgspec

from twinward.cli.framework.output import emit_fields, emit_json
from twinward.cli.framework.session import add_person, open_for
from twinward.core.errors import InputError
from twinward.service.access import approvals, doubles, vault
from twinward.service.platform import Caller

if TYPE_CHECKING:
    from twinward.service.platform import Platform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(
        dest="act",
        required=True,
        metavar="open|doubles|merge|unmerge|apart|rotate|break-glass|notices",
    )
    opening = acts.add_parser(
        "open", help="the person behind a pseudonym, or those of a confirmed bulk opening"
    )
    opening.add_argument("subject", nargs="?")
    opening.add_argument("--change", help="a confirmed bulk opening, see `twinward change propose`")
    opening.add_argument("--reason", required=True)
    glass = acts.add_parser(
        "break-glass", help="look outside one's jurisdiction; announced at once"
    )
    glass.add_argument("--areas", required=True)
    glass.add_argument("--hours", type=float, default=1.0, help="up to 4")
    glass.add_argument("--reason", required=True)
    rotating = acts.add_parser("rotate", help="a new key; everything sealed anew")
    notices = acts.add_parser("notices", help="what one's role must know about one's areas")
    doubles_ = acts.add_parser("doubles", help="persons who may be one, for somebody to decide")
    doubles_.add_argument("--state", default="open", choices=doubles.STATES)
    merging = acts.add_parser("merge", help="two subjects are one person from now on")
    parting = acts.add_parser("unmerge", help="undo a merge")
    apart = acts.add_parser("apart", help="a likely double is two persons")
    for sub in (merging, parting, apart):
        sub.add_argument("subject")
        sub.add_argument("--reason", required=True)
    merging.add_argument("--into", required=True, metavar="SUBJECT")
    apart.add_argument("--from", required=True, metavar="SUBJECT", dest="other")
    for sub in (opening, glass, rotating, notices, doubles_, merging, parting, apart):
        add_person(sub)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        shown = act(platform, caller, options)
    if options.json:
        emit_json(shown, named=True)
    else:
        emit_fields(shown)
    return 0


def decide(platform: Platform, caller: Caller, options: argparse.Namespace) -> dict[str, object]:
    """What somebody decides of two persons who may be one."""
    if options.act == "merge":
        doubles.merge(platform, caller, options.subject, options.into, options.reason)
        return {"subject": options.subject, "into": options.into, "state": "merged"}
    if options.act == "unmerge":
        into = doubles.unmerge(platform, caller, options.subject, options.reason)
        return {"subject": options.subject, "from": into, "state": "apart"}
    doubles.keep_apart(platform, caller, options.subject, options.other, options.reason)
    return {"subject": options.subject, "from": options.other, "state": "apart"}


def act(platform: Platform, caller: Caller, options: argparse.Namespace) -> dict[str, object]:
    if options.act == "doubles":
        found = doubles.list_doubles(platform, caller, options.state)
        return {"doubles": [msgspec.structs.asdict(pair) for pair in found]}
    if options.act in ("merge", "unmerge", "apart"):
        return decide(platform, caller, options)
    if options.act == "rotate":
        return {"sealed_anew": vault.rotate_keys(platform, caller)}
    if options.act == "break-glass":
        return approvals.break_glass(
            platform, caller, tuple(options.areas.split(",")), options.hours, options.reason
        )
    if options.act == "notices":
        return {
            "notices": [
                msgspec.structs.asdict(row) for row in approvals.list_notices(platform, caller)
            ]
        }
    if (options.subject is None) == (options.change is None):
        raise InputError(
            "say whom: a subject, or a confirmed bulk opening", "one of the two", code="no_subject"
        )
    if options.change is not None:
        return {"items": vault.open_in_bulk(platform, caller, options.change, options.reason)}
    return msgspec.structs.asdict(
        vault.open_identity(platform, caller, options.subject, options.reason)
    )
