"""Builds the documentation site into dist/docs, without network: `python scripts/build_docs.py
[SITE]`.

The pages of the project's root become pages of the site, decisions get a list, and pages that the
navigation does not name yet are added to its room, so that a new page needs no second edit.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
ROOT_PAGES = {
    "ARCHITECTURE.md": "project/architecture.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
}
LINK = re.compile(r"(\]\()([^)#\s]+)((?:#[^)]*)?\))")
ROOMS = {"howto": "How to", "reference": "Reference", "explanation": "Explanation"}


def place_in_site(target: Path) -> Path | None:
    """Where a file of the project stands in the site, None where it does not."""
    name = target.relative_to(ROOT).as_posix() if target.is_relative_to(ROOT) else ""
    if name in ROOT_PAGES:
        return Path(ROOT_PAGES[name])
    if name == "docs/decisions":
        return Path("decisions/index.md")
    return Path(name).relative_to("docs") if name.startswith("docs/") else None


def rewrite(text: str, source: Path, page: Path) -> str:
    """The text with its links as they lead from `page` in the site."""

    def link(found: re.Match[str]) -> str:
        target = found[2]
        if "://" in target or target.startswith(("mailto:", "data:")):
            return found[0]
        place = place_in_site((source.parent / target).resolve())
        if place is None:
            return found[0]
        steps = [".."] * (len(page.parts) - 1)
        return f"{found[1]}{'/'.join([*steps, place.as_posix()])}{found[3]}"

    return LINK.sub(link, text)


def collect(folder: Path) -> list[str]:
    """Writes the site's pages into `folder`; returns their names."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "docs", folder)
    for name, place in ROOT_PAGES.items():
        page = folder / place
        page.parent.mkdir(exist_ok=True)
        page.write_text(
            rewrite((ROOT / name).read_text("utf-8"), ROOT / name, Path(place)), "utf-8"
        )
    for page in folder.rglob("*.md"):
        place = page.relative_to(folder)
        if place.parts[0] != "project":
            text = page.read_text("utf-8")
            page.write_text(rewrite(text, ROOT / "docs" / place, place), "utf-8")
    decisions = sorted((folder / "decisions").glob("0*.md"))
    lines = [f"* [{title_of(page)}]({page.name})" for page in decisions]
    index = "# Decisions\n\nWhere the code deviates from the first design, and why.\n\n"
    (folder / "decisions" / "index.md").write_text(index + "\n".join(lines) + "\n", "utf-8")
    return sorted(page.relative_to(folder).as_posix() for page in folder.rglob("*.md"))


def title_of(page: Path) -> str:
    first = page.read_text("utf-8").split("\n", 1)[0]
    return first.lstrip("# ").strip() or page.stem


def names_in(nav: Any) -> set[str]:
    if isinstance(nav, str):
        return {nav}
    parts = nav.values() if isinstance(nav, dict) else nav
    return set().union(*(names_in(part) for part in parts))


def complete(nav: list[dict[str, Any]], pages: list[str], folder: Path) -> list[dict[str, Any]]:
    """The navigation with every page of a room in it."""
    known = names_in(nav)
    for page in pages:
        room = ROOMS.get(page.split("/")[0])
        if page not in known and room is not None:
            entries = next(part[room] for part in nav if room in part)
            entries.append({title_of(folder / page): page})
    return nav


def build(site: Path, work: Path) -> None:
    """Builds the site; raises SystemExit that names every broken link."""
    from mkdocs.commands.build import build as build_site
    from mkdocs.config import load_config

    pages = collect(work)
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    nav = complete(settings["nav"], pages, work)
    decisions = [page for page in pages if page.startswith("decisions/0")]
    listed = {"not_in_nav": "\n".join(decisions)}
    config = load_config(
        str(ROOT / "mkdocs.yml"), docs_dir=str(work), site_dir=str(site), nav=nav, **listed
    )
    build_site(config)


def main(arguments: list[str]) -> int:
    site = Path(arguments[0]) if arguments else ROOT / "dist" / "docs"
    build(site, ROOT / "build" / "docs")
    print(f"docs: {site / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
