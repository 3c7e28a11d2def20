"""A city's ground is that of its elevation file, where the file says that it lies."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from twinward.citybase.people.plain_city import plain_base
from twinward.citybase.terrain.elevation import (
    Elevation,
    keep_elevation,
    open_elevation,
    read_elevation,
)
from twinward.core.errors import InputError
from twinward.core.geography import from_wgs84
from twinward.decision.simulation.city import make_city

STEP = 0.001


def slope(west: float = 121.0, south: float = 31.0, cells: int = 400) -> Elevation:
    """Ground that rises a metre a cell to the east, whatever the row."""
    return Elevation(
        values=np.tile(np.arange(cells, dtype=np.float64), (cells, 1)),
        x=west + STEP / 2,
        y=south + (cells - 0.5) * STEP,
        step_x=STEP,
        step_y=-STEP,
        crs="",
    )


def ascii_grid(path: Path, rows: list[list[float]], head: str) -> Path:
    body = "\n".join(" ".join(map(str, row)) for row in rows)
    path.write_text(f"ncols {len(rows[0])}\nnrows {len(rows)}\n{head}\n{body}\n")
    return path


def city_at(lon: float, lat: float, residents: int = 30_000):  # type: ignore[no-untyped-def]
    base = plain_base(residents, 1)
    moved = np.asarray(base.leaf_lonlat) - np.asarray(base.leaf_lonlat).mean(axis=0)
    return msgspec.structs.replace(base, leaf_lonlat=moved + (lon, lat))


def test_a_cell_of_the_model_is_the_mean_of_the_file_below_it() -> None:
    city = make_city(city_at(121.2, 31.2), 250.0, slope())
    lon = city.corner[0] + (np.arange(city.terrain.cols) + 0.5) * 250.0 / city.scale[0]
    expected = (lon - 121.0) / STEP - 0.5
    assert np.abs(city.terrain.elevation - expected).max() < 1e-6
    assert not city.notes and not city.terrain.outside.any()


def test_the_same_ground_in_metres_lies_at_the_same_place(tmp_path: Path) -> None:
    lonlat = np.array([121.2]), np.array([31.2])
    east, north = from_wgs84(*lonlat, "EPSG:32651", "test")
    path = ascii_grid(
        tmp_path / "utm.asc",
        [[float(10 * row + col) for col in range(40)] for row in range(40)],
        f"xllcorner {east[0] - 2000}\nyllcorner {north[0] - 2000}\ncellsize 100",
    )
    with pytest.raises(InputError, match="coordinate system"):
        read_elevation(path, "utm.asc")
    ground = read_elevation(path, "utm.asc", "EPSG:32651")
    assert abs(ground.cell_m - 100) < 0.5
    # the point is the corner between cells 19 and 20 both ways
    assert abs(float(ground.sample(*lonlat)[0]) - (10 * 19.5 + 19.5)) < 1e-6
    assert np.isnan(ground.sample(np.array([121.3]), np.array([31.2]))[0])


def test_a_city_keeps_the_part_about_it(tmp_path: Path) -> None:
    ground = slope()
    keep_elevation(ground, (121.1, 31.1, 121.15, 31.12), tmp_path)
    kept = open_elevation(tmp_path)
    assert kept is not None and kept.values.size < ground.values.size / 8
    points = np.array([121.11, 121.149]), np.array([31.105, 31.119])
    assert np.allclose(kept.sample(*points), ground.sample(*points))
    assert open_elevation(tmp_path / "nowhere") is None


def test_an_elevation_of_another_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="covers 0% of the city's areas"):
        make_city(city_at(10.0, 50.0), 250.0, slope())
    with pytest.raises(InputError, match="outside the city"):
        keep_elevation(slope(), (10.0, 50.0, 10.1, 50.1), tmp_path)


def test_what_the_file_does_not_cover_is_counted_and_no_wall() -> None:
    half = slope(west=121.2, cells=200)
    city = make_city(city_at(121.21, 31.1), 250.0, half)
    assert not city.terrain.outside.any() and city.notes[0].code == "remark.uncovered"
    assert float(city.terrain.elevation[:, 0].max()) <= 3.0  # level with the edge of the file


def test_heights_that_are_not_on_the_earth_are_asked_back(tmp_path: Path) -> None:
    head = "xllcorner 121\nyllcorner 31\ncellsize 0.01"
    path = ascii_grid(tmp_path / "feet.asc", [[29000.0, 1.0]], head)
    with pytest.raises(InputError, match="not on the earth"):
        read_elevation(path, "feet.asc")
    empty = ascii_grid(tmp_path / "empty.asc", [[-9999.0, -9999.0]], head)
    with pytest.raises(InputError, match="no cell has data"):
        read_elevation(empty, "empty.asc")
