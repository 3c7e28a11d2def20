"""One Chromium for all pages without a map and one for those that draw it; each test has its own
context and says which stage it plays on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from browser.made_city import make_city
from browser.stage import CHROMIUM, FLAGS, PLAIN, Stage, play_outbreak, staged
from twinward.api.http.static_console import DIST

MISASKED = (405, 422)
PATIENCE_MS = 60_000  # a screen answers in a fraction of this; a loaded machine may not
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser on a loaded machine is played a second time before it is called wrong; the
    summary counts what was played again.
    """
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.flaky(reruns=1))


Launch = Callable[[bool], Browser]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Launch]:
    """Gives the Chromium for pages that draw a map or the one for those that do not, launched
    when first asked for.
    """
    if not Path(CHROMIUM).exists():
        pytest.skip("chromium is not installed: run scripts/system_parts.py")
    assert (DIST / "index.html").exists(), "the console is not built: run `make console`"
    running: dict[bool, Browser] = {}
    with sync_playwright() as playwright:

        def launch(drawn: bool) -> Browser:
            if drawn not in running:
                running[drawn] = playwright.chromium.launch(
                    executable_path=CHROMIUM, args=FLAGS if drawn else PLAIN
                )
            return running[drawn]

        yield launch
        for one in running.values():
            one.close()


@pytest.fixture(scope="session")
def browser(chromium: Launch) -> Browser:
    """For pages that draw no map."""
    return chromium(False)


@pytest.fixture(scope="session")
def outbreak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A city some weeks into an outbreak; tests on it only look."""
    workspace = tmp_path_factory.mktemp("outbreak") / "ws"
    make_city(workspace)
    with staged(workspace) as stage:
        play_outbreak(stage)
        yield stage


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Stage]:
    """A city in peacetime."""
    make_city(tmp_path / "ws", kind="ordinary")
    with staged(tmp_path / "ws") as stage:
        yield stage


Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Launch) -> Iterator[Open]:
    """Opens a page of a stage; at the end no script has failed, no request has left the
    machine, and none has asked what the API does not know.
    """
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_one(
        stage: Stage,
        place: str = "",
        *,
        size: tuple[int, int] = (1440, 900),
        language: str = "en",
        theme: str = "light",
        drawn: bool = False,
    ) -> Page:
        context = chromium(drawn).new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=theme
        )  # type: ignore[arg-type]
        context.add_init_script(
            f"localStorage.getItem('twinward.language') ?? "
            f"localStorage.setItem('twinward.language', '{language}')"
        )
        if not drawn:  # the map is drawn in software here: only tests of the map wait for it
            context.route("**/assets/maplibre*", lambda route: route.abort())
        contexts.append(context)
        stage.visits.append(lambda: leave(context))
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on(
            "pageerror", lambda error: troubles.append(str(error)) if context in contexts else None
        )
        page.on(
            "request",
            lambda request: (
                troubles.append(request.url)
                if not request.url.startswith((stage.url, "blob:", "data:"))
                else None
            ),
        )
        page.on(
            "response",
            lambda told: (
                troubles.append(f"{told.status} {told.url}") if told.status in MISASKED else None
            ),
        )
        page.goto(f"{stage.url}/#/{place}")
        return page

    def leave(context: BrowserContext) -> None:
        """A page that is closed while it loads a part of itself says so as an error: nobody
        listens any more.
        """
        if context in contexts:
            contexts.remove(context)
            context.close()

    yield open_one
    for context in list(contexts):
        leave(context)
    assert not troubles, troubles
