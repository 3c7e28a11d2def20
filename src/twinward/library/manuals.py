"""Work manuals: short texts that tasks name, by the path a plan gives (`manuals/investigation.md`)."""

from __future__ import annotations

import msgspec

from twinward.core.errors import AbsentError
from twinward.library.loading import HOME


class Manual(msgspec.Struct, frozen=True, kw_only=True):
    """One manual: its path, its first heading, its text in Markdown."""

    path: str
    title: str
    text: str


def list_manuals() -> list[Manual]:
    return [get_manual(f"manuals/{path.name}") for path in sorted((HOME / "manuals").glob("*.md"))]


def get_manual(path: str) -> Manual:
    """The manual of that path; AbsentError where the library has none."""
    known = {f"manuals/{file.name}": file for file in (HOME / "manuals").glob("*.md")}
    if path not in known:
        raise AbsentError(f"there is no manual {path!r}", "known: " + ", ".join(sorted(known)), code="no_manual")
    text = known[path].read_text("utf-8")
    return Manual(path=path, title=text.partition("\n")[0].lstrip("# ").strip(), text=text)


def find_manual(path: str) -> Manual | None:
    """The manual, or None where a plan names one that is kept elsewhere."""
    return next((manual for manual in list_manuals() if manual.path == path), None)
