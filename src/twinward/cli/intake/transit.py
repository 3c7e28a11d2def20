"""`twinward transit feed|timetable|list`: feeds of public transport (GTFS-Realtime) and their
timetables (GTFS).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from twinward.cli.framework.output import emit_json, emit_table, emit_text
from twinward.cli.framework.server_discovery import find_server
from twinward.cli.framework.session import add_person, open_for
from twinward.cli.intake.ingest import TIMEOUT_S, bearer
from twinward.core.errors import BusyError, InputError
from twinward.service.city.transit import (
    TimetableView,
    TransitAccount,
    add_timetable,
    list_transit,
    take_feed,
)

MOST_BYTES = 200_000_000
LEAST_EVERY_S = 5
T = TypeVar("T", TransitAccount, TimetableView)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text, act in (
        ("feed", "take in a feed: vehicle positions, trip updates, alerts", feed),
        ("timetable", "keep a GTFS zip as the timetable of a source", timetable),
        ("list", "operators: how old, how many late, what is announced or was refused", show_all),
    ):
        leaf = verbs.add_parser(name, help=text, description=text)
        add_person(leaf)
        leaf.set_defaults(answer=act)
        if name == "list":
            continue
        leaf.add_argument("file", metavar="FILE", help="a file, or an address (https://…)")
        leaf.add_argument("--source", required=True, help="the operator, for example metro")
        leaf.add_argument("--url", help="send to the server at this address")
        if name == "feed":
            leaf.add_argument(
                "--every",
                type=int,
                metavar="S",
                help="read it again every S seconds",
            )


def run(options: argparse.Namespace) -> int:
    return int(options.answer(options) or 0)


def fetch(place: str) -> bytes:
    """The bytes of a file or an address; InputError where they cannot be had."""
    try:
        if not place.startswith(("http://", "https://")):
            return Path(place).read_bytes()
        with httpx.stream("GET", place, timeout=TIMEOUT_S, follow_redirects=True) as response:
            response.raise_for_status()
            got = bytearray()
            for part in response.iter_bytes():
                got += part
                if len(got) > MOST_BYTES:
                    raise InputError(
                        f"{place} is longer than {MOST_BYTES:,} bytes",
                        "is it the right address?",
                        code="too_large",
                    )
            return bytes(got)
    except (OSError, httpx.HTTPError) as error:
        raise InputError(
            f"{place} cannot be read: {error}", "check the name", code="unreadable"
        ) from error


def bring(options: argparse.Namespace, what: str, data: bytes, kind: type[T]) -> T:
    """Takes it in here, or hands it to the server that holds the workspace."""
    url = options.url
    if url is None:
        try:
            with open_for(options) as (platform, caller):
                platform.intake.open()
                take = take_feed if kind is TransitAccount else add_timetable
                return take(platform, caller, options.source, data)  # type: ignore[return-value]
        except BusyError:
            url = find_server(options.workspace)
            if url is None:
                raise
    try:
        response = httpx.post(
            f"{url}/v1/transit/{options.source}/{what}",
            content=data,
            headers=bearer(options.token_file),
            timeout=TIMEOUT_S,
        )
    except httpx.HTTPError as error:
        raise BusyError(
            f"the server at {url} does not answer: {error}",
            "start it, or leave --url out",
            code="no_server",
        ) from error
    if response.status_code != 200:
        told = msgspec.json.decode(response.content)
        raise InputError(
            told.get("message", "refused"), told.get("advice", ""), code=told.get("code")
        )
    return msgspec.json.decode(response.content, type=kind)


def feed(options: argparse.Namespace) -> None:
    while True:
        account = bring(options, "feed", fetch(options.file), TransitAccount)
        if options.json:
            emit_json(account)
        else:
            tell(account)
        if options.every is None:
            return
        time.sleep(max(options.every, LEAST_EVERY_S))


def tell(account: TransitAccount) -> None:
    emit_text(
        f"{account.source}: {account.vehicles} vehicles, {account.trips} trips, "
        f"{account.alerts} alerts; {account.stored} stored, {account.duplicate} duplicate, "
        f"{account.held} held until they tell a second position, {account.unchanged} unchanged, "
        f"{account.deleted} taken back, {len(account.rejected)} rejected"
    )
    for one in account.rejected[:20]:
        emit_text(f"  {one.entity}: {one.code}: {one.message}")


def timetable(options: argparse.Namespace) -> None:
    found = bring(options, "timetable", fetch(options.file), TimetableView)
    if options.json:
        emit_json(found)
    else:
        emit_text(f"{found.stops} stops, {found.routes} routes, {found.trips} trips")


def show_all(options: argparse.Namespace) -> None:
    with open_for(options) as (platform, caller):
        found = list_transit(platform, caller)
    if options.json:
        emit_json({"items": found})
        return
    emit_table(
        ("source", "status", "age", "vehicles", "late", "cancelled", "alerts", "refused"),
        [
            (
                one.source,
                one.status,
                "–" if one.age_s is None else f"{one.age_s} s",
                one.vehicles,
                one.delayed,
                one.cancelled,
                len(one.alerts),
                len(one.refused),
            )
            for one in found
        ],
    )
