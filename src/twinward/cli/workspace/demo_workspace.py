"""The workspace of a demonstration: made or reused, its earlier run archived, never somebody's
real one.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from twinward.app.workspace import MARK, init_workspace, read_mark, scenarios_folder
from twinward.cli.framework.progress import progress_bar
from twinward.core.errors import InputError, RefusedError
from twinward.service.city.build import build_city

KEPT = {"city", "city-rejected", "archive", "workspace.json", "settings.toml", "plans"}


def prepare_workspace(
    workspace: Path, city: Path | None, seed: int, say: Callable[[str], None]
) -> float:
    """Ready for a run; returns the seconds that building the city took (0 when it was there)."""
    if (workspace / MARK).exists():
        if read_mark(workspace).kind != "demo":
            raise RefusedError(
                f"{workspace} is not a demonstration's workspace",
                "name another with --workspace; a demonstration never writes into real data",
                code="not_a_demo",
            )
        archive(workspace)
    else:
        init_workspace(workspace, kind="demo")
    return prepare_city(workspace, city, seed, say)


def archive(workspace: Path) -> None:
    """Move the earlier run's log and keys to archive/<n>."""
    old = [path for path in workspace.iterdir() if path.name not in KEPT]
    if not old:
        return
    home = workspace / "archive"
    home.mkdir(exist_ok=True)
    target = home / f"{len(list(home.iterdir())) + 1:04d}"
    target.mkdir()
    for path in old:
        shutil.move(path, target / path.name)


def prepare_city(
    workspace: Path, city: Path | None, seed: int, say: Callable[[str], None]
) -> float:
    """The city asked for, or the one that is there, or the bundled one."""
    if city is None and (workspace / "city" / "city.json").exists():
        return 0.0
    if city is not None:
        for built in (city, city / "city"):
            if (built / "city.json").exists():
                shutil.rmtree(workspace / "city", ignore_errors=True)
                shutil.copytree(built, workspace / "city")
                return 0.0
    config = (city or scenarios_folder() / "shanghai") / "city.toml"
    if not config.exists():
        raise InputError(
            f"there is no {config}",
            "name a folder with a city.toml or a built city",
            code="no_city",
        )
    say(f"building the city of {config.parent.name} (once) …")
    began = time.perf_counter()
    with progress_bar("city") as progress:
        build_city(config, workspace, seed=seed, progress=progress)
    return time.perf_counter() - began
