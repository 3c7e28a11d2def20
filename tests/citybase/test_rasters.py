"""Population grids as GeoTIFF and ESRI ASCII become residents where their cells lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin
from small_city import outlines, square

from twinward.citybase.build import build
from twinward.citybase.columns import open_city
from twinward.citybase.sources.rasters import read_raster
from twinward.core.errors import InputError

Write = Callable[..., Path]
HEAD = '[city]\nname = "g"\n[residents]\nkind = "grid"\nfile = "{file}"\n'
OUTLINE = '[boundaries]\nfile = "city.geojson"\nlevel = "city"\ncode = "id"\n'
DEGREES = (1, 1, 0, 2, 1024, 0, 1, 2, 2048, 0, 1, 4326)
COUNTS = np.array([[1.5, 0.0, 2.0], [-99999.0, 40.0, 3.25]])


def pack(values: np.ndarray[Any, Any], packing: int, predictor: int) -> bytes:
    data = values
    if predictor == 2:
        data = np.diff(data, axis=1, prepend=np.zeros((len(data), 1), data.dtype)).astype(
            data.dtype
        )
    raw = data.tobytes()
    if predictor == 3:
        size = data.dtype.itemsize
        planes = data.astype(data.dtype.newbyteorder(">")).view(np.uint8)
        planes = planes.reshape(len(data), -1, size).transpose(0, 2, 1).reshape(len(data), -1)
        raw = np.diff(planes, axis=1, prepend=np.zeros((len(data), 1), np.uint8)).tobytes()
    return raw if packing == 1 else zlib.compress(raw)


def tiff(
    values: np.ndarray[Any, Any],
    *,
    big: bool = False,
    tile: int = 0,
    packing: int = 1,
    predictor: int = 1,
    keys: tuple[int, ...] = DEGREES,
    scale: float = 0.01,
    tie: tuple[float, float] = (10.0, 50.02),
    **more: Any,
) -> bytes:
    """A TIFF by hand, in the byte order of `values`, one strip or tiles."""
    order = ">" if values.dtype.byteorder == ">" else "<"
    rows, cols = values.shape
    if tile:
        wide = np.zeros((-(-rows // tile) * tile, -(-cols // tile) * tile), values.dtype)
        wide[:rows, :cols] = values
        parts = [
            pack(np.ascontiguousarray(wide[a : a + tile, b : b + tile]), packing, predictor)
            for a in range(0, len(wide), tile)
            for b in range(0, wide.shape[1], tile)
        ]
    else:
        parts = [pack(values, packing, predictor)]
    form = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    start = 16 if big else 8
    places = [start + sum(map(len, parts[:n])) for n in range(len(parts))]
    pointer = "Q" if big else "I"
    tags: dict[int, tuple[str, tuple[Any, ...]]] = {
        256: ("I", (cols,)), 257: ("I", (rows,)), 258: ("H", (values.dtype.itemsize * 8,)),
        259: ("H", (packing,)), 277: ("H", (1,)), 317: ("H", (predictor,)), 339: ("H", (form,)),
        33550: ("d", (scale, scale, 0.0)), 33922: ("d", (0, 0, 0, *tie, 0)), 34735: ("H", keys),
    }  # fmt: skip
    if tile:
        tags |= {322: ("H", (tile,)), 323: ("H", (tile,)), 324: (pointer, tuple(places)),
                 325: ("I", tuple(map(len, parts)))}  # fmt: skip
    else:
        tags |= {273: (pointer, tuple(places)), 279: ("I", tuple(map(len, parts)))}
    tags |= more.get("tags", {})
    for tag in more.get("without", ()):
        tags.pop(tag)
    body = b"".join(parts)
    kinds = {"H": 3, "I": 4, "d": 12, "Q": 16, "c": 2}
    entries, extra, inside = b"", b"", 8 if big else 4
    after = start + len(body) + (8 if big else 2) + len(tags) * (20 if big else 12) + inside
    for tag in sorted(tags):
        sign, told = tags[tag]
        data = told[0] if sign == "c" else struct.pack(f"{order}{len(told)}{sign}", *told)
        count = len(data) if sign == "c" else len(told)
        entries += struct.pack(f"{order}HH{pointer}", tag, kinds[sign], count)
        if len(data) <= inside:
            entries += data.ljust(inside, b"\0")
        else:
            entries += struct.pack(order + pointer, after + len(extra))
            extra += data
    mark = b"II" if order == "<" else b"MM"
    head = (
        struct.pack(order + "HHHQ", 43, 8, 0, start + len(body))
        if big
        else struct.pack(order + "HI", 42, start + len(body))
    )
    many = struct.pack(order + ("Q" if big else "H"), len(tags))
    return mark + head + body + many + entries + b"\0" * inside + extra


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8", ">f8", "<i4", ">i2", "<u1"])
@pytest.mark.parametrize("form", [{}, {"big": True}, {"tile": 16}, {"packing": 8},
                                  {"packing": 8, "predictor": 2}, {"packing": 8, "predictor": 3}])  # fmt: skip
def test_every_form_of_geotiff_gives_the_same_cells(
    tmp_path: Path, kind: str, form: dict[str, Any]
) -> None:
    dtype = np.dtype(kind)
    values = np.arange(35 * 41).reshape(35, 41).astype(dtype) % 100
    if (dtype.kind == "f") == (form.get("predictor") == 2) and form.get("predictor", 1) != 1:
        return  # predictor 2 is of whole numbers, 3 of floats
    path = tmp_path / "g.tif"
    path.write_bytes(tiff(values.astype(dtype), **form))
    raster = read_raster(path, "g.tif")
    assert np.array_equal(raster.values, values)
    assert (raster.x, raster.y) == (pytest.approx(10.005), pytest.approx(50.015))
    assert raster.crs == "EPSG:4326"


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate", "raw"])
def test_what_another_program_packs_is_read(tmp_path: Path, compression: str) -> None:
    values = np.random.default_rng(3).gamma(0.4, 20.0, (80, 90)).astype(np.float32)
    values[20:50] = 0.0
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[33550], tags[33922] = (0.01, 0.01, 0.0), (0.0, 0.0, 0.0, 10.0, 50.0, 0.0)
    for tag in (33550, 33922):
        tags.tagtype[tag] = 12
    path = tmp_path / "g.tif"
    Image.fromarray(values).save(path, compression=compression, tiffinfo=tags)
    raster = read_raster(path, "g.tif")
    assert np.array_equal(raster.values, values)
    assert raster.crs == ""


def test_a_city_of_a_geotiff_has_its_residents_where_its_cells_lie(
    small_city: Write, tmp_path: Path
) -> None:
    counts = np.full((14, 14), 100.0, np.float32)
    counts[0, 0] = -99999.0
    grid = tiff(counts, scale=0.01, tie=(9.98, 50.12), tags={42113: ("c", (b"-99999\0",))})
    path = small_city(
        config=HEAD.format(file="grid.tif") + OUTLINE,
        grid_tif=grid, city_geojson=outlines({"C": square(10.0)}),
    )  # fmt: skip
    report = build(path, tmp_path / "ws")
    assert report["residents"] == 10_000
    assert report["people_left_out"]["residents"] == 9_500


def test_cells_far_outside_the_outlines_are_summed_up_and_not_listed(
    small_city: Write, tmp_path: Path
) -> None:
    grid = tiff(np.full((200, 200), 10.0), scale=0.01, tie=(9.0, 51.0))
    path = small_city(
        config=HEAD.format(file="grid.tif") + OUTLINE,
        grid_tif=grid, city_geojson=outlines({"C": square(10.0)}),
    )  # fmt: skip
    report = build(path, tmp_path / "ws")
    (source,) = [one for one in report["sources"] if one["name"] == "residents"]
    assert report["residents"] == 1000
    assert source["read"] < 400
    assert report["people_left_out"]["residents"] == 399_000


def test_a_projected_grid_is_moved_to_its_place(small_city: Write, tmp_path: Path) -> None:
    keys = (1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32632)
    grid = tiff(np.full((20, 20), 5.0), scale=100.0, tie=(571_000.0, 5_540_000.0), keys=keys)
    build(small_city(config=HEAD.format(file="grid.tif"), grid_tif=grid), tmp_path / "ws")
    city = open_city(tmp_path / "ws" / "city")
    assert city.residents == 2000
    assert np.allclose(city.leaf_lonlat.mean(axis=0), (10.005, 49.998), atol=0.01)


def test_an_ascii_grid_is_read_with_corners_or_centres(small_city: Write, tmp_path: Path) -> None:
    head = "ncols 3\nnrows 2\n{x}\n{y}\ncellsize 0.01\nNODATA_value -9999\n"
    body = "10 0 20\n-9999 30 40\n"
    corner = head.format(x="xllcorner 10.0", y="yllcorner 50.0") + body
    centre = head.format(x="XLLCENTER 10.005", y="YLLCENTER 50.005") + body
    for text in (corner, centre):
        path = tmp_path / "g.asc"
        path.write_text(text)
        raster = read_raster(path, "g.asc")
        assert (raster.x, raster.y) == (pytest.approx(10.005), pytest.approx(50.015))
        assert np.nansum(raster.values) == 100
    built = small_city(config=HEAD.format(file="g.asc"), g_asc=corner)
    assert build(built, tmp_path / "ws")["residents"] == 100


def test_a_grid_of_points_is_a_grid_too(small_city: Write, tmp_path: Path) -> None:
    rows = [f"{10 + i / 100},{50 + k / 100},10" for i in range(5) for k in range(5)]
    path = small_city(
        config=HEAD.format(file="grid.csv"), grid_csv="\n".join(["lon,lat,count", *rows])
    )
    assert build(path, tmp_path / "ws")["residents"] == 250


PLAIN = COUNTS.astype("<f4")


@pytest.mark.parametrize(
    ("content", "code", "word"),
    [
        (tiff(PLAIN)[:60], "bad_grid", "not whole"), (tiff(PLAIN)[:-30], "bad_grid", "not whole"),
        (tiff(PLAIN, without=(33550,)), "bad_grid", "where it lies"),
        (tiff(PLAIN, tags={259: ("H", (50000,))}), "bad_grid", "compression 50000"),
        (tiff(PLAIN, tags={258: ("H", (16,))}), "bad_grid", "16 bits"),
        (tiff(PLAIN, scale=100.0, tie=(5e5, 5e6), keys=(1, 1, 0, 0)), "no_crs", "coordinate system"),
        (tiff(np.zeros((3, 3), "<f4")), "empty_source", "none of 0"),
        (tiff(PLAIN, tags={256: ("I", (4_000_000,)), 257: ("I", (4_000_000,))}), "bad_grid", "cells"),
        (tiff(PLAIN, without=(33550,), tags={34264: ("d", tuple([0.0] * 16))}), "bad_grid", "turned"),
        (b"ncols 3\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 2 3", "bad_grid", "3 values"),
        (b"ncols 1\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 1\nx", "bad_grid", "no number"),
        (b"ncols 1\nnrows 1\ncellsize 1\n5", "bad_grid", "where it lies"), (b"hello", "bad_grid", "neither"),
        (b"", "bad_grid", "neither"),
    ],
)  # fmt: skip
def test_a_grid_that_cannot_be_read_says_why(
    small_city: Write, tmp_path: Path, content: bytes, code: str, word: str
) -> None:
    path = small_city(config=HEAD.format(file="grid.tif"), grid_tif=content)
    with pytest.raises(InputError) as caught:
        build(path, tmp_path / "ws")
    assert caught.value.code == code
    assert word in str(caught.value)
