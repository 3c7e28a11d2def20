"""Progress on standard error, for verbs that take a while: a bar for a person, lines for a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from twinward.cli.framework.output import say


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[str, float], None]]:
    """A function (stage, share of 1) that moves the bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda stage, share: bar.update(task, description=stage, completed=share)


@contextmanager
def progress_lines(title: str) -> Iterator[Callable[[str, float], None]]:
    """A function (stage, share of 1) that says a line whenever another quarter is done."""
    reached = 0

    def tell(stage: str, share: float) -> None:
        nonlocal reached
        if int(share * 4) > reached:
            reached = int(share * 4)
            say(f"{title}: {stage} ({share:.0%})")

    yield tell
