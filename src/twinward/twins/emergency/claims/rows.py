"""The rows of claims and their table."""

from __future__ import annotations

from datetime import datetime

import msgspec

from twinward.core.ports import Table


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One claim of a document. `status`: waiting, accepted, rejected."""

    id: str
    area: str
    kind: str
    status: str
    place_text: str
    happened_at: datetime | None
    quantity: float | None
    unit: str
    least: float | None
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
    judged_at: datetime | None = None
    judged_by: str = ""
    because: str = ""
    corrected: tuple[str, ...] = ()


class ClaimText(msgspec.Struct, frozen=True, kw_only=True):
    """The sentence of a claim; `refused`: it is to be deleted."""

    id: str
    area: str
    subject: str
    span: str
    noted_at: datetime
    refused: bool = False


CLAIMS: Table[Claim] = Table(
    name="claims",
    row=Claim,
    columns=("status", "kind", "document", "recorded_at"),
    indexes=(("status", "recorded_at"), ("document",)),
)
CLAIM_TEXTS: Table[ClaimText] = Table(
    name="claim_texts",
    row=ClaimText,
    columns=("refused", "noted_at"),
    indexes=(("refused",),),
    subject="subject",
)
TABLES = (CLAIMS, CLAIM_TEXTS)
