"""Finds and reads a recorded outbreak: its own config, the one named, or the bundled one that
fits its files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twinward.core.errors import InputError
from twinward.edge.feeds.outbreak import OutbreakConfig, OutbreakFeed, read_config
from twinward.service.platform import Platform


def load_outbreak(
    folder: Path, config: Path | None, scenarios: Path, platform: Platform
) -> OutbreakFeed:
    """The feed of `folder`; InputError when nothing says what its columns mean."""
    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder", "name the folder of the outbreak's files", code="no_outbreak"
        )
    areas: Any = platform.reference.areas
    return OutbreakFeed(folder, find_config(folder, config, scenarios), areas)


def find_config(folder: Path, config: Path | None, scenarios: Path) -> OutbreakConfig:
    if config is not None:
        return read_config(config)
    if (folder / "outbreak.toml").exists():
        return read_config(folder / "outbreak.toml")
    for candidate in sorted(scenarios.glob("*/outbreak.toml")):
        bundled = read_config(candidate)
        if all((folder / source.file).exists() for source in bundled.sources):
            return bundled
    raise InputError(
        f"{folder} has no outbreak.toml",
        "write one, or name it with --outbreak-config",
        code="no_outbreak_config",
    )
