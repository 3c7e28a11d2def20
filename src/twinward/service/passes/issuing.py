"""Issue and revoke passes: checked against the status, signed, put on record without the token."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from twinward.core.coding import cbor
from twinward.core.coding.ids import random_id
from twinward.core.errors import UNREADABLE, ConflictError, InputError, RefusedError
from twinward.security.passes import cose, tokens
from twinward.security.passes.ceremony import Signing, replace_file
from twinward.security.passes.tokens import KINDS, Pass
from twinward.service.passes.keys import FOLDER, open_store
from twinward.service.passes.list_places import LIST_TTL_S, SHARD, address_of, decoys_of
from twinward.service.passes.names import command_name
from twinward.service.passes.statements import state_status
from twinward.service.passes.statuses import binding_status
from twinward.service.platform import Caller, Platform, ask
from twinward.standards.hcert import envelope
from twinward.standards.hcert.certificates import make_certificate
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.passes.rows import PASSES, STATUSES, IssuedPass

ISSUE = "issue_pass"
PASS_KINDS = tuple(sorted(KINDS))
LOOK_BACK = timedelta(days=14)
MOST_TOKENS = 50
MOVING = ("gate", "day", "travel", "paper", "family")
CERTIFICATES = ("test", "vaccination", "recovery")
TOKENS = "tokens"
TRIES = 40


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """One signed pass. `token` is the holder's alone, `link` its secret place in the public
    tree.
    """

    pass_id: str
    kind: str
    token: str
    valid_from: datetime
    until: datetime
    address: str | None
    index: int | None
    link: str
    look_back: list[str] = []


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be issued. `certificate`: the statement of an EU certificate, with whose."""

    kind: str
    area: str
    subject: str | None = None
    valid_from: datetime | None = None
    until: datetime | None = None
    holder: str = ""
    journey: tuple[str, str] | None = None
    content: str = ""
    certificate: dict[str, str | int] | None = None
    name: dict[str, str] | None = None
    birth: str = ""


def issue(platform: Platform, caller: Caller, wish: Wish, count: int = 1) -> list[Issued]:
    """So many passes of one kind, each with a place of its own, so that two cannot be joined."""
    platform.reference.areas.require(wish.area)
    platform.policy.require(caller, ISSUE, area=wish.area)
    if not 1 <= count <= MOST_TOKENS:
        raise InputError(f"count must be 1 to {MOST_TOKENS}, got {count}", code="bad_count")
    if wish.kind not in KINDS:
        raise tokens.bad_pass(f"kind {wish.kind!r} is not one of {', '.join(KINDS)}")
    now = platform.clock.now().replace(microsecond=0)
    signing = open_store(platform.workspace / FOLDER).signing(now)
    look_back = check_status(platform, wish, now)
    return [issue_one(platform, caller, wish, now, signing, look_back) for _ in range(count)]


def check_status(platform: Platform, wish: Wish, now: datetime) -> list[str]:
    """RefusedError while a status binds the person; for a journey, what the last 14 days had."""
    if wish.kind == "travel" and (wish.subject is None or wish.journey is None):
        raise InputError(
            "a travel pass names its person and its journey",
            "give --subject and --journey",
            code="bad_pass",
        )
    if wish.subject is None:
        return []
    with platform.store.read() as rows:
        bound = binding_status(rows, wish.subject, now)
        recent = rows.list_rows(STATUSES, subject=wish.subject, order="-set_at")
    if bound is not None and wish.kind in MOVING:
        said = state_status(platform, bound, "in_force")
        raise RefusedError(said.en, "object, or wait until it ends", code="status_restricted")
    return [
        f"{row.value} {row.reason_code} {row.set_at:%Y-%m-%d}"
        for row in recent
        if row.set_at >= now - LOOK_BACK and row.decided in ("in_force", "lifted")
    ]


def issue_one(
    platform: Platform,
    caller: Caller,
    wish: Wish,
    now: datetime,
    signing: Signing,
    look_back: list[str],
) -> Issued:
    start = wish.valid_from or now
    longest = timedelta(seconds=KINDS[wish.kind][1])
    until = wish.until or start + min(longest, timedelta(days=14))
    needs_index = (until - now).total_seconds() > LIST_TTL_S and wish.kind != "gate"
    address = address_of(until) if needs_index else None
    index = draw_index(platform, address) if address is not None else None
    made = Pass(
        kind=wish.kind,
        issued_at=now,
        valid_from=start,
        until=until,
        address=address,
        index=index,
        holder=wish.holder,
        journey=wish.journey,
        content=wish.content,
    )
    token = sign(signing, made, wish)
    name = f"pass-{random_id(16)}"
    command = m.IssuePass(
        id=command_name(name),
        pass_id=name,
        area=wish.area,
        kind=wish.kind,  # type: ignore[arg-type]
        subject=wish.subject,
        list_uri=address,
        index=index,
        until=until,
    )
    ask(platform, caller, command)
    return Issued(
        pass_id=name,
        kind=wish.kind,
        token=token,
        valid_from=start,
        until=until,
        address=address,
        index=index,
        link=store_token(platform.workspace, token, until),
        look_back=look_back if wish.kind == "travel" else [],
    )


