"""A document becomes claims; each waits for a person or a rule, and only then anything follows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypedDict

import msgspec

from twinward.core.coding.ids import digest_id
from twinward.core.errors import AbsentError, InputError
from twinward.core.ids import derive_id
from twinward.core.language import READER
from twinward.core.ports import Reader
from twinward.core.texts import NOT_IN_TEXT
from twinward.edge.intake.claim import FoundClaim, ReadFile
from twinward.edge.intake.extract import find_claims, shorten
from twinward.edge.intake.kinds import BASE, load_kinds
from twinward.edge.intake.sandbox import read_file
from twinward.service.access.retention import day_us
from twinward.service.documents.names import gazetteer_of
from twinward.service.documents.rules import load_rules
from twinward.service.intake.commands import submit_objects
from twinward.service.platform import Caller, Platform, ask
from twinward.twins.emergency import messages as m
from twinward.twins.emergency.claims.rows import CLAIM_TEXTS, CLAIMS, Claim

NO_CLAIM = "list them with `twinward intake list`"
DIGITS = 16  # of a document's hash


class ClaimView(msgspec.Struct, frozen=True, kw_only=True):
    """A claim with its sentence; `start` to `end` are the words that made it."""

    id: str
    kind: str
    title: str
    status: str
    area: str
    area_name: str
    place_text: str
    happened_at: datetime | None
    quantity: float | None
    unit: str
    document: str
    part: str
    span: str
    start: int
    end: int
    extractor: str
    confidence: float
    becomes: str
    hazard: str
    figure: str
    recorded_at: datetime
    judged_at: datetime | None
    judged_by: str
    because: str
    corrected: tuple[str, ...]


class IntakeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a document. `known`: claims that it had brought before; `elsewhere`: claims of
    areas that are not the caller's, which were left out.
    """

    document: str
    media: str
    parts: int
    letters: int
    notes: list[str]
    claims: list[ClaimView]
    recorded: int
    known: int
    accepted: int
    elsewhere: int


class ClaimFilter(TypedDict, total=False):
    """Which claims."""

    status: str
    kind: str
    document: str


def take_in(platform: Platform, caller: Caller, data: bytes, source: str = "desk") -> IntakeAnswer:
    """Read a document in the sandbox and record what it claims. The document itself is kept
    nowhere: a picture and a voice least of all.
    """
    platform.policy.require(caller, "report")
    read = shorten(read_file(data))
    document = digest_id(data, DIGITS)
    now = platform.clock.now()
    found = find_claims(read, gazetteer_of(platform), now, platform.reference.zone)
    rules = load_rules(platform.workspace)
    home = platform.reference.areas.root if "all" in caller.areas else caller.areas[0]
    counts = {"recorded": 0, "known": 0, "accepted": 0, "elsewhere": 0}
    names: list[str] = []
    for one in found:
        area = one.area or home
        if not platform.policy.decide(caller, "report", area=area).allowed:
            counts["elsewhere"] += 1
            continue
        name = claim_id(document, one)
        names.append(name)
        with platform.store.read() as rows:
            known = rows.find(CLAIMS, name)
        if known is not None:
            counts["known"] += 1
            continue
        ask(platform, caller, record_of(name, area, one, document))
        counts["recorded"] += 1
        rule = next((r for r in rules.accept if r.takes(one, source)), None)
        if rule is not None:
            accept = m.AcceptClaim(
                id=derive_id("cmd", name, "rule", rule.name), claim=name, rule=rule.name
            )
            ask(platform, caller, accept)
            counts["accepted"] += 1
    with platform.store.read() as rows:
        shown = [
            view_of(platform, rows, row)
            for name in names
            if (row := rows.find(CLAIMS, name)) is not None
        ]
    return answer_of(platform, document, read, shown, counts)


def answer_of(
    platform: Platform,
    document: str,
    read: ReadFile,
    claims: list[ClaimView],
    counts: dict[str, int],
) -> IntakeAnswer:
    return IntakeAnswer(
        document=document,
        media=read.media,
        parts=len(read.parts),
        letters=sum(len(part.text) for part in read.parts),
        notes=read.notes,
        claims=claims,
        **counts,
    )


def claim_id(document: str, one: FoundClaim) -> str:
    """The same words of the same document are the same claim."""
    return derive_id("claim", document, one.kind, one.area, str(one.quantity), one.part, one.span)


