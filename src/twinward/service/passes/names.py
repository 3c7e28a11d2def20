"""Names of statuses, objections, passes, and of the commands about them."""

from __future__ import annotations

import secrets


def fresh_id(kind: str) -> str:
    """An id that nobody can guess, short enough to be read out over a telephone."""
    return f"{kind}-{secrets.token_hex(5)}"


def command_name(*words: str) -> str:
    return ".".join(("cmd", *words, secrets.token_hex(4)))
