"""The objects of a CityJSON file: which of their geometries can be, fault by fault."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twinward.citybase.scene.validity.faces import Points, check_face
from twinward.citybase.scene.validity.faults import FARTHEST, SNAP_M, FaultCount
from twinward.citybase.scene.validity.shells import check_shell
from twinward.citybase.scene.validity.solids import Body, check_solid, check_together, overlap

SURFACES = {"MultiSurface", "CompositeSurface"}
GROUPS = {"MultiSolid", "CompositeSolid"}
KINDS = {*SURFACES, *GROUPS, "Solid", "GeometryInstance", "MultiPoint", "MultiLineString"}


class ObjectChecker:
    """Checks the objects of one document; the parts of a building against one another at last."""

    def __init__(self, corners: NDArray[Any], templates: Any, faults: FaultCount) -> None:
        self.templates, self.faults = templates, faults
        self.points, self.number = snap(corners)
        self.parts: dict[tuple[str, str], list[tuple[str, Body]]] = {}

    def check(self, name: str, item: Any) -> None:
        """One object; nothing that it says ends in anything but a fault."""
        if not isinstance(item, dict):
            self.faults.add(901, name)
            return
        found = item.get("geometry", [])
        if not isinstance(found, list):
            self.faults.add(901, name)
            return
        for shape in found:
            try:
                codes, bodies = self.check_shape(shape)
            except (IndexError, KeyError, TypeError, ValueError, AttributeError):
                codes, bodies = {901}, []
            for code in codes:
                self.faults.add(code, name)
            parents = item.get("parents")
            if item.get("type") == "BuildingPart" and isinstance(parents, list) and parents:
                home = (str(parents[0]), str(shape.get("lod", "")))
                self.parts.setdefault(home, []).extend((name, body) for body in bodies)

    def finish(self) -> None:
        """Parts of one building at one level of detail that share space (601)."""
        for (building, _), parts in self.parts.items():
            for n, (_, a) in enumerate(parts):
                if any(overlap(a, b) for _, b in parts[:n]):
                    self.faults.add(601, building)

    def check_shape(self, shape: dict[str, Any]) -> tuple[set[int], list[Body]]:
        kind = shape["type"]
        if kind not in KINDS:
            return {901}, []
        if kind == "GeometryInstance":
            return self.check_instance(shape), []
        return check_boundaries(kind, shape["boundaries"], self.points, self.number)

    def check_instance(self, shape: dict[str, Any]) -> set[int]:
        template = self.templates["templates"][shape["template"]]
        points, number = snap(np.asarray(self.templates["vertices-templates"], np.float64))
        if not 0 <= shape["boundaries"][0] < len(self.number):
            return {901}
        return check_boundaries(template["type"], template["boundaries"], points, number)[0]


def check_boundaries(
    kind: str, boundaries: Any, points: Points, number: NDArray[np.int64]
) -> tuple[set[int], list[Body]]:
    """The faults of a geometry by its type, and its solids that are sound."""
    if kind in {"MultiPoint", "MultiLineString"}:
        return set(), []
    told = renumber(boundaries, number)
    if not told:
        return {902}, []
    if kind in SURFACES:
        found = {code for face in told for code in check_face(face, points)}
        joined = kind == "CompositeSurface" and not found
        return (check_shell(told, closed=False) if joined else found), []
    solids = [told] if kind == "Solid" else told
    codes, bodies = set[int](), list[Body]()
    for shells in solids:
        faults, body = check_solid(shells, points)
        codes |= faults
        if body is not None:
            bodies.append(body)
    if kind in GROUPS and not codes:
        codes |= check_together(bodies, joined=kind == "CompositeSolid")
    return codes, bodies


def renumber(told: Any, number: NDArray[np.int64]) -> Any:
    """Boundaries in which corners at one place are one corner."""
    if isinstance(told, list):
        return [renumber(one, number) for one in told]
    if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told < len(number):
        raise IndexError("a corner that the file does not have")
    return int(number[told])


def snap(corners: NDArray[Any]) -> tuple[Points, NDArray[np.int64]]:
    """Corners that lie apart, and for each of the given ones which of them it is."""
    if not len(corners):
        return np.empty((0, 3)), np.empty(0, np.int64)
    if not (np.abs(corners) <= FARTHEST).all():  # what is no number is not below either
        raise ValueError("a corner lies where none can be")
    _, first, number = np.unique(
        np.round(corners / SNAP_M).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    # about their own middle: far from it, nearby corners would be told apart badly
    points = np.asarray(corners[first], np.float64)
    return points - points.mean(axis=0), np.asarray(number).ravel()
