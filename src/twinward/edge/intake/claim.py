"""What a document says, in pieces: the text that was read, and the claims found in it."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A page, a sheet, a body, an attachment. `how`: text, ocr, speech; `sure` is how well it was
    read, 0 to 1.
    """

    name: str
    text: str
    how: str = "text"
    sure: float = 1.0


class ReadFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was read. `notes` are codes of what was left out or looks wrong; `sent_at` what
    a mail says of itself.
    """

    media: str
    parts: list[Part]
    notes: list[str] = []
    sent_at: datetime | None = None


class FoundClaim(msgspec.Struct, frozen=True, kw_only=True):
    """Who says what, where, when, how much. `span` is the sentence, `start` and `end` where the
    words that made the claim stand in it; `area` is empty where no place was recognised.
    """

    kind: str
    area: str
    place_text: str
    at: datetime | None
    quantity: float | None
    unit: str
    part: str
    span: str
    start: int
    end: int
    extractor: str
    confidence: float
