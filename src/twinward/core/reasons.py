"""Reasons as data: a code with its parameters. The text is made where somebody reads it, in their
language, from the catalogues of the library.
"""

from __future__ import annotations

import msgspec


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why something is so. `code` names a text of every catalogue, `params` fill its holes."""

    code: str
    params: dict[str, Value] = {}


Value = str | int | float | tuple[Reason, ...]  # a reason may rest on others


def because_of(code: str, **params: Value) -> Reason:
    """A reason by its code."""
    return Reason(code=code, params=params)
