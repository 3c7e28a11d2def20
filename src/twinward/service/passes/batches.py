"""Sign passes ahead for a whole city: by the thousand, on all cores, and on again after a kill."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec

from twinward.core.coding.ids import random_id
from twinward.core.coding.texts import to_base64url
from twinward.core.errors import AbsentError, InputError
from twinward.security.passes import tokens
from twinward.security.passes.batch_signing import SLOT, BatchPlan, bits_for, book_secret
from twinward.service.passes.batch_folder import BatchFolder, Roster, book_key, list_batches
from twinward.service.passes.batch_workers import WorkerSetup, sign_chunks
from twinward.service.passes.issuing import ISSUE
from twinward.service.passes.keys import FOLDER, open_store
from twinward.service.passes.list_places import address_of
from twinward.service.passes.names import command_name
from twinward.service.passes.revocations import revocations_ahead
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.passes.rows import BATCHES, STATUSES

KINDS = ("day", "paper")  # what everybody may have without being asked
LONGEST_NAME = 120
MOST_AHEAD = timedelta(days=7)
PAGE = "pass.html"

Tell = Callable[[str, float], None]


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that was signed. `told`: who has a statement instead, because a status binds them;
    `doubled`: lines of the roster that name somebody again; `signed_now` of this run alone.
    """

    batch: str
    kind: str
    address: str
    passes: int
    told: int
    doubled: int
    chunks: int
    signed_now: int
    seconds: float
    passes_per_s: float
    valid_from: datetime
    until: datetime


def read_roster(path: Path) -> Roster:
    """Counts a file of pseudonyms, one a line; InputError for a line that names nobody."""
    digest, lines = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            for line in file:
                digest.update(line)
                lines += 1
                name = line.rstrip(b"\r\n")
                if not 0 < len(name) <= LONGEST_NAME or b"\0" in name:
                    raise InputError(
                        f"line {lines} of {path.name} is no pseudonym",
                        "one a line, 1 to 120 bytes",
                        code="bad_roster",
                    )
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", code="no_file") from error
    if not lines:
        raise InputError(f"{path.name} is empty", "one pseudonym a line", code="bad_roster")
    return Roster(lines=lines, sha256=digest.hexdigest())


def read_chunks(path: Path, size: int) -> Iterator[list[str]]:
    """The persons of each chunk in turn."""
    with path.open("rb") as file:
        while lines := list(islice(file, size)):
            try:
                yield [line.rstrip(b"\r\n").decode() for line in lines]
            except UnicodeDecodeError as error:
                raise InputError(f"{path.name} is no UTF-8", code="bad_roster") from error


def begin(
    platform: Platform,
    caller: Caller,
    roster_file: Path,
    *,
    kind: str = "day",
    valid_from: datetime | None = None,
    until: datetime | None = None,
) -> str:
    """The plan of a batch and its status list, on record before the first pass is signed."""
    area = platform.reference.areas.root
    platform.policy.require(caller, ISSUE, area=area)
    if kind not in KINDS:
        raise tokens.bad_pass(f"kind {kind!r} is not one of {', '.join(KINDS)}")
    roster = read_roster(roster_file)
    now = platform.clock.now().replace(microsecond=0)
    start = valid_from or now
    end = until or start + timedelta(seconds=tokens.KINDS[kind][1])
    if not now <= start <= now + MOST_AHEAD:
        raise tokens.bad_pass(f"a batch begins now, or within {MOST_AHEAD.days} days")
    passes = platform.workspace / FOLDER
    signing = open_store(passes).signing(now)
    require_room(passes, roster.lines)
    plan = BatchPlan(
        batch=f"batch-{random_id(10)}",
        kind=kind,
        kid=signing.kid.decode(),
        address=free_address(platform, end),
        issued_at=now,
        valid_from=start,
        until=end,
        bits=bits_for(roster.lines),
        passes=roster.lines,
    )
    check_times(plan)
    command = m.IssueBatch(
        id=command_name(plan.batch),
        batch=plan.batch,
        area=area,
        kind=kind,  # type: ignore[arg-type]
        list_uri=plan.address,
        passes=plan.passes,
        places=1 << plan.bits,
        until=plan.until,
    )
    ask(platform, caller, command)
    BatchFolder(passes, plan.batch).begin(plan, roster)
    return plan.batch


def check_times(plan: BatchPlan) -> None:
    """InputError for times that a pass of this kind may not have."""
    tokens.check_pass(
        tokens.Pass(
            kind=plan.kind,
            issued_at=plan.issued_at,
            valid_from=plan.valid_from,
            until=plan.until,
        )
    )


