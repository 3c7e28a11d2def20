"""`twinward activation open|list|close`: what an emergency opens, and until when."""

from __future__ import annotations

import argparse

import msgspec

from twinward.cli.framework.output import emit_json, emit_text, local
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.service.access import activations


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="open|list|close")
    opening = acts.add_parser("open", help="open exactly these purposes in exactly these areas")
    opening.add_argument("--hazard", required=True)
    opening.add_argument("--areas", required=True, help="all, or codes separated by commas")
    opening.add_argument("--purposes", required=True, help="any of trace, care, vault")
    opening.add_argument("--days", type=int, required=True, help="1 to 30")
    opening.add_argument("--by", required=True, help="who opens it")
    opening.add_argument("--basis", required=True, help="the legal basis")
    opening.add_argument(
        "--from", dest="data_from", type=as_time, help="window of data it opens: start"
    )
    opening.add_argument("--to", dest="data_to", type=as_time, help="window of data it opens: end")
    listing = acts.add_parser("list", help="all activations")
    closing = acts.add_parser("close", help="shut one now")
    closing.add_argument("id")
    for sub in (opening, listing, closing):
        add_person(sub)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        if options.act == "open":
            name = activations.open_activation(
                platform,
                caller,
                hazard=options.hazard,
                areas=options.areas.split(","),
                purposes=options.purposes.split(","),
                days=options.days,
                by=options.by,
                basis=options.basis,
                data_from=options.data_from,
                data_to=options.data_to,
            )
            result = next(
                msgspec.structs.asdict(row)
                for row in activations.list_activations(platform)
                if row.id == name
            )
        elif options.act == "close":
            activations.close_activation(platform, caller, options.id)
            result = {"id": options.id, "status": "closed"}
        else:
            found = activations.list_activations(platform)
            result = {"activations": [msgspec.structs.asdict(row) for row in found]}
    if options.json:
        emit_json(result)
    else:
        show(result)
    return 0


def show(result: dict[str, object]) -> None:
    rows = result.get("activations", [result])
    assert isinstance(rows, list)
    for row in rows or [{}]:
        if not row:
            emit_text("peacetime: no activation")
        elif "ends_at" in row:
            state = "in force" if row["in_force"] else "shut"
            what = f"{', '.join(row['purposes'])} in {', '.join(row['areas'])}"
            emit_text(
                f"{row['id']}  {state}  until {local(row['ends_at'])}  {what}  by {row['by']}: "
                f"{row['basis']}"
            )
        else:
            emit_text(f"{row['id']}  {row['status']}")
