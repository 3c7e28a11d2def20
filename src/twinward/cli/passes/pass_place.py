"""`twinward pass place|checkin|visits`: codes at doors, the visitor's record, handing it over."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from twinward.cli.framework.output import emit_fields, emit_json, write_file
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.cli.main import add_common
from twinward.cli.passes.pass_verify import read
from twinward.core.clock import SystemClock
from twinward.core.errors import InputError
from twinward.service.passes import place_codes, verification

NAMES = ("place", "checkin", "visits")


def add_verbs(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    place = acts.add_parser("place", help="sign the code of a place; print it with `pass print`")
    place.add_argument("--place", required=True, help="its number")
    place.add_argument("--name", required=True)
    place.add_argument("--area", required=True)
    place.add_argument("--code-version", type=int, default=1, help="the next one when it moved")
    place.add_argument("--until", type=as_time, help="default: a year")
    place.add_argument("--out", type=Path, required=True)
    visits = acts.add_parser("visits", help="hand a record of visits over to tracing")
    visits.add_argument("--subject", required=True)
    visits.add_argument("--record", required=True, help="the visitor's record, or -")
    visits.add_argument("--consent", action="store_true", help="the person agrees")
    visits.add_argument("--order", help="the activation under which it is ordered")
    visits.add_argument("--points", type=Path, help="JSON: place -> [lon, lat], for --out")
    visits.add_argument("--out", type=Path, help="write rows for `twinward lake ingest`")
    for sub in (place, visits):
        add_person(sub)
    entering = acts.add_parser("checkin", help="write a visit into one's own record; sends nothing")
    add_common(entering, workspace=False)
    entering.add_argument("--code", required=True, help="a file with the code at the door, or -")
    entering.add_argument("--trust", type=Path, required=True)
    entering.add_argument("--record", type=Path, required=True)
    entering.add_argument("--at", type=as_time)


def run(options: argparse.Namespace) -> int:
    shown = check_in(options) if options.act == "checkin" else act(options)
    if options.json:
        emit_json(shown)
    else:
        emit_fields(shown)
    return 0


def check_in(options: argparse.Namespace) -> dict[str, object]:
    code = verification.read_token(read(options.code))
    line = place_codes.check_in(code, read(options.trust), options.at or SystemClock().now())
    before = options.record.read_bytes() if options.record.exists() else b""
    write_file(options.record, before + line)
    return {"record": str(options.record), "visits": (before + line).count(b"\n")}


def act(options: argparse.Namespace) -> dict[str, object]:
    with open_for(options) as (platform, caller):
        if options.act == "place":
            text = place_codes.make_place_code(
                platform,
                caller,
                place=options.place,
                area=options.area,
                name=options.name,
                version=options.code_version,
                until=options.until,
            )
            write_file(options.out, text.encode() + b"\n")
            return {"place": options.place, "file": str(options.out), "code": text}
        found = place_codes.upload(
            platform,
            caller,
            options.subject,
            read(options.record),
            consent=options.consent,
            activation=options.order,
        )
    if options.out is not None:
        rows = place_codes.to_rows(found.visits, read_points(options.points))
        write_file(options.out, rows.encode())
    return {
        "visits": [msgspec.structs.asdict(one) for one in found.visits],
        "left_out": found.left_out,
    }


def read_points(path: Path | None) -> dict[str, tuple[float, float]]:
    """Where places lie."""
    if path is None:
        raise InputError("rows need the places' points", "give --points", code="no_points")
    try:
        return msgspec.json.decode(read(path), type=dict[str, tuple[float, float]])
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is no map of points: {error}", code="bad_points") from error
