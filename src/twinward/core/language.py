"""Who reads: the language of the person who asks, for as long as the question is answered.

The edge (a request, a run of the command line) sets it. What goes into the log never depends on it:
facts hold English and the reasons as data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import msgspec

FIRST = "en"


class ReaderLanguage(msgspec.Struct, frozen=True, kw_only=True):
    """`words`: what plans and departments say in their own words, in the reader's language."""

    language: str = FIRST
    words: Mapping[str, str] = {}


READER: ContextVar[ReaderLanguage] = ContextVar("reader", default=ReaderLanguage())  # noqa: B039  it is frozen


@contextmanager
def reading_in(language: str, words: Mapping[str, str] | None = None) -> Iterator[None]:
    """Whatever is written for people inside is in that language."""
    before = READER.set(ReaderLanguage(language=language, words=words or {}))
    try:
        yield
    finally:
        READER.reset(before)
