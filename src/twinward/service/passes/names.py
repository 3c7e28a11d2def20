"""Names of statuses, objections, passes, and of the commands about them."""

from __future__ import annotations

from twinward.core.coding.ids import random_id


def fresh_id(kind: str) -> str:
    """An id that nobody can guess, short enough to be read out over a telephone."""
    return f"{kind}-{random_id(10)}"


def command_name(*words: str) -> str:
    return ".".join(("cmd", *words, random_id(8)))
