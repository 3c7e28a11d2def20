"""Reads CityJSON 1.0 to 2.0 and CityJSON sequences as solids: integer corners unfolded, templates
placed, faces cut into triangles, the position turned into WGS 84.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from twinward.citybase.scene.counts import SceneCount
from twinward.citybase.scene.heights import MOST_LEVELS, STOREY_M
from twinward.citybase.scene.systems import System, find_system
from twinward.citybase.scene.things import ESTIMATED, GIVEN, Solid
from twinward.citybase.scene.validity.faces import has_area
from twinward.citybase.scene.validity.faults import Fault, FaultCount
from twinward.citybase.scene.validity.objects import ObjectChecker
from twinward.core.errors import InputError

VERSIONS = ("1.0", "1.1", "2.0")
DRAFT = re.compile(r"0\.\d(?:\.\d)?")  # before 1.0: corners and faces were said as they are now
FARTHEST = 1e9  # no coordinate system counts so far
# how deep the faces lie in the boundaries of each type (CityJSON 2.0, section 3.2)
DEPTH = {"MultiSurface": 1, "CompositeSurface": 1, "Solid": 2, "MultiSolid": 3, "CompositeSolid": 3}
ROUND_M = 1e-9


def read_cityjson(path: Path, crs: str, count: SceneCount) -> list[Solid]:
    """Every object of a file, those without geometry too. `crs` goes before the file's own."""
    parts = read_documents(path)
    head = parts[0]
    system = system_of(head, crs, path.name)
    solids = list[Solid]()
    for part in parts:
        scale = part.get("transform") or head.get("transform")
        corners = unfold(part.get("vertices", []), scale, path.name)
        templates = part.get("geometry-templates") or head.get("geometry-templates") or {}
        checker = ObjectChecker(corners, templates, count.faults)
        looks = part.get("appearance")
        if isinstance(looks, dict) and isinstance(looks.get("textures"), list):
            count.notes["textures, not drawn"] += len(looks["textures"])
        for name, item in part.get("CityObjects", {}).items():
            count.read += 1
            checker.check(name, item)
            solids.append(read_object(name, item, corners, templates, system, count))
        checker.finish()
    if system.assumed:
        count.notes["objects whose heights are read in the unit of their plane, none is named"] += (
            len(solids)
        )
    return stand(solids, parts)


def check_cityjson(path: Path) -> list[Fault]:
    """The faults of the geometry in a file; InputError where it is no CityJSON (901)."""
    parts, faults = read_documents(path, drafts=True), FaultCount()
    for part in parts:
        corners = unfold(
            part.get("vertices", []), part.get("transform") or parts[0].get("transform"), path.name
        )
        templates = part.get("geometry-templates") or parts[0].get("geometry-templates") or {}
        checker = ObjectChecker(corners, templates, faults)
        for name, item in part.get("CityObjects", {}).items():
            checker.check(name, item)
        checker.finish()
    return faults.told()


def stand(solids: list[Solid], parts: list[dict[str, Any]]) -> list[Solid]:
    """Each object on the lowest ground of the whole that it is a part of."""
    above: dict[str, str] = {}
    for part in parts:
        for name, item in part.get("CityObjects", {}).items():
            parents = item.get("parents") if isinstance(item, dict) else None
            if isinstance(parents, list) and parents:
                above[name] = str(parents[0])
    lowest: dict[str, float] = {}
    wholes = [above.get(one.id, one.id) for one in solids]
    for one, whole in zip(solids, wholes, strict=True):
        if len(one.corners):
            low = float(one.corners[:, 2].min())
            lowest[whole] = min(low, lowest.get(whole, low))
    return [
        msgspec.structs.replace(one, ground_m=round(lowest.get(whole, 0.0), 3))
        for one, whole in zip(solids, wholes, strict=True)
    ]


def storeys_of(kind: str, attributes: Any, high_m: float) -> tuple[int, int]:
    """(storeys, whence): as the file says, else as the height suggests; 0 for what has none."""
    if kind not in {"Building", "BuildingPart"}:
        return 0, ESTIMATED
    told = attributes.get("storeysAboveGround") if isinstance(attributes, dict) else None
    if isinstance(told, int) and not isinstance(told, bool) and 0 < told <= MOST_LEVELS:
        return told, GIVEN
    return max(round(high_m / STOREY_M), 1), ESTIMATED


def bad_file(
    name: str, why: str, advice: str = "check the file with a CityJSON validator"
) -> InputError:
    return InputError(f"{name} is no sound CityJSON (901): {why}", advice, code="bad_cityjson")


