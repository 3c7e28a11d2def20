"""Reasons as data: a code with its parameters. The text is made where somebody reads it, in their
language, from the catalogues of the library.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why something is so. `code` names a text of every catalogue, `params` fill its holes."""

    code: str
    params: dict[str, Value] = {}


Value = str | int | float | tuple[Reason, ...]  # a reason may rest on others


def because_of(code: str, **params: Value) -> Reason:
    """A reason by its code."""
    return Reason(code=code, params=params)


def unique(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each reason once, in the order in which it came first."""
    found: list[Reason] = []
    for one in reasons:
        if one not in found:
            found.append(one)
    return tuple(found)
