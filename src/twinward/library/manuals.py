"""Work manuals: short texts that tasks name, by the path a plan gives
(`manuals/investigation.md`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from twinward.core.errors import AbsentError
from twinward.core.language import READER
from twinward.library.loading import HOME


class Manual(msgspec.Struct, frozen=True, kw_only=True):
    """One manual: its path, its first heading, its text in Markdown."""

    path: str
    title: str
    text: str


@cache
def manual_files() -> dict[str, Path]:
    """The file of each manual, by the path that plans give."""
    return {f"manuals/{path.name}": path for path in sorted((HOME / "manuals").glob("*.md"))}


def list_manuals(language: str | None = None) -> list[Manual]:
    return [get_manual(path, language) for path in manual_files()]


def get_manual(path: str, language: str | None = None) -> Manual:
    """The manual of that path, in that language or the reader's; AbsentError where the library has
    none.
    """
    known = manual_files()
    if path not in known:
        raise AbsentError(
            f"there is no manual {path!r}", "known: " + ", ".join(known), code="no_manual"
        )
    own = known[path].parent / (language or READER.get().language) / known[path].name
    text = (own if own.is_file() else known[path]).read_text("utf-8")
    return Manual(path=path, title=text.partition("\n")[0].lstrip("# ").strip(), text=text)


def find_manual(path: str) -> Manual | None:
    """The manual, or None where a plan names one that is kept elsewhere."""
    return next((manual for manual in list_manuals() if manual.path == path), None)
