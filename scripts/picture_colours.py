"""Pictures in few colours: small files whose legends still have the colours of their maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

LARGEST = 300_000
COLOURS = (256, 128, 64)  # fewer where a picture would be too large
PLAIN_PX, ALIKE = 30, 75  # a colour that covers so many points, so far from others, stays as it is
SLICE = 4096


def shrink(path: Path) -> None:
    """The same picture in 256 colours or fewer, a third of the bytes: plain colours stay what they are, or a legend would no
    longer have the colours of its map; the rest share what is left.
    """
    with Image.open(path) as picture:
        points = np.asarray(picture.convert("RGB")).astype(np.uint32)
    packed = points[..., 0] << 16 | points[..., 1] << 8 | points[..., 2]
    codes, inverse, counts = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], 1).astype(np.uint8)
    for most in COLOURS:
        palette = choose_palette(colours, counts, most)
        nearest = np.empty(len(colours), np.uint8)
        for start in range(0, len(colours), SLICE):
            away = colours[start : start + SLICE, None].astype(np.int32) - palette[None]
            nearest[start : start + SLICE] = (away**2).sum(2).argmin(1)
        small = Image.fromarray(nearest[inverse.ravel()].reshape(points.shape[:2]), "P")
        small.putpalette(palette.tobytes())
        small.save(path, optimize=True)
        if path.stat().st_size <= LARGEST:
            return


def choose_palette(colours: np.ndarray, counts: np.ndarray, most: int) -> np.ndarray:
    """So many colours: first the plain ones, then those between."""
    kept = choose_plain(colours, counts, most)
    others = np.delete(np.arange(len(colours)), kept)
    if not len(others):
        return colours[kept]
    rest = Image.fromarray(np.repeat(colours[others], counts[others], axis=0)[None])
    left = most - len(kept)
    few = rest.quantize(left, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    found = np.asarray(few.getpalette(), np.uint8).reshape(-1, 3)[:left]
    return np.concatenate([colours[kept], found])


def choose_plain(colours: np.ndarray, counts: np.ndarray, most: int) -> np.ndarray:
    """The colours that cover most, none close to another: the red of a small mark is among them, no second grey is."""
    wide = colours.astype(np.int32)
    open_ = counts >= PLAIN_PX
    alike = ALIKE * (COLOURS[0] // most) ** 2  # with fewer, shades of one colour are one
    kept: list[int] = []
    while open_.any() and len(kept) < most * 3 // 4:
        kept.append(int(np.argmax(np.where(open_, counts, 0))))
        open_ &= ((wide - wide[kept[-1]]) ** 2).sum(1) > alike
    return np.asarray(kept)
