"""Pictures of the docs: each that a page shows is there, each that is there is shown, none is large."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "docs" / "screens"
LARGEST, LARGEST_ALL = 300_000, 8_000_000
SHOWN = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    return [
        ROOT / "README.md",
        *(one for one in (ROOT / "docs").rglob("*.md") if "reference" not in one.parts),
    ]


def test_every_picture_is_there_is_shown_says_what_it_shows_and_is_small() -> None:
    shown: set[Path] = set()
    for page in pages():
        for says, target in SHOWN.findall(page.read_text("utf-8")):
            picture = (page.parent / target).resolve()
            assert picture.is_file(), f"{page.name} shows {target}, which is not there"
            assert len(says) >= 20, f"{page.name} shows {target} and does not say what is seen"
            shown.add(picture)
    there = set(SCREENS.glob("*.png"))
    assert there - shown == set(), "no page shows these"
    sizes = {one.name: one.stat().st_size for one in there}
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}
    assert sum(sizes.values()) < LARGEST_ALL
