"""The documentation site is built without network, and no page of it asks another host for anything."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(HOME / "scripts"))
LOADS = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src")}


class Loads(HTMLParser):
    """What a browser fetches by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        rel = dict(attrs).get("rel")
        for name, value in attrs:
            if (tag, name) in LOADS and value and rel not in ("canonical", "next", "prev"):
                self.found.append(value)


def test_the_site_is_built_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="mkdocs is missing; `make setup-dev` would install it")
    import build_docs

    build_docs.build(tmp_path / "site", tmp_path / "pages")
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        parser = Loads()
        parser.feed(page.read_text("utf-8"))
        outside = [one for one in parser.found if re.match(r"(https?:)?//", one)]
        assert not outside, f"{page.name} loads {outside}"
    for style in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", style.read_text("utf-8")), style.name


def test_every_page_of_the_folder_is_in_the_navigation(tmp_path: Path) -> None:
    pytest.importorskip("yaml", reason="mkdocs is missing; `make setup-dev` would install it")
    import yaml

    import build_docs

    pages = build_docs.collect(tmp_path / "pages")
    nav = yaml.safe_load((HOME / "mkdocs.yml").read_text("utf-8"))["nav"]
    known = build_docs.names_in(build_docs.complete(nav, pages, tmp_path / "pages"))
    assert {page for page in pages if not page.startswith("decisions/0")} == known


def test_links_to_the_root_lead_into_the_site(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    import build_docs

    source = HOME / "docs" / "howto" / "upgrade.md"
    text = "[a](../../ARCHITECTURE.md#the-circle) [b](simulate.md) [c](https://example.org/x)"
    found = build_docs.rewrite(text, source, Path("howto/upgrade.md"))
    assert found == (
        "[a](../project/architecture.md#the-circle) [b](../howto/simulate.md) "
        "[c](https://example.org/x)"
    )
