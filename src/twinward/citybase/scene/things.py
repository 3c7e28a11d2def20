"""What a scene is made of: things with an id, a height and storeys, and where those come from."""

from __future__ import annotations

from typing import Any

import msgspec
from numpy.typing import NDArray

GIVEN, LEVELS, ESTIMATED = range(3)
HEIGHT_FROM = ("given", "levels", "estimated")


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """One object. `ground_m`: where it stands, in metres above the source's zero; `height_m`: from
    there to its top; `floors` 0: none are known or made sense of.
    """

    id: str
    kind: str
    height_m: float
    height_from: int
    floors: int = 0
    floors_from: int = ESTIMATED
    ground_m: float = 0.0


class Solid(Thing, frozen=True, kw_only=True):
    """Corners float64[n, 3] as lon, lat (degrees) and metres up, triangles int64[m, 3].

    An object without geometry has none of either and still counts.
    """

    corners: NDArray[Any]
    triangles: NDArray[Any]


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A prism: its outline (WKB, lon and lat), from `low_m` to the eaves at `high_m`, and a roof
    that rises from there to `top_m`.
    """

    outline: bytes
    low_m: float
    high_m: float
    roof: str = "flat"
    top_m: float = 0.0


class Footprint(Thing, frozen=True, kw_only=True):
    """A building as outlines and heights; its triangles are made when its tile is written."""

    middle: tuple[float, float]
    pieces: tuple[Piece, ...]
