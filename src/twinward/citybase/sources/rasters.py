"""Population grids as pictures: GeoTIFF (WorldPop, GHSL) and ESRI ASCII, read as points with a
count.

A strict baseline reader: one band or the first, strips or tiles, plain, LZW, deflate or PackBits,
predictors 1 to 3 (TIFF 6.0; Adobe supplement 2 and technical note 3), tie point with scale (OGC
GeoTIFF 1.1), classic and BigTIFF. What it does not know it refuses by name.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.sources.tiff_packing import PACKINGS, undo_predictor, unpack
from twinward.core.errors import InputError

ENDINGS = {".tif", ".tiff", ".asc"}
MOST_CELLS = 400_000_000
# type of a tag's values -> (bytes, sign of struct)
TYPES = {
    1: (1, "B"),
    2: (1, "c"),
    3: (2, "H"),
    4: (4, "I"),
    6: (1, "b"),
    8: (2, "h"),
    9: (4, "i"),
    11: (4, "f"),
    12: (8, "d"),
    13: (4, "I"),
    16: (8, "Q"),
    17: (8, "q"),
    18: (8, "Q"),
}
WIDTH, HEIGHT, BITS, COMPRESSION, STRIPS, SAMPLES, ROWS = 256, 257, 258, 259, 273, 277, 278
STRIP_BYTES, PLANAR, PREDICTOR, TILE_WIDTH, TILE_HEIGHT, TILES = 279, 284, 317, 322, 323, 324
TILE_BYTES, FORMAT, SCALE, TIE, MATRIX, KEYS, NODATA = 325, 339, 33550, 33922, 34264, 34735, 42113
MODEL, PIXEL_IS, GEOGRAPHIC, PROJECTED = 1024, 1025, 2048, 3072
USER_DEFINED = 32767


class Raster(msgspec.Struct, frozen=True, kw_only=True):
    """values float64[row, col], NaN without data, row 0 the northernmost; x and y of the middle of
    the first cell, steps from one to the next (step_y is negative), NaN where the file says
    nothing of its place; `crs` as the file states it, `degrees` where it says so itself.
    """

    values: NDArray[np.float64]
    x: float
    y: float
    step_x: float
    step_y: float
    crs: str
    degrees: bool = False

    def cells(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """(x, y, value) of every cell that holds more than nothing, and of those below nothing."""
        with np.errstate(invalid="ignore"):
            row, col = np.nonzero(self.values != 0)
        value = self.values[row, col]
        known = ~np.isnan(value)
        row, col, value = row[known], col[known], value[known]
        return self.x + col * self.step_x, self.y + row * self.step_y, value


def read_raster(path: Path, label: str, *, placed: bool = True) -> Raster:
    """A grid by its content; InputError says what of it cannot be read. Without `placed` a grid may
    leave out where it lies.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{label} cannot be read: {error.strerror}",
            "check its permissions" if path.exists() else "name a file that exists",
            code="no_file",
        ) from error
    if content[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        try:
            return read_tiff(content, label, placed)
        except (struct.error, zlib.error, IndexError, KeyError, OverflowError) as error:
            raise bad(label, f"the TIFF is not whole ({error!r})", "download it again") from error
    return read_ascii(content, label, path, placed)


def bad(label: str, why: str, advice: str) -> InputError:
    return InputError(f"{label}: {why}", advice, code="bad_grid")


class Tags:
    """The first directory of a TIFF."""

    def __init__(self, content: bytes, label: str) -> None:
        self.content = content
        self.order = "<" if content[:2] == b"II" else ">"
        big = content[2:4] in (b"+\0", b"\0+")
        size, count_sign, entry = (8, "Q", 20) if big else (4, "I", 12)
        at = self.number(count_sign, 8 if big else 4)
        count = self.number("Q" if big else "H", at)
        at += 8 if big else 2
        if count > 4096:
            raise bad(label, "the TIFF is not whole", "download it again")
        self.found: dict[int, tuple[Any, ...]] = {}
        for n in range(count):
            tag, kind = struct.unpack_from(self.order + "HH", content, at + n * entry)
            many = self.number(count_sign, at + n * entry + 4)
            if kind not in TYPES:
                continue
            width, sign = TYPES[kind]
            place = at + n * entry + 4 + size
            if width * many > size:
                place = self.number(count_sign, place)
            told = struct.unpack_from(f"{self.order}{many}{sign}", content, place)
            self.found[tag] = (b"".join(told),) if sign == "c" else told

    def number(self, sign: str, at: int) -> int:
        return int(struct.unpack_from(self.order + sign, self.content, at)[0])

    def one(self, tag: int, missing: int) -> int:
        return int(self.found.get(tag, (missing,))[0])


def read_tiff(content: bytes, label: str, placed: bool = True) -> Raster:
    tags = Tags(content, label)
    rows, cols = tags.one(HEIGHT, 0), tags.one(WIDTH, 0)
    if not 0 < rows * cols <= MOST_CELLS:
        raise bad(label, f"{rows:,} by {cols:,} cells", "cut out the city first")
    values = read_values(tags, rows, cols, label)
    if NODATA in tags.found:
        text = tags.found[NODATA][0].split(b"\0")[0].decode("ascii", "replace").strip()
        try:
            empty = float(text)
        except ValueError:
            empty = math.nan
        values[np.isclose(values, empty, rtol=1e-6, atol=0.0)] = np.nan
    if MATRIX in tags.found and SCALE not in tags.found:
        raise bad(label, "it is turned (a transformation matrix)", "warp it to north up first")
    if not placed and (SCALE not in tags.found or TIE not in tags.found):
        width = tags.found[SCALE][0] if SCALE in tags.found else math.nan
        return Raster(values=values, x=math.nan, y=math.nan, step_x=width, step_y=-width, crs="")
    if SCALE not in tags.found or TIE not in tags.found:
        raise bad(
            label,
            "it does not say where it lies (no tie point with scale)",
            "give a GeoTIFF, not a plain picture",
        )
    keys = geo_keys(tags)
    scale, tie = tags.found[SCALE], tags.found[TIE]
    half = 0.0 if keys.get(PIXEL_IS) == 2 else 0.5  # PixelIsPoint ties the middle
    return Raster(
        values=values,
        x=tie[3] + (half - tie[0]) * scale[0],
        y=tie[4] - (half - tie[1]) * scale[1],
        step_x=scale[0],
        step_y=-scale[1],
        crs=crs_of(keys),
        degrees=keys.get(MODEL) == 2,
    )


def geo_keys(tags: Tags) -> dict[int, int]:
    keys = tags.found.get(KEYS, ())
    return {keys[n]: keys[n + 3] for n in range(4, len(keys) - 3, 4) if keys[n + 1] == 0}


def crs_of(keys: dict[int, int]) -> str:
    """The system that the keys name by a code; "" where they define one of their own."""
    code = keys.get(PROJECTED if keys.get(MODEL) == 1 else GEOGRAPHIC, USER_DEFINED)
    return f"EPSG:{code}" if 1024 <= code < USER_DEFINED else ""


def read_values(tags: Tags, rows: int, cols: int, label: str) -> NDArray[np.float64]:
    """The first band as numbers."""
    samples, planar = tags.one(SAMPLES, 1), tags.one(PLANAR, 1)
    bits, form = tags.one(BITS, 1), tags.one(FORMAT, 1)
    packing, predictor = tags.one(COMPRESSION, 1), tags.one(PREDICTOR, 1)
    if packing not in PACKINGS:
        raise bad(
            label,
            f"a packing that is not read (TIFF compression {packing})",
            "write it again with deflate or LZW",
        )
    sign = {1: "u", 2: "i", 3: "f"}.get(form, "")
    if not sign or bits not in ((32, 64) if sign == "f" else (8, 16, 32, 64)):
        raise bad(label, f"cells of {bits} bits in form {form}", "write it again as float32")
    kind = np.dtype(f"{tags.order}{sign}{bits // 8}")
    together = samples if planar == 1 else 1
    wide, high = tags.one(TILE_WIDTH, cols), tags.one(TILE_HEIGHT, tags.one(ROWS, rows))
    places = tags.found.get(TILES) or tags.found[STRIPS]
    sizes = tags.found.get(TILE_BYTES) or tags.found[STRIP_BYTES]
    tiled, across = TILES in tags.found, -(-cols // wide)
    if wide <= 0 or high <= 0 or wide * high * together > MOST_CELLS:
        raise bad(label, "the TIFF is not whole", "download it again")
    out = np.full((rows, cols), np.nan)
    for n in range(across * -(-rows // high)):
        top, left = n // across * high, n % across * wide
        height = high if tiled else min(high, rows - top)
        if sizes[n] == 0:  # a sparse file leaves out what is empty
            continue
        packed = tags.content[places[n] : places[n] + sizes[n]]
        plain = unpack(packed, packing, height * wide * together * kind.itemsize)
        block = undo_predictor(plain, predictor, (height, wide, together), kind)
        if block is None:
            raise bad(
                label, f"a predictor that is not read ({predictor})", "write it again without one"
            )
        part = block[: rows - top, : cols - left, 0]
        out[top : top + part.shape[0], left : left + part.shape[1]] = part
    return out


def read_ascii(content: bytes, label: str, path: Path, placed: bool = True) -> Raster:
    """An ESRI ASCII grid; its system is that of the .prj beside it."""
    words = content.decode("latin-1").split()
    head: dict[str, float] = {}
    at = 0
    while at + 1 < len(words) and words[at][:1].isalpha() and words[at].lower() != "nan":
        try:
            head[words[at].lower()] = float(words[at + 1])
        except ValueError as error:
            raise bad(
                label, f"{words[at]} {words[at + 1]} is no number", "mend its head"
            ) from error
        at += 2
    step_x, step_y = (
        head.get("cellsize", head.get("dx", 0)),
        head.get("cellsize", head.get("dy", 0)),
    )
    rows, cols = int(head.get("nrows", 0)), int(head.get("ncols", 0))
    sized = (step_x > 0 and step_y > 0) or not placed
    if not (rows > 0 and cols > 0 and sized) or rows * cols > MOST_CELLS:
        raise bad(
            label,
            "neither a GeoTIFF nor an ESRI ASCII grid (ncols, nrows, cellsize)",
            "give a .tif or .asc with its head",
        )
    try:
        values = np.array(words[at:], dtype=np.float64)
    except ValueError as error:
        raise bad(label, f"a cell is no number ({error})", "mend it") from error
    if values.size != rows * cols:
        raise bad(label, f"{values.size:,} values for {rows:,} rows of {cols:,}", "is it whole?")
    values[values == head.get("nodata_value", -9999.0)] = np.nan
    west = head.get("xllcenter", head.get("xllcorner", math.nan) + step_x / 2)
    south = head.get("yllcenter", head.get("yllcorner", math.nan) + step_y / 2)
    if placed and math.isnan(west + south):
        raise bad(label, "it does not say where it lies", "state xllcorner and yllcorner")
    beside = path.with_suffix(".prj")
    crs = beside.read_text("latin-1").strip() if beside.is_file() else ""
    return Raster(
        values=values.reshape(rows, cols),
        x=west,
        y=south + (rows - 1) * step_y,
        step_x=step_x,
        step_y=-step_y,
        crs=crs,
    )