def read_documents(path: Path, *, drafts: bool = False) -> list[dict[str, Any]]:
    """The document, or the head and the features of a sequence (one JSON object a line). `drafts`:
    one of a version before 1.0 is read too.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}", "name a CityJSON file", code="bad_file"
        ) from error
    except UnicodeDecodeError as error:
        raise bad_file(path.name, f"byte {error.start} is no UTF-8") from error
    try:
        if path.suffix in {".jsonl", ".seq"}:
            parts = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            parts = [json.loads(text)]
    except (json.JSONDecodeError, RecursionError) as error:
        raise bad_file(path.name, f"it is no JSON ({error})") from error
    if not parts or not all(isinstance(part, dict) for part in parts):
        raise bad_file(path.name, "it is no JSON object")
    if parts[0].get("type") != "CityJSON":
        raise bad_file(path.name, f"its type is {parts[0].get('type')!r}")
    told = str(parts[0].get("version", ""))
    draft = DRAFT.fullmatch(told) is not None
    if told not in VERSIONS and not (drafts and draft):
        advice = f"versions {', '.join(VERSIONS)} are read"
        raise bad_file(
            path.name,
            f"its version is {told[:20]!r}",
            advice + (": upgrade it with cjio" if draft else ""),
        )
    if not draft and told != "1.0" and not isinstance(parts[0].get("transform"), dict):
        raise bad_file(path.name, f"version {told} needs a transform")
    if not all(isinstance(part.get("CityObjects", {}), dict) for part in parts):
        raise bad_file(path.name, "CityObjects is no object")
    return parts


def system_of(head: dict[str, Any], crs: str, name: str) -> System:
    """From the file's system to lon, lat and metres above its own zero; `crs` goes before it."""
    metadata = head.get("metadata")
    told = crs or str((metadata.get("referenceSystem") if isinstance(metadata, dict) else "") or "")
    if not told:
        raise InputError(
            f"{name} does not say in which coordinate system it is",
            "add --crs EPSG:n",
            code="no_crs",
        )
    return find_system(told, name)


def unfold(vertices: Any, transform: Any, name: str) -> NDArray[np.float64]:
    try:
        corners = np.asarray(vertices, dtype=np.float64).reshape(-1, 3)
        if transform:
            corners = corners * np.asarray(transform["scale"], float) + np.asarray(
                transform["translate"], float
            )
    except (ValueError, TypeError, KeyError) as error:
        raise bad_file(name, "its vertices are not triples of numbers") from error
    if not np.isfinite(corners).all():
        raise bad_file(name, "a vertex is no number")
    if corners.size and (farthest := float(np.abs(corners).max())) > FARTHEST:
        raise bad_file(name, f"a vertex lies at {farthest:.3g}, where no system has a place")
    return np.asarray(corners)


def read_object(
    name: str,
    item: Any,
    corners: NDArray[Any],
    templates: Any,
    system: System,
    count: SceneCount,
) -> Solid:
    """One object at its finest detail; without triangles where it has no geometry to draw."""
    kind = str(item.get("type", "")) if isinstance(item, dict) else ""
    found = item.get("geometry") or [] if isinstance(item, dict) else []
    pieces = finest_pieces(found, corners, templates, count)
    if not pieces:
        count.notes["objects without geometry to draw"] += 1
        none = np.empty((0, 3))
        return Solid(
            id=name,
            kind=kind,
            corners=none,
            triangles=none.astype(np.int64),
            height_m=0.0,
            height_from=GIVEN,
        )
    points = np.concatenate(pieces).reshape(-1, 3)
    lon, lat = system.transformer.transform(points[:, 0], points[:, 1])
    points[:, 2] *= system.metre
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise InputError(
            f"object {name} lies outside its coordinate system", "add --crs EPSG:n", code="bad_crs"
        )
    high_m = round(float(np.ptp(points[:, 2])), 3)
    floors, floors_from = storeys_of(kind, item.get("attributes"), high_m)
    return Solid(
        id=name,
        kind=kind,
        corners=np.column_stack([lon, lat, points[:, 2]]),
        triangles=np.arange(len(points)).reshape(-1, 3),
        height_m=high_m,
        height_from=GIVEN,
        floors=floors,
        floors_from=floors_from,
    )


def finest_pieces(
    found: Any, corners: NDArray[Any], templates: Any, count: SceneCount
) -> list[NDArray[np.float64]]:
    """Triangles of the finest level of detail that can be drawn; none where none can."""
    broken = not isinstance(found, list)
    shapes = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    for shape in sorted(shapes, key=level_of, reverse=True):
        try:
            faces = list(faces_of(shape, corners, templates))
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
