"""Writes docs/reference/ from the code: `python scripts/make_reference.py [--check] [PAGE ...]`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from reference_pages import cli, commands, errors, http, indicators, modules, python, settings

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
PAGES: dict[str, Callable[[], str]] = {
    "cli": cli.make_page,
    "commands": commands.make_page,
    "errors": errors.make_page,
    "http": http.make_page,
    "indicators": indicators.make_page,
    "modules": modules.make_page,
    "python": python.make_page,
    "settings": settings.make_page,
}


def main(arguments: list[str]) -> int:
    os.environ.pop("TWINWARD_WORKSPACE", None)  # the pages are the same on every machine
    names = [name for name in arguments if not name.startswith("-")] or list(PAGES)
    stale = []
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names:
        page = FOLDER / f"{name}.md"
        text = PAGES[name]()
        if not page.exists() or page.read_text("utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                page.write_text(text, "utf-8")
    if stale and "--check" in arguments:
        print(f"docs/reference: out of date: {', '.join(stale)}; run scripts/make_reference.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
