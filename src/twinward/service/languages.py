"""Answers in the reader's language: reasons are written from their codes, and what a plan or a
department says in its own words is said in Chinese where it carries both.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from twinward.core.language import FIRST, READER, reading_in
from twinward.core.reasons import Reason
from twinward.library.error_texts import say_error, say_known
from twinward.library.loading import Library, load_library
from twinward.library.texts import (
    LANGUAGES,
    say,
    say_event,
    say_head,
    say_list,
    say_name,
    say_reasons,
    say_value,
    write_reason,
    write_reasons,
)

__all__ = [
    "FIRST",
    "Library",
    "choose_language",
    "load_library",
    "reading_in",
    "say",
    "say_error",
    "say_event",
    "say_head",
    "say_known",
    "say_list",
    "say_name",
    "say_reasons",
    "say_value",
    "write_answer",
    "write_for_reader",
]

OWN = "reasons"  # beside `because`; `x_reasons` stands beside `x`
WORDED = {"title", "duty", "text", "audience", "task", "plan_title"}  # fields with a plan's words


def choose_language(accepted: str) -> str:
    """The language of an Accept-Language header that we have; English where we have none."""
    wanted: list[tuple[float, str]] = []
    for part in accepted.lower().split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            weight = 0.0
        if (known := name.partition("-")[0]) in LANGUAGES and weight > 0:
            wanted.append((-weight, known))
    return min(wanted, key=lambda one: one[0])[1] if wanted else FIRST


def write_answer(content: bytes, language: str, library: Library) -> bytes:
    """An answer, as JSON, in one language; in English it is as it was made."""
    if language == FIRST:
        return content
    words = library.words
    return msgspec.json.encode(put_into(msgspec.json.decode(content), language, words))


def write_for_reader(content: bytes) -> bytes:
    """An answer, as JSON, for whoever reads."""
    reader = READER.get()
    if reader.language == FIRST:
        return content
    told = put_into(msgspec.json.decode(content), reader.language, reader.words)
    return msgspec.json.encode(told)


def put_into(value: object, language: str, words: Mapping[str, str]) -> object:
    """The same value with its texts in that language."""
    if isinstance(value, list):
        return [put_into(one, language, words) for one in value]
    if not isinstance(value, dict):
        return value
    found = {
        name: word_of(one, words)
        if name in WORDED and isinstance(one, str)
        else put_into(one, language, words)
        for name, one in value.items()
    }
    for name, reasons in value.items():
        of = "because" if name == OWN else name.removesuffix(f"_{OWN}")
        if of != name and of in found and reasons:
            found[of] = rewrite(found[of], reasons, language, words)
    return found


def word_of(said: str, words: Mapping[str, str]) -> str:
    """A title in Chinese; one that names its object behind a point keeps the name."""
    head, point, thing = said.partition(" · ")
    return words.get(said) or (words.get(head, head) + point + thing)


def rewrite(said: object, reasons: object, language: str, words: Mapping[str, str]) -> object:
    """A text, a list or a mapping of texts, written anew from its reasons; as it was where they are
    none.
    """
    if isinstance(said, dict) and isinstance(reasons, dict):
        return {
            name: rewrite(text, reasons.get(name), language, words) for name, text in said.items()
        }
    try:
        known = msgspec.convert(reasons, list[Reason])
    except msgspec.ValidationError:
        return said
    if isinstance(said, list) and len(said) == len(known):
        return [write_reason(one, language, words) for one in known]
    return write_reasons(known, language, words) if isinstance(said, str) else said
