"""One tree of errors: a stable code, what happened, what to do about it; and decoders'
complaints in plain words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

# what decoders raise for bytes that are no JSON or msgpack: also for a text in it that is no UTF-8,
# and for what is nested deeper than anybody would read
UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
Route = tuple[str | int, ...]  # the way to a thing in a file or message: ("tasks", 2, "after")
BOUNDS = {
    ">=": "is not {0} or more",
    ">": "is not above {0}",
    "<=": "is not {0} or less",
    "<": "is not below {0}",
}


class TwinwardError(Exception):
    """The root of the tree. `code` is stable, `params` are the values of the message; `advice`
    says what the reader can do.

    `exit_code` is what the command line returns: 2 when the input is at fault, 1 when we are;
    `status` and `title` are those of the HTTP answer.
    """

    code = "error"
    title = "We failed"
    exit_code = 1
    status = 500

    def __init__(
        self,
        message: str,
        advice: str = "",
        *,
        code: str | None = None,
        params: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.params = dict(params or {})
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message}. {self.advice}" if self.advice else self.message


class InputError(TwinwardError):
    """What was handed in cannot be used; `advice` says how to mend it."""

    code = "bad_input"
    title = "The input cannot be used"
    exit_code = 2
    status = 400


class TooLargeError(InputError):
    """More than one request may carry."""

    code = "body_too_large"
    title = "The body is too large"
    status = 413


class AbsentError(InputError):
    """No such thing, or not yours to see: both answer alike."""

    code = "not_found"
    title = "No such thing"
    status = 404


class RefusedError(InputError):
    """The rules do not allow this now (peacetime, wrong department, a closed thing)."""

    code = "refused"
    title = "Not allowed now"
    status = 403


class UnknownCallerError(RefusedError):
    """Nobody knows who asks: no token, or one that is no longer good."""

    code = "bad_token"
    title = "Log in first"
    status = 401


class TooManyTriesError(RefusedError):
    """Tried too often; later it may be tried again."""

    code = "too_many_tries"
    title = "Too many tries"
    status = 429


class TooManyNamesError(InputError):
    """An account has brought too many new names; later it may bring more."""

    code = "too_many_names"
    title = "Too many new names"
    status = 429


class ConflictError(InputError):
    """The thing is not in a state in which this can be done."""

    code = "conflict"
    title = "Not in this state"
    status = 409


class StorageError(TwinwardError):
    """The disk or the database did not keep its promise; nothing acknowledged is lost."""

    code = "storage"
    title = "The storage failed"
    status = 503


class BusyError(TwinwardError):
    """Another process holds what is needed; try again or stop it."""

    code = "busy"
    title = "Busy"
    status = 503


def field_path(complaint: str) -> Route:
    """The path that a complaint names: `$.a[2].b` is ("a", 2, "b"); a field that is unknown or
    missing stands last.
    """
    found = re.search(r"`\$([^`]*)`", complaint)
    words = re.findall(r"\.(\w+)|\[(\d+)\]", found[1]) if found else []
    named = re.findall(r"unknown field `(\w+)`", complaint)
    return (*(int(number) if number else word for word, number in words), *named)


def value_at(item: Any, route: Route) -> object:
    """What stands there; None where nothing does."""
    for step in route:
        try:
            item = item[step]
        except (LookupError, TypeError):
            return None
    return item


def plain(complaint: str, value: object = None) -> str:
    """The complaint without its path, and with bounds in words."""
    said = complaint.partition(" - at ")[0]
    bound = re.fullmatch(r"Expected `(?:float|int)` (>=|>|<=|<) ([\d.e+-]+)", said)
    if bound is None:
        return said
    what = f"{value:g}" if isinstance(value, int | float) else "it"
    return f"{what} {BOUNDS[bound[1]].format(f'{float(bound[2]):g}')}"


def decoded(body: bytes | msgspec.Raw) -> object:
    """What a body says, or None where it is not JSON to its end: a complaint may come before
    that is seen.
    """
    try:
        return msgspec.json.decode(body)
    except UNREADABLE:
        return None


def explain_decode_error(complaint: str, item: object = None) -> str:
    """The complaint with the field it is about; `item` is what was decoded.

    What was sent instead of one of some fixed words is not repeated: it may be a name that came
    into the wrong field.
    """
    route = field_path(complaint)
    said = plain(complaint, value_at(item, route))
    if said.startswith(("Invalid enum value", "Invalid value")):
        said = "none of the words that may stand here"
    return (
        f"{'.'.join(map(str, route))}: {said}"
        if route and "unknown field" not in complaint
        else said
    )
