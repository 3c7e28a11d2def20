"""Reads CityJSON 1.0 to 2.0 and CityJSON sequences as solids: integer corners unfolded, templates
placed, faces cut into triangles, the position turned into WGS 84.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from twinward.citybase.scene.counts import SceneCount
from twinward.citybase.scene.cut_faces import finest_pieces
from twinward.citybase.scene.heights import HIGHEST_M, MOST_LEVELS, STOREY_M
from twinward.citybase.scene.systems import System, find_system
from twinward.citybase.scene.things import ESTIMATED, GIVEN, Solid
from twinward.citybase.scene.validity.faults import FARTHEST, Fault, FaultCount
from twinward.citybase.scene.validity.objects import ObjectChecker
from twinward.core.errors import InputError

VERSIONS = ("1.0", "1.1", "2.0")
DRAFT = re.compile(r"0\.\d(?:\.\d)?")  # before 1.0: corners and faces were said as they are now
BUILT = {"Building", "BuildingPart"}


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
    check_area(solids, system, path.name, count)
    if system.assumed:
        count.notes["objects whose heights are read in the unit of their plane, none is named"] += (
            len(solids)
        )
    return stand(solids, parts, count)


def check_area(solids: list[Solid], system: System, name: str, count: SceneCount) -> None:
    """InputError where no object lies in the area of the system: it is the wrong one, or its axes
    are changed over; single ones outside are counted.
    """
    places = [one.corners[0] for one in solids if len(one.corners)]
    outside = [at for at in places if not system.holds(float(at[0]), float(at[1]))]
    if outside and len(outside) == len(places):
        west, south, east, north = system.area
        at = f"{outside[0][0]:.2f}, {outside[0][1]:.2f}"
        text = f"{name}: its objects lie at {at}, outside the area of {system.name}"
        area = f"{west:g} to {east:g} east, {south:g} to {north:g} north"
        raise InputError(
            f"{text} ({area})", "give the system of its numbers with --crs EPSG:n", code="bad_crs"
        )
    if outside:
        count.notes["objects outside the area of their coordinate system"] += len(outside)


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


def stand(solids: list[Solid], parts: list[dict[str, Any]], count: SceneCount) -> list[Solid]:
    """Each object on the lowest ground of the whole that it is a part of."""
    known = {one.id for one in solids}
    above: dict[str, str] = {}
    for part in parts:
        for name, item in part.get("CityObjects", {}).items():
            parents = item.get("parents") if isinstance(item, dict) else None
            if isinstance(parents, list) and parents:
                above[name] = str(parents[0])
                if above[name] not in known:
                    count.notes["parts of an object that the file does not have"] += 1
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
    if kind not in BUILT:
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
    if kind in BUILT and high_m > HIGHEST_M:
        count.notes["buildings higher than any there is, drawn as the file says"] += 1
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
