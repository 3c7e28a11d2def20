"""base64url without padding, JSON without duplicate keys, and inflation with a bound."""

from __future__ import annotations

import base64
import json
import re
import zlib

from twinward.core.errors import InputError

LETTERS = re.compile(r"[A-Za-z0-9_-]*")
# a text, which stays as it is, or a word that is no JSON
CONSTANT = re.compile(rb'"(?:[^"\\]|\\.)*+"|-?\b(?:NaN|Infinity)\b')
MAX_DEPTH = 32


def to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """InputError for other letters, padding, or bits that the shortest spelling has not."""
    if not LETTERS.fullmatch(text) or len(text) % 4 == 1:
        raise InputError("the base64url has a letter that is none", code="bad_base64")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if to_base64url(data) != text:
        raise InputError("the base64url is not in its one spelling", code="bad_base64")
    return data


def without_constants(body: bytes) -> bytes:
    """JSON that a program wrote with NaN or Infinity, which are none, with a text in their place:
    the item that holds one is refused alone and costs its neighbours nothing.
    """
    if b"NaN" not in body and b"Infinity" not in body:
        return body
    return CONSTANT.sub(lambda one: one[0] if one[0][:1] == b'"' else b'"NaN"', body)


def from_base64(text: str | bytes) -> bytes:
    """InputError for other letters, whatever they are, and for half a group."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:  # letters beyond ASCII too
        raise InputError(
            f"not base64: {error}", "send it in base64, without spaces", code="bad_base64"
        ) from error


def inflate(data: bytes, *, most: int, raw: bool = False) -> bytes:
    """The inflated bytes, at most `most`; InputError for a bomb, a cut or trailing stream."""
    engine = zlib.decompressobj(-15 if raw else 15)
    try:
        found = engine.decompress(data, most)
    except zlib.error as error:
        raise InputError("the deflated part is broken", code="bad_deflate") from error
    if engine.unconsumed_tail or not engine.eof:
        raise InputError(
            f"the deflated part is cut off, or longer than {most:,} bytes", code="bad_deflate"
        )
    if engine.unused_data:
        raise InputError("bytes follow the deflated part", code="bad_deflate")
    return found


def read_object(data: bytes) -> dict[str, object]:
    """The JSON object that `data` is: no duplicate keys, no NaN, at most 32 levels, nothing
    before or after it but blanks inside the text.
    """
    if data[:1] != b"{" or data[-1:] != b"}":
        raise InputError("the JSON is no object, or has trailing characters", code="bad_json")
    if _depth(data) > MAX_DEPTH:
        raise InputError(f"the JSON is nested deeper than {MAX_DEPTH}", code="bad_json")
    try:
        found = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InputError("the JSON cannot be read", "scan it again", code="bad_json") from error
    if not isinstance(found, dict):
        raise InputError("the JSON is no object", code="bad_json")
    return found


def _depth(data: bytes) -> int:
    deepest = level = 0
    for sign in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", data):
        level += (sign in b"[{") - (sign in b"]}")
        deepest = max(deepest, level)
    return deepest


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(word: str) -> object:
    raise ValueError(word)
