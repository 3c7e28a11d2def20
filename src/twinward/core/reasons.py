"""Reasons as data: a code with its parameters. The text is made where somebody reads it, in their
language, from the catalogues of the library.
"""

from __future__ import annotations

import msgspec

Value = str | int | float


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why something is so. `code` names a text of every catalogue, `params` fill its holes."""

    code: str
    params: dict[str, Value] = {}


def because_of(code: str, **params: Value) -> Reason:
    """A reason by its code."""
    return Reason(code=code, params=params)
