"""`twinward pass ahead|book`: sign a whole city's passes ahead; the link that opens one's own."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import msgspec

from twinward.cli.framework.output import emit_fields, emit_json, say, write_file
from twinward.cli.framework.progress import progress_bar, progress_lines
from twinward.cli.framework.session import add_person, as_time, open_for
from twinward.core.errors import InputError
from twinward.service.passes import batches, printing
from twinward.service.platform import Caller, Platform

NAMES = ("ahead", "book")


def add_verbs(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    ahead = acts.add_parser(
        "ahead", help="sign passes for everybody on a roster; goes on where it was cut off"
    )
    ahead.add_argument("--subjects", type=Path, required=True, help="pseudonyms, one a line")
    ahead.add_argument("--kind", choices=batches.KINDS, default="day")
    ahead.add_argument("--from", dest="valid_from", type=as_time, help="default: now")
    ahead.add_argument("--until", type=as_time, help="default: as long as the kind may last")
    ahead.add_argument("--resume", metavar="BATCH", help="go on with a batch that was cut off")
    ahead.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    book = acts.add_parser("book", help="the link with which a person opens their own passes")
    book.add_argument("--subject", required=True)
    book.add_argument("--base", default="", help="where the public tree is: https://…/")
    book.add_argument("--issuer", default="the city")
    book.add_argument("--out", type=Path, help="a card to print (PDF), in large print")
    for sub in (ahead, book):
        add_person(sub)


def run(options: argparse.Namespace) -> int:
    with open_for(options) as (platform, caller):
        shown = (sign_asked if options.act == "ahead" else book_asked)(platform, caller, options)
    if options.json:
        emit_json(shown, named=options.act == "book")
    else:
        emit_fields(shown)
    return 0


def sign_asked(
    platform: Platform, caller: Caller, options: argparse.Namespace
) -> dict[str, object]:
    if not 1 <= options.workers <= 64:
        raise InputError("--workers must be 1 to 64", code="bad_workers")
    batch = options.resume or batches.begin(
        platform,
        caller,
        options.subjects,
        kind=options.kind,
        valid_from=options.valid_from,
        until=options.until,
    )
    say(f"twinward: {batch}; if this is cut off, go on with --resume {batch}")
    progress = progress_bar if sys.stderr.isatty() else progress_lines
    with progress(batch) as tell:
        found = batches.sign_ahead(
            platform, caller, batch, options.subjects, workers=options.workers, tell=tell
        )
    return msgspec.structs.asdict(found)


def book_asked(
    platform: Platform, caller: Caller, options: argparse.Namespace
) -> dict[str, object]:
    found = batches.make_book(platform, caller, options.subject)
    link = options.base + found.link
    if options.out is not None:
        if not options.base.startswith("https://"):
            raise InputError(
                "a printed card needs the address of the public tree", "give --base https://…/"
            )
        write_file(options.out, printing.print_book(link, issuer=options.issuer))
    return {"subject": found.subject, "link": link}
