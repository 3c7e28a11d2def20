"""`twinward ingest FILE… --source S`: observations from CSV, Parquet, JSON Lines, to the inbox
or its server.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import httpx
import msgspec

from twinward.cli.framework.output import emit_json, emit_text, say
from twinward.cli.framework.server_discovery import find_server
from twinward.cli.framework.session import add_person, open_for
from twinward.core.errors import BusyError, InputError
from twinward.service.intake import file_import, observations
from twinward.service.intake.commands import BatchAccount
from twinward.service.platform import Caller, Platform

TIMEOUT_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="ending in .csv, .parquet or .jsonl"
    )
    parser.add_argument(
        "--source", required=True, help="who says so; duplicates are known within a source"
    )
    add_reading(parser)
    parser.add_argument(
        "--crs", help="coordinates of the files: wgs84 (default), gcj02, bd09 or EPSG:n"
    )
    parser.add_argument(
        "--url", help="send to the server at this address instead of opening the inbox"
    )
    add_person(parser)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """How the columns of a file are to be read."""
    parser.add_argument(
        "--map", nargs="+", default=[], metavar="FIELD=COLUMN", help="names of the file's columns"
    )
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="FIELD=VALUE", help="a value for every row"
    )
    parser.add_argument(
        "--encoding", default="utf-8-sig", help="default: UTF-8, with or without a byte order mark"
    )
    parser.add_argument("--separator", default=",")


def parse_pairs(pairs: list[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        field, equals, text = pair.partition("=")
        if not (field and equals and text):
            raise InputError(
                f"{pair!r} is not FIELD=COLUMN",
                "for example --map source_id=reading_no",
                code="bad_map",
            )
        found[field] = text
    return found


def separator_of(options: argparse.Namespace) -> str:
    text = options.separator.replace("\\t", "\t")
    if len(text) != 1:
        raise InputError(
            f"{options.separator!r} is not one character",
            "for example --separator ';'",
            code="bad_separator",
        )
    return str(text)


def run(options: argparse.Namespace) -> int:
    columns, constants = parse_pairs(options.map), parse_pairs(options.set)
    reading = file_import.observation_reading(
        columns, constants, options.encoding, separator_of(options)
    )
    require_files(options.files)
    url = options.url
    if url is None:
        with open_for(options) as (platform, caller):
            try:
                platform.intake.open()
            except BusyError as error:
                url = find_server(options.workspace)
                if url is None:
                    error.advice = "stop it, or name its server with --url http://127.0.0.1:8420"
                    raise
            else:
                report = file_import.ingest_files(
                    options.workspace,
                    options.files,
                    options.source,
                    reading,
                    keep_here(platform, caller, options.source, options.crs),
                )
    if url is not None:
        say(f"twinward: a server holds the inbox; sending to {url}")
        with httpx.Client(
            base_url=url, timeout=TIMEOUT_S, headers=bearer(options.token_file)
        ) as client:
            send = send_there(client, options.source, options.crs)
            report = file_import.ingest_files(
                options.workspace, options.files, options.source, reading, send
            )
    show(report, as_json=options.json)
    return 0


def require_files(paths: list[Path]) -> None:
    for path in paths:
        if not path.is_file():
            raise InputError(f"there is no file {path}", "check its name", code="unreadable")


def encode_batch(source: str, items: list[object], crs: str | None) -> bytes:
    """The body of /v1/observations; the coordinates of its points only where they are stated."""
    stated = {} if crs is None else {"crs": crs}
    return msgspec.json.encode({"source": source, **stated, "items": items})


def keep_here(platform: Platform, caller: Caller, source: str, crs: str | None) -> file_import.Send:
    checks = observations.checks_of(platform)

    def send(items: list[object]) -> BatchAccount:
        body = encode_batch(source, items, crs)
        return observations.submit(platform, caller, checks, body).result()

    return send


def send_there(client: httpx.Client, source: str, crs: str | None) -> file_import.Send:
    def send(items: list[object]) -> BatchAccount:
        body = encode_batch(source, items, crs)
        try:
            response = client.post("/v1/observations", content=body)
        except httpx.HTTPError as error:
            raise BusyError(
                f"the server at {client.base_url} does not answer: {error}",
                "start it, or leave --url out; what it acknowledged is kept, and known when it is "
                "sent again",
                code="no_server",
            ) from error
        if response.status_code != 200:
            told = msgspec.json.decode(response.content)
            raise InputError(
                told.get("message", "refused"), told.get("advice", ""), code=told.get("code")
            )
        return msgspec.json.decode(response.content, type=BatchAccount)

    return send


def bearer(token_file: Path | None) -> dict[str, str]:
    if token_file is None:
        return {}
    try:
        return {"Authorization": f"Bearer {token_file.read_text('ascii').split()[0]}"}
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise InputError(
            f"{token_file}: {error}", "name a file that holds a token", code="bad_token"
        ) from error


def show(report: file_import.FileReport, *, as_json: bool) -> None:
    if as_json:
        emit_json(report)
    else:
        emit_text(
            f"{report.source}: received {report.received:,} = stored {report.stored:,} + "
            f"rejected {report.rejected:,} + duplicate {report.duplicate:,}; {report.seconds:.1f} s"
        )
    for note, count in sorted(report.notes.items()):
        say(f"{count:,} x {note}")
    if report.rejected_file:
        reasons = ", ".join(f"{count} {code}" for code, count in sorted(report.reasons.items()))
        say(f"rejected: {reasons}; each with its reason in {report.rejected_file}")
