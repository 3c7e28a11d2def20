"""`twinward lake ingest|status|expire|compact`: fill and keep the observation lake."""

from __future__ import annotations

import argparse
from pathlib import Path

from twinward.app import compose
from twinward.cli.framework.output import emit_json, emit_text, say
from twinward.cli.framework.session import add_person, open_for
from twinward.core.errors import InputError
from twinward.service.intake import movement_import as use
from twinward.service.intake.observations import city_bounds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    ingest = verbs.add_parser("ingest", help="store movement files (CSV or Parquet)")
    ingest.add_argument("files", nargs="+", type=Path, metavar="FILE")
    ingest.add_argument(
        "--map", nargs="+", default=[], metavar="FIELD=COLUMN", help="names of the file's columns"
    )
    add_crs(ingest)
    ingest.set_defaults(answer=do_ingest)
    status = verbs.add_parser("status", help="what the lake holds")
    status.set_defaults(answer=do_status)
    compact = verbs.add_parser("compact", help="merge the pieces of each day")
    compact.set_defaults(answer=do_compact)
    expire = verbs.add_parser("expire", help="delete what is past its retention")
    expire.add_argument(
        "--confirm-clock",
        action="store_true",
        help="the clock is right: delete now what only this run finds due",
    )
    expire.set_defaults(answer=do_expire)
    sql = verbs.add_parser(
        "sql", help="one SELECT over fixes, visits, subjects, places; needs an activation"
    )
    sql.add_argument("query", metavar="SELECT")
    sql.set_defaults(answer=do_sql)
    for sub in (ingest, status, compact, expire, sql):
        add_person(sub)


def add_crs(parser: argparse.ArgumentParser) -> None:
    """`--crs`, as in the file of a city."""
    parser.add_argument(
        "--crs", help="coordinates of the files: wgs84 (default), gcj02, bd09 or EPSG:n"
    )


def run(options: argparse.Namespace) -> int:
    return int(options.answer(options) or 0)


def parse_map(pairs: list[str]) -> dict[str, str]:
    """`field=column` words as a mapping."""
    out = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not equals or not field or not column:
            raise InputError(
                f"{pair!r} is not field=column", "for example --map subject=user_id", code="bad_map"
            )
        out[field] = column
    return out


def do_ingest(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        platform.policy.require(caller, "send_observations")
        lake = compose.open_lake(platform.workspace)
        result = use.ingest_files(
            lake,
            options.files,
            platform.clock,
            parse_map(options.map),
            bounds=city_bounds(platform),
            crs=options.crs,
        )
        use.expire_due(platform, lake)
    if options.json:
        emit_json(result)
    else:
        emit_text(
            f"received {result.received}, stored {result.stored}, rejected {result.rejected}, "
            f"duplicate {result.duplicate}, flagged {result.flagged}; {result.visits} visits; "
            f"{result.seconds} s"
        )
    if result.reasons_file:
        counts = ", ".join(f"{count} {code}" for code, count in sorted(result.reasons.items()))
        say(f"rejected: {counts}")
        say(f"reasons of the rejected rows: {result.reasons_file}")
    return 0


def do_status(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, _):
        status = compose.open_lake(platform.workspace).status()
    if options.json:
        emit_json(status)
    else:
        emit_text("\n".join(f"{name:12} {value}" for name, value in status.items()))
    return 0


def do_compact(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, _):
        merged = compose.open_lake(platform.workspace).compact()
    if options.json:
        emit_json({"merged": merged})
    else:
        emit_text(f"merged {merged} days")
    return 0


def do_expire(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, _):
        lake = compose.open_lake(platform.workspace)
        deleted = use.expire_due(platform, lake, confirmed=options.confirm_clock)
    if options.json:
        emit_json({"deleted": deleted})
    else:
        emit_text(f"deleted {deleted} fixes past their retention")
    return 0


def do_sql(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        answer = compose.make_tracing(platform, caller).sql(options.query)
    if options.json:
        emit_json(answer)
        return 0
    emit_text(
        "\n".join(
            "\t".join(str(value) for value in row) for row in [answer["columns"], *answer["rows"]]
        )
    )
    if answer["cut"]:
        say("there are more rows; use LIMIT or an aggregate")
    return 0
