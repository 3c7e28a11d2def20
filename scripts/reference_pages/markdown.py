"""What all pages of the reference share: heads, tables, cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MADE = "Made by `scripts/make_reference.py` from the code; do not edit by hand."


def head(title: str, about: str) -> str:
    return f"# {title}\n\n{MADE}\n\n{about.strip()}\n"


def table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(cell(one) for one in row)} |" for row in rows]
    return "\n".join(lines)


def cell(text: str) -> str:
    """One line, with what would end the cell escaped."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    return f"`{text}`" if text else ""
