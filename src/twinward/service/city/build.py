"""Use cases of the city base: build it, describe it; its residents are synthetic, so nobody
needs a permission.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import twinward
from twinward.citybase.build import build
from twinward.citybase.columns import read_manifest
from twinward.citybase.directory import CITY, restore_interrupted
from twinward.citybase.people.synthesis import Progress
from twinward.core.errors import InputError

REFERENCE = "shanghai"
CODES_SHOWN = 6  # of the lowest areas, in the description


def scenario_path(name: str, file: str) -> Path:
    """A file of a bundled scenario: at the repository's root, or inside the installed package."""
    package = Path(twinward.__file__).resolve().parent
    for root in (package / "scenarios", package.parent.parent / "scenarios"):
        if (root / name / file).is_file():
            return root / name / file
    raise InputError(
        f"the bundled scenario {name}/{file} is not installed",
        "install Twinward again, or name a file with --config",
        code="no_scenario",
    )


def build_city(
    config_path: Path | None,
    workspace: Path,
    seed: int = 0,
    threads: int = 0,
    progress: Progress = lambda stage, share: None,
    accept_losses: bool = False,
) -> dict[str, Any]:
    """Builds the city of `config_path` (None: the reference city) into the workspace; the report
    of CONTRACTS.
    """
    return build(
        config_path or scenario_path(REFERENCE, "city.toml"),
        workspace,
        seed=seed,
        threads=threads,
        progress=progress,
        accept_losses=accept_losses,
    )


def describe_city(workspace: Path) -> dict[str, Any]:
    """The report of the city's build and its fidelity: each figure beside its input. AbsentError
    without a city.
    """
    restore_interrupted(workspace)
    manifest = read_manifest(workspace / CITY)
    leaves = {"level": manifest.areas[-1].level, "count": len(manifest.leaf_codes)}
    return manifest.report | {
        "timezone": manifest.timezone,
        "leaf_areas": leaves | {"codes": manifest.leaf_codes[:CODES_SHOWN]},
        "fidelity": manifest.fidelity,
    }


def write_city_page(workspace: Path, page: Path) -> Path:
    """The fidelity report as one HTML file with its figures inside."""
    from twinward.report.city import render_city

    html = render_city(describe_city(workspace))
    try:
        page.write_text(html, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{page} cannot be written: {error.strerror}",
            "name another file with --html",
            code="bad_path",
        ) from error
    return page
