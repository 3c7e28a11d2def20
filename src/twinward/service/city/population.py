"""Where residents live, by area: how what is said of one area divides over the areas of a level."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.columns import MANIFEST, open_city
from twinward.core.errors import InputError
from twinward.service.platform import Platform

Floats = NDArray[np.float64]


def level_of(platform: Platform, level: str | None) -> list[str]:
    """The areas of a level by name; without a name, those right below the city."""
    areas = platform.reference.areas
    if level is None:
        return sorted(areas.children.get(areas.root, []))
    found = sorted(code for code, area in areas.by_code.items() if area.level == level)
    if not found:
        known = (
            ", ".join(dict.fromkeys(area.level for area in areas.by_code.values()))
            or "none: there is no city"
        )
        raise InputError(f"there is no level {level!r}", f"known: {known}", code="unknown_level")
    return found


def spread(platform: Platform, place: dict[str, int], residents: Floats, code: str) -> Floats:
    """How something said of `code` divides over the areas: to the one it lies in, else by
    residents below it.
    """
    weight = np.zeros(len(place))
    home = home_of(platform, place, code)
    if home is not None:
        weight[place[home]] = 1.0
        return weight
    below = [n for area, n in place.items() if platform.reference.areas.is_under(area, code)]
    total = residents[below].sum()
    weight[below] = residents[below] / total if total else 1.0 / max(len(below), 1)
    return weight


def home_of(platform: Platform, place: dict[str, int], code: str) -> str | None:
    """The area of the level that `code` lies in, if it does not lie above them all."""
    return next(
        (above for above in reversed(platform.reference.areas.path(code)) if above in place), None
    )


@lru_cache(maxsize=4)
def leaf_residents(folder: Path, built_ns: int) -> dict[str, int]:
    """Residents of each leaf area of a city that was built at an instant."""
    base = open_city(folder)
    return dict(zip(base.leaf_codes, np.diff(base.leaf_start).tolist(), strict=True))


def built_of(platform: Platform) -> tuple[Path, int] | None:
    """The folder of the city and when it was built; None without one."""
    folder = platform.workspace / "city"
    if not (folder / "leaf_start.npy").exists():
        return None
    return folder, (folder / MANIFEST).stat().st_mtime_ns


def leaves_of(platform: Platform) -> dict[str, int]:
    built = built_of(platform)
    return {} if built is None else leaf_residents(*built)


@lru_cache(maxsize=4)
def residents_above(
    folder: Path, built_ns: int, path: Callable[[str], Iterable[str]]
) -> dict[str, int]:
    """Residents of every area that holds a leaf, the leaf and the city among them."""
    found: dict[str, int] = {}
    for leaf, count in leaf_residents(folder, built_ns).items():
        for code in path(leaf):
            found[code] = found.get(code, 0) + count
    return found


def residents_of(platform: Platform, place: dict[str, int]) -> Floats:
    """float64[areas] residents of each; whoever lives in two of them counts in the deeper."""
    path = platform.reference.areas.path
    if not any(above in place for code in place for above in path(code)[:-1]):
        return np.array([residents_below(platform, code) for code in place])
    found = np.zeros(len(place))
    for leaf, count in leaves_of(platform).items():
        home = home_of(platform, place, leaf)
        if home is not None:
            found[place[home]] += count
    return found


def residents_below(platform: Platform, code: str) -> float:
    """Residents of an area; 0 where the city has nobody there."""
    built = built_of(platform)
    if built is None:
        return 0.0
    return float(residents_above(*built, platform.reference.areas.path).get(code, 0))
