"""`twinward field …`: Cursor on Target in and out, the fallback codec, who is down."""

from __future__ import annotations

import argparse
import base64
import json
from datetime import UTC, datetime
from pathlib import Path

from twinward.cli.framework.input_files import read_file
from twinward.cli.framework.output import emit_json, emit_table, emit_text, write_file
from twinward.cli.framework.session import add_person, open_for
from twinward.cli.main import add_common
from twinward.core.coding.texts import from_base64

NUMBERS = ("lon", "lat", "heat_c", "speed_m_s")
WHOLE = ("seq", "battery", "pulse", "acknowledges")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    cot = acts.add_parser("cot", help="take in Cursor on Target events, one a line or a file")
    cot.add_argument("file", type=Path, help="XML, one event a line")
    cot.set_defaults(answer=_cot)
    frames = acts.add_parser("frames", help="take in frames of the fallback codec")
    frames.add_argument("file", type=Path, help="base64, one frame a line")
    frames.set_defaults(answer=_frames)
    alarms = acts.add_parser("alarms", help="who is down")
    alarms.add_argument("--status", default="open", help="open, ended or all")
    alarms.add_argument("--cot", type=Path, metavar="FILE", help="write them as CoT, one a line")
    alarms.set_defaults(answer=_alarms)
    ending = acts.add_parser("end", help="they were reached, or it was false")
    ending.add_argument("alarm", help="its id")
    ending.add_argument("--because", required=True, help="the reason, for the record")
    ending.set_defaults(answer=_end)
    for leaf in (cot, frames, alarms, ending):
        add_person(leaf)
    encoding = acts.add_parser("encode", help="a message as a frame of at most 200 bytes")
    encoding.add_argument("--kind", required=True, help="position, telemetry, man_down, order …")
    encoding.add_argument("--sender", required=True, help="call sign")
    for name in WHOLE:
        encoding.add_argument(f"--{name}", type=int, help=f"the {name} of the message")
    for name in NUMBERS:
        encoding.add_argument(f"--{name.replace('_', '-')}", type=float, help=f"its {name}")
    encoding.add_argument("--cause", default="", help="of a man down: fall, button, no_motion …")
    encoding.add_argument("--text", default="", help="what it says")
    encoding.set_defaults(answer=_encode)
    decoding = acts.add_parser("decode", help="what a frame says")
    decoding.add_argument("frame", help="base64")
    decoding.set_defaults(answer=_decode)
    for leaf in (encoding, decoding):
        add_common(leaf, workspace=False)


def run(options: argparse.Namespace) -> int:
    return int(options.answer(options) or 0)


def lines_of(path: Path) -> list[bytes]:
    return [line.strip() for line in read_file(path).splitlines() if line.strip()]


def _cot(options: argparse.Namespace) -> None:
    from twinward.service.responders import field

    with open_for(options) as (platform, caller):
        taken = field.take_cot(platform, caller, lines_of(options.file))
        platform.loop.catch_up()
    emit_json(taken) if options.json else emit_text(f"{taken.taken} of {taken.received} taken")


def _frames(options: argparse.Namespace) -> None:
    from twinward.service.responders import field

    with open_for(options) as (platform, caller):
        taken = field.take_coded_frames(platform, caller, lines_of(options.file))
        platform.loop.catch_up()
    emit_json(taken) if options.json else emit_text(f"{taken.taken} of {taken.received} taken")


def _alarms(options: argparse.Namespace) -> None:
    from twinward.service.responders import field

    with open_for(options) as (platform, caller):
        found = field.list_alarms(platform, caller, options.status)
        events = field.alarms_as_cot(platform, caller) if options.cot else []
    if options.cot:
        write_file(options.cot, b"".join(one + b"\n" for one in events))
    if options.json:
        emit_json({"alarms": found})
        return
    heads = ("id", "responder", "cause", "status", "at", "area_name")
    emit_table(heads, [[getattr(one, name) for name in heads] for one in found])


def _end(options: argparse.Namespace) -> None:
    from twinward.service.responders import field

    with open_for(options) as (platform, caller):
        found = field.end_alarm(platform, caller, options.alarm, options.because)
    emit_json(found) if options.json else emit_text(f"{found.responder}: {found.status}")


def _encode(options: argparse.Namespace) -> None:
    from twinward.service.responders.frames import encode_fields

    names = ("kind", "sender", *WHOLE, *NUMBERS, "cause", "text")
    told = {name: getattr(options, name) for name in names}
    told = {name: value for name, value in told.items() if value is not None}
    frame = encode_fields({"seq": 0} | told, datetime.now(UTC))
    shown = {"frame": base64.b64encode(frame).decode(), "bytes": len(frame)}
    emit_json(shown) if options.json else emit_text(str(shown["frame"]))


def _decode(options: argparse.Namespace) -> None:
    from twinward.service.responders.frames import decode_fields

    found = decode_fields(from_base64(options.frame))
    emit_json(found) if options.json else emit_text(json.dumps(found, ensure_ascii=False))