def record_of(name: str, area: str, one: FoundClaim, document: str) -> m.RecordClaim:
    kind = load_kinds().get(one.kind)
    assert kind is not None  # the extractor knows no others
    return m.RecordClaim(
        id=derive_id("cmd", name, "record"),
        claim=name,
        area=area,
        terms=m.ClaimTerms(
            kind=one.kind,
            place_text=plain(one.place_text)[:120],
            happened_at=one.at,
            quantity=one.quantity,
            unit=BASE[kind.unit],
            least=kind.least,
            document=document,
            part=plain(one.part)[:120],
            span=NOT_IN_TEXT.sub(" ", one.span),
            start=one.start,
            end=one.end,
            extractor=one.extractor,
            confidence=one.confidence,
            becomes=kind.becomes,
            hazard=kind.hazard,
            figure=kind.figure,
        ),
    )


def plain(text: str) -> str:
    """One line without control characters."""
    return " ".join(NOT_IN_TEXT.sub(" ", text).split())


def view_of(platform: Platform, rows: Reader, row: Claim) -> ClaimView:
    text = rows.find(CLAIM_TEXTS, row.id)
    row = msgspec.structs.replace(row, span=row.span if text is None else text.span)
    kind = load_kinds().get(row.kind)
    titles = kind.title if kind is not None else {}
    names = set(ClaimView.__struct_fields__) - {"title", "area_name"}
    return ClaimView(
        title=titles.get(READER.get().language, row.kind),
        area_name=platform.reference.areas.name(row.area),
        **{name: getattr(row, name) for name in names},
    )


def list_claims(
    platform: Platform,
    caller: Caller,
    *,
    status: str | None = "waiting",
    kind: str | None = None,
    document: str | None = None,
) -> list[ClaimView]:
    """Those of the caller's areas, the newest first."""
    platform.policy.require(caller, "report")
    forget_refused(platform)
    mine = platform.policy.jurisdiction(caller)
    equals: ClaimFilter = {}
    if status not in (None, "all"):
        equals["status"] = str(status)
    if kind:
        equals["kind"] = kind
    if document:
        equals["document"] = document
    with platform.store.read() as rows:
        found = rows.list_rows(CLAIMS, order="-recorded_at", **equals)
        return [view_of(platform, rows, row) for row in found if mine.covers(row.area)]


def get_claim(platform: Platform, caller: Caller, claim: str) -> ClaimView:
    """One claim; what is elsewhere answers like what is not there."""
    with platform.store.read() as rows:
        row = rows.find(CLAIMS, claim)
        shown = view_of(platform, rows, row) if row is not None else None
    platform.policy.require_thing(
        caller, "report", f"claim {claim}", getattr(row, "area", None), NO_CLAIM
    )
    if shown is None:
        raise AbsentError(f"there is no claim {claim}", NO_CLAIM)
    return shown


def judge(platform: Platform, caller: Caller, claim: str, kind: str, **fields: object) -> ClaimView:
    """AcceptClaim or RejectClaim through the door of all commands; the loop then asks what the
    claim stands for.
    """
    with platform.store.read() as rows:
        name = derive_id("judge", claim, kind, caller.name, rows.last_seq())
    told = {key: value for key, value in fields.items() if value is not None}
    account = submit_objects(
        platform, caller, [{"type": kind, "id": name, "claim": claim, **told}], "desk"
    )
    if account.rejected:
        raise InputError(account.rejected[0].message, code=account.rejected[0].code)
    forget_refused(platform)
    return get_claim(platform, caller, claim)


def forget_refused(platform: Platform) -> int:
    """The sentences of claims that were refused are deleted and their keys destroyed; how many.
    That there was a claim, of which kind and where, and why it was refused, stays on record.
    """
    with platform.store.read() as rows:
        refused = rows.list_rows(CLAIM_TEXTS, refused=True)
    keys = {(row.subject, row.noted_at.astimezone(UTC).date()) for row in refused}
    if keys:
        ended = [(who, platform.keyring.name(who, day), *day_us(day)) for who, day in sorted(keys)]
        platform.store.erase(ended)  # before the keys: what a crash leaves undone is done next time
        platform.keyring.destroy_all(keys)
    return len(keys)
