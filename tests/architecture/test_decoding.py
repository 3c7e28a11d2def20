"""Whoever decodes bytes from outside catches all that a decoder raises for them, not only the first
kind of it that comes to mind.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from twinward.core.errors import UNREADABLE

SOURCE = Path(__file__).resolve().parents[2] / "src" / "twinward"
ALL_KINDS = (b"{", b'{"a": "\xff"}', b'{"\xac": 1}', b"[" * 100_000)


def list_handlers() -> Iterator[tuple[str, str]]:
    """(file and line, what is caught) of every handler that names a decoder's complaint."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and node.type is not None:
                caught = ast.unparse(node.type)
                if "msgspec.DecodeError" in caught or "UNREADABLE" in caught:
                    yield f"{path.relative_to(SOURCE)}:{node.lineno}", caught


def test_every_handler_of_a_decoder_also_takes_what_is_no_utf_8() -> None:
    found = list(list_handlers())
    assert len(found) > 25
    wrong = [
        (where, caught)
        for where, caught in found
        if "UNREADABLE" not in caught and "UnicodeDecodeError" not in caught
    ]
    assert wrong == []


@pytest.mark.parametrize("content", ALL_KINDS)
def test_what_a_decoder_raises_is_among_them(content: bytes) -> None:
    with pytest.raises(UNREADABLE):
        msgspec.json.decode(content)
