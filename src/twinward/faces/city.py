"""Cities: opened from a workspace, built from data, or plain ones of any size in memory.

import twinward as tw
city = tw.city.plain(50_000)
city.to_frame("ages")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from twinward.citybase.column_types import NO_SITE
from twinward.citybase.columns import open_city
from twinward.citybase.people.plain_city import MOST_RESIDENTS, plain_base
from twinward.citybase.schema import SITE_KINDS, CityBase
from twinward.core.errors import AbsentError
from twinward.faces import plots
from twinward.faces.arguments import ArgumentError, require_whole, speaks_python
from twinward.faces.frames import Columns, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["City", "CityBase", "build", "open", "plain"]
SEX_BIT, AGE_BITS = 0x80, 0x7F


class City(Result):
    """A city of synthetic residents: `base` holds its columns, read-only.

    Tables: `areas` (with residents), `ages` (men and women by year), `sites`, `residents` (one row
    each: age, sex, household, site, area; large for a large city).
    """

    def __init__(self, base: CityBase, report: dict[str, object] | None = None) -> None:
        self.base, self.report = base, report or {}

    @property
    def summary(self) -> dict[str, object]:
        return {
            "name": self.base.name,
            "residents": self.base.residents,
            "households": self.base.households,
            "sites": len(self.base.site_kind),
            "areas": len(self.base.areas),
            "timezone": self.base.timezone,
        }

    def list_tables(self) -> list[str]:
        return ["areas", "ages", "sites", "residents"]

    def _columns(self, table: str) -> Columns:
        return {
            "areas": self._areas,
            "ages": self._ages,
            "sites": self._sites,
            "residents": self._residents,
        }[table]()

    def _areas(self) -> Columns:
        base = self.base
        areas = base.areas
        inside = dict.fromkeys((area.code for area in areas), 0)
        roots = [area.code for area in areas if area.parent is None]
        only_root = roots[0] if len(roots) == 1 else None
        lengths = sorted({len(code) for code in inside})
        sizes = np.diff(base.leaf_start).tolist()
        for code, residents in zip(base.leaf_codes, sizes, strict=True):
            for length in lengths:  # codes nest: an area's code begins the codes inside it
                if length <= len(code) and code[:length] in inside:
                    inside[code[:length]] += residents
        return {
            "code": [area.code for area in areas],
            "name": [area.name for area in areas],
            "level": [area.level for area in areas],
            "parent": [area.parent for area in areas],
            "lon": [area.lon for area in areas],
            "lat": [area.lat for area in areas],
            "residents": [
                base.residents if area.code == only_root else inside[area.code] for area in areas
            ],
        }

    def _ages(self) -> Columns:
        ages, women = self.base.age_sex & AGE_BITS, (self.base.age_sex & SEX_BIT) > 0
        return {
            "age": np.arange(101),
            "men": np.bincount(ages[~women], minlength=101),
            "women": np.bincount(ages[women], minlength=101),
        }

    def _sites(self) -> Columns:
        base = self.base
        return {
            "kind": np.array(SITE_KINDS, object)[base.site_kind],
            "area": np.array(base.leaf_codes, object)[base.site_leaf],
            "lon": base.site_lonlat[:, 0],
            "lat": base.site_lonlat[:, 1],
            "capacity": np.asarray(base.site_capacity),
        }

    def _residents(self) -> Columns:
        base = self.base
        leaf = np.repeat(np.arange(len(base.leaf_codes)), np.diff(base.leaf_start))
        site = base.site_of.astype(np.int64)
        return {
            "age": base.age_sex & AGE_BITS,
            "sex": np.where(base.age_sex & SEX_BIT, "female", "male"),
            "household": np.asarray(base.household_of),
            "site": np.where(site == int(NO_SITE), -1, site),
            "area": np.array(base.leaf_codes, object)[leaf],
        }

    def plot(self, axes: Axes | None = None) -> Axes:
        """The pyramid of ages; returns the matplotlib axes."""
        return plots.plot_ages(self._ages(), self.base.name, axes)


@speaks_python
def open(folder: str | Path) -> City:
    """The city of a workspace, or of a city folder itself; its columns stay on disk, mapped."""
    path = Path(folder)
    inside = path / "city"
    return City(open_city(inside if (inside / "city.json").is_file() else path))


@speaks_python
def plain(residents: int = 20_000, seed: int = 1) -> City:
    """A city of so many residents with the bundled ages and household sizes, in memory."""
    people = require_whole("residents", residents, 1, MOST_RESIDENTS)
    return City(plain_base(people, require_whole("seed", seed, 0, 2**63 - 1)))


@speaks_python
def build(
    folder: str | Path,
    config: str | Path | None = None,
    *,
    seed: int = 0,
    threads: int = 0,
    accept_losses: bool = False,
) -> City:
    """Builds the city of `config` (a city.toml; None: the bundled Shanghai) into the workspace
    `folder` and opens it; `report` says what was read, kept and lost.
    """
    from twinward.service.city.build import build_city

    workspace = Path(folder)
    report = build_city(
        None if config is None else Path(config),
        workspace,
        seed=require_whole("seed", seed, 0, 2**63 - 1),
        threads=require_whole("threads", threads, 0, 256),
        accept_losses=accept_losses,
    )
    return City(open_city(workspace / "city"), report)


def as_base(city: object) -> CityBase:
    """The columns of what was handed in as a city. ArgumentError for anything else."""
    if isinstance(city, City):
        return city.base
    if isinstance(city, CityBase):
        return city
    if isinstance(city, str | Path):
        if not Path(city).is_dir():
            raise AbsentError(f"there is no folder {city}", "name a workspace with a city")
        return open(city).base
    raise ArgumentError(
        f"city must be a City, a CityBase or a folder, got {type(city).__name__}", argument="city"
    )
