"""Holds a page against WCAG 2.2 AA with axe, and against the width of its screen."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"
LEVELS = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']"


def find_violations(page: Page, *, best: bool = False) -> list[str]:
    """Every violation, with axe's best practices too where asked, and what is wider than the
    screen.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    levels = LEVELS.replace("]", ", 'best-practice']") if best else LEVELS
    found = page.evaluate(
        f"axe.run(document, {{ runOnly: {levels}, resultTypes: ['violations'] }})"
    )
    told = [
        f"{rule['id']}: "
        f"{[node['html'][:120] + ' ' + node['failureSummary'][:160] for node in rule['nodes'][:3]]}"
        for rule in found["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return told + ([f"{wide} px wider than the screen"] if wide > 0 else [])


def assert_accessible(page: Page, place: str) -> None:
    """No violation, and nothing that is wider than the screen."""
    told = find_violations(page)
    assert not told, f"{place}: " + "\n".join(told)
