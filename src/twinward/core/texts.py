"""Texts are checked in one place, whatever message carries them: what no database and no reader
can take is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import msgspec
from msgspec import inspect

from twinward.core.errors import InputError

LONGEST = 20_000  # characters of any one text, also where a message states no bound
# control characters (C0, delete, C1), what turns the direction of the words after it or breaks a
# line unseen, and halves of surrogate pairs; lines and tabs belong into running text alone
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
NOT_IN_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
RUNNING_TEXT = 1000  # a field that may be as long as this holds running text; a shorter one a name
ADVICE = "remove it: letters, digits, punctuation and, in longer texts, line breaks are fine"


def require_message(message: msgspec.Struct, *also: str | None, ours: bool = False) -> None:
    """InputError `bad_text` unless every text of a message, however deep, can be kept and read by
    everybody.

    What we made ourselves (`ours`) of words that were checked may be longer than a sender's.
    """
    for text in also:
        if text is not None:
            check("", text, UNPRINTABLE, LONGEST)
    for name, running, most in text_fields(type(message)):
        value = getattr(message, name)
        if value is not None:
            refused = NOT_STORABLE if ours else NOT_IN_TEXT if running else UNPRINTABLE
            for text in texts_of(value):
                check(name, text, refused, LONGEST if ours else most)


def require_name(field: str, text: str, most: int = 200) -> None:
    """InputError `bad_text` unless the text is one line without control characters."""
    check(field, text, UNPRINTABLE, most)


def require_storable(*texts: str | None) -> None:
    """InputError `bad_text` when a text holds what a database cannot keep; the last check before
    it is asked.
    """
    for text in texts:
        if text is not None and (not isinstance(text, str) or NOT_STORABLE.search(text)):
            raise InputError("a text holds a character that no text has", ADVICE, code="bad_text")


def check(field: str, text: str, refused: re.Pattern[str], most: int) -> None:
    where = f"{field}: " if field else ""
    found = refused.search(text)
    if found is not None:
        raise InputError(
            f"{where}a text holds the character U+{ord(found[0]):04X}", ADVICE, code="bad_text"
        )
    if len(text) > most:
        raise InputError(
            f"{where}{len(text)} characters are too many", f"at most {most}", code="bad_text"
        )


@cache
def text_fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, bool, int], ...]:
    """The fields of a message that may hold texts: name, whether it is running text, how long it
    may be.
    """
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    found = []
    for field in info.fields:
        texts = list(text_types(field.type))
        if texts:
            most = max(one.max_length or LONGEST for one in texts)
            found.append((field.encode_name, most >= RUNNING_TEXT, most))
    return tuple(found)


def text_types(
    kind: inspect.Type, above: frozenset[type] = frozenset()
) -> Iterator[inspect.StrType]:
    """Every type of text that lies in a type, however deep; a struct within itself (`above`) says
    nothing new.
    """
    if isinstance(kind, inspect.StrType):
        yield kind
        return
    if isinstance(kind, inspect.AnyType):
        yield inspect.StrType()
    if isinstance(kind, inspect.StructType):
        if kind.cls in above:
            return
        above = above | {kind.cls}
        for field in kind.fields:
            yield from text_types(field.type, above)
    for name in ("type", "item_type", "key_type", "value_type"):
        inner = getattr(kind, name, None)
        if isinstance(inner, inspect.Type):
            yield from text_types(inner, above)
    for name in ("types", "item_types"):
        for inner in getattr(kind, name, ()):
            yield from text_types(inner, above)


def texts_of(value: object) -> Iterator[str]:
    """Every text in a value: in lists, mappings (their keys too) and structs."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts_of(key)
            yield from texts_of(inner)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from texts_of(inner)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts_of(getattr(value, name))


def require_reason(text: str) -> str:
    """The reason of a deed, for the record: 3 to 2,000 characters; InputError `no_reason`."""
    if not 3 <= len(text.strip()) <= 2000:
        raise InputError("this needs a reason", "3 to 2,000 characters", code="no_reason")
    return text
