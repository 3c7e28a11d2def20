"""Reads grids: ESRI ASCII and GeoTIFF, row 1 the northernmost, with what a cell without data is."""

from __future__ import annotations

import io
import warnings
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.core.errors import InputError

MOST_CELLS = 100_000_000
ASCII_WORDS = {"ncols", "nrows", "xllcorner", "yllcorner", "xllcenter", "yllcenter"} | {
    "cellsize",
    "dx",
    "dy",
    "nodata_value",
}
PIXEL_SCALE, TIE_POINT, GEO_KEYS, NODATA = 33550, 33922, 34735, 42113  # tags of GeoTIFF 1.1
MODEL_TYPE, GEOGRAPHIC = 1024, 2  # its key GTModelTypeGeoKey, and the value for degrees


class Grid(msgspec.Struct, frozen=True, kw_only=True):
    """values: float64[row, col], NaN where there is no data; cell: width as the file states it;
    west, south: the lower left corner in the file's system, None where it names none.
    """

    values: NDArray[np.float64]
    cell: float | None = None
    geographic: bool = False
    west: float | None = None
    south: float | None = None

    @property
    def missing(self) -> int:
        """Cells without data."""
        return int(np.isnan(self.values).sum())


def read_grid(path: Path) -> Grid:
    """A grid file by its content; InputError `bad_grid`, `no_file`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}", "name a grid file that exists", code="no_file"
        ) from error
    if content[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _read_tiff(path, content)
    return _read_ascii(path, content)


def write_ascii(path: Path, values: NDArray[np.float64], cell_m: float) -> None:
    """An ESRI ASCII grid with the origin at 0, 0; no data as -9999."""
    rows, cols = values.shape
    head = f"ncols {cols}\nnrows {rows}\nxllcorner 0\nyllcorner 0\ncellsize {cell_m:.12g}\n"
    body = io.StringIO()
    np.savetxt(body, np.where(np.isnan(values), -9999.0, values), fmt="%.9g")
    try:
        path.write_text(f"{head}NODATA_value -9999\n{body.getvalue()}", "ascii")
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}", "name another", code="not_writable"
        ) from error


def _fail(path: Path, why: str, advice: str = "give an ESRI ASCII grid or a GeoTIFF") -> InputError:
    return InputError(f"{path.name}: {why}", advice, code="bad_grid")


def _read_ascii(path: Path, content: bytes) -> Grid:
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError as error:
        raise _fail(path, "neither an ESRI ASCII grid nor a GeoTIFF") from error
    head, start = _read_head(path, text)
    try:
        numbers = np.array(text[start:].split(), np.float64)
    except ValueError as error:
        raise _fail(path, f"a cell is not a number ({error})") from error
    rows, cols = int(head["nrows"]), int(head["ncols"])
    if numbers.size != rows * cols:
        raise _fail(
            path, f"{numbers.size:,} values for {rows:,} rows of {cols:,}", "mend the header"
        )
    nodata = head.get("nodata_value")
    if nodata is not None:
        numbers[numbers == nodata] = np.nan
    cell = head.get("cellsize", head.get("dx"))
    west, south = head.get("xllcorner"), head.get("yllcorner")
    return Grid(
        values=_checked(path, numbers.reshape(rows, cols)), cell=cell, west=west, south=south
    )


def _read_head(path: Path, text: str) -> tuple[dict[str, float], int]:
    head: dict[str, float] = {}
    start = 0
    for line in text.splitlines(keepends=True):
        words = line.split()
        if words and words[0].lower() not in ASCII_WORDS:
            break
        if len(words) >= 2:
            try:
                head[words[0].lower()] = float(words[1])
            except ValueError as error:
                raise _fail(path, f"{words[0]} {words[1]} is not a number") from error
        start += len(line)
    if not {"ncols", "nrows"} <= set(head):
        raise _fail(path, "no ncols and nrows at its beginning")
    if not (head["ncols"] >= 1 and head["nrows"] >= 1):
        raise _fail(path, "ncols and nrows must be 1 or more", "mend the header")
    if head["ncols"] * head["nrows"] > MOST_CELLS:
        raise _fail(path, f"more than {MOST_CELLS:,} cells", "cut it or use wider cells")
    dx, dy = head.get("dx"), head.get("dy")
    if dx is not None and dy is not None and abs(dx - dy) > 1e-6 * abs(dx):
        raise _fail(path, f"cells of {dx:g} by {dy:g} are not square", "resample it first")
    return head, start


def _read_tiff(path: Path, content: bytes) -> Grid:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # bounded by MOST_CELLS below
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a torn file is an error below
            image = Image.open(io.BytesIO(content))
        with image:
            if image.width * image.height > MOST_CELLS:
                raise _fail(path, f"more than {MOST_CELLS:,} cells", "cut it or use wider cells")
            if len(image.getbands()) != 1:
                raise _fail(path, f"{len(image.getbands())} bands", "write one band to a file")
            tags = dict(image.tag_v2)  # type: ignore[attr-defined]
            values = np.array(image, np.float64)
    except (OSError, SyntaxError, ValueError) as error:
        raise _fail(path, f"the TIFF cannot be read ({error})") from error
    if NODATA in tags:
        with suppress(ValueError):  # "nan" says that NaN itself is no data
            values[values == float(str(tags[NODATA]).strip("\0 "))] = np.nan
    scale = tags.get(PIXEL_SCALE)
    cell = float(scale[0]) if scale else None
    keys = tags.get(GEO_KEYS, ())
    kinds = {keys[n]: keys[n + 3] for n in range(4, len(keys) - 3, 4)}
    tie = tags.get(TIE_POINT)
    west = float(tie[3] - tie[0] * scale[0]) if tie and scale else None
    south = float(tie[4] - (values.shape[0] - tie[1]) * scale[1]) if tie and scale else None
    return Grid(
        values=_checked(path, values),
        cell=cell,
        geographic=kinds.get(MODEL_TYPE) == GEOGRAPHIC,
        west=west,
        south=south,
    )


def _checked(path: Path, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if np.isinf(values).any():
        raise _fail(path, "a cell is infinite", "write no-data cells as NODATA_value")
    if np.isnan(values).all():
        raise _fail(path, "no cell has data", "check NODATA_value")
    return values