def require_room(folder: Path, count: int) -> None:
    needed, free = count * (SLOT + 8) * 21 // 20, shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f"{count:,} passes take {needed / 1e9:.1f} GB, {free / 1e9:.1f} GB are free",
            "make room, or sign for fewer",
            code="no_room",
        )


def free_address(platform: Platform, until: datetime) -> str:
    """A list of its own in the week in which the batch ends."""
    week = address_of(until).rsplit(".", 1)[0]
    with platform.store.read() as rows:
        taken = {row.list_uri for row in rows.list_rows(BATCHES)}
    number = 1
    while f"{week}.{number}" in taken:
        number += 1
    return f"{week}.{number}"


def sign_ahead(
    platform: Platform,
    caller: Caller,
    batch: str,
    roster_file: Path,
    *,
    workers: int = 2,
    tell: Tell = lambda stage, share: None,
) -> Ahead:
    """Signs what is not signed yet of a batch; after a kill the same call goes on."""
    platform.policy.require(caller, ISSUE, area=platform.reference.areas.root)
    passes = platform.workspace / FOLDER
    folder = BatchFolder(passes, batch)
    kept = folder.read()
    if read_roster(roster_file) != kept.roster:
        raise InputError(
            f"{roster_file.name} is not the roster that {batch} was begun with",
            "name that file, or begin another batch",
            code="other_roster",
        )
    plan, now = kept.plan, platform.clock.now()
    signing = open_store(passes).signing(plan.issued_at)
    if signing.kid.decode() != plan.kid:
        raise InputError(
            f"signer {plan.kid} of {batch} signs no more", "begin another batch", code="no_signer"
        )
    told = bound_persons(platform, now)
    setup = WorkerSetup(
        plan=plan,
        private=signing.private,
        batch_key=folder.key(),
        book_key=book_key(passes),
        told=told,
    )
    found = sign_chunks(folder, setup, read_chunks(roster_file, plan.chunk), workers, tell)
    revoke_bound(platform, caller, now)
    return Ahead(
        batch=batch,
        kind=plan.kind,
        address=plan.address,
        passes=plan.passes - found.told,
        told=found.told,
        doubled=folder.count_doubles(),
        chunks=plan.chunks,
        signed_now=found.signed,
        seconds=round(found.seconds, 3),
        passes_per_s=round(found.signed / max(found.seconds, 1e-9), 1),
        valid_from=plan.valid_from,
        until=plan.until,
    )


def bound_persons(platform: Platform, now: datetime) -> dict[str, bytes]:
    """Whom an adverse status binds now, and what they find in their slot: its number, why, until
    when. Nobody else can open it.
    """
    with platform.store.read() as rows:
        found = rows.list_rows(STATUSES, value="restricted", decided="in_force")
    return {
        row.subject: msgspec.json.encode(
            {"s": row.id, "r": row.reason_code, "u": int(row.until.timestamp())}
        )
        for row in found
        if row.state_at(now) == "in_force"
    }


def revoke_bound(platform: Platform, caller: Caller, since: datetime) -> None:
    """Who was restricted while the batch was signed, and had been signed for before."""
    now = platform.clock.now()
    with platform.store.read() as rows:
        found = rows.list_rows(STATUSES, value="restricted", decided="in_force")
    for row in found:
        if row.set_at >= since and row.state_at(now) == "in_force":
            commands = revocations_ahead(platform, row.subject, "status_changed")
            if commands:
                ask(platform, caller, *commands)


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """What one holder gets once, on paper or as a message: with it the page finds and opens their
    pass of each batch, and nobody else's.
    """

    subject: str
    link: str


def make_book(platform: Platform, caller: Caller, subject: str) -> Book:
    """The holder's link, from the newest batch that names them."""
    platform.policy.require(caller, ISSUE, area=platform.reference.areas.root)
    passes = platform.workspace / FOLDER
    with platform.store.read() as rows:
        known = sorted(rows.list_rows(BATCHES), key=lambda row: row.issued_at, reverse=True)
    for row in known:
        folder = BatchFolder(passes, row.id)
        if not folder.path.exists():
            continue
        for ordinal in folder.ordinals(subject):
            secret = to_base64url(book_secret(book_key(passes), subject))
            return Book(subject=subject, link=f"{PAGE}#{ordinal}.{secret}")
    raise AbsentError(
        f"no running batch names {subject}", "issue a pass with `twinward pass issue`"
    )


def delete_ended(passes: Path, at: datetime) -> int:
    """Batches that have ended go with their keys: nobody can say any more whose place was which."""
    ended = [one for one in list_batches(passes) if one.read().plan.until <= at]
    for one in ended:
        one.delete()
    return len(ended)
