"""What lies on a city's ground: fuels, soil, roughness, wave speed as grids, building classes as a
table; each asked by longitude and latitude or by area.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.sources.rasters import read_raster
from twinward.citybase.terrain.elevation import Elevation, system_of
from twinward.core.errors import InputError

FOLDER = "ground"  # of a city: its layers, each a file called after it
ENDINGS = (".tif", ".tiff", ".asc")
BUILDINGS = "buildings"


class LayerKind(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of what a layer may hold; `classes`: whole numbers that have no mean."""

    least: float
    most: float
    unit: str
    classes: bool = False


KINDS: Mapping[str, LayerKind] = {
    "fuel": LayerKind(least=0, most=9999, unit="1", classes=True),
    "vs30": LayerKind(least=50, most=3000, unit="m/s"),
    "manning": LayerKind(least=0.001, most=1, unit="s/m^(1/3)"),
    "infiltration": LayerKind(least=0, most=1000, unit="mm/h"),
}


class BuildingMix(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of people by building class: of the areas whose code begins with a prefix, the
    longest that fits; "" stands for everywhere else.
    """

    classes: tuple[str, ...]
    shares: Mapping[str, tuple[float, ...]]

    def of(self, areas: Sequence[str]) -> NDArray[np.float64]:
        """float64[area, class]; InputError `bad_buildings` for an area that no row covers."""
        known = sorted(self.shares, key=len, reverse=True)
        rows = []
        for area in areas:
            prefix = next((one for one in known if area.startswith(one)), None)
            if prefix is None:
                raise InputError(
                    f"the building classes say nothing of area {area}",
                    "add rows with an empty area for everywhere else",
                    code="bad_buildings",
                )
            rows.append(self.shares[prefix])
        return np.array(rows, np.float64).reshape(len(areas), len(self.classes))


def read_layer(name: str, path: Path, crs: str = "") -> Elevation:
    """A GeoTIFF or an ESRI ASCII grid as a layer; InputError `bad_layer`, `bad_grid`, `no_crs`."""
    kind = KINDS.get(name)
    if kind is None:
        known = ", ".join((*KINDS, BUILDINGS))
        raise InputError(f"there is no layer {name!r}", f"name one of {known}", code="bad_layer")
    raster = read_raster(path, path.name)
    known_values = raster.values[~np.isnan(raster.values)]
    wrong = known_values[(known_values < kind.least) | (known_values > kind.most)]
    if not len(known_values) or len(wrong):
        got = f"{float(wrong[0]):g}" if len(wrong) else "no cell with data"
        raise InputError(
            f"{path.name}: {name} must be {kind.least:g} to {kind.most:g} {kind.unit}, got {got}",
            "check its unit and the value that stands for no data",
            code="bad_layer",
        )
    return Elevation(
        values=raster.values,
        x=raster.x,
        y=raster.y,
        step_x=raster.step_x,
        step_y=raster.step_y,
        crs=system_of(crs or raster.crs, raster, path.name),
    )


def read_buildings(path: Path) -> BuildingMix:
    """A CSV of area,class,share; the shares of an area add up to 1. InputError `bad_buildings`."""
    try:
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: {error}", "name a CSV file", code="no_file") from error
    if not rows or [cell.strip() for cell in rows[0]] != ["area", "class", "share"]:
        raise _bad(path, "it does not begin with area,class,share")
    found: dict[str, dict[str, float]] = {}
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            area, name, share = (cell.strip() for cell in row)
            part = float(share)
        except ValueError as error:
            raise _bad(path, f"row {number} is not area,class,share") from error
        if not 0 <= part <= 1 or name in found.setdefault(area, {}):
            raise _bad(path, f"row {number}: a share is 0 to 1, and each class stands once")
        found[area][name] = part
    for area, shares in found.items():
        if abs(sum(shares.values()) - 1) > 1e-6:
            raise _bad(
                path,
                f"the shares of {area or 'everywhere else'} add up to "
                f"{sum(shares.values()):g}, not to 1",
            )
    classes = tuple(dict.fromkeys(name for shares in found.values() for name in shares))
    if not classes:
        raise _bad(path, "it has no rows")
    return BuildingMix(
        classes=classes,
        shares={
            area: tuple(shares.get(name, 0.0) for name in classes) for area, shares in found.items()
        },
    )


def _bad(path: Path, why: str) -> InputError:
    return InputError(f"{path.name}: {why}", "mend the table", code="bad_buildings")


def find_layers(city: Path) -> dict[str, Path]:
    """The layers that lie in a city's folder `ground`, by name."""
    folder = city / FOLDER
    named = {
        name: path
        for name in KINDS
        for ending in ENDINGS
        if (path := folder / f"{name}{ending}").is_file()
    }
    table = folder / f"{BUILDINGS}.csv"
    return named | ({BUILDINGS: table} if table.is_file() else {})
