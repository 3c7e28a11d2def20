"""Makes buildings of outlines and tags: mends, sets them on the ground, joins parts to wholes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.scene.counts import SceneCount
from twinward.citybase.scene.ground import Ground
from twinward.citybase.scene.heights import find_height, find_roof
from twinward.citybase.scene.things import Footprint, Piece

PART = "building:part"
MOST_OUTSIDE = 0.5  # of a part that may lie outside its building
LEAST_REST = 0.05  # of a building that its parts must leave for it to be drawn itself


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """A building or a part of one as its source draws it."""

    id: str
    kind: str
    shape: bytes  # WKB in lon and lat
    tags: Mapping[str, str]


def make_buildings(
    outlines: list[Outline], count: SceneCount, ground: Ground | None = None
) -> list[Footprint]:
    """Buildings of outlines; each that nothing is left of is counted."""
    shapes = mend(outlines, count)
    kept = [n for n, shape in enumerate(shapes) if shape is not None]
    if not kept:
        return []
    whole = np.array([shapes[n] for n in kept], object)
    stand = ground.lowest_m(whole, count) if ground else np.zeros(len(kept))
    middles = shapely.get_coordinates(shapely.centroid(whole))
    return [
        make_building(outlines[n], shape, float(at), (float(x), float(y)), count)
        for n, shape, at, (x, y) in zip(kept, whole, stand, middles, strict=True)
    ]


def mend(outlines: list[Outline], count: SceneCount) -> list[Any]:
    """The areas of outlines, whole; None for each without any."""
    shapes = shapely.from_wkb(
        np.array([one.shape for one in outlines], object), on_invalid="ignore"
    )
    for n in np.flatnonzero(~shapely.is_valid(shapes) & (shapes != None)):  # noqa: E711
        shapes[n] = shapely.make_valid(shapes[n], method="structure", keep_collapsed=False)
        count.notes["footprints that cross or touch themselves, mended"] += 1
    finite = np.isfinite(shapely.bounds(shapes)).all(axis=1)
    found: list[Any] = []
    for one, shape, fine in zip(outlines, shapes, finite, strict=True):
        if one.tags.get("location") == "underground":
            count.rejected["underground"] += 1
            found.append(None)
        elif not fine or shapely.area(shape) == 0:
            count.rejected["footprint is empty or no area"] += 1
            found.append(None)
        else:
            found.append(shape)
    return found


def make_building(
    one: Outline, shape: Any, stand: float, middle: tuple[float, float], count: SceneCount
) -> Footprint:
    height = find_height(one.kind, one.tags, count.notes)
    roof, rise = find_roof(one.tags, height.top_m, height.bottom_m, count.notes)
    top = stand + height.top_m
    piece = Piece(
        outline=shapely.to_wkb(shape),
        low_m=stand + height.bottom_m,
        high_m=top - rise,
        roof=roof,
        top_m=top,
    )
    return Footprint(
        id=one.id,
        kind=one.kind,
        height_m=height.top_m,
        height_from=height.source,
        floors=height.floors,
        floors_from=height.floors_from,
        ground_m=stand,
        middle=middle,
        pieces=(piece,),
    )


def join_parts(
    wholes: list[Footprint], parts: list[Footprint], count: SceneCount
) -> list[Footprint]:
    """Buildings drawn by their parts, under the building's id (OpenStreetMap wiki, "Simple 3D
    Buildings"); a part outside every building is drawn by itself.
    """
    if not parts:
        return wholes
    outer, inner = outlines_of(wholes), outlines_of(parts)
    homes = find_homes(outer, inner)
    alone = [part for part, home in zip(parts, homes, strict=True) if home < 0]
    count.notes["building parts outside any building, drawn by themselves"] += len(alone)
    count.notes["building parts, drawn in place of their building"] += len(parts) - len(alone)
    count.read += len(alone)
    joined = list(wholes)
    for home in sorted({home for home in homes if home >= 0}):
        mine = [n for n, at in enumerate(homes) if at == home]
        rest = outer[home].difference(shapely.union_all(inner[mine]))
        small = shapely.area(rest) < LEAST_REST * shapely.area(outer[home])
        joined[home] = join(wholes[home], [parts[n] for n in mine], None if small else rest)
    return joined + alone


def outlines_of(things: list[Footprint]) -> NDArray[Any]:
    return np.asarray(shapely.from_wkb(np.array([one.pieces[0].outline for one in things], object)))


def find_homes(outer: NDArray[Any], inner: NDArray[Any]) -> list[int]:
    """Which building most of each part lies in; -1 where it is none."""
    found = [-1] * len(inner)
    most = MOST_OUTSIDE * shapely.area(inner)
    part, whole = shapely.STRtree(outer).query(inner, predicate="intersects")
    shared = shapely.area(shapely.intersection(inner[part], outer[whole]))
    for n, home, area in zip(part.tolist(), whole.tolist(), shared.tolist(), strict=True):
        if area > most[n]:
            found[n], most[n] = home, area
    return found


def join(whole: Footprint, parts: list[Footprint], rest: Any) -> Footprint:
    """A building of its parts, all on its own ground, and of what they leave of it."""
    pieces = []
    for part in parts:
        piece, up = part.pieces[0], whole.ground_m - part.ground_m
        low, high, top = piece.low_m + up, piece.high_m + up, piece.top_m + up
        pieces.append(msgspec.structs.replace(piece, low_m=low, high_m=high, top_m=top))
    if rest is not None:
        pieces.append(msgspec.structs.replace(whole.pieces[0], outline=shapely.to_wkb(rest)))
    drawn = [*parts, *([whole] if rest is not None else [])]
    tallest = max(drawn, key=lambda one: one.height_m)
    return msgspec.structs.replace(
        whole,
        pieces=tuple(pieces),
        height_m=tallest.height_m,
        height_from=max(one.height_from for one in drawn),
        floors=tallest.floors,
        floors_from=max(one.floors_from for one in drawn),
    )
