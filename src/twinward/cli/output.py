"""What a verb says: words for people on standard error, one JSON object last on standard output."""

from __future__ import annotations

import sys
from typing import Any

import msgspec


def say(text: str) -> None:
    """A line for a person; standard error, so that standard output stays machine-readable."""
    sys.stderr.write(text + "\n")


def emit_json(result: Any) -> None:
    """The one JSON object of a `--json` run, as the last line of standard output."""
    sys.stdout.flush()
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    sys.stdout.flush()


def emit_text(text: str) -> None:
    """The readable answer of a verb, on standard output."""
    sys.stdout.write(text + "\n")
