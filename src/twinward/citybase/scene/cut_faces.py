"""The geometry of a CityJSON object as triangles: its finest level, templates placed, faces cut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.scene.counts import SceneCount
from twinward.citybase.scene.validity.faces import has_area
from twinward.citybase.scene.validity.faults import FARTHEST

# how deep the faces lie in the boundaries of each type (CityJSON 2.0, section 3.2)
DEPTH = {"MultiSurface": 1, "CompositeSurface": 1, "Solid": 2, "MultiSolid": 3, "CompositeSolid": 3}
ROUND_M = 1e-9


def finest_pieces(
    found: Any, corners: NDArray[Any], templates: Any, count: SceneCount
) -> list[NDArray[np.float64]]:
    """Triangles of the finest level of detail that can be drawn; none where none can."""
    broken = not isinstance(found, list)
    shapes = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    for shape in sorted(shapes, key=level_of, reverse=True):
        try:
            faces = list(faces_of(shape, corners, templates))
            if any(not (np.abs(ring) <= FARTHEST).all() for face in faces for ring in face):
                raise ValueError("a corner lies where none can be")
            if pieces := [piece for face in faces if len(piece := cut_face(face, count))]:
                return pieces
        except (IndexError, ValueError, TypeError, KeyError, AttributeError):
            broken = True
    if broken:
        count.notes["objects whose geometry is broken, kept without it"] += 1
    return []


def level_of(shape: dict[str, Any]) -> tuple[float, ...]:
    """Levels of detail in order: `2`, `2.2` and 2.2 alike; what says none is the coarsest."""
    told = str(shape.get("lod", ""))
    parts = told.split(".")
    return tuple(float(one) for one in parts) if all(one.isdigit() for one in parts) else ()


def faces_of(shape: Any, corners: NDArray[Any], templates: Any) -> Iterable[list[NDArray[Any]]]:
    """Faces as rings of corners; the first ring is the outer one."""
    if shape["type"] == "GeometryInstance":
        template = templates["templates"][shape["template"]]
        own = np.asarray(templates["vertices-templates"], np.float64)
        matrix = np.asarray(shape["transformationMatrix"], np.float64).reshape(4, 4)
        placed = (np.column_stack([own, np.ones(len(own))]) @ matrix.T)[:, :3]
        yield from faces_of(template, placed + corners[shape["boundaries"][0]], templates)
        return
    yield from walk(shape["boundaries"], DEPTH.get(shape["type"], 0), corners)


def walk(part: Any, depth: int, corners: NDArray[Any]) -> Iterable[list[NDArray[Any]]]:
    if depth == 1:
        for face in part:
            yield [corners[check_ring(ring, len(corners))] for ring in face]
    elif depth > 1:
        for inner in part:
            yield from walk(inner, depth - 1, corners)


def check_ring(ring: Any, most: int) -> list[int]:
    if any(not 0 <= one < most for one in ring):
        raise IndexError("a corner that the file does not have")
    return list(ring)


def cut_face(rings: list[NDArray[Any]], count: SceneCount) -> NDArray[np.float64]:
    """Triangles float64[n, 3, 3] of a face, cut on the plane where it is widest."""
    outer = rings[0] if rings else np.empty((0, 3))
    if len(outer) < 3:
        count.notes["faces of fewer than three corners, left out"] += 1
        return np.empty((0, 3, 3))
    if len(rings) == 1 and len(outer) == 3 and has_area(*outer.tolist()):
        return outer[None]
    after = np.roll(outer, -1, axis=0)
    normal = np.cross(outer - outer.mean(axis=0), after - outer.mean(axis=0)).sum(axis=0)
    if np.linalg.norm(normal) < ROUND_M:
        count.notes["faces without an area, left out"] += 1
        return np.empty((0, 3, 3))
    drop = int(np.abs(normal).argmax())
    axes = [axis for axis in range(3) if axis != drop]
    flat = shapely.Polygon(outer[:, axes], [ring[:, axes] for ring in rings[1:] if len(ring) > 2])
    if not flat.is_valid:
        count.notes["faces that cross themselves, mended"] += 1
        flat = shapely.make_valid(flat)
    cut = shapely.get_parts(shapely.constrained_delaunay_triangles(flat))
    if not len(cut):
        return np.empty((0, 3, 3))
    xy = shapely.get_coordinates(cut).reshape(-1, 4, 2)[:, :3]
    return lift(xy, axes, drop, rings, normal)


def lift(
    xy: NDArray[Any], axes: list[int], drop: int, rings: list[NDArray[Any]], normal: NDArray[Any]
) -> NDArray[np.float64]:
    """The third coordinate of each corner: that of the corner it was, else of the plane."""
    known = np.concatenate(rings)
    flat = xy.reshape(-1, 2)
    gap = ((flat[:, None] - known[None, :, axes]) ** 2).sum(axis=2)
    nearest = gap.argmin(axis=1)
    middle = rings[0].mean(axis=0)
    on_plane = middle[drop] - ((flat - middle[axes]) @ normal[axes]) / normal[drop]
    points = np.empty((len(flat), 3))
    points[:, axes] = flat
    exact = gap[np.arange(len(flat)), nearest] < ROUND_M
    points[:, drop] = np.where(exact, known[nearest, drop], on_plane)
    triangles = points.reshape(-1, 3, 3)
    turn = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]) @ normal
    return np.asarray(np.where((turn < 0)[:, None, None], triangles[:, ::-1], triangles))
