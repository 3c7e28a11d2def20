"""`twinward pass place|checkin|visits`: codes at doors, the visitor's record, handing it over."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from twinward.cli.framework.input_files import read_file
from twinward.cli.framework.output import emit_fields, emit_json, write_file
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.cli.main import add_common
from twinward.core.clock import SystemClock
from twinward.core.errors import InputError
from twinward.service.passes import place_codes, verification, visits
from twinward.service.platform import Caller, Platform

NAMES = ("place", "checkin", "visits")


def add_verbs(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    place = acts.add_parser("place", help="sign the next code of a place; `pass print` prints it")
    place.add_argument("--place", required=True, help="its number")
    place.add_argument("--area", required=True)
    place.add_argument("--name", help="what is on the poster")
    place.add_argument("--lon", type=float, help="where it is, WGS 84")
    place.add_argument("--lat", type=float)
    place.add_argument("--radius-m", type=int, default=50, help="how far it reaches, 1 to 1000")
    place.add_argument("--until", type=as_time, help="default: a year")
    place.add_argument("--close", action="store_true", help="it moved or shut: no code counts now")
    place.add_argument("--out", type=Path, help="write the code here")
    handing = acts.add_parser("visits", help="hand a record of visits over to tracing")
    handing.add_argument("--subject", required=True)
    handing.add_argument("--record", required=True, help="the visitor's record, or -")
    handing.add_argument("--consent", action="store_true", help="the person agrees")
    handing.add_argument("--order", help="the activation under which it is ordered")
    for sub in (place, handing):
        add_person(sub)
    entering = acts.add_parser("checkin", help="write a visit into one's own record; sends nothing")
    add_common(entering, workspace=False)
    entering.add_argument("--code", help="a file with the code at the door, or -")
    entering.add_argument("--trust", type=Path)
    entering.add_argument("--record", type=Path, required=True)
    entering.add_argument("--out", action="store_true", help="one leaves: the last visit ends")
    entering.add_argument("--at", type=as_time)


def run(options: argparse.Namespace) -> int:
    shown = check_in(options) if options.act == "checkin" else act(options)
    if options.json:
        emit_json(shown)
    else:
        emit_fields(shown)
    return 0


def check_in(options: argparse.Namespace) -> dict[str, object]:
    at = options.at or SystemClock().now()
    before = options.record.read_bytes() if options.record.exists() else b""
    if options.out:
        after = place_codes.check_out(before, at)
    else:
        if options.code is None or options.trust is None:
            raise InputError(
                "a check-in needs the code at the door and the trust list",
                "give --code and --trust, or --out when leaving",
                code="no_file",
            )
        code = verification.read_token(read_file(options.code))
        after = before + place_codes.check_in(code, read_file(options.trust), at)
    write_file(options.record, after)
    return {"record": str(options.record), "visits": after.count(b"\n")}


def act(options: argparse.Namespace) -> dict[str, object]:
    with open_for(options) as (platform, caller):
        if options.act == "place":
            return place_asked(platform, caller, options)
        found = visits.upload(
            platform,
            caller,
            options.subject,
            read_file(options.record),
            consent=options.consent,
            activation=options.order,
        )
    return msgspec.structs.asdict(found) | {
        "visits": [msgspec.structs.asdict(one) for one in found.visits]
    }


def place_asked(
    platform: Platform, caller: Caller, options: argparse.Namespace
) -> dict[str, object]:
    if options.close:
        made = place_codes.close_place(platform, caller, place=options.place, area=options.area)
        return msgspec.structs.asdict(made)
    if options.name is None or options.lon is None or options.lat is None or options.out is None:
        raise InputError(
            "a place's code says its name and its point",
            "give --name --lon --lat --out",
            code="bad_place",
        )
    made = place_codes.make_place_code(
        platform,
        caller,
        place=options.place,
        area=options.area,
        name=options.name,
        lon=options.lon,
        lat=options.lat,
        radius_m=options.radius_m,
        until=options.until,
    )
    write_file(options.out, made.code.encode() + b"\n")
    return msgspec.structs.asdict(made) | {"file": str(options.out)}