def draw_index(platform: Platform, address: str) -> int:
    """A free place, drawn at random among those that are no decoys."""
    reserved = decoys_of(platform.workspace / FOLDER, address).places
    with platform.store.read() as rows:
        for _ in range(TRIES):
            index = secrets.randbelow(SHARD)
            if index in reserved or rows.list_rows(PASSES, list_uri=address, index=index):
                continue
            return index
    raise ConflictError(f"list {address} is full", "issue with another end", code="list_full")


def sign(signing: Signing, made: Pass, wish: Wish) -> str:
    """The text of the code: our own form, or that of an EU certificate."""
    if wish.certificate is None:
        return tokens.to_text(tokens.write_pass(signing.private, signing.kid, made))
    if wish.kind not in CERTIFICATES or wish.name is None:
        raise tokens.bad_pass(f"a certificate is one of {', '.join(CERTIFICATES)}, with a name")
    found = make_certificate(
        wish.kind, name=wish.name, birth=wish.birth, statement=wish.certificate
    )
    claims: dict[object, object] = {
        1: "TW",
        tokens.ISSUED: int(made.issued_at.timestamp()),
        tokens.UNTIL: int(made.until.timestamp()),
        envelope.CERTIFICATES: {envelope.VERSION_1: found},
    }
    if made.index is not None:
        claims[tokens.STATUS] = {"status_list": {"idx": made.index, "uri": made.address}}
    message = cose.write_sign1(signing.private, signing.kid, cbor.encode(claims), "hcert")
    return envelope.write_envelope(message)


def store_token(workspace: Path, token: str, until: datetime) -> str:
    """Keeps the token for the public tree, until it ends, under a name that only its holder is
    told.
    """
    link = secrets.token_hex(16)
    path = workspace / FOLDER / TOKENS / link
    replace_file(path, token.encode() + b"\n", 0o600)
    os.utime(path, (until.timestamp(), until.timestamp()))
    return link


class PassView(msgspec.Struct, frozen=True, kw_only=True):
    """A pass on record, without its token and without its person."""

    pass_id: str
    kind: str
    area: str
    state: str
    revoked_because: str | None
    issued_at: datetime
    until: datetime


def show(row: IssuedPass) -> PassView:
    names = set(PassView.__struct_fields__) - {"pass_id"}
    return PassView(pass_id=row.id, **{name: getattr(row, name) for name in names})


def revoke(platform: Platform, caller: Caller, pass_id: str, reason: str) -> PassView:
    """Revoked in every list from the next publication on."""
    with platform.store.read() as rows:
        row = rows.find(PASSES, pass_id)
    area = row.area if row is not None else None
    platform.policy.require_thing(caller, ISSUE, f"pass {pass_id}", area, "see its record")
    fields: Mapping[str, object] = {"pass_id": pass_id, "reason": reason}
    asked = {"type": "RevokePass", "id": command_name(pass_id, "revoke"), **fields}
    try:
        ask(platform, caller, msgspec.convert(asked, m.RevokePass))
    except msgspec.ValidationError as error:
        raise InputError(
            f"not a revocation: {error}", "give a reason", code="bad_reason"
        ) from error
    with platform.store.read() as rows:
        return show(rows.get(PASSES, pass_id))


class CertificateFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an EU certificate says: `name` (fn, gn, fnt, gnt), `birth`, `statement` (tg, ci, …)."""

    name: dict[str, str]
    birth: str
    statement: dict[str, str | int]


def read_wish(*, certificate: bytes | None, **fields: object) -> Wish:
    """A wish, with the certificate of a JSON file."""
    made = msgspec.convert(fields, Wish)
    if certificate is None:
        return made
    try:
        found = msgspec.json.decode(certificate, type=CertificateFile)
    except UNREADABLE as error:
        raise InputError(
            f"the certificate file cannot be read: {error}",
            "JSON with name, birth, statement",
            code="bad_certificate",
        ) from error
    return msgspec.structs.replace(
        made, certificate=found.statement, name=found.name, birth=found.birth
    )
